import type { StampId } from './result.ts';

/**
 * Writes an ID as Avro's `long`: zig-zag (an ID is never negative, so twice it), seven bits a byte, from the halves and without BigInt.
 * At most 10 bytes; 9 for IDs from 2^55 to 2^62 − 1. Returns the position behind it. (Avro 1.12 specification, "Binary Encoding".)
 */
export function writeZigZag(bytes: Uint8Array, at: number, ids: StampId): number {
  // Read here, not passed: a number too large for a small integer is boxed when it crosses a call.
  const lo = ids.lo | 0;
  let low = lo << 1;
  let high = (ids.hi << 1) | (lo >>> 31);
  while (high !== 0 || (low & ~127) !== 0) {
    bytes[at++] = (low & 127) | 128;
    low = (low >>> 7) | (high << 25);
    high >>>= 7;
  }
  bytes[at++] = low;
  return at;
}

/** Writes an ID as Protobuf's `sfixed64`: eight bytes, least first. */
export function writeLittleEndian(view: DataView, at: number, ids: StampId): void {
  view.setInt32(at, ids.lo | 0, true);
  view.setInt32(at + 4, ids.hi | 0, true);
}
