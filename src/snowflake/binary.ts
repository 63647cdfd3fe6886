import type { IdRun } from './generator.ts';
import type { Layout } from './layout.ts';
import { Halves } from './halves.ts';

/** Bytes of one ID. */
export const ID_BYTES = 8;

/**
 * Writes the IDs of `runs` into `out` from `offset` on, 8 bytes each, big-endian, so that bytes sort as IDs do. Writes whole
 * IDs only, as many as fit. Returns the offset behind the last one: less than `offset + 8 × count` when `out` is too short.
 */
export function fillBigEndian(
  layout: Layout,
  node: number,
  runs: readonly IdRun[],
  out: Uint8Array,
  offset: number,
): number {
  const halves = new Halves(layout, node);
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
  let at = offset;
  for (const { timestampMs, firstSequence, count } of runs) {
    const fitting = Math.min(count, Math.floor((out.byteLength - at) / ID_BYTES));
    at = fillRun(view, at, halves.high(timestampMs), halves.low(timestampMs) + firstSequence, fitting);
  }
  return at;
}

function fillRun(view: DataView, offset: number, hi: number, firstLo: number, count: number): number {
  const end = offset + Math.max(0, count) * ID_BYTES;
  // As signed 32-bit integers, the machine's own: setUint32 takes the same bits, and nothing becomes a double.
  const upper = hi | 0;
  let lower = firstLo | 0;
  for (let at = offset; at < end; at += ID_BYTES) {
    view.setUint32(at, upper);
    view.setUint32(at + 4, lower);
    lower = (lower + 1) | 0;
  }
  return end;
}
