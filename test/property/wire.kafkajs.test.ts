import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Reader, readInt32 } from '../../src/kafka/wire/reader.ts';
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from '../../src/kafka/wire/subscription.ts';
import { Writer, writeInt32 } from '../../src/kafka/wire/writer.ts';

/** The part of KafkaJS's own codec that overlaps; it has no types. */
interface Encoder {
  readonly buffer: Buffer;
  writeInt8(value: number): Encoder;
  writeInt16(value: number): Encoder;
  writeInt32(value: number): Encoder;
  writeInt64(value: string): Encoder;
  writeBoolean(value: boolean): Encoder;
  writeVarInt(value: number): Encoder;
  writeUVarInt(value: number): Encoder;
  writeString(value: string | null): Encoder;
  writeUVarIntString(value: string | null): Encoder;
  writeBytes(value: Buffer | null): Encoder;
  writeUVarIntBytes(value: Buffer | null): Encoder;
  writeArray(value: readonly number[]): Encoder;
  writeUVarIntArray(value: readonly Encoder[]): Encoder;
}
interface MemberMetadata {
  encode(value: { version: number; topics: string[]; userData: Buffer }): Buffer;
  decode(buffer: Buffer): { version: number; topics: string[]; userData: Buffer };
}
interface MemberAssignment {
  encode(value: { version: number; assignment: Record<string, number[]>; userData: Buffer }): Buffer;
  decode(buffer: Buffer): { version: number; assignment: Record<string, number[]>; userData: Buffer };
}

const load = createRequire(import.meta.url);
const KafkaEncoder = load('kafkajs/src/protocol/encoder') as new () => Encoder;
const { AssignerProtocol } = load('kafkajs') as {
  AssignerProtocol: { MemberMetadata: MemberMetadata; MemberAssignment: MemberAssignment };
};

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const blob = fc.uint8Array({ maxLength: 300 }).map((value) => Buffer.from(value));

type Primitive = 'int8' | 'int16' | 'int32' | 'int64' | 'bigint64' | 'boolean' | 'varint' | 'uvarint';
type Nullable = `${'nullable' | 'compactNullable'}${'String' | 'Bytes'}`;

/** Ours writes what KafkaJS writes, and reads it back. */
function agree<T>(
  values: fc.Arbitrary<T>,
  theirs: (encoder: Encoder, value: T) => Encoder,
  ours: (writer: Writer, value: T) => void,
  read: (reader: Reader) => unknown,
): void {
  fc.assert(
    fc.property(values, (value) => {
      const expected = theirs(new KafkaEncoder(), value).buffer;
      const writer = new Writer();
      ours(writer, value);
      expect(Buffer.from(writer.toBytes())).toEqual(expected);
      const reader = new Reader(expected);
      expect(read(reader)).toEqual(value);
      expect(reader.remaining).toBe(0);
    }),
  );
}

const primitives: readonly [
  Primitive | Nullable,
  fc.Arbitrary<unknown>,
  (encoder: Encoder, value: never) => Encoder,
][] = [
  ['int8', fc.integer({ min: -128, max: 127 }), (encoder, value) => encoder.writeInt8(value)],
  ['int16', fc.integer({ min: -32_768, max: 32_767 }), (encoder, value) => encoder.writeInt16(value)],
  ['int32', int32, (encoder, value) => encoder.writeInt32(value)],
  ['int64', fc.maxSafeInteger(), (encoder, value) => encoder.writeInt64(String(value))],
  ['bigint64', int64, (encoder, value) => encoder.writeInt64(String(value))],
  ['boolean', fc.boolean(), (encoder, value) => encoder.writeBoolean(value)],
  ['varint', int32, (encoder, value) => encoder.writeVarInt(value)],
  ['uvarint', fc.nat(2 ** 31 - 1), (encoder, value) => encoder.writeUVarInt(value)],
  ['nullableString', fc.option(text), (encoder, value) => encoder.writeString(value)],
  ['compactNullableString', fc.option(text), (encoder, value) => encoder.writeUVarIntString(value)],
  ['nullableBytes', fc.option(blob), (encoder, value) => encoder.writeBytes(value)],
  ['compactNullableBytes', fc.option(blob), (encoder, value) => encoder.writeUVarIntBytes(value)],
];

describe('primitives, agreeing with KafkaJS', () => {
  it.each(primitives)('%s', (type, values, theirs) => {
    agree(
      values,
      (encoder, value) => theirs(encoder, value as never),
      (writer, value) => {
        writer[type](value as never);
      },
      (reader) => reader[type](),
    );
  });

  const numbers = fc.array(int32, { maxLength: 200 });

  it('array', () => {
    agree(
      numbers,
      (encoder, value) => encoder.writeArray(value),
      (writer, value) => {
        writer.array(value, writeInt32);
      },
      (reader) => reader.array(readInt32),
    );
  });

  it('compact array', () => {
    agree(
      numbers,
      (encoder, value) =>
        encoder.writeUVarIntArray(value.map((number) => new KafkaEncoder().writeInt32(number))),
      (writer, value) => {
        writer.compactArray(value, writeInt32);
      },
      (reader) => reader.compactArray(readInt32),
    );
  });
});

describe('consumer protocol, shared with KafkaJS members', () => {
  const { MemberMetadata, MemberAssignment } = AssignerProtocol;
  const topics = fc.array(text, { maxLength: 5 });
  const partitions = fc.array(int32, { maxLength: 5 });

  it('reads a subscription KafkaJS wrote, and KafkaJS reads ours', () => {
    fc.assert(
      fc.property(
        topics,
        blob,
        fc.array(fc.record({ topic: text, partitions })),
        int32,
        (names, userData, ownedPartitions, generationId) => {
          const theirs = MemberMetadata.encode({ version: 0, topics: names, userData });
          const subscription = {
            topics: names,
            userData,
            ownedPartitions: [],
            generationId: -1,
            rackId: null,
          };
          expect(decodeSubscription(theirs)).toEqual(subscription);
          const ours = Buffer.from(encodeSubscription({ ...subscription, ownedPartitions, generationId }));
          expect(MemberMetadata.decode(ours)).toEqual({ version: 3, topics: names, userData });
        },
      ),
    );
  });

  it('reads an assignment KafkaJS wrote, and KafkaJS reads ours', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9.-]{0,10}$/);
    fc.assert(
      fc.property(
        fc.dictionary(name, partitions, { noNullPrototype: true }),
        blob,
        (assignment, userData) => {
          const assignedPartitions = Object.entries(assignment).map(([topic, numbers]) => ({
            topic,
            partitions: numbers,
          }));
          const theirs = MemberAssignment.encode({ version: 1, assignment, userData });
          expect(decodeAssignment(theirs)).toEqual({ assignedPartitions, userData });
          expect(Buffer.from(encodeAssignment({ assignedPartitions, userData }))).toEqual(theirs);
          expect(MemberAssignment.decode(theirs).assignment).toEqual(assignment);
        },
      ),
    );
  });
});
