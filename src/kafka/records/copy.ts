import { Buffer } from 'node:buffer';

/** From here on the native copy wins; below, the fixed cost of a native call is most of the price. */
const NATIVE_FROM = 192;

/**
 * The bytes of one buffer with the view that copies from and to it eight at a time. Made per buffer, never per record; a class, so that
 * the hot path meets one shape only.
 */
export class Bytes {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = viewOf(bytes);
  }
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Copies `length` bytes between two buffers that do not overlap. Neither reads nor writes outside the range: the last
 * word overlaps the one before it. Words travel as int64, which the compiler keeps in a register (as float64 some bit patterns
 * would change on the way). Measured: half the time of a native call at 40 B, and neither way allocates, as `set(subarray)` does.
 */
export function copyBytes(from: Bytes, start: number, to: Bytes, at: number, length: number): void {
  if (length >= NATIVE_FROM) {
    (Buffer.prototype as Buffer).copy.call(from.bytes, to.bytes, at, start, start + length);
  } else if (length >= 8) {
    copyWords(from.view, start, to.view, at, length);
  } else {
    for (let i = 0; i < length; i++) to.bytes[at + i] = from.bytes[start + i]!;
  }
}

function copyWords(from: DataView, start: number, to: DataView, at: number, length: number): void {
  const last = length - 8;
  for (let i = 0; i < last; i += 8) to.setBigInt64(at + i, from.getBigInt64(start + i, true), true);
  to.setBigInt64(at + last, from.getBigInt64(start + last, true), true);
}
