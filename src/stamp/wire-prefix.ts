import type { ValueRefusal } from './refusal.ts';

const PREFIX_BYTES = 5;
/** Messages within messages; far more than anybody nests. */
const MOST_INDEXES = 64;
/** Paths kept spelt out: of at most this many bytes, and at most so many of them. */
const SHORT_PATH_BYTES = 4;
const MOST_PATHS = 1_000;

/**
 * Confluent's prefix: magic byte 0, schema ID in four bytes, most significant first; before a Protobuf message its indexes within the
 * schema: zig-zag varints behind their count, where a lone 0 stands for [0].
 * (Confluent, "Schema Registry wire format"; facts/formats.md §2.)
 */
export class WirePrefix {
  /** 1 … 2^31 − 1. */
  schemaId = 0;
  /** "0" or "1.0"; empty without indexes. */
  messagePath = '';
  /** Where the payload begins. */
  payloadStart = 0;

  readonly #hasIndexes: boolean;
  readonly #paths = new Map<number, string>();
  /** The varint read last, and where it ended. */
  #index = 0;
  #at = 0;

  constructor(hasIndexes: boolean) {
    this.#hasIndexes = hasIndexes;
  }

  /** Undefined when there is one, which is then in the fields above. */
  read(bytes: Uint8Array, start: number, end: number): ValueRefusal | undefined {
    if (end - start < PREFIX_BYTES) return 'VALUE_TOO_SHORT';
    if (bytes[start] !== 0) return 'VALUE_WRONG_MAGIC';
    const id =
      (bytes[start + 1]! << 24) | (bytes[start + 2]! << 16) | (bytes[start + 3]! << 8) | bytes[start + 4]!;
    if (id <= 0) return 'VALUE_SCHEMA_ID_INVALID';
    this.schemaId = id;
    this.payloadStart = start + PREFIX_BYTES;
    return this.#hasIndexes ? this.#readPath(bytes, this.payloadStart, end) : undefined;
  }

  #readPath(bytes: Uint8Array, start: number, end: number): ValueRefusal | undefined {
    this.#at = start;
    if (!this.#next(bytes, end) || this.#index > MOST_INDEXES) return 'VALUE_INDEXES_INVALID';
    const count = this.#index;
    for (let i = 0; i < count; i++) if (!this.#next(bytes, end)) return 'VALUE_INDEXES_INVALID';
    this.payloadStart = this.#at;
    this.messagePath = count === 0 ? '0' : this.#spelt(bytes, start, this.#at);
    return undefined;
  }

  #spelt(bytes: Uint8Array, start: number, end: number): string {
    if (end - start > SHORT_PATH_BYTES) return this.#spell(bytes, start, end);
    let key = 1;
    for (let at = start; at < end; at++) key = key * 256 + bytes[at]!;
    const known = this.#paths.get(key);
    if (known !== undefined) return known;
    if (this.#paths.size >= MOST_PATHS) this.#paths.clear();
    const path = this.#spell(bytes, start, end);
    this.#paths.set(key, path);
    return path;
  }

  /** Reads them again, which went well before. */
  #spell(bytes: Uint8Array, start: number, end: number): string {
    const indexes: number[] = [];
    this.#at = start;
    this.#next(bytes, end);
    while (this.#at < end && this.#next(bytes, end)) indexes.push(this.#index);
    return indexes.join('.');
  }

  /** A zig-zag varint that is not negative and below 2^27: no schema has as many messages. False when there is none. */
  #next(bytes: Uint8Array, end: number): boolean {
    let raw = 0;
    for (let shift = 0; shift < 28 && this.#at < end; shift += 7) {
      const byte = bytes[this.#at++]!;
      raw |= (byte & 127) << shift;
      if (byte > 127) continue;
      this.#index = raw >>> 1;
      return (raw & 1) === 0;
    }
    return false;
  }
}
