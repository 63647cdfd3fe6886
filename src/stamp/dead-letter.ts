import type { RecordCursor } from '../kafka/records/cursor.ts';
import { sizeOfVarint, writeVarint } from '../kafka/records/varint.ts';
import type { BatchWriter } from '../kafka/records/writer.ts';
import { copyFrom } from './body.ts';
import { errorHeaders, type DeadLetter, type ErrorHeaderSet } from './error-headers.ts';

/**
 * Writes the record under the cursor as a dead letter: key, value and every header as they came, byte for byte, with the headers of `set`
 * behind them. A record that was a dead letter before gets a second set: the last one counts. False when it does not fit.
 */
export function writeDeadLetter(
  cursor: RecordCursor,
  section: Uint8Array,
  writer: BatchWriter,
  letter: DeadLetter,
  set: ErrorHeaderSet,
): boolean {
  if (cursor.malformed !== null || cursor.bytes !== section) return false;
  const added = errorHeaders(set, letter, cursor);
  const addedBytes = added.reduce((sum, text) => sum + sizeOfVarint(text.length) + text.length, 0);
  const count = cursor.headerCount + added.length / 2;
  const body =
    cursor.headersAt - cursor.bodyStart + sizeOfVarint(count) + cursor.end - cursor.headersStart + addedBytes;
  let at =
    letter.restampMs === undefined ? writer.openLike(cursor, body) : writer.open(letter.restampMs, body);
  if (at < 0) return false;
  const { bytes } = writer.buffer;
  at = copyFrom(cursor, cursor.bodyStart, cursor.headersAt, writer, at);
  at = writeVarint(bytes, at, count);
  at = copyFrom(cursor, cursor.headersStart, cursor.end, writer, at);
  for (const text of added) {
    at = writeVarint(bytes, at, text.length);
    bytes.set(text, at);
    at += text.length;
  }
  writer.close(at);
  return true;
}
