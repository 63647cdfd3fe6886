import { crc32c } from '../../../src/kafka/records/crc32c.ts';
import { Writer } from '../../../src/kafka/wire/writer.ts';

/** A record batch v2 of one record without key, outside any transaction, written field by field. */
export function batchOf(value: Uint8Array, timestampMs: number): Uint8Array {
  const record = new Writer();
  record.int8(0);
  record.varint(0);
  record.varint(0);
  record.varint(-1);
  record.varint(value.length);
  record.raw(value);
  record.varint(0);
  const checked = new Writer();
  checked.int16(0);
  checked.int32(0);
  checked.int64(timestampMs);
  checked.int64(timestampMs);
  checked.int64(-1);
  checked.int16(-1);
  checked.int32(-1);
  checked.int32(1);
  checked.varint(record.length);
  checked.raw(record.toBytes());
  const batch = new Writer();
  batch.int64(0);
  batch.int32(9 + checked.length);
  batch.int32(-1);
  batch.int8(2);
  batch.uint32(crc32c(checked.toBytes()));
  batch.raw(checked.toBytes());
  return batch.toBytes();
}

/** What the broker may not change of a batch: everything from the checksum on (offset and leader epoch lie before). */
export const sealed = (batch: Uint8Array): string => Buffer.from(batch.subarray(17)).toString('base64');
