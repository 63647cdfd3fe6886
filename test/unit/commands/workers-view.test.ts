import { describe, expect, it } from '@jest/globals';
import { frameOf } from '../../../src/commands/screen.ts';
import { workerLines, workersJson } from '../../../src/commands/workers-view.ts';
import type { NodeView } from '../../../src/lease/fleet.ts';
import { DEFAULT_LAYOUT } from '../../../src/snowflake/layout.ts';

const NOW = Date.UTC(2026, 5, 1, 12);
const slice = {
  datacenter: 1,
  record: { domainId: 'd', clusterId: 'c', layout: DEFAULT_LAYOUT, slices: [{ datacenter: 1 }] },
  rules: { ttlS: 15, windowMs: 10_000, refreshMs: 3_000, first: 32, count: 4, recycleDelayMs: 0 },
};
const window = { untilMs: NOW + 10_000, held: true, by: 'host-b' };
const nodes: readonly NodeView[] = [
  {
    ...{ node: 32, at: 'held', nonce: 'ff', window },
    status: {
      name: 'host-a',
      instance: 'pid 7',
      sinceMs: NOW - 60_000,
      lastMs: NOW - 1,
      clockOffsetMs: -1.25,
    },
  },
  { node: 33, at: 'held', nonce: 'fe', window, status: {} },
  { node: 34, at: 'resting', readyInMs: 34_001, window, status: {} },
  { node: 35, at: 'free', window: { untilMs: 0, held: false }, status: {} },
];

describe('snowstamp workers', () => {
  it('shows every node held or resting, a dash for what is not known, and how full the pool is', () => {
    const lines = workerLines(slice, nodes, NOW);
    const cells = lines.slice(0, -1).map((line) => line.split(/ {2,}/));
    expect(cells).toEqual([
      [
        'node',
        'state',
        'holder',
        'host',
        'since',
        'window until',
        'last minted',
        'rest left',
        'clock offset',
      ],
      [
        ...['32', 'held', 'pid 7', 'host-a', '2026-06-01T11:59:00.000Z', '2026-06-01T12:00:10.000Z'],
        ...['2026-06-01T11:59:59.999Z', '–', '-1.3 ms'],
      ],
      ['33', 'held', '–', 'host-b', '–', '2026-06-01T12:00:10.000Z', '–', '–', '–'],
      ['34', 'resting', '–', 'host-b', '–', '2026-06-01T12:00:10.000Z', '–', '35 s', '–'],
    ]);
    expect(lines.at(-1)).toBe(
      'pool of datacenter 1, nodes 32 to 35: 2 of 4 held (50 %), 1 resting, 1 free, 0 missing at 2026-06-01T12:00:00.000Z',
    );
  });

  it('of an idle pool the sum alone', () => {
    expect(workerLines(slice, nodes.slice(3), NOW)).toHaveLength(1);
  });

  it('as JSON: null for what is not known', () => {
    expect(JSON.parse(workersJson(slice, nodes, NOW))).toEqual({
      ...{ atMs: NOW, domainId: 'd', datacenter: 1, name: null, region: null },
      pool: { nodes: 4, held: 2, resting: 1, free: 1, missing: 0 },
      workers: [
        {
          ...{ node: 32, state: 'held', holder: 'pid 7', host: 'host-a', sinceMs: NOW - 60_000 },
          ...{ windowUntilMs: NOW + 10_000, lastMintedMs: NOW - 1, restLeftMs: null, clockOffsetMs: -1.25 },
        },
        expect.objectContaining({ node: 33, host: 'host-b', sinceMs: null, clockOffsetMs: null }),
        expect.objectContaining({ node: 34, state: 'resting', restLeftMs: 34_001 }),
      ],
    });
  });
});

describe('a frame of --watch', () => {
  it('draws over the last one and clears what that one had more of', () => {
    expect(frameOf(['a', 'b'], { rows: 10, columns: 80 })).toBe('\x1b[Ha\x1b[K\nb\x1b[K\n\x1b[J');
  });

  it('fits the terminal, however long: the last line stays', () => {
    const lines = Array.from({ length: 100 }, (_, i) => `line ${i}`);
    const drawn = frameOf(lines, { rows: 5, columns: 7 })
      .replace(/\x1b\[[HKJ]/g, '')
      .trimEnd()
      .split('\n');
    expect(drawn).toEqual(['line 0', 'line 1', '… 97 mo', 'line 99']);
  });
});
