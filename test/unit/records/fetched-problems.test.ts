import { describe, expect, it } from '@jest/globals';
import { walkFetched } from '../../../src/kafka/records/fetched.ts';
import { scanSet } from '../../../src/kafka/records/scan.ts';
import { walk } from './drive.ts';
import { concat, encodeBatch, plainRecord, text } from './plain-codec.ts';

const records = (...values: string[]) => values.map((value) => plainRecord({ value: text(value) }));
const plain = (baseOffset: number, ...values: string[]) =>
  encodeBatch({ baseOffset, records: records(...values) });

describe('walkFetched: problems end the walk and never throw', () => {
  const good = plain(0, 'fine');
  const problem = (bytes: Uint8Array) => walk(concat(good, bytes, plain(50, 'not reached'))).slice(1);

  it('refuses formats 0 and 1, and unknown ones, with a reason', () => {
    for (const magic of [0, 1, 3]) {
      expect(problem(encodeBatch({ baseOffset: 1, magic, records: records('a') }))).toMatchObject([
        { kind: 'problem', code: 'BATCH_UNSUPPORTED', offset: 1 },
      ]);
    }
    expect(scanSet(encodeBatch({ magic: 1, records: records('a') }))).toMatchObject({
      batches: 1,
      nextOffset: -1,
    });
  });

  it('refuses codecs that are not assigned', () => {
    for (const codec of [5, 6, 7]) {
      expect(problem(encodeBatch({ baseOffset: 1, codec, records: records('a') }))).toMatchObject([
        { code: 'BATCH_UNSUPPORTED', offset: 1 },
      ]);
    }
  });

  it('finds a flipped bit anywhere the checksum covers; control: without the check the value is delivered changed', () => {
    const batch = plain(1, 'value');
    for (let at = 21; at < batch.length; at++) {
      const bad = batch.slice();
      bad[at]! ^= 4;
      expect(problem(bad)).toMatchObject([{ kind: 'problem', code: 'BATCH_CORRUPT', offset: 1 }]);
    }
    const bad = batch.slice();
    bad[batch.length - 2]! ^= 4;
    const unchecked = [...walkFetched(bad, 0, [], { inflateCapBytes: 1_000, verifyCrc: false })];
    expect(unchecked).toMatchObject([{ kind: 'data' }]);
  });

  it('refuses lengths and counts that cannot be, and offsets that go back', () => {
    const short = plain(1, 'a');
    new DataView(short.buffer).setInt32(8, 40);
    expect(problem(short)).toMatchObject([{ code: 'BATCH_CORRUPT' }]);
    new DataView(short.buffer).setInt32(8, -5);
    expect(problem(short)).toMatchObject([{ code: 'BATCH_CORRUPT' }]);
    expect(problem(encodeBatch({ baseOffset: 1, lastOffsetDelta: -1, records: records('a') }))).toMatchObject(
      [{ code: 'BATCH_CORRUPT' }],
    );
    expect(problem(plain(0, 'again'))).toMatchObject([{ code: 'BATCH_CORRUPT', offset: 1 }]);
    const far = plain(1, 'a');
    new DataView(far.buffer).setBigInt64(0, 2n ** 60n);
    expect(problem(far)).toMatchObject([{ code: 'BATCH_CORRUPT' }]);
  });

  it('refuses a control batch without a readable marker', () => {
    const unreadable = encodeBatch({
      baseOffset: 1,
      control: true,
      transactional: true,
      records: [plainRecord({ key: new Uint8Array(3) })],
    });
    expect(problem(unreadable)).toMatchObject([{ code: 'BATCH_CORRUPT', offset: 1 }]);
  });

  it('goes past an emptied control batch and an unknown control type', () => {
    const emptied = encodeBatch({ baseOffset: 1, control: true, transactional: true, records: [] });
    const leaderChange = encodeBatch({
      baseOffset: 2,
      control: true,
      records: [plainRecord({ key: Uint8Array.of(0, 0, 0, 2) })],
    });
    expect(walk(concat(emptied, leaderChange))).toEqual([
      { kind: 'skipped', why: 'control', nextOffset: 2 },
      { kind: 'skipped', why: 'control', nextOffset: 3 },
    ]);
  });
});
