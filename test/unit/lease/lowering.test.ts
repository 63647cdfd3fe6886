import { beforeEach, describe, expect, it } from '@jest/globals';
import { UniqueIds } from '../../../src/audit/unique.ts';
import type { DomainHandle } from '../../../src/lease/domain-handle.ts';
import { lowerWindow, type Evidence, type LowerPlan } from '../../../src/lease/lowering.ts';
import { keysUnder } from '../../../src/lease/protocol.ts';
import { decodeWindow, encodeWindow } from '../../../src/lease/values.ts';
import { compose, DEFAULT_LAYOUT } from '../../../src/snowflake/layout.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryStore } from './memory-store.ts';

const keys = keysUnder('/t');
const YEAR_MS = 365 * 86_400_000;
const rules = { ttlS: 15, windowMs: 10_000, refreshMs: 3_000, recycleDelayMs: 0, first: 0, count: 32 };
const handle: DomainHandle = {
  keys,
  text: 'record',
  record: { domainId: 'd', clusterId: 'c', layout: DEFAULT_LAYOUT, slices: [{ datacenter: 0 }] },
};

describe('windows lower', () => {
  let store: MemoryStore;
  let nowMs: number;
  let evidence: Evidence;

  const put = (key: string, value: string) =>
    store.transact({ when: [], then: [{ do: 'put', key, value }], otherwise: [] });
  const idAt = (timestampMs: number): bigint =>
    compose(DEFAULT_LAYOUT, { timestampMs, node: 7, sequence: 0 });
  const lower = (changes: Partial<LowerPlan> = {}) =>
    lowerWindow(
      store,
      handle,
      rules,
      {
        ...{ node: 7, aboveId: idAt(nowMs - 60_000), by: 'ops-1' },
        evidence: () => Promise.resolve(evidence),
        ...changes,
      },
      () => nowMs,
    );
  const untilMs = (): number => decodeWindow(store.peek(keys.window(7))!)!.untilMs;

  beforeEach(async () => {
    const clock = new ManualClock();
    store = new MemoryStore(clock);
    nowMs = clock.now().wallMs;
    evidence = { gaps: [], highest: idAt(nowMs - 60_000), digest: 'abc' };
    await put(keys.domain, 'record');
    await put(keys.window(7), encodeWindow({ untilMs: nowMs + YEAR_MS, held: true, by: 'w' }));
  });

  it('to now + window + TTL, and it is recorded who did it and on what (D2, D3)', async () => {
    expect(await lower()).toEqual({ at: 'lowered', fromMs: nowMs + YEAR_MS, toMs: nowMs + 25_000 });
    expect(untilMs()).toBe(nowMs + 25_000);
    expect(JSON.parse(store.peek(`${keys.ledger}${nowMs}-7`)!)).toEqual({
      ...{ atMs: nowMs, by: 'ops-1', node: 7, fromMs: nowMs + YEAR_MS, toMs: nowMs + 25_000 },
      ...{ aboveId: String(idAt(nowMs - 60_000)), digest: 'abc' },
    });
  });

  it('above an ID given ahead of time: control, to now + window + TTL it would be given again', async () => {
    const ahead = idAt(nowMs + 3_600_000);
    evidence = { ...evidence, highest: ahead };
    expect(await lower({ aboveId: ahead })).toMatchObject({ at: 'lowered', toMs: nowMs + 3_600_001 });
    expect(nowMs + 25_000).toBeLessThan(nowMs + 3_600_000);
  });

  it.each([
    ['an ID that was published above it', { highest: 2n ** 61n }, /gave 2305843009213693952, which is above/],
    ['evidence with a gap', { gaps: ['the first records of out-0 were deleted'] }, /^the first records/],
  ])('refuses %s', async (_, found, line) => {
    evidence = { ...evidence, ...found };
    expect(await lower()).toEqual({ at: 'refused', lines: [expect.stringMatching(line)] });
    expect(untilMs()).toBe(nowMs + YEAR_MS);
  });

  it('refuses while anybody holds a claim, before topics are read (D1)', async () => {
    await put(keys.claim(3), 'nonce');
    const never = () => Promise.reject(new Error('looked'));
    expect(await lower({ evidence: never })).toMatchObject({
      lines: [expect.stringMatching(/^workers hold nodes 3/)],
    });
  });

  it.each([
    ['claimed', () => put(keys.claim(7), 'nonce')],
    ['used and released', () => put(keys.window(7), encodeWindow({ untilMs: nowMs + YEAR_MS, held: false }))],
  ])('refuses a node %s while topics were read (D1)', async (_, meanwhile) => {
    const looked = async (): Promise<Evidence> => {
      await meanwhile();
      return evidence;
    };
    expect(await lower({ evidence: looked })).toMatchObject({
      lines: [expect.stringMatching(/meanwhile: look again/)],
    });
    expect(untilMs()).toBe(nowMs + YEAR_MS);
    expect(store.peek(`${keys.ledger}${nowMs}-7`)).toBeUndefined();
  });

  it('refuses what is no window of the slice, and what would not lower it', async () => {
    expect(await lower({ node: 8 })).toMatchObject({ lines: ['node 8 has no window in this slice'] });
    expect(await lower({ aboveId: idAt(nowMs + 2 * YEAR_MS) })).toMatchObject({
      lines: [expect.stringMatching(/nothing to gain/)],
    });
  });
});

it('the highest ID of each node is found among all', () => {
  const ids = new UniqueIds();
  for (const id of [21n, 13n, 22n, 11n]) ids.add(id);
  expect([...ids.highest((id) => Number(id / 10n))]).toEqual([
    [2, 22n],
    [1, 13n],
  ]);
});
