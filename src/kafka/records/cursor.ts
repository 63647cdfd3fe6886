import type { BatchHeader } from './batch.ts';
import { Bytes } from './copy.ts';
import { RecordView } from './record-view.ts';
import { readShort, sizeOfShort, unZigZag, VarintReader } from './varint.ts';

/** What `readShort` may look at in a record's fixed part: three bytes for each of five numbers, and the attributes. */
const FIXED_BYTES = 16;
const NO_BYTES = new Uint8Array(0);

/**
 * Walks the records of one inflated record section in place: the view changes with each `next`, nothing is allocated per record.
 */
export class RecordCursor extends RecordView {
  /** Why the walk ended early; null while all is well. */
  malformed: string | null = null;

  /** The header name looked for during the walk, which saves a second one; empty: none. */
  readonly watchedName: Uint8Array;
  private readonly reader = new VarintReader();
  private baseOffset = 0;
  private lastOffset = 0;
  private baseTimestamp = 0;
  private baseTimestamp64 = 0n;
  private appendTime = false;
  private wideBase = false;
  private remaining = 0;

  constructor(watchedName: Uint8Array = NO_BYTES) {
    super();
    this.watchedName = watchedName;
  }

  /** Starts over on another section. It must be a plain Uint8Array (not a Buffer) for speed; `walkFetched` gives such. */
  load(section: Uint8Array, header: BatchHeader): void {
    this.bytes = section;
    this.source = new Bytes(section);
    this.reader.load(section, 0, section.length);
    this.end = 0;
    this.malformed = null;
    this.remaining = header.recordCount;
    this.baseOffset = header.baseOffset;
    this.lastOffset = header.baseOffset + header.lastOffsetDelta;
    this.offset = header.baseOffset - 1;
    this.appendTime = header.timestampType === 'log-append';
    this.baseTimestamp64 = this.appendTime ? header.maxTimestamp64 : header.baseTimestamp64;
    this.baseTimestamp = Number(this.baseTimestamp64);
    this.wideBase = !Number.isSafeInteger(this.baseTimestamp);
  }

  /** Moves to the next record. False at the end, or where a record's lengths lie: look at `malformed`. */
  next(): boolean {
    return this.nextShort() || this.nextAny();
  }

  /**
   * The fast way, for records whose numbers are all short, which is nearly every one. It changes nothing unless it succeeds, and
   * judges nothing: what it does not take, `nextAny` reads again from the record's start. Until the lengths are known to add up it may
   * look beyond the record, never beyond the section.
   */
  private nextShort(): boolean {
    const bytes = this.bytes;
    const limit = bytes.length - 3;
    let at = this.end;
    if (at + FIXED_BYTES > limit || this.remaining <= 0 || this.wideBase) return false;
    const length = readShort(bytes, at);
    at += sizeOfShort(length);
    const end = at + (length >>> 1);
    const delta = readShort(bytes, at + 1);
    at += 1 + sizeOfShort(delta);
    const rise = readShort(bytes, at);
    const bodyStart = at + sizeOfShort(rise);
    const key = readShort(bytes, bodyStart);
    const keyStart = bodyStart + sizeOfShort(key);
    const valueAt = (key & 1) === 0 ? keyStart + (key >>> 1) : keyStart;
    if (valueAt > limit) return false;
    const value = readShort(bytes, valueAt);
    const valueStart = valueAt + sizeOfShort(value);
    const headersAt = (value & 1) === 0 ? valueStart + (value >>> 1) : valueStart;
    if (headersAt >= end || end > bytes.length || (length & 1) !== 0) return false;
    const headers = bytes[headersAt]!;
    if (headers > 127 || (headers & 1) !== 0) return false;
    if ((delta | rise) < 0 || ((key & 1) !== 0 && key !== 1) || ((value & 1) !== 0 && value !== 1))
      return false;
    const offset = this.baseOffset + unZigZag(rise);
    if (offset <= this.offset || offset > this.lastOffset) return false;
    const timestamp = this.appendTime ? this.baseTimestamp : this.baseTimestamp + unZigZag(delta);
    if (timestamp > Number.MAX_SAFE_INTEGER || timestamp < Number.MIN_SAFE_INTEGER) return false;
    if (this.passHeaders(headers >>> 1, headersAt + 1, limit) !== end) return false;
    this.offset = offset;
    this.timestamp = timestamp;
    this.wideTimestamp = false;
    this.bodyStart = bodyStart;
    this.keyStart = key === 1 ? -1 : keyStart;
    this.keyEnd = key === 1 ? -1 : valueAt;
    this.valueAt = valueAt;
    this.valueStart = value === 1 ? -1 : valueStart;
    this.valueEnd = value === 1 ? -1 : headersAt;
    this.headersAt = headersAt;
    this.headersStart = headersAt + 1;
    this.headerCount = headers >>> 1;
    this.end = end;
    this.remaining--;
    return true;
  }

