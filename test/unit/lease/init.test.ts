import { beforeEach, describe, expect, it } from '@jest/globals';
import { encodeDomain } from '../../../src/lease/domain.ts';
import { initialise } from '../../../src/lease/init.ts';
import type { InitPlan } from '../../../src/lease/init-plan.ts';
import { keysUnder } from '../../../src/lease/protocol.ts';
import { decodeWindow, encodeWindow } from '../../../src/lease/values.ts';
import { DEFAULT_LAYOUT } from '../../../src/snowflake/layout.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryStore } from './memory-store.ts';

const keys = keysUnder('/t');
const plan: InitPlan = {
  prefix: '/t',
  layout: DEFAULT_LAYOUT,
  slices: [{ datacenter: 0 }, { datacenter: 1 }, { datacenter: 2 }, { datacenter: 3 }],
  fresh: { domainId: 'd', clusterId: 'c' },
};

describe('init', () => {
  let clock: ManualClock;
  let store: MemoryStore;

  beforeEach(() => {
    clock = new ManualClock();
    store = new MemoryStore(clock);
  });

  const init = (changes: Partial<InitPlan> = {}) => initialise(store, clock, { ...plan, ...changes });
  const untilOf = (node: number) => decodeWindow(store.peek(keys.window(node)) ?? '')?.untilMs;
  const writes = () => store.applied.filter(({ then }) => then.some((operation) => operation.do === 'put'));

  it('creates the windows in chunks of at most 100, and the domain last', async () => {
    expect(await init()).toMatchObject({
      at: 'created',
      windows: 128,
      record: { domainId: 'd', clusterId: 'c' },
    });
    expect(writes().map(({ then }) => then.length)).toEqual([100, 28, 1]);
    expect(writes().at(-1)!.then[0]).toMatchObject({ key: keys.domain });
    expect([untilOf(0), untilOf(127), untilOf(128)]).toEqual([
      clock.now().wallMs,
      clock.now().wallMs,
      undefined,
    ]);
  });

  it('starts at --not-before when that is later than the clock', async () => {
    await init({ notBeforeMs: clock.now().wallMs + 5_000 });
    expect(untilOf(0)).toBe(clock.now().wallMs + 5_000);
  });

  it.each([NaN, 0.5 + 2 ** 44, Infinity])(
    'refuses %p as --not-before, and writes nothing: no window could ever be read again (P1)',
    async (notBeforeMs) => {
      expect(await init({ notBeforeMs })).toMatchObject({
        at: 'refused',
        lines: [expect.stringMatching(/--not-before .* no Unix time/)],
      });
      expect(store.applied).toEqual([]);
    },
  );

  it('takes a --not-before up to a day ahead; control of the refusal beyond it', async () => {
    const dayAheadMs = clock.now().wallMs + 86_400_000;
    expect(await init({ notBeforeMs: dayAheadMs + 1 })).toMatchObject({
      at: 'refused',
      lines: [expect.stringContaining('more than a day ahead')],
    });
    expect(store.applied).toEqual([]);
    expect(await init({ notBeforeMs: dayAheadMs })).toMatchObject({ at: 'created' });
  });

  it('is idempotent, with the ids that stand there', async () => {
    await init();
    const before = store.peek(keys.domain);
    await clock.advance(60_000);
    expect(await init({ fresh: { domainId: 'x', clusterId: 'y' } })).toMatchObject({
      at: 'already',
      record: { domainId: 'd', clusterId: 'c' },
    });
    expect(store.peek(keys.domain)).toBe(before);
    expect(writes()).toHaveLength(3);
  });

  it('refuses another domain, field by field, and changes nothing', async () => {
    await init();
    const layout = { ...DEFAULT_LAYOUT, datacenterBits: 4, workerBits: 6, epochMs: 0 };
    const result = await init({ domainId: 'x', layout, slices: [{ datacenter: 0 }] });
    expect(result).toEqual({
      at: 'differs',
      lines: [
        'domainId: wanted x, found d',
        'layout.datacenterBits: wanted 4, found 5',
        'layout.workerBits: wanted 6, found 5',
        `layout.epochMs: wanted 0, found ${DEFAULT_LAYOUT.epochMs}`,
        'slices: wanted 0, found 0, 1, 2, 3',
      ],
    });
    expect(writes()).toHaveLength(3);
  });

  it('creates no window once the domain exists: a missing one is an operator’s matter (P1)', async () => {
    await init();
    store.put(keys.window(7), undefined);
    expect((await init()).at).toBe('already');
    expect(untilOf(7)).toBeUndefined();
  });

  it('creates no window either when the domain appears while it is at work (P1)', async () => {
    const transact = store.transact.bind(store);
    store.transact = (transaction) => {
      store.put(keys.domain, encodeDomain({ ...plan, ...plan.fresh }));
      return transact(transaction);
    };
    expect((await init({ fresh: { domainId: 'x', clusterId: 'y' } })).at).toBe('already');
    expect(untilOf(0)).toBeUndefined();
  });

  it('creates only the windows of the datacenters it is given', async () => {
    await init({ slices: [{ datacenter: 3, name: 'eu' }] });
    expect(
      [untilOf(95), untilOf(96), untilOf(127), untilOf(128)].map((until) => until !== undefined),
    ).toEqual([false, true, true, false]);
  });

  it('finishes what an earlier run began: higher windows stay, lower ones are raised', async () => {
    const now = clock.now().wallMs;
    store.put(keys.window(1), encodeWindow({ untilMs: now + 99_000, held: true }));
    store.put(keys.window(2), encodeWindow({ untilMs: now - 99_000, held: true }));
    expect(await init()).toMatchObject({ at: 'created', windows: 127 });
    expect([untilOf(1), untilOf(2)]).toEqual([now + 99_000, now]);
    expect(decodeWindow(store.peek(keys.window(2))!)!.held).toBe(true);
  });

  it.each(['request-lost', 'answer-lost'] as const)(
    'settles a lost transaction by looking again: %s',
    async (fault) => {
      for (const lost of [0, 1, 2]) {
        store = new MemoryStore(clock);
        store.faults = [0, 1, 2].map((n) => (n === lost ? fault : 'none'));
        expect((await init()).at).toBe('created');
        expect(store.peek(keys.domain)).toBe(encodeDomain({ ...plan, ...plan.fresh }));
        expect(untilOf(127)).toBe(clock.now().wallMs);
      }
    },
  );

  it('of two at once, one makes the domain and the other finds it', async () => {
    const results = await Promise.all([init(), init({ fresh: { domainId: 'x', clusterId: 'y' } })]);
    expect(results.map(({ at }) => at).toSorted()).toEqual(['already', 'created']);
    const ids = results.map((result) => ('record' in result ? result.record.domainId : ''));
    expect(ids[0]).toBe(ids[1]);
  });

  it.each([
    ['an epoch to come', { layout: { ...DEFAULT_LAYOUT, epochMs: Date.UTC(2027, 0, 1) } }, /epochMs/],
    ['a layout that does not add up', { layout: { ...DEFAULT_LAYOUT, sequenceBits: 11 } }, /63/],
    ['a datacenter the layout has no room for', { slices: [{ datacenter: 32 }] }, /use 0 to 31/],
    ['a datacenter named twice', { slices: [{ datacenter: 1 }, { datacenter: 1 }] }, /twice/],
  ])('refuses %s', async (_, changes, why) => {
    expect(await init(changes)).toMatchObject({ at: 'refused', lines: [expect.stringMatching(why)] });
    expect(store.applied).toEqual([]);
  });

  it('refuses less than a year of headroom, unless told that it is meant', async () => {
    clock = new ManualClock(Date.UTC(2039, 6, 1));
    const layout = { ...DEFAULT_LAYOUT, epochMs: 0 };
    expect(await init({ layout })).toMatchObject({
      at: 'refused',
      lines: [expect.stringMatching(/lasts 0\.\d+ years: .*--force-short-epoch/)],
    });
    expect((await init({ layout, allowShortEpoch: true })).at).toBe('created');
  });

  it('does not touch a window it cannot read', async () => {
    store.put(keys.window(1), 'what is this');
    expect(await init()).toMatchObject({ at: 'refused', lines: [expect.stringContaining('window/1')] });
  });
});
