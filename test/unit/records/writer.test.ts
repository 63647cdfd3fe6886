import { describe, expect, it } from '@jest/globals';
import { gunzipSync } from 'node:zlib';
import { BufferPool } from '../../../src/kafka/records/buffer-pool.ts';
import { BatchWriter, sealBatch } from '../../../src/kafka/records/writer.ts';
import { decodeBatch } from './plain-codec.ts';

const PLAIN = { compression: 'none', transactional: true } as const;
/** Null key, null value, no headers. */
const EMPTY_BODY = [1, 1, 0];

function write(
  writer: BatchWriter,
  timestamp: number | bigint,
  body: readonly number[] = EMPTY_BODY,
): boolean {
  const at =
    typeof timestamp === 'bigint'
      ? writer.openWide(timestamp, body.length)
      : writer.open(timestamp, body.length);
  if (at < 0) return false;
  writer.buffer.bytes.set(body, at);
  writer.close(at + body.length);
  return true;
}

function begun(capacityBytes = 10_000, pool = new BufferPool(1 << 20)): BatchWriter {
  const writer = new BatchWriter(pool);
  writer.begin(capacityBytes);
  return writer;
}

describe('BatchWriter', () => {
  it('writes a batch of its own: transactional, CreateTime, base offset 0, deltas rising, max timestamp right', () => {
    const writer = begun();
    for (const timestamp of [1_000, 400, 3_000, -1]) write(writer, timestamp);
    const batch = writer.finish(PLAIN);
    sealBatch(batch, { producerId: 77n, producerEpoch: 5, baseSequence: 2_147_483_647 });
    expect(batch.recordCount).toBe(4);
    expect(decodeBatch(batch.bytes)).toMatchObject({
      baseOffset: 0n,
      leaderEpoch: -1n,
      attributes: 16,
      lastOffsetDelta: 3n,
      baseTimestamp: 1_000n,
      maxTimestamp: 3_000n,
      producerId: 77n,
      producerEpoch: 5n,
      baseSequence: 2_147_483_647n,
      crcMatches: true,
      records: [1_000n, 400n, 3_000n, -1n].map((timestamp, offsetDelta) => ({ timestamp, offsetDelta })),
    });
  });

  it('sets no transactional bit when it is not asked to', () => {
    const writer = begun();
    write(writer, 1);
    expect(decodeBatch(writer.finish({ compression: 'none', transactional: false }).bytes).attributes).toBe(
      0,
    );
  });

  it('is sealed again with another epoch (pitfall 2); control: an old checksum does not fit a new epoch', () => {
    const writer = begun();
    write(writer, 1);
    const batch = writer.finish(PLAIN);
    sealBatch(batch, { producerId: 7n, producerEpoch: 1, baseSequence: 0 });
    new DataView(batch.bytes.buffer).setInt16(51, 2);
    expect(decodeBatch(batch.bytes).crcMatches).toBe(false);
    sealBatch(batch, { producerId: 7n, producerEpoch: 2, baseSequence: 0 });
    expect(decodeBatch(batch.bytes)).toMatchObject({ crcMatches: true, producerEpoch: 2n });
  });

  it.each([
    ['first and later wide', [2n ** 60n + 1n, 2n ** 60n + 3n, 5n]],
    ['wide behind plain ones', [5n, -7n, 2n ** 62n + 1n, 6n]],
    ['the ends of int64', [-(2n ** 63n), 2n ** 63n - 1n, 0n]],
    ['safe, but further apart than is safe', [-(2n ** 53n) + 1n, 2n ** 53n - 1n]],
  ])('keeps int64 timestamps exactly: %s', (_name, timestamps) => {
    const writer = begun();
    for (const timestamp of timestamps)
      write(writer, Number.isSafeInteger(Number(timestamp)) ? Number(timestamp) : timestamp);
    const decoded = decodeBatch(writer.finish(PLAIN).bytes);
    expect(decoded.records.map((record) => record.timestamp)).toEqual(timestamps);
    expect(decoded.maxTimestamp).toBe(
      timestamps.reduce((max, timestamp) => (timestamp > max ? timestamp : max)),
    );
    writer.begin(1_000);
    write(writer, 9);
    expect(decodeBatch(writer.finish(PLAIN).bytes)).toMatchObject({ baseTimestamp: 9n, maxTimestamp: 9n });
  });

  it('takes a record that fills the capacity to the byte, and not one byte more', () => {
    const body = Array.from({ length: 100 }, () => 1);
    // 61 header, 1 + 2 + 1 + 1 … : length varint of 103 takes 2 bytes.
    expect(write(begun(61 + 2 + 103), 0, body)).toBe(true);
    const short = begun(61 + 2 + 102);
    expect(write(short, 0, body)).toBe(false);
    expect([short.recordCount, short.length]).toEqual([0, 61]);
  });

  it('says −1 when full and stays as it was', () => {
    const writer = begun(200);
    let count = 0;
    while (write(writer, count)) count++;
    expect(writer.recordCount).toBe(count);
    expect(writer.length).toBeLessThanOrEqual(200);
    expect(decodeBatch(writer.finish(PLAIN).bytes).records).toHaveLength(count);
  });

  it('an opened record that is never closed is as if it had never been', () => {
    const writer = begun();
    write(writer, 10);
    writer.open(99_999, 50);
    writer.openWide(2n ** 60n, 50);
    write(writer, 20);
    expect(decodeBatch(writer.finish(PLAIN).bytes)).toMatchObject({
      maxTimestamp: 20n,
      records: [{ timestamp: 10n }, { timestamp: 20n }],
    });
    const first = begun();
    first.open(99_999, 50);
    write(first, 1);
    expect(decodeBatch(first.finish(PLAIN).bytes)).toMatchObject({ baseTimestamp: 1n, maxTimestamp: 1n });
  });

  it('refuses a record that does not end where it was opened to end: a bug, never bytes on the wire', () => {
    const writer = begun();
    const at = writer.open(1, 10);
    expect(() => {
      writer.close(at + 9);
    }).toThrow(RangeError);
    expect(writer.recordCount).toBe(0);
  });

  it('compresses the records only, and stays uncompressed when that is not smaller', () => {
    const writer = begun(100_000);
    const body = [1, ...[0xa0, 0x9c, 0x01], ...Array.from({ length: 10_000 }, () => 7), 0];
    write(writer, 5, body);
    const packed = writer.finish({ compression: 'gzip', transactional: true });
    expect(packed.bytes.length).toBeLessThan(1_000);
    expect(decodeBatch(packed.bytes, (section) => gunzipSync(section))).toMatchObject({
      attributes: 17,
      records: [{ timestamp: 5n }],
    });
    writer.begin(1_000);
    write(writer, 5);
    expect(decodeBatch(writer.finish({ compression: 'gzip', transactional: true }).bytes).attributes).toBe(
      16,
    );
  });
});

