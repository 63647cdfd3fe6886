import { BufferPool } from '../../../src/kafka/records/buffer-pool.ts';
import type { BatchHeader } from '../../../src/kafka/records/batch.ts';
import { RecordCursor } from '../../../src/kafka/records/cursor.ts';
import { BatchWriter } from '../../../src/kafka/records/writer.ts';
import type { SealableBatch } from '../../../src/kafka/transaction/port.ts';
import { Writer } from '../../../src/kafka/wire/writer.ts';

/** One record per value, without key or headers. */
export function batchOf(
  values: readonly string[],
  timestampOf: (index: number) => number = () => Date.now(),
): SealableBatch {
  const writer = new BatchWriter(new BufferPool(0));
  writer.begin(1 << 20);
  values.forEach((value, index) => {
    const body = bodyOf(value);
    const at = writer.open(timestampOf(index), body.length);
    writer.buffer.bytes.set(body, at);
    writer.close(at + body.length);
  });
  return writer.finish({ compression: 'none', transactional: true });
}

function bodyOf(value: string): Uint8Array {
  const writer = new Writer();
  const bytes = new TextEncoder().encode(value);
  writer.varint(-1);
  writer.varint(bytes.length);
  writer.raw(bytes);
  writer.varint(0);
  return writer.toBytes();
}

export function valuesOf(records: Uint8Array, header: BatchHeader): string[] {
  const cursor = new RecordCursor();
  const decoder = new TextDecoder();
  const values: string[] = [];
  cursor.load(records, header);
  while (cursor.next())
    values.push(decoder.decode(cursor.bytes.subarray(cursor.valueStart, cursor.valueEnd)));
  return values;
}
