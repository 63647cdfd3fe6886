import { copyBytes, Bytes } from '../kafka/records/copy.ts';
import type { RecordCursor } from '../kafka/records/cursor.ts';
import { HeaderWalk } from '../kafka/records/headers.ts';
import { sizeOfVarint, writeVarint } from '../kafka/records/varint.ts';
import type { BatchWriter } from '../kafka/records/writer.ts';
import { copyFrom } from './body.ts';

/**
 * What became of one record; every stamp has this result (P7), and only the first two wrote something.
 * `full`: it does not fit this batch; try the next (with no record in it: too large for any). `already-stamped`: it carries the header and
 * the policy rejects those. `malformed`: the cursor stands on no whole record of this section.
 */
export type StampResult = 'stamped' | 'kept' | 'full' | 'already-stamped' | 'malformed';

/** What to do with a record that carries the header already. `keep` gives up P1 and P2 for it (data-path rule 10). */
export type Existing = 'replace' | 'keep' | 'reject';

/** One route's policy, with the bytes of the header made once. */
export interface HeaderPolicy {
  /** UTF-8. Give it to RecordCursor, which then counts the header while it checks the record. */
  readonly name: Uint8Array;
  readonly existing: Existing;
  /** The name with its length before it, as a record carries it. */
  readonly prefix: Bytes;
}

/** The ID to write: decimal digits in ASCII, `start` … `end` of `digits`, at most 63 of them. */
export interface IdDigits {
  readonly digits: Uint8Array;
  readonly start: number;
  readonly end: number;
}

export function headerPolicy(headerName: string, existing: Existing): HeaderPolicy {
  const name = new TextEncoder().encode(headerName);
  const bytes = new Uint8Array(sizeOfVarint(name.length) + name.length);
  bytes.set(name, writeVarint(bytes, 0, name.length));
  return { name, existing, prefix: new Bytes(bytes) };
}

const walk = new HeaderWalk();

/**
 * Writes the record under the cursor into `writer` with the ID as its last header. Key, value and the other headers leave byte for byte, in
 * their order, nulls and duplicates kept; the timestamp too (P4). With `replace` every occurrence of the header goes.
 * `section` is what the cursor was loaded with. The ID is used only when the result is `stamped`.
 */
export function stampHeader(
  cursor: RecordCursor,
  section: Uint8Array,
  ids: IdDigits,
  writer: BatchWriter,
  policy: HeaderPolicy,
): StampResult {
  if (cursor.malformed !== null || cursor.bytes !== section) return 'malformed';
  const occurrences = cursor.headerCount === 0 ? 0 : occurrencesOf(cursor, policy.name);
  return occurrences === 0
    ? append(cursor, ids, writer, policy)
    : stampOver(cursor, ids, writer, policy, occurrences);
}

function append(cursor: RecordCursor, ids: IdDigits, writer: BatchWriter, policy: HeaderPolicy): StampResult {
  const { source, bodyStart, headersAt, headersStart, end } = cursor;
  const count = cursor.headerCount + 1;
  const countBytes = sizeOfVarint(count);
  const idBytes = policy.prefix.bytes.length + 1 + ids.end - ids.start;
  let at = writer.openLike(cursor, headersAt - bodyStart + countBytes + end - headersStart + idBytes);
  if (at < 0) return 'full';
  const to = writer.buffer;
  if (headersStart - headersAt === countBytes) {
    const length = end - bodyStart;
    copyBytes(source, bodyStart, to, at, length);
    writeVarint(to.bytes, at + headersAt - bodyStart, count);
    at += length;
  } else {
    at = copyGrown(cursor, to, at, count);
  }
  writer.close(writeId(to, at, policy, ids));
  return 'stamped';
}

function copyGrown(cursor: RecordCursor, to: Bytes, at: number, count: number): number {
  const { source, bodyStart, headersAt, headersStart, end } = cursor;
  copyBytes(source, bodyStart, to, at, headersAt - bodyStart);
  at = writeVarint(to.bytes, at + headersAt - bodyStart, count);
  copyBytes(source, headersStart, to, at, end - headersStart);
  return at + end - headersStart;
}

function stampOver(
  cursor: RecordCursor,
  ids: IdDigits,
  writer: BatchWriter,
  policy: HeaderPolicy,
  occurrences: number,
): StampResult {
  if (policy.existing === 'reject') return 'already-stamped';
  if (policy.existing === 'keep') return copyWhole(cursor, writer);
  const count = cursor.headerCount - occurrences + 1;
  const keptBytes = bytesWithout(cursor, policy.name);
  const idBytes = policy.prefix.bytes.length + 1 + ids.end - ids.start;
  const at = writer.openLike(
    cursor,
    cursor.headersAt - cursor.bodyStart + sizeOfVarint(count) + keptBytes + idBytes,
  );
  if (at < 0) return 'full';
  writer.close(writeId(writer.buffer, copyWithout(cursor, writer, at, count, policy.name), policy, ids));
  return 'stamped';
}

/** The array of digits last met, with its view: the ID cursor keeps one array, so this is made once, not per record. */
let shown: Bytes = new Bytes(new Uint8Array(0));

function writeId(to: Bytes, at: number, policy: HeaderPolicy, ids: IdDigits): number {
  if (shown.bytes !== ids.digits) shown = new Bytes(ids.digits);
  const nameLength = policy.prefix.bytes.length;
  const length = ids.end - ids.start;
  copyBytes(policy.prefix, 0, to, at, nameLength);
  to.bytes[at + nameLength] = length << 1;
  copyBytes(shown, ids.start, to, at + nameLength + 1, length);
  return at + nameLength + 1 + length;
}

function copyWhole(cursor: RecordCursor, writer: BatchWriter): StampResult {
  const at = writer.openLike(cursor, cursor.end - cursor.bodyStart);
  if (at < 0) return 'full';
  writer.close(copyFrom(cursor, cursor.bodyStart, cursor.end, writer, at));
  return 'kept';
}

/** Counted by the cursor on its way when it watches for this very name, else by a walk of our own. */
function occurrencesOf(cursor: RecordCursor, name: Uint8Array): number {
  if (cursor.watchedName === name) return cursor.watched;
  let found = 0;
  walk.load(cursor);
  while (walk.next()) if (walk.nameIs(name)) found++;
  return found;
}

function bytesWithout(cursor: RecordCursor, name: Uint8Array): number {
  let bytes = 0;
  walk.load(cursor);
  while (walk.next()) if (!walk.nameIs(name)) bytes += walk.end - walk.start;
  return bytes;
}

function copyWithout(
  cursor: RecordCursor,
  writer: BatchWriter,
  at: number,
  count: number,
  name: Uint8Array,
): number {
  let behind = copyFrom(cursor, cursor.bodyStart, cursor.headersAt, writer, at);
  behind = writeVarint(writer.buffer.bytes, behind, count);
  walk.load(cursor);
  while (walk.next()) if (!walk.nameIs(name)) behind = copyFrom(cursor, walk.start, walk.end, writer, behind);
  return behind;
}
