import { describe, expect, it } from '@jest/globals';
import { BufferPool } from '../../../src/kafka/records/buffer-pool.ts';
import { readBatchHeader } from '../../../src/kafka/records/batch.ts';
import { viewOf } from '../../../src/kafka/records/copy.ts';
import { RecordCursor } from '../../../src/kafka/records/cursor.ts';
import { BatchWriter } from '../../../src/kafka/records/writer.ts';
import { headerPolicy, stampHeader } from '../../../src/stamp/header.ts';
import type { Existing } from '../../../src/stamp/result.ts';
import { idDigits, PRODUCER, rewrite } from '../records/drive.ts';
import {
  canonical,
  decodeBatch,
  encodeBatch,
  plainRecord,
  text,
  type PlainHeader,
  type PlainRecord,
} from '../records/plain-codec.ts';

const NAME = 'snowflake_id';
const header = (name: string, value: string | null = name): PlainHeader => ({
  name: text(name),
  value: value === null ? null : text(value),
});
const id = (value: bigint): PlainHeader => header(NAME, String(value));

/** One record through the stamper; `watch` both ways, which must not differ. */
function stamped(record: PlainRecord, existing: Existing = 'replace', name = NAME): PlainRecord | undefined {
  const answer = encodeBatch({ records: [record] });
  const [watched, unwatched] = [true, false].map((watch) =>
    rewrite(answer, headerPolicy(name, existing), { firstId: 42n, watch }),
  );
  expect(Buffer.concat(unwatched!.batches).equals(Buffer.concat(watched!.batches))).toBe(true);
  expect(unwatched!.results).toEqual(watched!.results);
  const batch = watched!.batches[0];
  return batch === undefined ? undefined : decodeBatch(batch).records[0];
}

const withHeaders = (...headers: PlainHeader[]) => plainRecord({ key: text('k'), value: text('v'), headers });

