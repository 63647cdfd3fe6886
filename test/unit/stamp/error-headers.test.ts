import { describe, expect, it } from '@jest/globals';
import { sourceOf } from '../../../src/audit/letters.ts';
import { decodeSet } from '../../../src/audit/batches.ts';
import { BufferPool } from '../../../src/kafka/records/buffer-pool.ts';
import { readBatchHeader } from '../../../src/kafka/records/batch.ts';
import { viewOf } from '../../../src/kafka/records/copy.ts';
import { RecordCursor } from '../../../src/kafka/records/cursor.ts';
import { BatchWriter, sealBatch } from '../../../src/kafka/records/writer.ts';
import { writeDeadLetter } from '../../../src/stamp/dead-letter.ts';
import { ERROR_HEADERS, type DeadLetter, type ErrorHeaderSet } from '../../../src/stamp/error-headers.ts';
import { letterSource, writeOriginal } from '../../../src/stamp/original.ts';
import {
  canonical,
  decodeBatch,
  encodeBatch,
  plainRecord,
  text,
  type PlainRecord,
} from '../records/plain-codec.ts';

const SETS = Object.keys(ERROR_HEADERS) as ErrorHeaderSet[];
const LETTER: DeadLetter = {
  ...{ code: 'RECORD_TOO_LARGE', message: 'zu groß: 记录', route: 'orders' },
  ...{ topic: 'orders.raw', partition: 7, offset: 9_007_199_254_740_000 },
  ...{ timestampType: 'create', restampMs: undefined },
};
const ORIGINAL = plainRecord({
  ...{ key: text('k'), value: text('v'), timestamp: 2n ** 62n + 1n },
  headers: [
    { name: text('a'), value: null },
    { name: text('a'), value: text('') },
  ],
});

/** The bytes of a batch with what `write` makes of the record. */
function rewrite(
  bytes: Uint8Array,
  write: (cursor: RecordCursor, writer: BatchWriter) => boolean,
): Uint8Array {
  const cursor = new RecordCursor();
  cursor.load(bytes.slice(61), readBatchHeader(viewOf(bytes), 0));
  cursor.next();
  const writer = new BatchWriter(new BufferPool(0));
  writer.begin(100_000);
  expect(write(cursor, writer)).toBe(true);
  const batch = writer.finish({ compression: 'none', transactional: false });
  sealBatch(batch, { producerId: 1n, producerEpoch: 0, baseSequence: 0 });
  return batch.bytes.slice();
}

const bury = (record: PlainRecord, set: ErrorHeaderSet, change: Partial<DeadLetter> = {}): Uint8Array =>
  rewrite(encodeBatch({ records: [record] }), (cursor, writer) =>
    writeDeadLetter(cursor, cursor.bytes, writer, { ...LETTER, ...change }, set),
  );

const redriven = (letter: Uint8Array): PlainRecord | undefined =>
  decodeBatch(
    rewrite(letter, (cursor, writer) => {
      const source = letterSource(cursor);
      return source !== undefined && writeOriginal(cursor, writer, source);
    }),
  ).records[0];

const added = (letter: Uint8Array): Record<string, string> =>
  Object.fromEntries(
    decodeBatch(letter)
      .records[0]!.headers.slice(2)
      .map(({ name, value }) => [Buffer.from(name).toString(), Buffer.from(value ?? []).toString('latin1')]),
  );

