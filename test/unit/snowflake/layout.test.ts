import { describe, expect, it } from '@jest/globals';
import type { Layout } from '../../../src/snowflake/layout.ts';
import {
  compose,
  decode,
  DEFAULT_LAYOUT,
  epochInFuture,
  idsPerMs,
  layoutMistakes,
  maxTimestampMs,
  nodeCount,
  nodeOf,
  parseId,
  yearsLeft,
} from '../../../src/snowflake/layout.ts';

const changed = (change: Partial<Layout>): Layout => ({ ...DEFAULT_LAYOUT, ...change });

describe('layoutMistakes', () => {
  it('finds none in the default layout and in both extremes', () => {
    expect(layoutMistakes(DEFAULT_LAYOUT)).toEqual([]);
    const smallest = { timestampBits: 50, datacenterBits: 0, workerBits: 0, sequenceBits: 13, epochMs: 0 };
    const largest = { timestampBits: 31, datacenterBits: 9, workerBits: 1, sequenceBits: 22, epochMs: 0 };
    expect(layoutMistakes(smallest)).toEqual([]);
    expect(layoutMistakes(largest)).toEqual([]);
  });

  it.each([
    ['timestampBits', 30],
    ['timestampBits', 51],
    ['timestampBits', 41.5],
    ['datacenterBits', -1],
    ['workerBits', Number.NaN],
    ['sequenceBits', 0],
    ['sequenceBits', 23],
    ['epochMs', -1],
    ['epochMs', 0.5],
    ['epochMs', 8.64e15],
  ])('names %s, its value %p and the remedy', (field, value) => {
    const mistakes = layoutMistakes(changed({ [field]: value }));
    expect(mistakes).toHaveLength(1);
    expect(mistakes[0]).toMatch(new RegExp(`^${field} is ${value}: use a whole number from .* to `));
  });

  it('reports every field at once', () => {
    const mistakes = layoutMistakes(changed({ timestampBits: 10, sequenceBits: 40, epochMs: -5 }));
    expect(mistakes.map((mistake) => mistake.split(' ')[0])).toEqual([
      'timestampBits',
      'sequenceBits',
      'epochMs',
    ]);
  });

  it('refuses fields that do not add up to 63, since the sign bit stays 0', () => {
    expect(layoutMistakes(changed({ timestampBits: 42 }))).toEqual([
      expect.stringContaining('is 64: make them add up'),
    ]);
  });

  it('refuses node and sequence beyond 32 bits', () => {
    const mistakes = layoutMistakes(changed({ workerBits: 20 }));
    expect(mistakes).toContainEqual(expect.stringContaining('is 37: take bits away until it is 32 or less'));
  });

  it('finds an epoch ahead of the clock, and the present is not ahead', () => {
    expect(epochInFuture(DEFAULT_LAYOUT, DEFAULT_LAYOUT.epochMs)).toBeUndefined();
    expect(epochInFuture(DEFAULT_LAYOUT, DEFAULT_LAYOUT.epochMs - 1)).toMatch(
      /^epochMs is 1704067200000, after the present/,
    );
  });
});

describe('nodeOf', () => {
  it('puts the datacenter above the worker, over the whole range', () => {
    expect(nodeOf(DEFAULT_LAYOUT, 0, 0)).toBe(0);
    expect(nodeOf(DEFAULT_LAYOUT, 3, 17)).toBe(3 * 32 + 17);
    expect(nodeOf(DEFAULT_LAYOUT, 31, 31)).toBe(nodeCount(DEFAULT_LAYOUT) - 1);
  });

  it.each([
    [32, 0],
    [0, 32],
    [-1, 0],
    [0, 1.5],
  ])(
    'gives no node for datacenter %d, worker %d: it would bleed into other bits (P1)',
    (datacenter, worker) => {
      expect(nodeOf(DEFAULT_LAYOUT, datacenter, worker)).toBeUndefined();
    },
  );
});

describe('the end of time', () => {
  it('is 2^41 − 1 ms after the epoch, and that millisecond still fits 63 bits', () => {
    const last = maxTimestampMs(DEFAULT_LAYOUT);
    expect(new Date(last).toISOString()).toBe('2093-09-06T15:47:35.551Z');
    const id = compose(DEFAULT_LAYOUT, {
      timestampMs: last,
      node: 1023,
      sequence: idsPerMs(DEFAULT_LAYOUT) - 1,
    });
    expect(id).toBe(2n ** 63n - 1n);
  });

  it('is 69.7 years off at the epoch, and negative once passed', () => {
    expect(yearsLeft(DEFAULT_LAYOUT, DEFAULT_LAYOUT.epochMs)).toBeCloseTo(69.68, 2);
    expect(yearsLeft(DEFAULT_LAYOUT, maxTimestampMs(DEFAULT_LAYOUT) + 86_400_000)).toBeLessThan(0);
  });
});

describe('decode', () => {
  it('gives back every field', () => {
    const id = compose(DEFAULT_LAYOUT, {
      timestampMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
      node: 5 * 32 + 9,
      sequence: 77,
    });
    expect(decode(DEFAULT_LAYOUT, id)).toEqual({
      ok: true,
      timestampMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
      iso: '2026-01-02T03:04:05.678Z',
      datacenter: 5,
      worker: 9,
      node: 169,
      sequence: 77,
    });
  });

  it('decodes 0 and 2^63 − 1, and refuses what is below and above', () => {
    expect(decode(DEFAULT_LAYOUT, 0n)).toMatchObject({
      ok: true,
      timestampMs: DEFAULT_LAYOUT.epochMs,
      node: 0,
    });
    expect(decode(DEFAULT_LAYOUT, 2n ** 63n - 1n)).toMatchObject({ ok: true, node: 1023, sequence: 4095 });
    expect(decode(DEFAULT_LAYOUT, -1n)).toEqual({ ok: false, refused: 'negative' });
    expect(decode(DEFAULT_LAYOUT, 2n ** 63n)).toEqual({ ok: false, refused: 'too-large' });
  });

  it('has a date for the last timestamp of the latest epoch and widest field', () => {
    const layout = {
      timestampBits: 50,
      datacenterBits: 0,
      workerBits: 1,
      sequenceBits: 12,
      epochMs: 8.64e15 - 2 ** 50,
    };
    expect(layoutMistakes(layout)).toEqual([]);
    expect(decode(layout, 2n ** 63n - 1n)).toMatchObject({ iso: '+275760-09-12T23:59:59.999Z' });
  });
});

describe('parseId', () => {
  it.each([
    ['7364531098177970176', 7364531098177970176n],
    ['0', 0n],
    ['-5', -5n],
    ['0x0A', 10n],
    ['05000000000000ff', 0x05000000000000ffn],
    ['66340F0D40065001', 0x66340f0d40065001n],
    ['1234567890123456', 1234567890123456n],
    ['0x1234567890123456', 0x1234567890123456n],
  ])('reads %s', (text, id) => {
    expect(parseId(text)).toEqual({ ok: true, id });
  });

  it.each(['', ' 1', '1 ', '1e3', '1_000', '12n', '0x', 'abc', '--1', '+1', '0o7', '１２'])(
    'refuses %p',
    (text) => {
      expect(parseId(text)).toEqual({ ok: false, refused: 'not-an-id' });
    },
  );

  it('does not convert text longer than any ID (P6)', () => {
    expect(parseId('9'.repeat(1_000_000))).toEqual({ ok: false, refused: 'too-large' });
    expect(parseId(`0x${'f'.repeat(17)}`)).toEqual({ ok: false, refused: 'too-large' });
  });
});
