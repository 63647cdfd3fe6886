import { beforeEach, describe, expect, it } from '@jest/globals';
import { keysUnder } from '../../../src/lease/protocol.ts';
import { decodeWindow, encodeWindow } from '../../../src/lease/values.ts';
import { earliestRaiseMs, raiseWindows, type RaisePlan } from '../../../src/lease/windows.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryStore } from './memory-store.ts';

const keys = keysUnder('/t');
const rules = { ttlS: 15, windowMs: 10_000, refreshMs: 3_000, recycleDelayMs: 0, first: 0, count: 100 };

describe('windows raise', () => {
  let clock: ManualClock;
  let store: MemoryStore;
  let nowMs: number;

  const put = (key: string, value: string) =>
    store.transact({ when: [], then: [{ do: 'put', key, value }], otherwise: [] });
  const raise = (nodes: RaisePlan['nodes'], toMs = nowMs + 25_000, text = 'record') =>
    raiseWindows(store, { keys, text }, rules, { nodes, toMs }, nowMs);
  const untilOf = (node: number) => decodeWindow(store.peek(keys.window(node)) ?? '')?.untilMs;

  beforeEach(async () => {
    clock = new ManualClock();
    store = new MemoryStore(clock);
    nowMs = clock.now().wallMs;
    await put(keys.domain, 'record');
    await put(keys.window(1), encodeWindow({ untilMs: nowMs, held: true, by: 'a' }));
    await put(keys.window(2), encodeWindow({ untilMs: nowMs + 60_000, held: false }));
    await put(keys.window(3), encodeWindow({ untilMs: nowMs, held: true, by: 'c' }));
    await put(keys.claim(3), 'nonce');
  });

  it('gives all missing ones of the slice a bound, in chunks etcd takes, and touches no other', async () => {
    const before = store.applied.length;
    const result = await raise('missing');
    expect(result).toMatchObject({ at: 'raised' });
    expect(result.raised).toHaveLength(97);
    expect(result.raised[0]).toEqual({ node: 0, fromMs: undefined });
    const writes = store.applied.slice(before).filter(({ then }) => then.length > 0);
    for (const { when, then } of writes) expect(when.length + then.length).toBeLessThanOrEqual(128);
    expect([untilOf(0), untilOf(1), untilOf(99)]).toEqual([nowMs + 25_000, nowMs, nowMs + 25_000]);
  });

  it('raises what stands lower', async () => {
    expect(await raise([1])).toEqual({ at: 'raised', raised: [{ node: 1, fromMs: nowMs }] });
    expect(untilOf(1)).toBe(nowMs + 25_000);
  });

  it.each([
    ['a bound before now + window + TTL (R3)', () => raise([1], nowMs + 24_999), /^--to is before/],
    ['a window that stands higher (R1)', () => raise([2]), /^node 2 stands at .* never lowered/],
    ['a node that is held (R2)', () => raise([3]), /^node 3 is held: stop its worker/],
    ['a node of another slice', () => raise([100]), /^node 100 is not of this slice: nodes 0 to 99/],
    ['another domain (R4)', () => raise([1], nowMs + 25_000, 'other'), /meanwhile: look and try again/],
  ])('refuses %s, and writes nothing', async (_, act, line) => {
    const windows = [1, 2, 3, 99].map(untilOf);
    expect(await act()).toEqual({ at: 'refused', lines: [expect.stringMatching(line)], raised: [] });
    expect([1, 2, 3, 99].map(untilOf)).toEqual(windows);
  });

  it.each([
    ['claimed', () => put(keys.claim(1), 'nonce')],
    ['raised by somebody', () => put(keys.window(1), encodeWindow({ untilMs: nowMs + 9e6, held: true }))],
  ])('a node %s between look and write is left alone (R1, R2)', async (_, meanwhile) => {
    const transact = store.transact.bind(store);
    store.transact = async (transaction) => {
      store.transact = transact;
      await meanwhile();
      return transact(transaction);
    };
    expect(await raise([1])).toMatchObject({ at: 'refused', raised: [] });
    expect(untilOf(1)).not.toBe(nowMs + 25_000);
  });

  it('the earliest bound is above whatever the store granted a moment before it lost it; now is not', () => {
    const lostUntilMs = nowMs + rules.windowMs; // granted a moment ago
    expect(nowMs).toBeLessThan(lostUntilMs);
    expect(earliestRaiseMs(rules, nowMs)).toBeGreaterThan(lostUntilMs);
  });
});