  /** Walks short headers from `at` on; returns the position behind them, −1 where they are not short or end too near the section's end. */
  private passHeaders(count: number, at: number, limit: number): number {
    const bytes = this.bytes;
    const wanted = this.watchedName.length;
    let watched = 0;
    for (let i = 0; i < count; i++) {
      if (at > limit) return -1;
      const name = readShort(bytes, at);
      const nameStart = at + sizeOfShort(name);
      at = nameStart + (name >>> 1);
      if ((name & 1) !== 0 || at > limit) return -1;
      const value = readShort(bytes, at);
      at += sizeOfShort(value);
      if ((value & 1) === 0) at += value >>> 1;
      else if (value !== 1) return -1;
      if (name >>> 1 === wanted && wanted > 0 && this.isAt(nameStart, this.watchedName)) watched++;
    }
    this.watched = watched;
    return at;
  }

  private nextAny(): boolean {
    if (this.remaining <= 0 || this.malformed !== null) return this.finish();
    const reader = this.reader;
    const section = this.bytes;
    reader.load(section, this.end, section.length);
    const length = reader.varint();
    const end = reader.at + length;
    if (reader.failed || length < 1 || end > section.length)
      return this.fail('its length does not fit the batch');
    this.end = reader.limit = end;
    reader.at++;
    this.readTimestamp(reader);
    const offset = this.baseOffset + reader.varint();
    if (offset <= this.offset || offset > this.lastOffset)
      return this.fail('its offset does not rise within the batch');
    this.offset = offset;
    this.bodyStart = reader.at;
    if (!this.readKeyAndValue(reader)) return this.fail('its key or value does not fit the record');
    this.headersAt = reader.at;
    const count = reader.varint();
    this.headersStart = reader.at;
    this.headerCount = count;
    this.watched = 0;
    if (count !== 0 && !this.readHeaders(reader, count))
      return this.fail('its headers do not fit the record');
    if (!reader.endedAt(end)) return this.fail('its parts do not fill its length');
    this.remaining--;
    return true;
  }

  private readTimestamp(reader: VarintReader): void {
    const from = reader.at;
    const delta = reader.varlong();
    const timestamp = this.appendTime ? this.baseTimestamp : this.baseTimestamp + delta;
    this.timestamp = timestamp;
    this.wideTimestamp = false;
    if (
      this.wideBase ||
      reader.inexact ||
      !(timestamp <= Number.MAX_SAFE_INTEGER && timestamp >= Number.MIN_SAFE_INTEGER)
    ) {
      this.readWideTimestamp(reader, from);
    }
  }

  /** Timestamps are int64 and their sum wraps, as in Kafka's own readers. Rare: a bigint per record is allowed here. */
  private readWideTimestamp(reader: VarintReader, from: number): void {
    reader.at = from;
    const delta = reader.varlong64();
    const exact = this.appendTime ? this.baseTimestamp64 : BigInt.asIntN(64, this.baseTimestamp64 + delta);
    this.timestamp64 = exact;
    this.timestamp = Number(exact);
    this.wideTimestamp = !Number.isSafeInteger(this.timestamp);
  }

  private readKeyAndValue(reader: VarintReader): boolean {
    const keyLength = reader.varint();
    this.keyStart = this.keyEnd = -1;
    if (keyLength >= 0) {
      this.keyStart = reader.at;
      this.keyEnd = reader.at += keyLength;
    }
    this.valueAt = reader.at;
    const valueLength = reader.varint();
    this.valueStart = this.valueEnd = -1;
    if (valueLength >= 0) {
      this.valueStart = reader.at;
      this.valueEnd = reader.at += valueLength;
    }
    return keyLength >= -1 && valueLength >= -1 && reader.at <= reader.limit && !reader.failed;
  }

  private readHeaders(reader: VarintReader, count: number): boolean {
    const name = this.watchedName;
    for (let i = 0; i < count; i++) {
      const nameLength = reader.varint();
      if (nameLength < 0) return false;
      const nameStart = reader.at;
      reader.at += nameLength;
      const valueLength = reader.varint();
      if (valueLength > 0) reader.at += valueLength;
      if (valueLength < -1 || reader.failed) return false;
      if (nameLength === name.length && nameLength > 0 && this.isAt(nameStart, name)) this.watched++;
    }
    return count > 0 && reader.at <= reader.limit;
  }

  /** Whether `text` stands at `position`; the caller has checked that its length fits. */
  isAt(position: number, text: Uint8Array): boolean {
    for (let i = 0; i < text.length; i++) if (this.bytes[position + i] !== text[i]) return false;
    return true;
  }

  private fail(why: string): boolean {
    this.remaining = 0;
    this.malformed = `record behind offset ${this.offset}: ${why}`;
    return false;
  }

  private finish(): boolean {
    if (this.malformed === null && this.end !== this.bytes.length) {
      this.malformed = `${this.bytes.length - this.end} bytes behind the last record (offset ${this.offset})`;
    }
    return false;
  }
}
