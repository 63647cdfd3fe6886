import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { compressFrameSync, decompressFrameSync } from 'lz4-napi';
import { compressSync, uncompressSync } from 'snappy';
import { viewOf } from './copy.ts';
import { lz4FitsCap } from './lz4-frame.ts';

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** As the batch attributes' low three bits name them. */
export const CODEC_NUMBER = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const satisfies Record<
  Compression,
  number
>;

export type Inflated =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly code: InflateProblem; readonly detail: string };

export type InflateProblem = 'BATCH_CORRUPT' | 'BATCH_UNSUPPORTED' | 'BATCH_INFLATES_TOO_FAR';

type Inflate = (bytes: Uint8Array, capBytes: number) => Uint8Array | 'too-far';

/**
 * Inflates a record section. Never yields, nor holds in memory, much more than `capBytes` (1 … 2^31 − 1): what would be larger is
 * BATCH_INFLATES_TOO_FAR, whatever the frame says of itself (data-path rule 13). Never throws.
 */
export function inflate(codec: number, bytes: Uint8Array, capBytes: number): Inflated {
  const run = INFLATE[codec];
  if (run === undefined)
    return { ok: false, code: 'BATCH_UNSUPPORTED', detail: `codec ${codec} is not assigned` };
  if (codec !== CODEC_NUMBER.none && bytes.length === 0)
    return { ok: false, code: 'BATCH_CORRUPT', detail: `codec ${codec}: no bytes` };
  try {
    const inflated = run(bytes, capBytes);
    if (inflated !== 'too-far') return { ok: true, bytes: plain(inflated) };
  } catch (error) {
    if (!isTooLarge(error))
      return { ok: false, code: 'BATCH_CORRUPT', detail: `codec ${codec}: ${messageOf(error)}` };
  }
  return {
    ok: false,
    code: 'BATCH_INFLATES_TOO_FAR',
    detail: `${bytes.length} bytes inflate beyond ${capBytes}`,
  };
}

/** Compresses a record section; undefined for `none`. Snappy is one raw block and lz4 has independent blocks: Java reads both. */
export function deflate(compression: Compression, bytes: Uint8Array): Uint8Array | undefined {
  switch (compression) {
    case 'none':
      return undefined;
    case 'gzip':
      return gzipSync(bytes);
    case 'snappy':
      return compressSync(bytes);
    case 'lz4':
      return compressFrameSync(asBuffer(bytes));
    case 'zstd':
      return zstdCompressSync(bytes);
  }
}

const INFLATE: readonly (Inflate | undefined)[] = [
  (bytes) => bytes,
  (bytes, capBytes) => gunzipSync(bytes, { maxOutputLength: capBytes }),
  inflateSnappy,
  (bytes, capBytes) => (lz4FitsCap(bytes, capBytes) ? decompressFrameSync(asBuffer(bytes)) : 'too-far'),
  (bytes, capBytes) => zstdDecompressSync(bytes, { maxOutputLength: capBytes }),
];

/** First word of the framing Java's snappy streams write ("xerial"): magic, version, compatible version, then length-prefixed raw blocks. */
const XERIAL_MAGIC = 0x82534e41;
const XERIAL_HEADER_BYTES = 16;

function inflateSnappy(bytes: Uint8Array, capBytes: number): Uint8Array | 'too-far' {
  const view = viewOf(bytes);
  if (bytes.length < XERIAL_HEADER_BYTES || view.getUint32(0) !== XERIAL_MAGIC) {
    return snappyLength(bytes) > capBytes ? 'too-far' : snappyBlock(bytes);
  }
  const blocks = xerialBlocks(bytes, view);
  const total = blocks.reduce((sum, block) => sum + snappyLength(block), 0);
  if (total > capBytes) return 'too-far';
  const whole = new Uint8Array(total);
  let at = 0;
  for (const block of blocks) {
    const inflated = snappyBlock(block);
    whole.set(inflated, at);
    at += inflated.length;
  }
  return whole;
}

function xerialBlocks(bytes: Uint8Array, view: DataView): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = view.getUint32(at);
    // Concatenated streams repeat the header.
    if (length === XERIAL_MAGIC) {
      at += XERIAL_HEADER_BYTES;
      continue;
    }
    const end = at + 4 + length;
    if (end > bytes.length) throw new RangeError('a snappy block ends beyond the batch');
    blocks.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return blocks;
}

/** The inflated length a raw snappy block declares; the decoder allocates it before it looks further, so it is checked first. */
function snappyLength(block: Uint8Array): number {
  let length = 0;
  for (let i = 0; i < 5 && i < block.length; i++) {
    length += (block[i]! & 127) * 2 ** (7 * i);
    if (block[i]! < 128) return length;
  }
  throw new RangeError('a snappy block without a length');
}

const snappyBlock = (block: Uint8Array): Uint8Array =>
  uncompressSync(block, { asBuffer: true }) as Uint8Array;

const asBuffer = (bytes: Uint8Array): Buffer => bytes as Buffer;

/** One class of array on the hot path: a Buffer becomes the Uint8Array it is a subclass of. */
const plain = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const isTooLarge = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
