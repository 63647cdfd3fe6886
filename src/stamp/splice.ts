import { copyBytes } from '../kafka/records/copy.ts';
import type { RecordCursor } from '../kafka/records/cursor.ts';
import { sizeOfVarint, writeVarint } from '../kafka/records/varint.ts';
import type { BatchWriter } from '../kafka/records/writer.ts';
import { copyFrom } from './body.ts';
import type { Cut } from './cut.ts';
import { bytesWithout, copyWithout } from './named-headers.ts';

/**
 * Writes a record with its value cut: one copy of everything before the cut, the insertion, one copy of everything behind it. Nothing is
 * decoded. One object for the life of a stamp.
 */
export class Splicer {
  /** Written over the schema ID of the wire prefix; 0: there is none. */
  newSchemaId = 0;
  /** How many headers of the name the record has; they go. */
  occurrences = 0;
  /** Where the value stands in the outgoing batch, after `open`. */
  valueStart = 0;
  valueEnd = 0;
  readonly #name: Uint8Array;

  constructor(headerName: Uint8Array) {
    this.#name = headerName;
  }

  /** Leaves the record open in `writer`, all written; returns the position to close it at, −1 when it does not fit. */
  open(cursor: RecordCursor, cut: Cut, writer: BatchWriter): number {
    const { source, bodyStart, valueAt, valueStart, valueEnd, headersAt, end } = cursor;
    const closing = cut.closing === 0 ? 0 : 1;
    const valueLength = valueEnd - valueStart - (cut.resume - cut.at) + cut.length + closing;
    const lengthBytes = sizeOfVarint(valueLength);
    const headerBytes = this.occurrences === 0 ? end - headersAt : this.#strippedBytes(cursor);
    const at = writer.openLike(cursor, valueAt - bodyStart + lengthBytes + valueLength + headerBytes);
    if (at < 0) return -1;
    const to = writer.buffer;
    const toValueAt = at + valueAt - bodyStart;
    if (valueStart - valueAt === lengthBytes) {
      copyBytes(source, bodyStart, to, at, cut.at - bodyStart);
    } else {
      copyBytes(source, bodyStart, to, at, valueAt - bodyStart);
      copyBytes(source, valueStart, to, toValueAt + lengthBytes, cut.at - valueStart);
    }
    this.valueStart = writeVarint(to.bytes, toValueAt, valueLength);
    this.valueEnd = this.valueStart + valueLength;
    if (this.newSchemaId > 0) to.view.setInt32(this.valueStart + 1, this.newSchemaId);
    const behind = this.valueStart + cut.at - valueStart;
    copyBytes(cut.inserted, 0, to, behind, cut.length);
    return this.#rest(cursor, cut, writer, behind + cut.length);
  }

  #rest(cursor: RecordCursor, cut: Cut, writer: BatchWriter, at: number): number {
    if (cut.closing === 0 && this.occurrences === 0)
      return copyFrom(cursor, cut.resume, cursor.end, writer, at);
    at = copyFrom(cursor, cut.resume, cursor.valueEnd, writer, at);
    const { bytes } = writer.buffer;
    if (cut.closing !== 0) bytes[at++] = cut.closing;
    if (this.occurrences === 0) return copyFrom(cursor, cursor.headersAt, cursor.end, writer, at);
    at = writeVarint(bytes, at, cursor.headerCount - this.occurrences);
    return copyWithout(cursor, this.#name, writer, at);
  }

  #strippedBytes(cursor: RecordCursor): number {
    return sizeOfVarint(cursor.headerCount - this.occurrences) + bytesWithout(cursor, this.#name);
  }
}