describe('stampHeader', () => {
  it('appends the ID as the last header and changes nothing else (P4)', () => {
    const headers = [header('a'), header('a', null), header('', ''), header('b', ''), header('a', 'again')];
    expect(stamped(withHeaders(...headers))).toEqual({
      ...withHeaders(...headers, id(42n)),
      offsetDelta: 0,
      attributes: 0,
    });
  });

  it.each([
    ['all null', plainRecord()],
    ['all empty', plainRecord({ key: text(''), value: text('') })],
    ['tombstone', plainRecord({ key: text('k') })],
    ['large value', plainRecord({ value: new Uint8Array(70_000).fill(3) })],
    ['key of 63 and value of 64 bytes', plainRecord({ key: new Uint8Array(63), value: new Uint8Array(64) })],
  ])('keeps key and value: %s', (_name, record) => {
    expect(stamped(record)).toEqual({ ...record, headers: [id(42n)], offsetDelta: 0, attributes: 0 });
  });

  it.each([0, 1, 61, 62, 63, 64, 8_190, 8_191, 8_192])(
    'takes %i headers: the count’s varint grows at 63 and 8,191 (pitfall 3)',
    (count) => {
      const headers = Array.from({ length: count }, (_, i) => header(String(i), i % 3 === 0 ? null : 'x'));
      expect(canonical(stamped(withHeaders(...headers))!)).toBe(canonical(withHeaders(...headers, id(42n))));
    },
  );

  it('a count varint in more bytes than needed is written anew', () => {
    const bytes = [0, 0, 0, 1, 1, 0x80, 0x80, 0x00];
    const section = Uint8Array.from([bytes.length * 2, ...bytes]);
    const head = encodeBatch({ records: [plainRecord()] });
    const cursor = new RecordCursor();
    cursor.load(section, readBatchHeader(viewOf(head), 0));
    const writer = new BatchWriter(new BufferPool(0));
    writer.begin(1_000);
    expect([
      cursor.next(),
      stampHeader(cursor, section, idDigits(42n), writer, headerPolicy(NAME, 'replace')),
    ]).toEqual([true, 'stamped']);
    expect(
      decodeBatch(writer.finish({ compression: 'none', transactional: true }).bytes).records[0]?.headers,
    ).toEqual([id(42n)]);
  });

  it('replace: every occurrence goes, the new one comes last, the rest keeps its order', () => {
    const record = withHeaders(
      id(1n),
      header('a'),
      header('a', null),
      header(NAME, null),
      header('b'),
      header(NAME, ''),
    );
    expect(stamped(record)?.headers).toEqual([header('a'), header('a', null), header('b'), id(42n)]);
    expect(stamped(withHeaders(id(7n)))?.headers).toEqual([id(42n)]);
  });

  it.each([63, 64, 65, 8_192, 8_193])('replace among %i headers: the count’s varint may shrink', (count) => {
    const headers = Array.from({ length: count }, (_, i) =>
      i % 2 === 0 ? id(BigInt(i)) : header('o', null),
    );
    const others = headers.filter((_, i) => i % 2 === 1);
    expect(canonical(stamped(withHeaders(...headers))!)).toBe(canonical(withHeaders(...others, id(42n))));
  });

  it('keep: the record leaves as it came, the ID is not used (rule 10)', () => {
    const record = withHeaders(header('a'), id(7n), header('b'));
    expect(stamped(record, 'keep')).toEqual({ ...record, offsetDelta: 0, attributes: 0 });
    const both = encodeBatch({ records: [record, withHeaders()] });
    const { results, batches } = rewrite(both, headerPolicy(NAME, 'keep'), { firstId: 42n });
    expect(results).toEqual(['kept', 'stamped']);
    expect(decodeBatch(batches[0]!).records[1]?.headers).toEqual([id(42n)]);
  });

  it('reject: the record is not written, and says so; others are stamped', () => {
    const answer = encodeBatch({ records: [withHeaders(id(7n)), withHeaders(header('a'))] });
    const { results, batches } = rewrite(answer, headerPolicy(NAME, 'reject'), { firstId: 42n });
    expect(results).toEqual(['already-stamped', 'stamped']);
    expect(decodeBatch(batches[0]!).records).toHaveLength(1);
  });

  it('look-alike names are other headers', () => {
    const names = ['snowflake_i', 'snowflake_id2', 'Snowflake_id', 'snowflake-id'].map((name) =>
      header(name),
    );
    expect(stamped(withHeaders(...names), 'reject')?.headers).toEqual([...names, id(42n)]);
  });

  it.each([
    'x',
    'eléphant',
    'a-name-that-is-much-longer-than-sixty-three-bytes-so-that-its-length-takes-two',
  ])('the header’s name is configurable: %s', (name) => {
    expect(stamped(withHeaders(header('a'), header(name, 'old')), 'replace', name)?.headers).toEqual([
      header('a'),
      header(name, '42'),
    ]);
  });

  it('writes IDs of 1 to 19 digits', () => {
    const policy = headerPolicy(NAME, 'replace');
    for (const value of [0n, 7n, 1_234_567n, 12_345_678n, 2n ** 63n - 1n]) {
      const { batches } = rewrite(encodeBatch({ records: [plainRecord()] }), policy, { firstId: value });
      expect(decodeBatch(batches[0]!).records[0]?.headers).toEqual([id(value)]);
    }
  });

  it('full: nothing is written, and the same ID goes into the next batch', () => {
    const records = Array.from({ length: 40 }, (_, i) =>
      plainRecord({ value: text(`value ${i}`), timestamp: BigInt(i) }),
    );
    const { batches, results } = rewrite(encodeBatch({ records }), headerPolicy(NAME, 'replace'), {
      capacityBytes: 300,
    });
    expect(results.every((result) => result === 'stamped')).toBe(true);
    expect(batches.length).toBeGreaterThan(5);
    const out = batches.flatMap((batch) => {
      expect(batch.length).toBeLessThanOrEqual(300);
      const decoded = decodeBatch(batch);
      expect(decoded).toMatchObject({ crcMatches: true, baseOffset: 0n, producerId: PRODUCER.producerId });
      return decoded.records;
    });
    expect(out.map(({ value, timestamp, headers }) => ({ value, timestamp, headers }))).toEqual(
      records.map(({ value, timestamp }, i) => ({ value, timestamp, headers: [id(BigInt(i + 1))] })),
    );
  });

  it('too large for any batch: full with an empty writer', () => {
    const { results, batches } = rewrite(
      encodeBatch({ records: [plainRecord({ value: new Uint8Array(500) })] }),
      headerPolicy(NAME, 'replace'),
      { capacityBytes: 400 },
    );
    expect([results, batches]).toEqual([['full'], []]);
  });

  it('malformed: a cursor that stands on no record of this section', () => {
    const section = Uint8Array.of(9, 9, 9);
    const cursor = new RecordCursor();
    cursor.load(section, readBatchHeader(viewOf(encodeBatch({ records: [plainRecord()] })), 0));
    const writer = new BatchWriter(new BufferPool(0));
    writer.begin(1_000);
    cursor.next();
    expect(stampHeader(cursor, section, idDigits(1n), writer, headerPolicy(NAME, 'replace'))).toBe(
      'malformed',
    );
    expect(writer.recordCount).toBe(0);
  });
});
