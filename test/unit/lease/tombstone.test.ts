import { beforeEach, describe, expect, it } from '@jest/globals';
import { openDomain } from '../../../src/lease/domain-handle.ts';
import { decodeDomain, decodeTombstone, encodeTombstone } from '../../../src/lease/domain.ts';
import type { InitPlan } from '../../../src/lease/init-plan.ts';
import { initialise } from '../../../src/lease/init.ts';
import { keysUnder } from '../../../src/lease/protocol.ts';
import { restMs, TIMING_PROFILES } from '../../../src/lease/timing.ts';
import { ascentMistakes, highestId, retireDomain } from '../../../src/lease/tombstone.ts';
import { decodeWindow, encodeWindow } from '../../../src/lease/values.ts';
import { compose, DEFAULT_LAYOUT } from '../../../src/snowflake/layout.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryStore } from './memory-store.ts';

const keys = keysUnder('/t');
const layout = { ...DEFAULT_LAYOUT, datacenterBits: 3, workerBits: 7 };
const plan = (domainId: string, changes: Partial<InitPlan> = {}): InitPlan => ({
  ...{ prefix: '/t', layout, slices: [{ datacenter: 0, name: 'fra1', region: 'eu-central' }] },
  fresh: { domainId, clusterId: 'c' },
  ...changes,
});

describe('a domain is retired, and followed', () => {
  let clock: ManualClock;
  let store: MemoryStore;

  const put = (key: string, value: string) =>
    store.transact({ when: [], then: [{ do: 'put', key, value }], otherwise: [] });
  const handle = () => openDomain(store, '/t', {});
  const init = (domainId: string, changes: Partial<InitPlan> = {}) =>
    initialise(store, clock, plan(domainId, changes));
  const retire = async () => retireDomain(store, clock, await handle(), 'old');

  beforeEach(async () => {
    clock = new ManualClock();
    store = new MemoryStore(clock);
    await init('old');
  });

  it('only by its own UUID', async () => {
    expect(await retireDomain(store, clock, await handle(), 'other')).toEqual({
      at: 'refused',
      why: expect.stringContaining('UUID, old'),
    });
    expect((await handle()).record.domainId).toBe('old');
  });

  it('then nobody opens it any more, and its text is neither a record nor forgotten', async () => {
    expect(await retire()).toEqual({ at: 'retired' });
    await expect(handle()).rejects.toMatchObject({ code: 'DOMAIN_RETIRED' });
    const text = store.peek(keys.domain)!;
    expect(decodeDomain(text)).toMatchObject({ at: 'unreadable' });
    expect(decodeTombstone(text)).toMatchObject({
      retiredAtMs: clock.now().wallMs,
      record: { domainId: 'old', slices: [{ datacenter: 0, name: 'fra1', region: 'eu-central' }] },
    });
    expect(encodeTombstone(decodeTombstone(text)!)).toBe(text);
  });

  it('its successor takes the same place once nobody can mint any more, with windows above all before', async () => {
    const untilMs = clock.now().wallMs + 10_000;
    await put(keys.window(5), encodeWindow({ untilMs, held: true, by: 'a' }));
    await put(keys.claim(5), 'nonce');
    await retire();
    expect(await init('new')).toMatchObject({
      at: 'refused',
      lines: [expect.stringMatching(/^1 workers still/)],
    });
    await store.transact({ when: [], then: [{ do: 'delete', key: keys.claim(5) }], otherwise: [] });
    expect(await init('new')).toMatchObject({
      at: 'refused',
      lines: [expect.stringMatching(/rest for 45 s/)],
    });
    await clock.advance(10_000 + restMs(TIMING_PROFILES.default));
    expect(await init('new')).toMatchObject({ at: 'created', record: { domainId: 'new' } });
    expect((await handle()).record.domainId).toBe('new');
    expect(decodeWindow(store.peek(keys.window(5))!)!.untilMs).toBeGreaterThan(untilMs);
  });

  it('control: without the wait the successor would begin below what the old one was granted', async () => {
    const untilMs = clock.now().wallMs + 10_000;
    await put(keys.window(5), encodeWindow({ untilMs, held: true, by: 'a' }));
    expect(clock.now().wallMs).toBeLessThan(untilMs);
    await retire();
    expect((await init('new')).at).toBe('refused');
  });

  it('an epoch or a layout that would lower IDs is refused', async () => {
    await retire();
    const later = { ...layout, epochMs: layout.epochMs + 86_400_000 };
    expect(await init('new', { layout: later })).toMatchObject({
      at: 'refused',
      lines: [expect.stringMatching(/not above every ID of the domain retired at .*keep the epoch/)],
    });
    const earlier = { ...layout, epochMs: layout.epochMs - 86_400_000 };
    expect(await init('new', { layout: earlier })).toMatchObject({ at: 'created' });
  });

  it('somebody who retires or makes it at the same time is noticed', async () => {
    const held = await handle();
    await retire();
    expect(await retireDomain(store, clock, held, 'old')).toMatchObject({ at: 'refused' });
  });
});

describe('init --from: IDs above those of another generator', () => {
  const fromMs = Date.UTC(2026, 0, 1);
  const lowest = compose(DEFAULT_LAYOUT, { timestampMs: fromMs, node: 0, sequence: 0 });

  it('is refused unless the lowest ID to come is above it', () => {
    expect(ascentMistakes(DEFAULT_LAYOUT, fromMs, lowest - 1n, '--from')).toEqual([]);
    expect(ascentMistakes(DEFAULT_LAYOUT, fromMs, lowest, '--from')).toEqual([
      expect.stringContaining(`begin at ${lowest}, not above --from (${lowest})`),
    ]);
  });

  it('the highest ID below a bound is just below the lowest from it on', () => {
    expect(highestId(DEFAULT_LAYOUT, fromMs)).toBe(lowest - 1n);
  });
});
