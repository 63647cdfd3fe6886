import type { RecordCursor } from '../kafka/records/cursor.ts';
import { HeaderWalk } from '../kafka/records/headers.ts';
import type { BatchWriter } from '../kafka/records/writer.ts';
import { copyFrom } from './body.ts';

const walk = new HeaderWalk();

/** How many headers have this name: counted by the cursor on its way when it watches for this very array, else by a walk of our own. */
export function countNamed(cursor: RecordCursor, name: Uint8Array): number {
  if (cursor.watchedName === name) return cursor.watched;
  let found = 0;
  walk.load(cursor);
  while (walk.next()) if (walk.nameIs(name)) found++;
  return found;
}

/** Bytes of the headers with another name, without their count. */
export function bytesWithout(cursor: RecordCursor, name: Uint8Array): number {
  let bytes = 0;
  walk.load(cursor);
  while (walk.next()) if (!walk.nameIs(name)) bytes += walk.end - walk.start;
  return bytes;
}

/** Copies the headers with another name to `at`; returns the position behind them. */
export function copyWithout(cursor: RecordCursor, name: Uint8Array, writer: BatchWriter, at: number): number {
  walk.load(cursor);
  while (walk.next()) if (!walk.nameIs(name)) at = copyFrom(cursor, walk.start, walk.end, writer, at);
  return at;
}
