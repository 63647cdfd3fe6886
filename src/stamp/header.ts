import { copyBytes, Bytes } from '../kafka/records/copy.ts';
import type { RecordCursor } from '../kafka/records/cursor.ts';
import { sizeOfVarint, writeVarint } from '../kafka/records/varint.ts';
import type { BatchWriter } from '../kafka/records/writer.ts';
import { copyFrom, copyWhole } from './body.ts';
import { bytesWithout, copyWithout, countNamed } from './named-headers.ts';
import type { Existing, IdDigits, RecordStamp, StampResult } from './result.ts';

/** One route's policy, with the bytes of the header made once. */
export interface HeaderPolicy {
  /** UTF-8. Give it to RecordCursor, which then counts the header while it checks the record. */
  readonly name: Uint8Array;
  readonly existing: Existing;
  /** The name with its length before it, as a record carries it. */
  readonly prefix: Bytes;
}

export function headerPolicy(headerName: string, existing: Existing): HeaderPolicy {
  const name = new TextEncoder().encode(headerName);
  const bytes = new Uint8Array(sizeOfVarint(name.length) + name.length);
  bytes.set(name, writeVarint(bytes, 0, name.length));
  return { name, existing, prefix: new Bytes(bytes) };
}

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
  const occurrences = cursor.headerCount === 0 ? 0 : countNamed(cursor, policy.name);
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
  writer.close(writeId(writer.buffer, copyStripped(cursor, writer, at, count, policy.name), policy, ids));
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

function copyStripped(
  cursor: RecordCursor,
  writer: BatchWriter,
  at: number,
  count: number,
  name: Uint8Array,
): number {
  const behind = copyFrom(cursor, cursor.bodyStart, cursor.headersAt, writer, at);
  return copyWithout(cursor, name, writer, writeVarint(writer.buffer.bytes, behind, count));
}

/** The header as a way of stamping. */
export class HeaderStamp implements RecordStamp {
  readonly watch: Uint8Array;
  /** Never: a header can always be added. */
  readonly refusal = undefined;
  readonly wanted = undefined;
  readonly #policy: HeaderPolicy;

  constructor(policy: HeaderPolicy) {
    this.#policy = policy;
    this.watch = policy.name;
  }

  apply(cursor: RecordCursor, section: Uint8Array, ids: IdDigits, writer: BatchWriter): StampResult {
    return stampHeader(cursor, section, ids, writer, this.#policy);
  }
}
