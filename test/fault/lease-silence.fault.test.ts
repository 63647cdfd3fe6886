import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { provideEtcd } from '../../deploy/local/backends.ts';
import type { EtcdBackend } from '../../deploy/local/backends.ts';
import { systemClock } from '../../src/clock.ts';
import type { LeaseStore } from '../../src/lease/store.ts';
import { StallingProxy } from '../integration/lease/stalling-proxy.ts';
import { isMinting, LeaseScene, SHORT, TTL_MS, until } from '../support/lease-scene.ts';
import { rulesBroken } from '../support/mint-judge.ts';
import { hostMs } from '../support/mint-log.ts';
import { nodeHistories } from '../support/store-history.ts';
import type { MintingWorker } from '../support/minting-worker.ts';
import { Optimist, Tap, type Kind } from '../support/store-taps.ts';

const HEIR_MS = 40_000;
const SCENARIO_MS = 180_000;

const lastMintMs = (worker: MintingWorker, beforeMs: number): number =>
  worker.all('minted').findLast((entry) => entry.hostMs < beforeMs)!.hostMs;

describe('etcd hung for three TTLs: stopped by a signal, nothing closed', () => {
  let etcd: EtcdBackend;
  let guarded: LeaseScene;
  let careless: LeaseScene;
  let workers: MintingWorker[];
  let control: MintingWorker;
  let hungMs: number;
  let wokenMs: number;

  beforeAll(async () => {
    etcd = await provideEtcd({ fresh: true });
    const endpoints = etcd.endpoints;
    guarded = await LeaseScene.open({ endpoints, workerBits: 2 });
    careless = await LeaseScene.open({ endpoints });
    workers = [await guarded.start('a'), await guarded.start('b')];
    control = await careless.start('careless', { heed: 'none' });
    await until(() => [...workers, control].every(isMinting));
    hungMs = hostMs();
    etcd.nodes[0]!.signal('SIGSTOP');
    await systemClock.sleep(3 * TTL_MS); // the fault itself
    wokenMs = hostMs();
    etcd.nodes[0]!.signal('SIGCONT');
    await until(() => workers.every((worker) => worker.all('minted').at(-1)!.hostMs > wokenMs));
  }, SCENARIO_MS);

  afterAll(async () => {
    for (const each of [guarded, careless, etcd]) await each[Symbol.asyncDispose]();
  });

  it('minting stopped at window or deadline, whichever came first, and went on under a fresh claim (P1, P5)', async () => {
    for (const worker of workers) {
      const lastMs = lastMintMs(worker, wokenMs);
      expect(lastMs - hungMs).toBeLessThan(SHORT.windowMs + SHORT.refreshMs);
      expect(worker.all('claimed')).toHaveLength(2);
      console.log(
        `hung: last mint ${(lastMs - hungMs).toFixed(0)} ms after, ${(wokenMs - lastMs).toFixed(0)} ms before etcd ran again`,
      );
    }
    const verdict = await guarded.verdict();
    expect(verdict.findings).toEqual([]);
    expect(verdict.incarnations).toBe(4);
  });

  it('control: a worker that looks at no bound minted on past all of them, until after its claim was gone', async () => {
    expect(rulesBroken(await careless.verdict())).toEqual(
      expect.arrayContaining(['after-loss', 'deadline', 'outlived', 'store-window', 'window']),
    );
  });
});

describe('a one-way proxy: requests pass, answers do not', () => {
  let etcd: EtcdBackend;
  let guarded: LeaseScene;
  let careless: LeaseScene;
  let deaf: MintingWorker;
  let heir: MintingWorker;
  let silencedMs: number;
  let goneMs: number;
  const proxies: StallingProxy[] = [];

  const proxied = async (): Promise<StallingProxy> => {
    const proxy = await StallingProxy.before(etcd.endpoints[0]!);
    proxies.push(proxy);
    return proxy;
  };

  /** One node; its holder goes deaf, and somebody else waits for the node. */
  async function guardedRun(): Promise<void> {
    guarded = await LeaseScene.open({ endpoints: etcd.endpoints, workerBits: 0 });
    const proxy = await proxied();
    let grants = 0;
    const silence = (kind: Kind): void => {
      if (kind !== 'grant' || ++grants !== 3) return;
      silencedMs = hostMs();
      proxy.silence('answers');
    };
    const through = (store: LeaseStore): Tap => new Tap(store, silence);
    deaf = await guarded.start('deaf', { endpoints: [proxy.endpoint], through });
    await until(() => deaf.all('lost').length > 0);
    goneMs = await guarded.claimGone(0);
    heir = await guarded.start('heir');
    await until(() => isMinting(heir), HEIR_MS);
    proxy.restore();
    await until(() => deaf.all('ended').length > 0);
  }

  /** The same with a worker that takes silence for consent; for a while its requests are lost as well. */
  async function carelessRun(): Promise<void> {
    careless = await LeaseScene.open({ endpoints: etcd.endpoints, workerBits: 0 });
    const proxy = await proxied();
    const optimist = await careless.start('optimist', {
      endpoints: [proxy.endpoint],
      through: (store) => new Optimist(store, TTL_MS),
    });
    await until(() => isMinting(optimist));
    proxy.silence('both');
    await careless.claimGone(0);
    proxy.silence('answers');
    const other = await careless.start('other');
    await until(() => isMinting(other), HEIR_MS);
  }

  beforeAll(async () => {
    etcd = await provideEtcd({ fresh: true });
    await Promise.all([guardedRun(), carelessRun()]);
  }, SCENARIO_MS);

  afterAll(async () => {
    for (const each of [guarded, careless, ...proxies, etcd]) await each[Symbol.asyncDispose]();
  });

  it('a GRANT that etcd applied is not minted under unless its answer came; the next worker starts above it (P1, P5)', async () => {
    const stored = nodeHistories(guarded.watch.events).get(0)!;
    const told = deaf.all('permit').at(-1)!.permit;
    // The fault was one: etcd did raise the window.
    expect(stored.windows.find(({ untilMs }) => untilMs > told.untilMs)).toBeDefined();
    expect(deaf.all('lost')[0]!.hostMs - silencedMs).toBeLessThan(TTL_MS);
    expect(heir.all('claimed')[0]!.incarnation.floorMs).toBeGreaterThan(told.untilMs);
    const lastMs = lastMintMs(deaf, Infinity);
    console.log(
      `one-way: last mint ${(lastMs - silencedMs).toFixed(0)} ms after, ${(goneMs - lastMs).toFixed(0)} ms before the claim was seen gone`,
    );
    expect(heir.node).toBe(0);
    expect(deaf.all('ended')[0]!.code).toBe('POOL_EXHAUSTED');
    const verdict = await guarded.verdict();
    expect(verdict.findings).toEqual([]);
    expect(verdict.incarnations).toBe(2);
  });

  it('control: a worker that takes an unanswered request for granted mints the IDs of its heir', async () => {
    expect(rulesBroken(await careless.verdict())).toEqual(
      expect.arrayContaining(['duplicate', 'order', 'store-window']),
    );
  });
});
