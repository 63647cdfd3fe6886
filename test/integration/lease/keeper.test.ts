import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { provideEtcd } from '../../../deploy/local/backends.ts';
import type { EtcdBackend } from '../../../deploy/local/types.ts';
import { systemClock } from '../../../src/clock.ts';
import { openDomain } from '../../../src/lease/domain-handle.ts';
import { EtcdStore } from '../../../src/lease/etcd.ts';
import type { KeeperOptions } from '../../../src/lease/options.ts';
import { keysUnder } from '../../../src/lease/protocol.ts';
import type { LeaseStore, Transaction } from '../../../src/lease/store.ts';
import { decodeWindow } from '../../../src/lease/values.ts';
import { Bench } from '../../unit/lease/bench.ts';
import type { Running } from '../../unit/lease/bench.ts';
import { StallingProxy } from './stalling-proxy.ts';

/** The shortest lease allowed: 4.5 s of it are used, a try lasts 1 s. */
const FAST = { ttlS: 5, windowMs: 3_000, refreshMs: 1_000 } satisfies Partial<KeeperOptions>;
const TRY_MS = 1_000;

// Bounds a hang; no test waits for it.
jest.setTimeout(60_000);

describe('Keeper on a real etcd', () => {
  let etcd: EtcdBackend;
  let store: EtcdStore;
  let prefix: string;
  let running: Running[];

  beforeAll(async () => {
    etcd = await provideEtcd({ fresh: true });
    store = new EtcdStore({ endpoints: etcd.endpoints, tryMs: TRY_MS }, systemClock);
  }, 180_000);

  afterAll(async () => {
    store.close();
    await etcd[Symbol.asyncDispose]();
  });

  beforeEach(() => {
    prefix = `/keeper/${randomUUID()}`;
    running = [];
  });

  afterEach(async () => {
    for (const { stop, end } of running) {
      stop.abort();
      await end;
    }
  });

  async function bench(workerBits = 1): Promise<Bench> {
    const made = new Bench(store, systemClock, { prefix, workerBits });
    await made.init();
    return made;
  }

  async function start(
    on: Bench,
    changes: Partial<KeeperOptions> = {},
    through: LeaseStore = store,
  ): Promise<Running> {
    const started = await on.keep({ ...FAST, ...changes }, through);
    running.push(started);
    return started;
  }

  async function until(condition: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
    const endMs = systemClock.now().monotonicMs + withinMs;
    while (!(await condition())) {
      if (systemClock.now().monotonicMs > endMs)
        throw new Error(`not within ${withinMs} ms: ${String(condition)}`);
      await systemClock.sleep(20);
    }
  }

  const read = async (key: string): Promise<string | undefined> => {
    const answer = await store.look([{ do: 'get', key }]);
    return answer.at === 'answered' ? answer.value.found[0]![0]?.value : undefined;
  };

  const isHeld = ({ keeper }: Running) => keeper.facts().state === 'held';

  it('claims, is granted, keeps; released clean, the next claimer starts above the last timestamp', async () => {
    const one = await bench(0);
    const keys = keysUnder(prefix);
    const first = await start(one);
    await until(() => first.listener.permits.length >= 3);
    const untils = first.listener.permits.map((permit) => permit.untilMs);
    expect(untils).toEqual(untils.toSorted((a, b) => a - b));
    expect(decodeWindow((await read(keys.window(0)))!)).toMatchObject({ untilMs: untils.at(-1), held: true });
    const incarnation = first.keeper.facts().incarnation!;
    expect(await first.keeper.stillOurs(incarnation)).toBe(true);
    const lastTimestampMs = systemClock.now().wallMs;
    await first.keeper.release(incarnation, lastTimestampMs);
    expect(await read(keys.claim(0))).toBeUndefined();
    const second = await start(one);
    await until(() => isHeld(second));
    expect(second.keeper.facts().incarnation).toMatchObject({ node: 0, floorMs: lastTimestampMs + 1 });
    expect(second.keeper.facts().incarnation!.createRevision).not.toBe(incarnation.createRevision);
  });

  it('of three keepers on two nodes two hold one each, and the third is told who holds them', async () => {
    const two = await bench(1);
    const [a, b] = [await start(two, { name: 'host-a' }), await start(two, { name: 'host-b' })];
    await until(() => isHeld(a) && isHeld(b));
    expect([a, b].map(({ keeper }) => keeper.facts().node).toSorted()).toEqual([0, 1]);
    const third = await start(two);
    expect(await third.end).toMatchObject({
      code: 'POOL_EXHAUSTED',
      message: expect.stringMatching(/host-a.*host-b|host-b.*host-a/),
    });
  });

  it('many at once on as many nodes: each gets its own', async () => {
    const eight = await bench(3);
    const all = await Promise.all(Array.from({ length: 8 }, () => start(eight)));
    await until(() => all.every(isHeld));
    expect(new Set(all.map(({ keeper }) => keeper.facts().node)).size).toBe(8);
  });

  it('a CLAIM whose answer is lost on the wire is settled by a read, never repeated', async () => {
    const four = await bench(2);
    await using proxy = await StallingProxy.before(etcd.endpoints[0]!);
    const behind = new EtcdStore(
      { endpoints: [proxy.endpoint, ...etcd.endpoints], tryMs: TRY_MS },
      systemClock,
    );
    const sent: Transaction[] = [];
    const deaf = Object.assign(Object.create(behind) as EtcdStore, {
      look: behind.look.bind(behind),
      openLease: behind.openLease.bind(behind),
      renewLease: behind.renewLease.bind(behind),
      closeLease: behind.closeLease.bind(behind),
      transact: (transaction: Transaction) => {
        sent.push(transaction);
        if (sent.length === 1) proxy.silence('answers');
        return behind.transact(transaction);
      },
    });
    const keeper = await start(four, {}, deaf);
    await until(() => isHeld(keeper));
    expect(keeper.facts).toContainEqual(
      expect.objectContaining({ fact: 'trouble', during: 'claim', unknown: true }),
    );
    const claims = sent.filter(({ when }) => when.some((compare) => compare.is === 'absent'));
    expect(claims).toHaveLength(1);
    expect(keeper.listener.told.filter(({ what }) => what === 'claimed')).toHaveLength(1);
    behind.close();
  });

  it('with one of two endpoints hung, renews over the other without doubt reaching the deadline', async () => {
    const four = await bench(2);
    await using proxy = await StallingProxy.before(etcd.endpoints[0]!);
    const both = new EtcdStore(
      { endpoints: [proxy.endpoint, ...etcd.endpoints], tryMs: TRY_MS },
      systemClock,
    );
    const keeper = await start(four, {}, both);
    await until(() => keeper.listener.permits.length >= 2);
    proxy.silence('both');
    const before = keeper.listener.permits.length;
    await until(() => keeper.listener.permits.length >= before + 4);
    expect(keeper.listener.losses).toEqual([]);
    both.close();
  });

  it('cut off, tells of the loss before the server deletes the claim (P5), and claims afresh once back', async () => {
    const two = await bench(1);
    const keys = keysUnder(prefix);
    await using proxy = await StallingProxy.before(etcd.endpoints[0]!);
    const behind = new EtcdStore({ endpoints: [proxy.endpoint], tryMs: TRY_MS }, systemClock);
    const keeper = await start(two, {}, behind);
    await until(() => keeper.listener.permits.length >= 2);
    const { node, nonce } = keeper.keeper.facts().incarnation!;
    proxy.silence('both');
    await until(async () => (await read(keys.claim(node))) !== nonce);
    const deletedMs = systemClock.now().monotonicMs;
    const [loss] = keeper.listener.losses;
    const last = keeper.listener.permits.at(-1)!;
    expect(loss!.atMs).toBeLessThan(deletedMs);
    // Either clock ends it; the wall clock counts whole milliseconds.
    expect(loss!.atMs).toBeGreaterThan(last.deadlineMonotonicMs - 5);
    proxy.restore();
    await until(() => isHeld(keeper));
    expect(keeper.keeper.facts().incarnation!.nonce).not.toBe(nonce);
    behind.close();
  });

  it('etcd stopped with SIGSTOP: the loss is told at the deadline, within the lease', async () => {
    const two = await bench(1);
    const keeper = await start(two);
    await until(() => keeper.listener.permits.length >= 2);
    const stoppedMs = systemClock.now().monotonicMs;
    etcd.nodes[0]!.signal('SIGSTOP');
    try {
      await until(() => keeper.listener.losses.length > 0);
    } finally {
      etcd.nodes[0]!.signal('SIGCONT');
    }
    expect(keeper.listener.losses[0]!.atMs - stoppedMs).toBeLessThan(FAST.ttlS * 1_000);
    await until(() => isHeld(keeper));
  });

  it('refuses another domain, cluster, datacenter or layout than the one configured, and a missing one', async () => {
    await bench(1);
    const open = (pin: Parameters<typeof openDomain>[2], at = prefix) => openDomain(store, at, pin);
    await expect(open({ domainId: 'd', clusterId: 'c', datacenter: 0 })).resolves.toBeDefined();
    await expect(open({ domainId: 'x' })).rejects.toMatchObject({ code: 'DOMAIN_DIFFERS' });
    await expect(open({ clusterId: 'x' })).rejects.toMatchObject({ code: 'DOMAIN_DIFFERS' });
    await expect(open({ datacenter: 1 })).rejects.toMatchObject({ code: 'DOMAIN_DIFFERS' });
    await expect(open({ layout: { epochMs: 0 } })).rejects.toMatchObject({ code: 'DOMAIN_DIFFERS' });
    await expect(open({}, `${prefix}/none`)).rejects.toMatchObject({ code: 'DOMAIN_MISSING' });
  });
});
