import { describe, expect, it } from '@jest/globals';
import { fillBigEndian } from '../../../src/snowflake/binary.ts';
import type { IdRun } from '../../../src/snowflake/generator.ts';
import { decode, DEFAULT_LAYOUT } from '../../../src/snowflake/layout.ts';
import { IdCursor } from '../../../src/snowflake/text.ts';
import { idsOf, T0 } from './fixture.ts';

const EPOCH = DEFAULT_LAYOUT.epochMs;

function texts(node: number, runs: readonly IdRun[], layout = DEFAULT_LAYOUT): string[] {
  const cursor = new IdCursor();
  cursor.load(layout, node, runs);
  const found: string[] = [];
  while (cursor.next()) found.push(cursor.text());
  return found;
}

describe('IdCursor', () => {
  it('walks all runs in order, each ID as BigInt would write it', () => {
    const runs = [
      { timestampMs: T0, firstSequence: 4_000, count: 96 },
      { timestampMs: T0 + 1, firstSequence: 0, count: 4_096 },
      { timestampMs: T0 + 5, firstSequence: 0, count: 1 },
    ];
    expect(texts(37, runs)).toEqual(idsOf(runs).map(String));
  });

  it('grows by a digit when it counts through 9…9', () => {
    const runs = [{ timestampMs: EPOCH, firstSequence: 0, count: 1_200 }];
    expect(texts(0, runs)).toEqual(Array.from({ length: 1_200 }, (_, i) => String(i)));
  });

  it.each([
    ['100000000000', DEFAULT_LAYOUT],
    ['70000300000000000', DEFAULT_LAYOUT],
    [
      '1000000000000000000',
      { ...DEFAULT_LAYOUT, timestampBits: 37, workerBits: 0, datacenterBits: 4, sequenceBits: 22 },
    ],
  ])('carries through all the nines below %s', (round, layout) => {
    const parts = decode(layout, BigInt(round) - 20n);
    if (!parts.ok) throw new Error(parts.refused);
    const run = { timestampMs: parts.timestampMs, firstSequence: parts.sequence, count: 40 };
    const walked = texts(parts.node, [run], layout);
    expect(walked).toContain(round);
    expect(walked).toEqual(Array.from({ length: 40 }, (_, i) => String(BigInt(round) - 20n + BigInt(i))));
  });

  it('writes 2^63 − 1', () => {
    const run = { timestampMs: EPOCH + 2 ** 41 - 1, firstSequence: 4_095, count: 1 };
    expect(texts(1_023, [run])).toEqual(['9223372036854775807']);
  });

  it('tells timestamp, sequence, halves and what remains, ID by ID', () => {
    const runs = [
      { timestampMs: T0, firstSequence: 7, count: 2 },
      { timestampMs: T0 + 1, firstSequence: 0, count: 1 },
    ];
    const cursor = new IdCursor();
    cursor.load(DEFAULT_LAYOUT, 37, runs);
    const seen: unknown[] = [cursor.remaining];
    const ids: bigint[] = [];
    while (cursor.next()) {
      seen.push([cursor.timestampMs - T0, cursor.sequence, cursor.remaining]);
      ids.push((BigInt(cursor.hi) << 32n) | BigInt(cursor.lo));
    }
    expect(seen).toEqual([3, [0, 7, 2], [0, 8, 1], [1, 0, 0]]);
    expect(ids).toEqual(idsOf(runs));
  });

  it('has no text before the first ID, and stays on the last one at the end', () => {
    const cursor = new IdCursor();
    cursor.load(DEFAULT_LAYOUT, 0, [{ timestampMs: EPOCH, firstSequence: 5, count: 1 }]);
    expect([cursor.start, cursor.text()]).toEqual([cursor.end, '']);
    expect([cursor.next(), cursor.next(), cursor.next(), cursor.text()]).toEqual([true, false, false, '5']);
  });

  it('skips empty runs, and walks nothing in an empty reservation', () => {
    const empty = { timestampMs: T0, firstSequence: 0, count: 0 };
    expect(texts(1, [empty, { timestampMs: EPOCH, firstSequence: 1, count: 1 }, empty])).toEqual(['4097']);
    expect(texts(1, [])).toEqual([]);
  });

  it('forgets the old walk when loaded anew, and keeps its buffer', () => {
    const cursor = new IdCursor();
    const { digits } = cursor;
    cursor.load(DEFAULT_LAYOUT, 37, [{ timestampMs: T0, firstSequence: 0, count: 9 }]);
    cursor.next();
    cursor.load({ ...DEFAULT_LAYOUT, epochMs: 0 }, 2, [{ timestampMs: 0, firstSequence: 3, count: 1 }]);
    expect(cursor.remaining).toBe(1);
    expect([cursor.next(), cursor.text(), cursor.next()]).toEqual([true, String(2 * 4_096 + 3), false]);
    expect(cursor.digits).toBe(digits);
  });
});

describe('fillBigEndian', () => {
  const runs = [
    { timestampMs: T0, firstSequence: 4_094, count: 2 },
    { timestampMs: T0 + 1, firstSequence: 0, count: 3 },
  ];
  const read = (bytes: Uint8Array, offset: number): bigint =>
    new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(offset);

  it('writes 8 bytes an ID at any offset of a part of a buffer, and nothing beside them', () => {
    const whole = new Uint8Array(64).fill(0xee);
    const out = whole.subarray(5, 55);
    expect(fillBigEndian(DEFAULT_LAYOUT, 37, runs, out, 3)).toBe(43);
    expect(idsOf(runs)).toEqual(Array.from({ length: 5 }, (_, i) => read(out, 3 + 8 * i)));
    expect([...whole.subarray(0, 8), ...whole.subarray(48)]).toEqual(Array<number>(24).fill(0xee));
  });

  it.each([
    [0, 0],
    [7, 0],
    [8, 8],
    [23, 16],
    [39, 32],
    [40, 40],
  ])('into %d bytes writes whole IDs only, %d bytes, and says so', (size, written) => {
    const out = new Uint8Array(size);
    expect(fillBigEndian(DEFAULT_LAYOUT, 37, runs, out, 0)).toBe(written);
    expect(out.subarray(written)).toEqual(new Uint8Array(size - written));
  });

  it('writes nothing when the offset lies at or behind the end', () => {
    const out = new Uint8Array(8);
    expect(fillBigEndian(DEFAULT_LAYOUT, 37, runs, out, 8)).toBe(8);
    expect(fillBigEndian(DEFAULT_LAYOUT, 37, runs, out, 20)).toBe(20);
    expect(out).toEqual(new Uint8Array(8));
  });
});
