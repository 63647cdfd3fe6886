import { viewOf } from './copy.ts';

const MAGIC = 0x184d2204;
const FLAG = { blockChecksum: 0x10, contentSize: 0x08, dictionary: 0x01 } as const;
const UNCOMPRESSED = 0x8000_0000;
/** No LZ4 sequence yields more than 255 bytes for each of its own. */
const STEEPEST = 255;

/**
 * Whether an LZ4 frame (lz4_Frame_format.md) inflates to at most `capBytes`, told without inflating it: the native decoder has no
 * output limit of its own. First by block sizes alone; only if that bound is too coarse, by adding up the sequences' lengths.
 * What is malformed counts as far as it goes: the decoder refuses it.
 */
export function lz4FitsCap(frame: Uint8Array, capBytes: number): boolean {
  return (
    inflatedLength(frame, coarse, capBytes) <= capBytes || inflatedLength(frame, exact, capBytes) <= capBytes
  );
}

type BlockLength = (frame: Uint8Array, start: number, end: number, blockMax: number, cap: number) => number;

const coarse: BlockLength = (_frame, start, end, blockMax) => Math.min(blockMax, (end - start) * STEEPEST);

const exact: BlockLength = (frame, start, end, _blockMax, cap) =>
  lz4BlockLength(frame.subarray(start, end), cap);

function inflatedLength(frame: Uint8Array, ofBlock: BlockLength, cap: number): number {
  if (frame.length < 7) return 0;
  const view = viewOf(frame);
  if (view.getUint32(0, true) !== MAGIC) return 0;
  const flags = frame[4]!;
  const blockMax = 1 << (8 + 2 * ((frame[5]! >> 4) & 7));
  let at = 7 + ((flags & FLAG.contentSize) === 0 ? 0 : 8) + ((flags & FLAG.dictionary) === 0 ? 0 : 4);
  let total = 0;
  while (at + 4 <= frame.length && total <= cap) {
    const word = view.getUint32(at, true);
    const size = word % UNCOMPRESSED;
    if (word === 0) break;
    const start = at + 4;
    const end = Math.min(start + size, frame.length);
    total += word >= UNCOMPRESSED ? end - start : ofBlock(frame, start, end, blockMax, cap - total);
    at = start + size + ((flags & FLAG.blockChecksum) === 0 ? 0 : 4);
  }
  return total;
}

/** Bytes one LZ4 block inflates to, or a number above `cap` as soon as that is certain. */
function lz4BlockLength(block: Uint8Array, cap: number): number {
  let total = 0;
  let at = 0;
  while (at < block.length && total <= cap) {
    const token = block[at++]!;
    let literals = token >> 4;
    if (literals === 15) {
      const from = at;
      at = endOfLength(block, at);
      literals += lengthBytes(block, from, at);
    }
    at += literals;
    total += literals;
    if (at >= block.length) break;
    at += 2;
    let match = (token & 15) + 4;
    if (match === 19) {
      const from = at;
      at = endOfLength(block, at);
      match += lengthBytes(block, from, at);
    }
    total += match;
  }
  return total;
}

/** Position behind an extended length: bytes of 255, ended by a smaller one. */
function endOfLength(block: Uint8Array, from: number): number {
  let at = from;
  while (at < block.length && block[at] === 255) at++;
  return at + 1;
}

const lengthBytes = (block: Uint8Array, from: number, end: number): number =>
  (end - 1 - from) * 255 + (block[end - 1] ?? 0);
