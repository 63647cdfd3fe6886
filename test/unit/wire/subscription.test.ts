import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from '../../../src/kafka/wire/subscription.ts';
import { WireError } from '../../../src/kafka/wire/wire-error.ts';
import { bytes, golden } from './vectors.ts';

const owned = [{ topic: 'orders', partitions: [0, 2] }];
const full = {
  topics: ['orders', 'zähler'],
  userData: bytes(0, 0, 0, 4),
  ownedPartitions: owned,
  generationId: 4,
  rackId: 'a',
};
const assignment = { assignedPartitions: owned, userData: null };

describe('subscription', () => {
  it('is written as Kafka’s own classes write version 3', () => {
    expect(Buffer.from(encodeSubscription(full))).toEqual(golden('Subscription version 3'));
  });

  it.each([
    [0, { ...full, ownedPartitions: [], generationId: -1, rackId: null }],
    [1, { ...full, generationId: -1, rackId: null }],
    [2, { ...full, rackId: null }],
    [3, full],
  ])('is read in version %i, with defaults for what it lacks', (version, expected) => {
    expect(decodeSubscription(golden(`Subscription version ${version}`))).toEqual(expected);
  });

  it('is read as version 3 when it is newer, with what follows left alone', () => {
    const newer = Buffer.concat([golden('Subscription version 3'), bytes(1, 2, 3)]);
    newer.writeInt16BE(9);
    expect(decodeSubscription(newer)).toEqual(full);
  });

  it('survives the round trip with nulls and nothing', () => {
    const empty = { topics: [], userData: null, ownedPartitions: [], generationId: -1, rackId: null };
    expect(decodeSubscription(encodeSubscription(empty))).toEqual(empty);
  });

  it('refuses a cut after any byte, and any other bytes with WireError only', () => {
    const whole = golden('Subscription version 3');
    for (let length = 0; length < whole.length; length += 1) {
      expect(() => decodeSubscription(whole.subarray(0, length))).toThrow(WireError);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (any) => onlyWireError(() => decodeSubscription(any))),
    );
  });
});

describe('assignment', () => {
  it('is written as Kafka’s own classes write version 1', () => {
    expect(Buffer.from(encodeAssignment(assignment))).toEqual(golden('Assignment version 1'));
  });

  it.each([0, 1, 2, 3])('is read in version %i', (version) => {
    expect(decodeAssignment(golden(`Assignment version ${version}`))).toEqual(assignment);
  });

  it('of no bytes is an empty one', () => {
    expect(decodeAssignment(bytes())).toEqual({ assignedPartitions: [], userData: null });
  });

  it('refuses a cut after any byte but none at all, and any other bytes with WireError only', () => {
    const whole = golden('Assignment version 1');
    for (let length = 1; length < whole.length; length += 1) {
      expect(() => decodeAssignment(whole.subarray(0, length))).toThrow(WireError);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (any) => onlyWireError(() => decodeAssignment(any))),
    );
  });
});

function onlyWireError(act: () => unknown): boolean {
  try {
    return act() !== undefined;
  } catch (error) {
    return error instanceof WireError;
  }
}
