import { beforeEach, describe, expect, it } from '@jest/globals';
import { keysUnder } from '../../../src/lease/protocol.ts';
import { decodeWindow } from '../../../src/lease/values.ts';
import { Bench } from './bench.ts';
import type { Running } from './bench.ts';
import { ManualClock, settle } from './manual-clock.ts';
import { MemoryStore } from './memory-store.ts';

const keys = keysUnder('/t');

describe('Keeper when answers are lost, late or missing', () => {
  let clock: ManualClock;
  let store: MemoryStore;
  let bench: Bench;

  beforeEach(async () => {
    clock = new ManualClock();
    store = new MemoryStore(clock);
    bench = new Bench(store, clock);
    await bench.init();
  });

  const window = (node: number) => decodeWindow(store.peek(keys.window(node))!)!;
  const nodeOf = ({ keeper }: Running) => keeper.facts().node;

  it('keeps a CLAIM whose answer was lost, and the floor with it', async () => {
    const running = await bench.keep();
    store.faults = ['answer-lost'];
    await clock.advance(1_000);
    expect(running.facts).toContainEqual(
      expect.objectContaining({ fact: 'trouble', during: 'claim', unknown: true }),
    );
    expect(running.listener.told.filter(({ what }) => what === 'claimed')).toHaveLength(1);
    const claims = store.applied.filter(({ when }) => when.some((compare) => compare.is === 'absent'));
    expect(running.keeper.facts().state).toBe('held');
    expect(
      claims.filter(({ then }) => then.some((op) => op.do === 'put' && op.key.includes('claim'))),
    ).toHaveLength(1);
    running.stop.abort();
  });

  it('never uses a CLAIM that arrives after it was given up', async () => {
    const running = await bench.keep();
    store.faults = ['late'];
    await clock.advance(500);
    store.deliver();
    await clock.advance(1_000);
    expect(running.listener.told.filter(({ what }) => what === 'claimed')).toHaveLength(1);
    const held = [0, 1, 2, 3].filter((node) => store.peek(keys.claim(node)) !== undefined);
    expect(held).toEqual([nodeOf(running)]);
    running.stop.abort();
  });

  it('keeps a GRANT whose answer was lost, at once', async () => {
    const running = await bench.keep();
    await clock.advance(1_000);
    store.faults = ['answer-lost'];
    await clock.advance(3_000);
    expect(running.facts).toContainEqual(
      expect.objectContaining({ fact: 'trouble', during: 'grant', unknown: true }),
    );
    expect(running.listener.permits.at(-1)!.untilMs).toBe(window(nodeOf(running)!).untilMs);
    expect(running.keeper.facts().state).toBe('held');
    running.stop.abort();
  });

  it('is not disturbed by a GRANT that arrives late: the window stays where the later one raised it (L1)', async () => {
    const running = await bench.keep();
    await clock.advance(1_000);
    store.faults = ['late'];
    await clock.advance(6_000);
    const { untilMs } = window(nodeOf(running)!);
    store.deliver();
    expect(window(nodeOf(running)!).untilMs).toBe(untilMs);
    expect(running.listener.losses).toEqual([]);
    running.stop.abort();
  });

  it('a GRANT that arrives after the RELEASE changes nothing', async () => {
    const running = await bench.keep();
    await clock.advance(1_000);
    const { incarnation } = running.keeper.facts();
    store.faults = ['late'];
    await clock.advance(2_999);
    await running.keeper.release(incarnation!, clock.now().wallMs);
    const released = store.peek(keys.window(incarnation!.node));
    store.deliver();
    expect(store.peek(keys.window(incarnation!.node))).toBe(released);
  });

  it('tells of the loss before the server can delete the claim (P5), and claims afresh by itself', async () => {
    const running = await bench.keep();
    await clock.advance(4_000);
    const { incarnation } = running.keeper.facts();
    store.down = true;
    let aliveAtLoss: string | undefined;
    for (let n = 0; n < 200 && running.listener.losses.length === 0; n++) {
      await clock.advance(100);
      aliveAtLoss = store.peek(keys.claim(incarnation!.node));
    }
    expect(running.listener.losses).toHaveLength(1);
    expect(aliveAtLoss).toBe(incarnation!.nonce);
    store.down = false;
    await clock.advance(5_000);
    expect(running.keeper.facts().state).toBe('held');
    expect(running.keeper.facts().incarnation?.nonce).not.toBe(incarnation!.nonce);
    running.stop.abort();
  });

  it('mints through an outage of W − R at least: the permit stands until window or lease end', async () => {
    const running = await bench.keep();
    await clock.advance(4_000);
    store.down = true;
    await clock.advance(6_900);
    const { untilMs, deadlineMonotonicMs } = running.listener.permits.at(-1)!;
    expect(untilMs).toBeGreaterThan(clock.now().wallMs);
    expect(deadlineMonotonicMs).toBeGreaterThan(clock.now().monotonicMs);
    expect(running.keeper.facts().state).toBe('doubtful');
    store.down = false;
    await clock.advance(1_500);
    expect(running.keeper.facts().state).toBe('held');
    expect(running.listener.losses).toEqual([]);
    running.stop.abort();
  });

  it('after a blocked event loop tells of the loss before it does anything else (P5)', async () => {
    const running = await bench.keep();
    await clock.advance(4_000);
    clock.skip(45_000);
    await clock.advance(0);
    await settle();
    expect(running.listener.told.at(-1)!.what).toBe('lost');
    running.stop.abort();
  });
});