describe('the header sets of dead letters', () => {
  it('speak as Kafka Connect does (KIP-298)', () => {
    expect(added(bury(ORIGINAL, 'connect', { message: 'too large' }))).toEqual({
      '__connect.errors.topic': 'orders.raw',
      '__connect.errors.partition': '7',
      '__connect.errors.offset': '9007199254740000',
      '__connect.errors.connector.name': 'orders',
      '__connect.errors.task.id': '0',
      '__connect.errors.stage': 'TRANSFORMATION',
      '__connect.errors.class.name': 'snowstamp',
      '__connect.errors.exception.class.name': 'RECORD_TOO_LARGE',
      '__connect.errors.exception.message': 'too large',
      '__connect.errors.exception.stacktrace': 'RECORD_TOO_LARGE: too large',
    });
  });

  it('speak as Kafka Streams does (KIP-1034)', () => {
    expect(added(bury(ORIGINAL, 'streams', { message: 'too large' }))).toEqual({
      '__streams.errors.exception': 'RECORD_TOO_LARGE: too large',
      '__streams.errors.message': 'too large',
      '__streams.errors.stacktrace': 'RECORD_TOO_LARGE: too large',
      '__streams.errors.topic': 'orders.raw',
      '__streams.errors.partition': '7',
      '__streams.errors.offset': '9007199254740000',
    });
  });

  it('speak as Spring does: numbers are big-endian', () => {
    expect(
      added(bury({ ...ORIGINAL, timestamp: 258n }, 'spring', { message: 'too large', offset: 40 })),
    ).toEqual({
      'kafka_dlt-exception-fqcn': 'RECORD_TOO_LARGE',
      'kafka_dlt-exception-message': 'too large',
      'kafka_dlt-exception-stacktrace': 'RECORD_TOO_LARGE: too large',
      'kafka_dlt-original-topic': 'orders.raw',
      'kafka_dlt-original-partition': '\0\0\0\u0007',
      'kafka_dlt-original-offset': '\0\0\0\0\0\0\0(',
      'kafka_dlt-original-timestamp': '\0\0\0\0\0\0\u0001\u0002',
      'kafka_dlt-original-timestamp-type': 'CreateTime',
    });
  });

  it.each(SETS)('%s: what it says is read again, by redrive and, with code of its own, by verify', (set) => {
    const letter = bury(ORIGINAL, set);
    const cursor = new RecordCursor();
    cursor.load(letter.slice(61), readBatchHeader(viewOf(letter), 0));
    cursor.next();
    const { topic, partition, offset, code, message } = LETTER;
    const { timestamp } = ORIGINAL;
    expect(letterSource(cursor)).toMatchObject({ set, topic, partition, offset, code, message, timestamp });
    const [seen] = decodeSet(letter, 0, []).records;
    expect(sourceOf(seen!)).toMatchObject({ topic, partition, offset, headers: 2 });
  });

  it.each(SETS)(
    '%s: the original comes back byte for byte, its time too when the letter had to take another',
    (set) => {
      expect(canonical(redriven(bury(ORIGINAL, set))!)).toBe(canonical(ORIGINAL));
      const restamped = bury(ORIGINAL, set, { restampMs: 1_790_000_000_000 });
      expect(decodeBatch(restamped).records[0]?.timestamp).toBe(1_790_000_000_000n);
      expect(canonical(redriven(restamped)!)).toBe(canonical(ORIGINAL));
    },
  );

  it('a letter of a letter gives back the letter: only the last set is taken away, whichever two they are', () => {
    for (const inner of SETS) {
      for (const outer of SETS) {
        const first = decodeBatch(bury(ORIGINAL, inner)).records[0]!;
        expect(canonical(redriven(bury(first, outer, { offset: 3 }))!)).toBe(canonical(first));
      }
    }
  });

  it('headers somebody added behind the set stay', () => {
    const letter = decodeBatch(bury(ORIGINAL, 'snowstamp')).records[0]!;
    const trace = { name: text('traceparent'), value: text('00-1') };
    const mirrored = encodeBatch({ records: [{ ...letter, headers: [...letter.headers, trace] }] });
    expect(redriven(mirrored)?.headers).toEqual([...ORIGINAL.headers, trace]);
  });

  it.each([
    ['no set at all', []],
    ['no offset', ['code', 'topic', 'partition']],
    ['a partition that is no number', ['code', 'topic', 'offset']],
  ])('%s: it is no dead letter', (_, names) => {
    const said: Record<string, string> = { partition: 'x', offset: '1', topic: 't', code: 'C' };
    const headers = names.map((name) => ({
      name: text(`snowstamp.error.${name}`),
      value: text(said[name]!),
    }));
    const bytes = encodeBatch({ records: [plainRecord({ headers })] });
    const cursor = new RecordCursor();
    cursor.load(bytes.slice(61), readBatchHeader(viewOf(bytes), 0));
    cursor.next();
    expect(letterSource(cursor)).toBeUndefined();
    expect(sourceOf(decodeSet(bytes, 0, []).records[0]!)).toBeUndefined();
  });
});
