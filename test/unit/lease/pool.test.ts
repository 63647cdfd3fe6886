import { describe, expect, it } from '@jest/globals';
import { sortPool } from '../../../src/lease/pool.ts';
import { encodeWindow } from '../../../src/lease/values.ts';
import type { WindowValue } from '../../../src/lease/values.ts';

const NOW = 1_000_000;
const rules = { ttlS: 15, windowMs: 10_000, refreshMs: 3_000, first: 32, count: 4, recycleDelayMs: 0 };

function pool(
  windows: Record<number, WindowValue>,
  claims: Record<number, string> = {},
  changes: Partial<typeof rules> = {},
) {
  const entry =
    (kind: string) =>
    ([node, value]: [string, string]) => ({ key: `/s/${kind}/${node}`, value, createRevision: '1' });
  return sortPool(
    {
      windows: Object.entries(windows).map(([node, window]) => entry('window')([node, encodeWindow(window)])),
      claims: Object.entries(claims).map(entry('claim')),
    },
    { ...rules, ...changes },
    NOW,
    ['former'],
  );
}

describe('which nodes may be claimed', () => {
  it('free: with a window, without a claim, not ahead of the clock; of our slice only', () => {
    const window = { untilMs: NOW, held: false };
    expect(pool({ 31: window, 32: window, 35: window, 36: window })).toMatchObject({
      free: [32, 35],
      missing: 2,
    });
  });

  it('a node freed uncleanly rests until + max(0, TTL − W) + 2 TTL', () => {
    const at = (untilMs: number) => pool({ 32: { untilMs, held: true } });
    expect(at(NOW - 35_000).free).toEqual([32]);
    expect(at(NOW - 34_999).resting).toEqual([{ node: 32, readyInMs: 1 }]);
  });

  it('a clean release is claimable at once, or after recycleDelayMs; a fresh window has no release to wait for', () => {
    const released = { untilMs: NOW - 5_000, held: false, releasedAtMs: NOW - 100 };
    expect(pool({ 32: released }).free).toEqual([32]);
    expect(pool({ 32: released }, {}, { recycleDelayMs: 1_000 }).resting).toEqual([
      { node: 32, readyInMs: 900 },
    ]);
    expect(pool({ 32: { untilMs: NOW, held: false } }, {}, { recycleDelayMs: 1_000 }).free).toEqual([32]);
  });

  it('a window ahead of the clock rests until the clock is there', () => {
    expect(pool({ 32: { untilMs: NOW + 7, held: false } }).resting).toEqual([{ node: 32, readyInMs: 7 }]);
  });

  it('claimed nodes are held, by whom the window says; those of our former nonces rest', () => {
    const window = { untilMs: NOW, held: true, by: 'host-b' };
    const result = pool({ 32: window, 33: window }, { 32: 'ff', 33: 'former' });
    expect(result.held).toEqual([{ node: 32, by: 'host-b' }]);
    expect(result.resting.map(({ node }) => node)).toEqual([33]);
  });
});
