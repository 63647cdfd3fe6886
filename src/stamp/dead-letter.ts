import type { RecordCursor } from '../kafka/records/cursor.ts';
import { sizeOfVarint, writeVarint } from '../kafka/records/varint.ts';
import type { BatchWriter } from '../kafka/records/writer.ts';
import { copyFrom } from './body.ts';

/** Why a record could not be stamped and where it came from. */
export interface DeadLetter {
  /** A code of src/errors.ts. */
  readonly code: string;
  /** For people; cut to MESSAGE_CHARACTERS. */
  readonly message: string;
  readonly route: string;
  /** Input topic, partition and offset. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /**
   * Unix ms to give the record instead of its own timestamp, which then goes into a header: for a dead letter that was refused for
   * its timestamp (data-path rule 15). Undefined: the record keeps its own.
   */
  readonly restampMs: number | undefined;
}

/** Longest message kept, so that a dead letter outgrows its record by a bounded number of bytes. */
export const MESSAGE_CHARACTERS = 500;

const PREFIX = 'snowstamp.error.';
const encoder = new TextEncoder();

/**
 * Writes the record under the cursor as a dead letter: key, value and every header as they came, byte for byte, with headers
 * `snowstamp.error.code`, `.message`, `.route`, `.topic`, `.partition`, `.offset` (and `.timestamp`, the original in ms, when it is
 * replaced) behind them, in UTF-8. A record that was a dead letter before gets a second set: the last one counts. False when it does not fit.
 */
export function writeDeadLetter(
  cursor: RecordCursor,
  section: Uint8Array,
  writer: BatchWriter,
  letter: DeadLetter,
): boolean {
  if (cursor.malformed !== null || cursor.bytes !== section) return false;
  const added = headersOf(cursor, letter);
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

/** Names and values in turn. */
function headersOf(cursor: RecordCursor, letter: DeadLetter): Uint8Array[] {
  const headers: [string, string][] = [
    ['code', letter.code],
    ['message', letter.message.slice(0, MESSAGE_CHARACTERS)],
    ['route', letter.route],
    ['topic', letter.topic],
    ['partition', String(letter.partition)],
    ['offset', String(letter.offset)],
  ];
  if (letter.restampMs !== undefined) {
    headers.push(['timestamp', String(cursor.wideTimestamp ? cursor.timestamp64 : cursor.timestamp)]);
  }
  return headers.flatMap(([name, value]) => [encoder.encode(PREFIX + name), encoder.encode(value)]);
}
