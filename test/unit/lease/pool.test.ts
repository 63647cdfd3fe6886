import { describe, expect, it } from '@jest/globals';
import { readSample, readSurvey, sampleReads, scattered, sortPool } from '../../../src/lease/pool.ts';
import { keysUnder } from '../../../src/lease/protocol.ts';
import { systemClock } from '../../../src/clock.ts';
import { MemoryStore } from './memory-store.ts';
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

describe('a few nodes instead of all', () => {
  it('are seen as they are, with claims of others wherever they stand', async () => {
    const store = new MemoryStore(systemClock);
    const keys = keysUnder('/s');
    const value = encodeWindow({ untilMs: NOW, held: false });
    for (const node of [32, 33, 34, 35]) store.put(keys.window(node), value);
    for (const node of [32, 34]) store.put(keys.claim(node), `nonce${node}`);
    store.put(keys.domain, 'd');
    const answer = await store.look(sampleReads(keys, [33, 34]));
    if (answer.at !== 'answered') throw new Error('no answer');
    const sample = readSample(answer.value.found);
    expect(sample.domain).toBe('d');
    expect(new Set(sample.claims.map(({ key }) => key))).toEqual(new Set([keys.claim(32), keys.claim(34)]));
    const { free, held } = sortPool(sample, rules, NOW, []);
    expect(free).toEqual([33]);
    expect(held.map(({ node }) => node)).toEqual([34]);
    expect(readSurvey([]).domain).toBeUndefined();
  });

  it('are each chosen once, whatever chance says, and part ways: no second of two follows the first', () => {
    for (const count of [1, 2, 3, 16, 100, 1_024])
      for (const random of [0, 0.1, 0.5, 0.7071, 1 - 2 ** -53])
        expect(new Set(scattered(count, random)).size).toBe(count);
    expect(scattered(1_024, 0.3, 16)).toHaveLength(16);
    const followers = Array.from({ length: 1_000 }, (_, n) => scattered(1_024, (100 + n / 1_000) / 1_024));
    expect(new Set(followers.map(([first]) => first))).toEqual(new Set([100]));
    expect(new Set(followers.map(([, second]) => second)).size).toBeGreaterThan(400);
  });
});
