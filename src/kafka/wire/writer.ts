import { Buffer } from 'node:buffer';
import { WireError } from './wire-error.ts';

/** Writes one element of an array, or one struct. */
export type Write<T> = (item: T, writer: Writer) => void;

/** From this size on `raw` keeps the caller's bytes as a chunk of their own: a chunk costs more than copying less than this. */
const RAW_CHUNK_BYTES = 1024;

const INITIAL_BYTES = 256;
const NULL_LENGTH = -1;

/**
 * Writes the Kafka protocol's primitive types (big-endian; compact types and tagged fields per KIP-482) into a list of chunks.
 * Record batches pass through by reference. A value that its field cannot hold throws `WireError` rather than wrap.
 */
export class Writer {
  /** Finished chunks, in order; what is still open lies in #buffer from #start to #end. */
  readonly #chunks: Uint8Array[] = [];
  #finishedBytes = 0;
  #buffer = new Uint8Array(INITIAL_BYTES);
  #view = new DataView(this.#buffer.buffer);
  #start = 0;
  #end = 0;

  /** Bytes written so far. */
  get length(): number {
    return this.#finishedBytes + this.#end - this.#start;
  }

  int8(value: number): void {
    inRange(value, -0x80, 0x7f, 'int8');
    const start = this.#grow(1);
    this.#view.setInt8(start, value);
  }

  int16(value: number): void {
    inRange(value, -0x8000, 0x7fff, 'int16');
    const start = this.#grow(2);
    this.#view.setInt16(start, value);
  }

  int32(value: number): void {
    inRange(value, -0x8000_0000, 0x7fff_ffff, 'int32');
    const start = this.#grow(4);
    this.#view.setInt32(start, value);
  }

  uint32(value: number): void {
    inRange(value, 0, 0xffff_ffff, 'uint32');
    const start = this.#grow(4);
    this.#view.setUint32(start, value);
  }

  int64(value: number): void {
    inRange(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 'int64');
    const high = Math.floor(value / 0x1_0000_0000);
    const start = this.#grow(8);
    this.#view.setInt32(start, high);
    this.#view.setUint32(start + 4, value - high * 0x1_0000_0000);
  }

  bigint64(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) throw new WireError(`${value.toString()} is no int64`);
    const start = this.#grow(8);
    this.#view.setBigInt64(start, value);
  }

  boolean(value: boolean): void {
    this.int8(value ? 1 : 0);
  }

  /** UNSIGNED_VARINT: 0 to 2^32 − 1. */
  uvarint(value: number): void {
    inRange(value, 0, 0xffff_ffff, 'unsigned varint');
    let rest = value;
    while (rest > 0x7f) {
      this.#byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.#byte(rest);
  }

  /** VARINT: 32 bits, zigzag. */
  varint(value: number): void {
    inRange(value, -0x8000_0000, 0x7fff_ffff, 'varint');
    this.uvarint(((value << 1) ^ (value >> 31)) >>> 0);
  }

  string(value: string): void {
    const length = Buffer.byteLength(value);
    this.int16(length);
    this.#text(value, length);
  }

  nullableString(value: string | null): void {
    if (value === null) this.int16(NULL_LENGTH);
    else this.string(value);
  }

  compactString(value: string): void {
    const length = Buffer.byteLength(value);
    this.uvarint(length + 1);
    this.#text(value, length);
  }

  compactNullableString(value: string | null): void {
    if (value === null) this.uvarint(0);
    else this.compactString(value);
  }

  bytes(value: Uint8Array): void {
    this.int32(value.byteLength);
    this.raw(value);
  }

  nullableBytes(value: Uint8Array | null): void {
    if (value === null) this.int32(NULL_LENGTH);
    else this.bytes(value);
  }

  compactBytes(value: Uint8Array): void {
    this.uvarint(value.byteLength + 1);
    this.raw(value);
  }

  compactNullableBytes(value: Uint8Array | null): void {
    if (value === null) this.uvarint(0);
    else this.compactBytes(value);
  }

  /** 32 hex digits. */
  uuid(value: string): void {
    if (!/^[0-9a-f]{32}$/i.test(value)) throw new WireError('a uuid is 32 hex digits');
    this.raw(Buffer.from(value, 'hex'));
  }

  array<T>(items: readonly T[], write: Write<T>): void {
    this.int32(items.length);
    for (const item of items) write(item, this);
  }

  nullableArray<T>(items: readonly T[] | null, write: Write<T>): void {
    if (items === null) this.int32(NULL_LENGTH);
    else this.array(items, write);
  }

  compactArray<T>(items: readonly T[], write: Write<T>): void {
    this.uvarint(items.length + 1);
    for (const item of items) write(item, this);
  }

  compactNullableArray<T>(items: readonly T[] | null, write: Write<T>): void {
    if (items === null) this.uvarint(0);
    else this.compactArray(items, write);
  }

  /** No tagged fields: none of the requests spoken here needs one. */
  tags(): void {
    this.uvarint(0);
  }

  /** As they are. From 1 KiB on the bytes are referred to, not copied: they must not change until they are sent. */
  raw(bytes: Uint8Array): void {
    if (bytes.byteLength < RAW_CHUNK_BYTES) {
      const start = this.#grow(bytes.byteLength);
      this.#buffer.set(bytes, start);
      return;
    }
    this.#finish(this.#buffer.subarray(this.#start, this.#end));
    this.#start = this.#end;
    this.#finish(bytes);
  }

  /** All that was written, in order; for one gathered write to a socket. */
  chunks(): Uint8Array[] {
    const open = this.#buffer.subarray(this.#start, this.#end);
    return open.byteLength === 0 ? [...this.#chunks] : [...this.#chunks, open];
  }

  /** All that was written, copied into one array. */
  toBytes(): Uint8Array {
    const bytes = new Uint8Array(this.length);
    let offset = 0;
    for (const chunk of this.chunks()) {
      bytes.set(chunk, offset);
      offset += chunk.byteLength;
    }
    return bytes;
  }

  #byte(value: number): void {
    const start = this.#grow(1);
    this.#view.setUint8(start, value);
  }

  #finish(chunk: Uint8Array): void {
    if (chunk.byteLength === 0) return;
    this.#chunks.push(chunk);
    this.#finishedBytes += chunk.byteLength;
  }

  /**
   * Makes room for `length` bytes and returns where they go. Finished chunks keep the buffer they lie in.
   * It may replace #buffer and #view: call it in a statement of its own, before either is looked at.
   */
  #grow(length: number): number {
    const start = this.#end;
    if (start + length <= this.#buffer.byteLength) {
      this.#end = start + length;
      return start;
    }
    const open = this.#buffer.subarray(this.#start, this.#end);
    this.#buffer = new Uint8Array(Math.max(INITIAL_BYTES, 2 * (open.byteLength + length)));
    this.#buffer.set(open);
    this.#view = new DataView(this.#buffer.buffer);
    this.#start = 0;
    this.#end = open.byteLength + length;
    return open.byteLength;
  }

  #text(value: string, length: number): void {
    const start = this.#grow(length);
    Buffer.from(this.#buffer.buffer, start, length).write(value, 'utf8');
  }
}

function inRange(value: number, low: number, high: number, type: string): void {
  if (!Number.isInteger(value) || value < low || value > high) throw new WireError(`${value} is no ${type}`);
}

export const writeInt32: Write<number> = (item, writer) => {
  writer.int32(item);
};
