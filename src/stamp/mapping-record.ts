import { copyBytes, Bytes } from '../kafka/records/copy.ts';
import { sizeOfVarint, writeVarint } from '../kafka/records/varint.ts';
import type { BatchWriter, Timestamped } from '../kafka/records/writer.ts';
import { LEGACY_ID_BYTES, type LegacyId } from './legacy-id.ts';
import type { IdDigits } from './result.ts';

/** The ID to map to, and the time in it. Unix ms. */
export interface MappedId extends IdDigits {
  readonly timestampMs: number;
}

/**
 * One route's mapping records: key = prefix and legacy ID, value = the new ID in decimal, timestamp = the ID's own, no headers; as
 * src/mapping/entry.ts reads them. One of these per route, reused from record to record.
 */
export class MappingRecord implements Timestamped {
  timestamp = 0;
  readonly wideTimestamp = false;
  readonly timestamp64 = 0n;
  readonly #scratch: Bytes;
  readonly #prefixBytes: number;
  #keyBytes = 0;

  constructor(prefix: string) {
    const bytes = new TextEncoder().encode(prefix);
    this.#prefixBytes = bytes.length;
    this.#scratch = new Bytes(new Uint8Array(bytes.length + LEGACY_ID_BYTES));
    this.#scratch.bytes.set(bytes);
  }

  /** Takes a copy of the legacy ID; the key it makes is a view, valid until the next one. */
  keyOf({ source, start, end }: LegacyId): Uint8Array {
    copyBytes(source, start, this.#scratch, this.#prefixBytes, end - start);
    this.#keyBytes = this.#prefixBytes + end - start;
    return this.#scratch.bytes.subarray(0, this.#keyBytes);
  }

  /**
   * Writes the record with the key made last and leaves it open: it counts once the writer is closed at the position returned. −1: it does
   * not fit.
   */
  open(id: MappedId, writer: BatchWriter): number {
    const [keyBytes, valueBytes] = [this.#keyBytes, id.end - id.start];
    this.timestamp = id.timestampMs;
    const body = sizeOfVarint(keyBytes) + keyBytes + sizeOfVarint(valueBytes) + valueBytes + 1;
    let at = writer.openLike(this, body);
    if (at < 0) return -1;
    const { bytes } = writer.buffer;
    at = writeVarint(bytes, at, keyBytes);
    copyBytes(this.#scratch, 0, writer.buffer, at, keyBytes);
    at = writeVarint(bytes, at + keyBytes, valueBytes);
    for (let i = id.start; i < id.end; i++) bytes[at++] = id.digits[i]!;
    return writeVarint(bytes, at, 0);
  }
}
