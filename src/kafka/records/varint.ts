/**
 * Zig-zag variable-length integers as record batches v2 use them (the encoding of Protocol Buffers' sint32/sint64):
 * `varint` holds an int32 in 1–5 bytes, `varlong` an int64 in 1–10. Numbers are exact to ±(2^53 − 1);
 * the functions ending in 64 take a bigint and are exact over the whole int64, slower.
 */

const HIGH_HALF = 0x1_0000_0000;

/** Bytes of `value` as varint or varlong; `value` is an integer within ±(2^53 − 1). */
export function sizeOfVarint(value: number): number {
  if (value < 64 && value >= -64) return 1;
  if (value < 8_192 && value >= -8_192) return 2;
  if (value < 1_048_576 && value >= -1_048_576) return 3;
  let size = 4;
  for (let bound = 134_217_728; value >= bound || value < -bound; bound *= 128) size++;
  return size;
}

/** Writes an integer within ±(2^53 − 1) at `at`, as varint or varlong; returns the position behind it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  if (value >= 0x4000_0000 || value < -0x4000_0000) return writeLarge(bytes, at, value);
  let rest = (value << 1) ^ (value >> 31);
  while (rest > 127) {
    bytes[at++] = rest | 128;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}

/** Beyond 31 bits: seven bits at a time off a pair of unsigned 32-bit halves. */
function writeLarge(bytes: Uint8Array, at: number, value: number): number {
  const magnitude = value < 0 ? -value - 1 : value;
  let high = Math.floor(magnitude / HIGH_HALF);
  let low = magnitude >>> 0;
  high = ((high << 1) | (low >>> 31)) >>> 0;
  low = ((low << 1) | (value < 0 ? 1 : 0)) >>> 0;
  while (high !== 0 || low > 127) {
    bytes[at++] = (low & 127) | 128;
    low = ((low >>> 7) | (high << 25)) >>> 0;
    high >>>= 7;
  }
  bytes[at++] = low;
  return at;
}

/**
 * The short form, for hot paths: raw values (still zig-zag, so even ones are not negative) below 2^21, in at most three bytes.
 * Nothing is kept in memory between reads: the position follows from the value.
 */
export const SHORT_LIMIT = 1 << 21;

export const sizeOfShort = (raw: number): number => (raw < 128 ? 1 : raw < 16_384 ? 2 : 3);

export function writeShort(bytes: Uint8Array, at: number, raw: number): number {
  if (raw < 128) {
    bytes[at] = raw;
    return at + 1;
  }
  if (raw < 16_384) {
    bytes[at] = raw | 128;
    bytes[at + 1] = raw >>> 7;
    return at + 2;
  }
  bytes[at] = raw | 128;
  bytes[at + 1] = (raw >>> 7) | 128;
  bytes[at + 2] = raw >>> 14;
  return at + 3;
}

/** The raw value at `at`, which takes `sizeOfShort` bytes; −1 when it is longer, or in more bytes than it needs. Three bytes must be there. */
export function readShort(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first < 128) return first;
  const second = bytes[at + 1]!;
  if (second < 128) return second === 0 ? -1 : (first & 127) | (second << 7);
  const third = bytes[at + 2]!;
  return third < 128 && third !== 0 ? (first & 127) | ((second & 127) << 7) | (third << 14) : -1;
}

export const unZigZag = (raw: number): number => (raw >>> 1) ^ -(raw & 1);

/** Bytes of an int64 as varlong. */
export function sizeOfVarint64(value: bigint): number {
  let size = 1;
  for (let rest = zigZag64(value); rest > 127n; rest >>= 7n) size++;
  return size;
}

/** Writes an int64 as varlong at `at`; returns the position behind it. */
export function writeVarint64(bytes: Uint8Array, at: number, value: bigint): number {
  let rest = zigZag64(value);
  for (; rest > 127n; rest >>= 7n) bytes[at++] = Number(rest & 127n) | 128;
  bytes[at++] = Number(rest);
  return at;
}

const zigZag64 = (value: bigint): bigint => BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));

/**
 * Reads varints from `bytes` between `at` and `limit`, never outside. What cannot be read sets `failed` and yields 0;
 * callers look at `failed` once, behind a group of reads. Reused for many byte ranges: nothing is allocated per value.
 */
export class VarintReader {
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  limit = 0;
  failed = false;
  /** The last varlong lies beyond ±(2^53 − 1), so that its number is rounded: read it again with `varlong64`. */
  inexact = false;

  /** Reads between `at` and `limit` of `bytes` from now on; `limit` ≤ `bytes.length`. */
  load(bytes: Uint8Array, at: number, limit: number): void {
    this.bytes = bytes;
    this.at = at;
    this.limit = limit;
    this.failed = false;
  }

  /** Whether every read since `load` succeeded and the last one ended at `at`. */
  endedAt(at: number): boolean {
    return this.at === at && !this.failed;
  }

  /** An int32. */
  varint(): number {
    const at = this.at;
    if (at < this.limit) {
      const byte = this.bytes[at]!;
      if (byte < 128) {
        this.at = at + 1;
        return (byte >>> 1) ^ -(byte & 1);
      }
    }
    return this.longerVarint();
  }

  private longerVarint(): number {
    const bytes = this.bytes;
    let raw = 0;
    let shift = 0;
    for (let at = this.at; at < this.limit && shift < 35; shift += 7) {
      const byte = bytes[at++]!;
      raw |= (byte & 127) << shift;
      if (byte > 127) continue;
      if (shift === 28 && byte > 15) break;
      this.at = at;
      return (raw >>> 1) ^ -(raw & 1);
    }
    this.failed = true;
    return 0;
  }

  /** An int64 as a number; see `inexact`. */
  varlong(): number {
    const bytes = this.bytes;
    let at = this.at;
    let low = 0;
    let shift = 0;
    while (at < this.limit && shift < 28) {
      const byte = bytes[at++]!;
      low |= (byte & 127) << shift;
      if (byte < 128) {
        this.at = at;
        this.inexact = false;
        return (low >>> 1) ^ -(low & 1);
      }
      shift += 7;
    }
    return this.longerVarlong(low, at);
  }

  /** Bytes five to eight without bigints: a batch whose timestamps lie days apart stays cheap. */
  private longerVarlong(low: number, from: number): number {
    let high = 0;
    for (let at = from, shift = 0; at < this.limit && shift < 28; shift += 7) {
      const byte = this.bytes[at++]!;
      high |= (byte & 127) << shift;
      if (byte > 127) continue;
      const half = high * 0x800_0000 + (low >>> 1);
      if (half > Number.MAX_SAFE_INTEGER - (low & 1)) break;
      this.at = at;
      this.inexact = false;
      return (low & 1) === 0 ? half : -half - 1;
    }
    return this.longestVarlong();
  }

  private longestVarlong(): number {
    const value = this.varlong64();
    const rounded = Number(value);
    this.inexact = !Number.isSafeInteger(rounded);
    return rounded;
  }

  /** An int64, exactly. */
  varlong64(): bigint {
    const bytes = this.bytes;
    let raw = 0n;
    let shift = 0;
    for (let at = this.at; at < this.limit && shift < 70; shift += 7) {
      const byte = bytes[at++]!;
      raw |= BigInt(byte & 127) << BigInt(shift);
      if (byte > 127) continue;
      if (shift === 63 && byte > 1) break;
      this.at = at;
      return (raw >> 1n) ^ -(raw & 1n);
    }
    this.failed = true;
    return 0n;
  }
}
