import { describe, expect, it } from '@jest/globals';
import { BufferPool } from '../../../src/kafka/records/buffer-pool.ts';
import { readBatchHeader } from '../../../src/kafka/records/batch.ts';
import { viewOf } from '../../../src/kafka/records/copy.ts';
import { RecordCursor } from '../../../src/kafka/records/cursor.ts';
import { BatchWriter } from '../../../src/kafka/records/writer.ts';
import { writeDeadLetter } from '../../../src/stamp/dead-letter.ts';
import { MESSAGE_CHARACTERS, type DeadLetter } from '../../../src/stamp/error-headers.ts';
import {
  canonical,
  decodeBatch,
  encodeBatch,
  plainRecord,
  text,
  type PlainRecord,
} from '../records/plain-codec.ts';

const LETTER: DeadLetter = {
  code: 'RECORD_TOO_LARGE',
  message: 'zu groß – 记录',
  route: 'orders',
  topic: 'orders.raw',
  partition: 7,
  offset: 9_007_199_254_740_000,
  timestampType: 'create',
  restampMs: undefined,
};

function bury(
  record: PlainRecord,
  letter: Partial<DeadLetter> = {},
  capacityBytes = 100_000,
): PlainRecord | undefined {
  const bytes = encodeBatch({ records: [record] });
  const section = bytes.slice(61);
  const cursor = new RecordCursor();
  cursor.load(section, readBatchHeader(viewOf(bytes), 0));
  cursor.next();
  const writer = new BatchWriter(new BufferPool(0));
  writer.begin(capacityBytes);
  if (!writeDeadLetter(cursor, section, writer, { ...LETTER, ...letter }, 'snowstamp')) {
    expect(writer.recordCount).toBe(0);
    return undefined;
  }
  return decodeBatch(writer.finish({ compression: 'none', transactional: true }).bytes).records[0];
}

const added = (record: PlainRecord | undefined, from: number) =>
  record?.headers
    .slice(from)
    .map(({ name, value }) => [new TextDecoder().decode(name), new TextDecoder().decode(value)]);

describe('writeDeadLetter', () => {
  const original = plainRecord({
    key: text('k'),
    value: new Uint8Array(300).fill(5),
    headers: [
      { name: text('a'), value: null },
      { name: text('a'), value: text('') },
      { name: text('snowflake_id'), value: text('1') },
    ],
  });

  it('keeps key, value, timestamp and every header as they came and adds what went wrong and where (P7)', () => {
    const buried = bury(original);
    expect({ ...buried, headers: buried?.headers.slice(0, 3) }).toEqual({
      ...original,
      offsetDelta: 0,
      attributes: 0,
    });
    expect(added(buried, 3)).toEqual([
      ['snowstamp.error.code', 'RECORD_TOO_LARGE'],
      ['snowstamp.error.message', 'zu groß – 记录'],
      ['snowstamp.error.route', 'orders'],
      ['snowstamp.error.topic', 'orders.raw'],
      ['snowstamp.error.partition', '7'],
      ['snowstamp.error.offset', '9007199254740000'],
      ['snowstamp.error.timestamp', String(original.timestamp)],
    ]);
  });

  it.each([1_760_000_000_000n, -1n, 2n ** 62n + 1n])(
    'a replaced timestamp (rule 15) leaves the original in a header: %s',
    (timestamp) => {
      const buried = bury({ ...original, timestamp }, { restampMs: 1_790_000_000_000 });
      expect(buried?.timestamp).toBe(1_790_000_000_000n);
      expect(added(buried, 9)).toEqual([['snowstamp.error.timestamp', String(timestamp)]]);
    },
  );

  it('control: without a new timestamp even an int64 one is kept exactly', () => {
    expect(bury({ ...original, timestamp: 2n ** 62n + 1n })?.timestamp).toBe(2n ** 62n + 1n);
  });

  it.each([57, 58, 63, 8_185, 8_186])('takes %i headers: the count’s varint may grow', (count) => {
    const headers = Array.from({ length: count }, () => ({ name: text('h'), value: null }));
    const buried = bury({ ...original, headers });
    expect(buried?.headers).toHaveLength(count + 7);
    expect(canonical({ ...buried!, headers: buried!.headers.slice(0, count) })).toBe(
      canonical({ ...original, headers }),
    );
  });

  it('a dead letter’s dead letter keeps both sets', () => {
    const twice = bury(bury(original)!, { code: 'RECORD_REFUSED' });
    expect(
      added(twice, 3)
        ?.filter(([name]) => name === 'snowstamp.error.code')
        .map(([, value]) => value),
    ).toEqual(['RECORD_TOO_LARGE', 'RECORD_REFUSED']);
  });

  it('cuts a long message, so that it outgrows the record by a bounded number of bytes', () => {
    expect(added(bury(original, { message: 'é'.repeat(10_000) }), 3)?.[1]).toEqual([
      'snowstamp.error.message',
      'é'.repeat(MESSAGE_CHARACTERS),
    ]);
  });

  it('does not fit: says so and writes nothing', () => {
    expect(bury(original, {}, 400)).toBeUndefined();
  });
});
