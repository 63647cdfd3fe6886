import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { compressFrameSync } from 'lz4-napi';
import { compressSync } from 'snappy';
import {
  CODEC_NUMBER,
  deflate,
  inflate,
  type Compression,
  type Inflated,
} from '../../../src/kafka/records/codecs.ts';
import { lz4FitsCap } from '../../../src/kafka/records/lz4-frame.ts';
import { concat, text } from './plain-codec.ts';

const CODECS: Compression[] = ['gzip', 'snappy', 'lz4', 'zstd'];
const mixed = Uint8Array.from({ length: 90_000 }, (_, i) => (i * i) >> (i & 7));
const repetitive = new Uint8Array(400_000).fill(97);
const compress = (codec: Compression, bytes: Uint8Array): Uint8Array => deflate(codec, bytes)!;

/** Byte equality; comparing large arrays element by element takes seconds. */
const same = (inflated: Inflated, bytes: Uint8Array): boolean =>
  inflated.ok && Buffer.compare(inflated.bytes, bytes) === 0;

const int32 = (value: number): Uint8Array => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
const XERIAL = concat(Uint8Array.of(0x82), text('SNAPPY'), Uint8Array.of(0), int32(1), int32(1));
const xerial = (...parts: Uint8Array[]): Uint8Array =>
  concat(
    XERIAL,
    ...parts.flatMap((part) => {
      const block = compressSync(part);
      return [int32(block.length), block];
    }),
  );

describe('codecs', () => {
  it.each(CODECS)('%s: what is compressed comes back; empty, small, mixed and repetitive', (codec) => {
    for (const bytes of [new Uint8Array(0), text('x'), mixed, repetitive]) {
      expect(same(inflate(CODEC_NUMBER[codec], compress(codec, bytes), 1 << 21), bytes)).toBe(true);
    }
    expect(deflate('none', mixed)).toBeUndefined();
  });

  it.each(CODECS)('%s: the cap is exact, and one byte less refuses (rule 13)', (codec) => {
    for (const bytes of [mixed, repetitive]) {
      const packed = compress(codec, bytes);
      expect(inflate(CODEC_NUMBER[codec], packed, bytes.length)).toMatchObject({ ok: true });
      expect(inflate(CODEC_NUMBER[codec], packed, bytes.length - 1)).toMatchObject({
        ok: false,
        code: 'BATCH_INFLATES_TOO_FAR',
      });
    }
  });

  it.each(CODECS)('%s: a truncated or broken frame is corrupt, never a throw', (codec) => {
    const packed = compress(codec, mixed);
    for (const part of [
      packed.subarray(0, 0),
      packed.subarray(0, 3),
      packed.subarray(0, packed.length >> 1),
      text('not that codec at all'),
    ]) {
      expect(inflate(CODEC_NUMBER[codec], part, 1 << 21)).toMatchObject({ ok: false, code: 'BATCH_CORRUPT' });
    }
  });

  it('codec 0 is the bytes themselves, 5–7 and beyond are not assigned', () => {
    expect(same(inflate(0, mixed, 1), mixed)).toBe(true);
    for (const codec of [5, 6, 7, -1, 99])
      expect(inflate(codec, mixed, 1 << 20)).toMatchObject({ ok: false, code: 'BATCH_UNSUPPORTED' });
  });

  it('inflated bytes are plain arrays, one class for the hot path', () => {
    for (const codec of CODECS) {
      const inflated = inflate(CODEC_NUMBER[codec], compress(codec, mixed), 1 << 20);
      expect(inflated.ok && Buffer.isBuffer(inflated.bytes)).toBe(false);
    }
  });
});

describe('snappy framing', () => {
  it('xerial blocks (as Java writes) are joined, also of concatenated streams', () => {
    const parts = [mixed.subarray(0, 32_768), mixed.subarray(32_768, 40_000), text('end')];
    expect(same(inflate(2, xerial(...parts), 1 << 20), concat(...parts))).toBe(true);
    const streams = concat(xerial(parts[0]!), xerial(parts[1]!));
    expect(same(inflate(2, streams, 1 << 20), mixed.subarray(0, 40_000))).toBe(true);
    expect(inflate(2, XERIAL, 1 << 20)).toEqual({ ok: true, bytes: new Uint8Array(0) });
  });

  it('xerial: the cap counts all blocks together', () => {
    const two = xerial(new Uint8Array(600), new Uint8Array(600));
    expect(inflate(2, two, 1_200)).toMatchObject({ ok: true });
    expect(inflate(2, two, 1_199)).toMatchObject({ ok: false, code: 'BATCH_INFLATES_TOO_FAR' });
  });

  it('a declared length is checked before the decoder allocates it', () => {
    const bomb = concat(Uint8Array.of(255, 255, 255, 255, 15), text('tiny'));
    expect(inflate(2, bomb, 1 << 20)).toMatchObject({ ok: false, code: 'BATCH_INFLATES_TOO_FAR' });
    expect(inflate(2, concat(XERIAL, int32(bomb.length), bomb), 1 << 20)).toMatchObject({
      ok: false,
      code: 'BATCH_INFLATES_TOO_FAR',
    });
  });

  it('xerial blocks that end beyond the batch are corrupt', () => {
    for (const length of [1_000, -1, 0x7fffffff])
      expect(inflate(2, concat(XERIAL, int32(length), text('abc')), 1 << 20)).toMatchObject({
        ok: false,
        code: 'BATCH_CORRUPT',
      });
    expect(inflate(2, concat(XERIAL, Uint8Array.of(0, 0)), 1 << 20)).toMatchObject({
      ok: false,
      code: 'BATCH_CORRUPT',
    });
  });
});

describe('lz4 frames', () => {
  it('written ones have independent blocks: Java’s reader takes no others', () => {
    const flags = compress('lz4', mixed)[4]!;
    expect(flags & 0xe0).toBe(0x60);
  });

  it('fit exactly their inflated length, told without inflating, checksums or not', () => {
    for (const bytes of [text('x'), mixed, repetitive, concat(mixed, repetitive)]) {
      for (const options of [{}, { contentChecksum: true, blockChecksums: true }]) {
        const frame = new Uint8Array(compressFrameSync(Buffer.from(bytes), options));
        expect(lz4FitsCap(frame, bytes.length)).toBe(true);
        expect(lz4FitsCap(frame, bytes.length - 1)).toBe(false);
      }
    }
  });
});

describe('zip bombs', () => {
  it('stop at the cap without holding what they would inflate to', () => {
    const huge = new Uint8Array(64 << 20);
    const bombs: [number, Uint8Array][] = [
      [1, gzipSync(huge, { level: 9 })],
      [3, compressFrameSync(Buffer.from(huge.buffer))],
      [4, zstdCompressSync(huge, { params: { [constants.ZSTD_c_compressionLevel]: 9 } })],
    ];
    for (const [codec, bomb] of bombs) {
      expect(bomb.length).toBeLessThan(huge.length / 100);
      expect(inflate(codec, bomb, 1 << 20)).toMatchObject({ ok: false, code: 'BATCH_INFLATES_TOO_FAR' });
    }
  });
});
