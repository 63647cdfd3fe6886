import { Buffer } from 'node:buffer';
import { WireError } from './wire-error.ts';

/** Reads one element of an array, or one struct. */
export type Read<T> = (reader: Reader) => T;

/**
 * Reads the Kafka protocol's primitive types (big-endian; compact types and tagged fields per KIP-482) from one answer.
 * Every length and count is checked against what remains before anything is allocated or skipped, so hostile input costs
 * no more than its own size. Byte fields are views of the input: they live as long as it is not written to.
 * Every method throws `WireError` on truncated or malformed input.
 */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Bytes not yet read. */
  get remaining(): number {
    return this.#bytes.byteLength - this.#offset;
  }

  int8(): number {
    return this.#view.getInt8(this.#take(1));
  }

  int16(): number {
    return this.#view.getInt16(this.#take(2));
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  /** For offsets and times: a value beyond ±(2^53 − 1) is refused, never rounded. */
  int64(): number {
    const start = this.#take(8);
    const value = this.#view.getInt32(start) * 0x1_0000_0000 + this.#view.getUint32(start + 4);
    if (!Number.isSafeInteger(value)) throw new WireError(`int64 at ${start} is not a safe integer`);
    return value;
  }

  /** For producer ids and whatever else may use all 64 bits. */
  bigint64(): bigint {
    return this.#view.getBigInt64(this.#take(8));
  }

  boolean(): boolean {
    return this.int8() !== 0;
  }

  /** UNSIGNED_VARINT: 32 bits, at most five bytes. */
  uvarint(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#view.getUint8(this.#take(1));
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    const last = this.#view.getUint8(this.#take(1));
    if (last > 0x0f) throw new WireError(`varint before ${this.#offset} is longer than 32 bits`);
    return (value | (last << 28)) >>> 0;
  }

  /** VARINT: 32 bits, zigzag. */
  varint(): number {
    const value = this.uvarint();
    return (value >>> 1) ^ -(value & 1);
  }

  string(): string {
    return present(this.nullableString(), 'string');
  }

  nullableString(): string | null {
    return this.#text(this.int16());
  }

  compactString(): string {
    return present(this.compactNullableString(), 'compact string');
  }

  compactNullableString(): string | null {
    return this.#text(this.uvarint() - 1);
  }

  bytes(): Uint8Array {
    return present(this.nullableBytes(), 'bytes');
  }

  nullableBytes(): Uint8Array | null {
    return this.#slice(this.int32());
  }

  compactBytes(): Uint8Array {
    return present(this.compactNullableBytes(), 'compact bytes');
  }

  compactNullableBytes(): Uint8Array | null {
    return this.#slice(this.uvarint() - 1);
  }

  /** 32 lower-case hex digits; all zero means none. */
  uuid(): string {
    const start = this.#take(16);
    return this.#text16(start);
  }

  array<T>(read: Read<T>): T[] {
    return present(this.nullableArray(read), 'array');
  }

  nullableArray<T>(read: Read<T>): T[] | null {
    return this.#elements(this.int32(), read);
  }

  compactArray<T>(read: Read<T>): T[] {
    return present(this.compactNullableArray(read), 'compact array');
  }

  compactNullableArray<T>(read: Read<T>): T[] | null {
    return this.#elements(this.uvarint() - 1, read);
  }

  /**
   * The tagged fields that end every flexible struct. `onTag` sees each with a reader of exactly its bytes; what it
   * does not know it leaves alone: unknown tags are skipped, as KIP-482 demands.
   */
  tags(onTag?: (tag: number, field: Reader) => void): void {
    const count = this.uvarint();
    for (let read = 0; read < count; read += 1) {
      const tag = this.uvarint();
      const start = this.#take(this.uvarint());
      onTag?.(tag, new Reader(this.#bytes.subarray(start, this.#offset)));
    }
  }

  /** Advances by `length` and returns where it stood: the one place where the input's end is checked. */
  #take(length: number): number {
    const start = this.#offset;
    if (length > this.#bytes.byteLength - start) {
      throw new WireError(`${length} bytes wanted at ${start}, ${this.remaining} left`);
    }
    this.#offset = start + length;
    return start;
  }

  #slice(length: number): Uint8Array | null {
    if (length < 0) return nothing(length);
    const start = this.#take(length);
    return this.#bytes.subarray(start, this.#offset);
  }

  #text(length: number): string | null {
    const bytes = this.#slice(length);
    return bytes === null
      ? null
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  }

  #text16(start: number): string {
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, 16).toString('hex');
  }

  /** Every element of the protocol has at least one byte, so a count above what remains is a lie. */
  #elements<T>(count: number, read: Read<T>): T[] | null {
    if (count < 0) return nothing(count);
    if (count > this.remaining)
      throw new WireError(`array of ${count} elements at ${this.#offset}, ${this.remaining} bytes left`);
    const elements: T[] = [];
    for (let index = 0; index < count; index += 1) elements.push(read(this));
    return elements;
  }
}

/** −1 is the protocol's null; any other negative length is malformed. */
function nothing(length: number): null {
  if (length !== -1) throw new WireError(`negative length ${length}`);
  return null;
}

function present<T>(value: T | null, type: string): T {
  if (value === null) throw new WireError(`null where a ${type} is required`);
  return value;
}

export const readInt32: Read<number> = (reader) => reader.int32();
