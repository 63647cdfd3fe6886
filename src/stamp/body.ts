import { copyBytes } from '../kafka/records/copy.ts';
import type { RecordCursor } from '../kafka/records/cursor.ts';
import type { BatchWriter } from '../kafka/records/writer.ts';

/** Copies `start` … `end` of the cursor's bytes to `at` in the outgoing batch; returns the position behind them. */
export function copyFrom(
  cursor: RecordCursor,
  start: number,
  end: number,
  writer: BatchWriter,
  at: number,
): number {
  copyBytes(cursor.source, start, writer.buffer, at, end - start);
  return at + end - start;
}

/** The record as it came. */
export function copyWhole(cursor: RecordCursor, writer: BatchWriter): 'kept' | 'full' {
  const at = writer.openLike(cursor, cursor.end - cursor.bodyStart);
  if (at < 0) return 'full';
  writer.close(copyFrom(cursor, cursor.bodyStart, cursor.end, writer, at));
  return 'kept';
}
