import type { RecordCursor } from './cursor.ts';
import { VarintReader } from './varint.ts';

/**
 * Walks the headers of the record a RecordCursor stands on, which has checked their bounds. Reused from record to record.
 * Positions count from the start of the cursor's `bytes`.
 */
export class HeaderWalk {
  /** The header as a whole: from its name's length to behind its value. */
  start = 0;
  end = 0;
  nameStart = 0;
  nameEnd = 0;
  /** −1 when the value is null. */
  valueStart = -1;
  valueEnd = -1;

  private readonly reader = new VarintReader();
  private remaining = 0;

  load(cursor: RecordCursor): void {
    this.reader.load(cursor.bytes, cursor.headersStart, cursor.end);
    this.remaining = cursor.headerCount;
  }

  /** Moves to the next header; false behind the last. */
  next(): boolean {
    if (this.remaining <= 0) return false;
    this.remaining--;
    const reader = this.reader;
    this.start = reader.at;
    const nameLength = reader.varint();
    this.nameStart = reader.at;
    this.nameEnd = reader.at += nameLength;
    const valueLength = reader.varint();
    this.valueStart = this.valueEnd = -1;
    if (valueLength >= 0) {
      this.valueStart = reader.at;
      this.valueEnd = reader.at += valueLength;
    }
    this.end = reader.at;
    return true;
  }

  nameIs(name: Uint8Array): boolean {
    if (this.nameEnd - this.nameStart !== name.length) return false;
    const bytes = this.reader.bytes;
    for (let i = 0; i < name.length; i++) if (bytes[this.nameStart + i] !== name[i]) return false;
    return true;
  }
}
