import { beforeEach, describe, expect, it } from '@jest/globals';
import { keysUnder } from '../../../src/lease/protocol.ts';
import { Bench } from './bench.ts';
import type { Running } from './bench.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryStore } from './memory-store.ts';

const keys = keysUnder('/t');

describe('Keeper', () => {
  let clock: ManualClock;
  let store: MemoryStore;
  let bench: Bench;

  beforeEach(async () => {
    clock = new ManualClock();
    store = new MemoryStore(clock);
    bench = new Bench(store, clock);
    await bench.init();
  });

  const nodeOf = ({ keeper }: Running) => keeper.facts().node;

  it('claims, is granted, keeps for as long as it runs, and leaves nothing running behind', async () => {
    const running = await bench.keep();
    await clock.advance(60_000);
    const { told, permits, losses } = running.listener;
    expect(told[0]!.what).toBe('claimed');
    expect(losses).toEqual([]);
    expect(permits.length).toBeGreaterThanOrEqual(20);
    expect(new Set(permits.map((permit) => permit.incarnation)).size).toBe(1);
    expect(running.keeper.facts()).toMatchObject({
      state: 'held',
      grants: permits.length,
      clockUnproven: true,
    });
    expect(running.facts).toContainEqual({
      ...{ fact: 'clock-unproven', node: nodeOf(running), why: 'nobody to compare with' },
    });
    running.stop.abort();
    expect(await running.end).toBeUndefined();
    const before = store.applied.length;
    await clock.advance(10_000);
    expect(store.applied.length).toBe(before);
  });

  it('two keepers never hold one node, and a third waits for none when all are held', async () => {
    const small = new Bench(store, clock, { prefix: '/small', workerBits: 1 });
    await small.init();
    const running = [await small.keep(), await small.keep()];
    await clock.advance(1_000);
    expect(running.map(nodeOf).toSorted()).toEqual([0, 1]);
    const third = await small.keep({ name: 'third' });
    await clock.advance(1_000);
    expect(await third.end).toMatchObject({ code: 'POOL_EXHAUSTED' });
    for (const { stop } of running) stop.abort();
  });

  it('releases clean: the next claimer starts above the last timestamp, at once', async () => {
    const one = new Bench(store, clock, { prefix: '/one', workerBits: 0 });
    await one.init();
    const first = await one.keep();
    await clock.advance(5_000);
    const { incarnation } = first.keeper.facts();
    const lastTimestampMs = clock.now().wallMs - 1;
    await first.keeper.release(incarnation!, lastTimestampMs);
    expect(await first.end).toBeUndefined();
    expect(first.facts.at(-1)).toMatchObject({ fact: 'state', to: 'released' });
    const second = await one.keep();
    await clock.advance(300);
    expect(second.keeper.facts().incarnation).toMatchObject({ node: 0, floorMs: lastTimestampMs + 1 });
    second.stop.abort();
  });

  it('lets a node rest whose holder vanished, and then claims it above everything it was granted', async () => {
    const one = new Bench(store, clock, { prefix: '/one', workerBits: 0 });
    await one.init();
    const first = await one.keep();
    await clock.advance(4_000);
    const { untilMs } = first.listener.permits.at(-1)!;
    first.stop.abort();
    await first.end;
    await clock.advance(15_500);
    const second = await one.keep();
    await clock.advance(1_000);
    expect(second.keeper.facts()).toMatchObject({ state: 'acquiring', node: undefined });
    expect(second.keeper.facts().restingMs).toBeGreaterThan(0);
    await clock.advance(40_000);
    expect(second.keeper.facts().incarnation?.floorMs).toBe(untilMs);
    second.stop.abort();
  });

  it('stillOurs asks the store, and a no is a loss at once', async () => {
    const running = await bench.keep();
    await clock.advance(1_000);
    const incarnation = running.keeper.facts().incarnation!;
    expect(await running.keeper.stillOurs(incarnation)).toBe(true);
    expect(await running.keeper.stillOurs({ ...incarnation, createRevision: '1' })).toBe(false);
    store.put(keys.claim(incarnation.node), undefined);
    expect(await running.keeper.stillOurs(incarnation)).toBe(false);
    expect(running.listener.losses).toHaveLength(1);
    store.down = true;
    await expect(running.keeper.stillOurs(incarnation)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
    running.stop.abort();
  });

  it('stops for good when the domain is replaced under it', async () => {
    const running = await bench.keep();
    await clock.advance(1_000);
    store.put(keys.domain, 'tombstone');
    await clock.advance(3_000);
    expect(await running.end).toMatchObject({ code: 'DOMAIN_DIFFERS' });
    expect(running.listener.losses).toHaveLength(1);
  });

  it('writes its status, at most 512 bytes, and takes it along', async () => {
    const running = await bench.keep({ describe: () => ({ address: '10.0.0.7:8080' }) });
    await clock.advance(2_000);
    const node = nodeOf(running)!;
    expect(JSON.parse(store.peek(keys.status(node))!)).toMatchObject({
      name: 'test',
      address: '10.0.0.7:8080',
    });
    await running.keeper.release(running.keeper.facts().incarnation!, clock.now().wallMs);
    expect(store.peek(keys.status(node))).toBeUndefined();
  });

  it('compares clocks over the beacon: a peer ahead of us by what its stamp says at least', async () => {
    const ahead = new ManualClock(clock.now().wallMs + 5_000);
    const first = await bench.keep();
    await clock.advance(1_000);
    first.stop.abort();
    const second = await bench.keep({}, store, ahead);
    await ahead.advance(1_000);
    const third = await bench.keep();
    await clock.advance(200);
    const beacon = third.facts.find((fact) => fact.fact === 'beacon')!;
    expect(beacon.peerWallMs - beacon.answeredWallMs).toBeGreaterThan(0);
    second.stop.abort();
    third.stop.abort();
  });

  it('a clock source that hangs or fails proves nothing, and holds up nothing for long', async () => {
    const hanging = await bench.keep({ proveClock: () => new Promise(() => undefined) });
    const alone = new Bench(store, clock, { prefix: '/alone' });
    await alone.init();
    const failing = await alone.keep({ proveClock: () => Promise.reject(new Error('no source')) });
    await clock.advance(1_900);
    expect([hanging, failing].map(({ keeper }) => keeper.facts().state)).toEqual(['claimed', 'held']);
    await clock.advance(300);
    expect(hanging.keeper.facts()).toMatchObject({ state: 'held', clockUnproven: true });
    for (const { stop } of [hanging, failing]) stop.abort();
  });

  it('refuses times that break a rule', async () => {
    await expect(bench.keep({ ttlS: 3 })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