describe('BatchWriter and its pool', () => {
  it('a finished batch keeps its buffer until it is released, whatever the writer does next', () => {
    const pool = new BufferPool(1 << 20);
    const writer = begun(5_000, pool);
    write(writer, 1);
    const first = writer.finish(PLAIN);
    const before = first.bytes.slice();
    writer.begin(5_000);
    write(writer, 2);
    const second = writer.finish(PLAIN);
    expect(second.bytes.buffer).not.toBe(first.bytes.buffer);
    expect(first.bytes).toEqual(before);
    expect(pool.lentBytes).toBe(16_384);
    first.release();
    second.release();
    expect([pool.lentBytes, pool.idleBytes]).toEqual([0, 16_384]);
    writer.begin(5_000);
    expect([pool.lentBytes, pool.idleBytes]).toEqual([8_192, 8_192]);
    writer.release();
    expect(pool.lentBytes).toBe(0);
  });

  it('a second release is ignored: else two batches would share one buffer', () => {
    const pool = new BufferPool(1 << 20);
    const writer = begun(5_000, pool);
    write(writer, 1);
    const batch = writer.finish(PLAIN);
    batch.release();
    batch.release();
    const one = pool.acquire(5_000);
    const two = pool.acquire(5_000);
    expect(one.bytes.buffer).not.toBe(two.bytes.buffer);
  });

  it('keeps no more idle than its bound and reuses by size class', () => {
    const pool = new BufferPool(10_000);
    const buffers = [pool.acquire(4_000), pool.acquire(4_000), pool.acquire(4_000), pool.acquire(100_000)];
    expect(buffers.map(({ bytes }) => bytes.length)).toEqual([4_096, 4_096, 4_096, 131_072]);
    for (const buffer of buffers) pool.release(buffer);
    expect([pool.idleBytes, pool.lentBytes]).toEqual([8_192, 0]);
    expect(buffers).toContain(pool.acquire(1));
    expect(Buffer.isBuffer(pool.acquire(1).bytes)).toBe(false);
  });

  it('takes nothing before begin and nothing after finish', () => {
    const writer = new BatchWriter(new BufferPool(0));
    expect(writer.open(1, 3)).toBe(-1);
    writer.begin(1_000);
    write(writer, 1);
    writer.finish(PLAIN).release();
    expect(writer.open(1, 3)).toBe(-1);
  });
});
