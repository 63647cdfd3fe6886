import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fillBigEndian } from '../../src/snowflake/binary.ts';
import type { IdRun } from '../../src/snowflake/generator.ts';
import type { Layout } from '../../src/snowflake/layout.ts';
import {
  compose,
  decode,
  idsPerMs,
  layoutMistakes,
  maxTimestampMs,
  nodeCount,
  nodeOf,
  parseId,
} from '../../src/snowflake/layout.ts';
import { IdCursor } from '../../src/snowflake/text.ts';

/** Every legal (timestamp, sequence) width pair; the node has the rest, all of it worker bits. */
const WIDTHS: Layout[] = [];
for (let timestampBits = 31; timestampBits <= 50; timestampBits += 1) {
  for (let sequenceBits = 1; sequenceBits <= 22; sequenceBits += 1) {
    const workerBits = 63 - timestampBits - sequenceBits;
    const layout = { timestampBits, datacenterBits: 0, workerBits, sequenceBits, epochMs: 1_700_000_000_000 };
    if (layoutMistakes(layout).length === 0) WIDTHS.push(layout);
  }
}

const splits = (layout: Layout): Layout[] =>
  Array.from({ length: layout.workerBits + 1 }, (_, datacenterBits) => ({
    ...layout,
    datacenterBits,
    workerBits: layout.workerBits - datacenterBits,
  }));

const edges = (bits: number): number[] => [
  0,
  1,
  2 ** bits - 1,
  Math.floor(2 ** bits / 3),
  2 ** Math.max(0, bits - 1),
];
const fitting = (bits: number): number[] => [...new Set(edges(bits).filter((value) => value < 2 ** bits))];

function asText(layout: Layout, node: number, runs: readonly IdRun[]): string[] {
  const cursor = new IdCursor();
  cursor.load(layout, node, runs);
  const found: string[] = [];
  while (cursor.next()) {
    const { digits, start, end, hi, lo } = cursor;
    found.push(Buffer.from(digits.subarray(start, end)).toString('latin1'));
    if ((BigInt(hi) << 32n) + BigInt(lo) !== BigInt(cursor.text())) found.push('halves differ');
  }
  return found;
}

function asBytes(layout: Layout, node: number, runs: readonly IdRun[]): string[] {
  const out = new Uint8Array(8 * runs.reduce((sum, { count }) => sum + count, 0));
  const view = new DataView(out.buffer, 0, fillBigEndian(layout, node, runs, out, 0));
  return Array.from({ length: view.byteLength / 8 }, (_, i) => view.getBigUint64(8 * i).toString());
}

function plain(layout: Layout, node: number, runs: readonly IdRun[]): string[] {
  return runs.flatMap(({ timestampMs, firstSequence, count }) =>
    Array.from({ length: count }, (_, i) =>
      compose(layout, { timestampMs, node, sequence: firstSequence + i }).toString(),
    ),
  );
}

/** Edge values of each field, all together: a few IDs up to the end of the sequence each. */
function edgeRuns(layout: Layout): IdRun[] {
  return fitting(layout.timestampBits).flatMap((t) =>
    fitting(layout.sequenceBits).map((firstSequence) => ({
      timestampMs: layout.epochMs + t,
      firstSequence,
      count: Math.min(3, idsPerMs(layout) - firstSequence),
    })),
  );
}

describe('text, bytes and BigInt agree', () => {
  it('covers every legal width, also node and sequence of exactly 32 bits', () => {
    expect(WIDTHS).toHaveLength(11 * 22 + (21 + 13) * 4.5);
    expect(WIDTHS.filter(({ timestampBits }) => timestampBits === 31)).toHaveLength(22);
  });

  it('on edge values of every field under every legal width', () => {
    for (const layout of WIDTHS) {
      const runs = edgeRuns(layout);
      for (const node of fitting(layout.workerBits)) {
        const expected = plain(layout, node, runs).join();
        expect(asText(layout, node, runs).join()).toBe(expected);
        expect(asBytes(layout, node, runs).join()).toBe(expected);
      }
    }
  });

  const anyRun = (layout: Layout): fc.Arbitrary<IdRun> =>
    fc
      .record({
        timestampMs: fc.integer({ min: layout.epochMs, max: maxTimestampMs(layout) }),
        firstSequence: fc.integer({ min: 0, max: idsPerMs(layout) - 1 }),
        wanted: fc.integer({ min: 0, max: 300 }),
      })
      .map(({ wanted, ...run }) => ({
        ...run,
        count: Math.min(wanted, idsPerMs(layout) - run.firstSequence),
      }));

  it('on any runs under any layout', () => {
    const anything = fc
      .constantFrom(...WIDTHS)
      .chain((layout) =>
        fc.tuple(
          fc.constant(layout),
          fc.integer({ min: 0, max: nodeCount(layout) - 1 }),
          fc.array(anyRun(layout), { maxLength: 4 }),
        ),
      );
    fc.assert(
      fc.property(anything, ([layout, node, runs]) => {
        const expected = plain(layout, node, runs);
        expect(asText(layout, node, runs)).toEqual(expected);
        expect(asBytes(layout, node, runs)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('control: 32-bit shifts give other IDs as soon as the timestamp outgrows them', () => {
    const shifted = (t: number, node: number): bigint => BigInt((t << 22) | (node << 12));
    const layout = { timestampBits: 41, datacenterBits: 0, workerBits: 10, sequenceBits: 12, epochMs: 0 };
    expect(shifted(3, 7)).toBe(compose(layout, { timestampMs: 3, node: 7, sequence: 0 }));
    expect(shifted(1_024, 7)).not.toBe(compose(layout, { timestampMs: 1_024, node: 7, sequence: 0 }));
  });
});

describe('decode undoes compose', () => {
  it('under every legal width and every split of the node', () => {
    for (const layout of WIDTHS.flatMap(splits)) {
      for (const edge of [0, 1, 4]) {
        const field = (bits: number): number => fitting(bits).at(edge % fitting(bits).length) ?? 0;
        const datacenter = field(layout.datacenterBits);
        const worker = field(layout.workerBits);
        const node = nodeOf(layout, datacenter, worker) ?? -1;
        const timestampMs = layout.epochMs + field(layout.timestampBits);
        const sequence = field(layout.sequenceBits);
        const decoded = decode(layout, compose(layout, { timestampMs, node, sequence }));
        const found = decoded.ok && [
          decoded.timestampMs,
          decoded.datacenter,
          decoded.worker,
          decoded.node,
          decoded.sequence,
        ];
        expect(String(found)).toBe(String([timestampMs, datacenter, worker, node, sequence]));
      }
    }
  });

  it('for any 63-bit number, and IDs sort as (timestamp, node, sequence) do', () => {
    const id = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
    fc.assert(
      fc.property(fc.constantFrom(...WIDTHS), id, id, (layout, a, b) => {
        const [first, second] = [decode(layout, a), decode(layout, b)];
        if (!first.ok || !second.ok) throw new Error('refused');
        expect(compose(layout, first)).toBe(a);
        if (first.timestampMs < second.timestampMs) expect(a < b).toBe(true);
      }),
    );
  });

  it('parseId reads back decimal, 0x and the sixteen digits of the bytes', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (id) => {
        const hex = id.toString(16).padStart(16, '0');
        expect(parseId(id.toString())).toEqual({ ok: true, id });
        expect(parseId(`0x${hex}`)).toEqual({ ok: true, id });
        if (hex.startsWith('0') || /[a-f]/.test(hex)) expect(parseId(hex)).toEqual({ ok: true, id });
      }),
    );
  });
});
