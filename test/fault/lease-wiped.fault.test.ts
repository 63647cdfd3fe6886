import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { provideEtcd } from '../../deploy/local/backends.ts';
import type { EtcdBackend } from '../../deploy/local/backends.ts';
import { systemClock } from '../../src/clock.ts';
import { StallingProxy } from '../integration/lease/stalling-proxy.ts';
import { isMinting, LeaseScene, SHORT, TTL_MS, until } from '../support/lease-scene.ts';
import { judge, rulesBroken } from '../support/mint-judge.ts';
import type { MintingWorker } from '../support/minting-worker.ts';
import { Optimist } from '../support/store-taps.ts';

// Bounds a hang; no test waits for it.
jest.setTimeout(60_000);

/** The etcd that was, and the empty one that is found in its place. */
let etcds: EtcdBackend[];

beforeAll(async () => {
  etcds = await Promise.all([provideEtcd({ fresh: true }), provideEtcd({ fresh: true })]);
}, 180_000);
afterAll(async () => {
  for (const etcd of etcds) await etcd[Symbol.asyncDispose]();
});

describe('etcd is wiped under a worker: an empty one answers in its place', () => {
  let proxy: StallingProxy;
  let scene: LeaseScene;

  beforeEach(async () => {
    proxy = await StallingProxy.before(etcds[0]!.endpoints[0]!);
    scene = await LeaseScene.open({ endpoints: etcds[0]!.endpoints, workerBits: 0 });
  });
  afterEach(async () => {
    await scene[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
  });

  const wiped = (): readonly string[] => etcds[1]!.endpoints;

  async function minting(
    through?: (store: ReturnType<LeaseScene['store']>) => Optimist,
  ): Promise<MintingWorker> {
    const worker = await scene.start('w', {
      endpoints: [proxy.endpoint],
      ...(through === undefined ? {} : { through }),
    });
    await until(() => worker.all('permit').length >= 3);
    return worker;
  }

  it('it halts, and no worker starts, until the domain is made again above all it gave (P1)', async () => {
    const worker = await minting();
    proxy.moveTo(wiped()[0]!);
    const { code } = await worker.ended;
    expect(code).toBe('STORE_ROLLED_BACK');
    expect(worker.all('lost')).toHaveLength(1);
    await expect(scene.start('next', { endpoints: wiped() })).rejects.toMatchObject({
      code: 'DOMAIN_MISSING',
    });

    // What an operator does: a domain from a point that every window of the lost one lies below.
    const notBeforeMs = Math.ceil(systemClock.now().wallMs) + SHORT.windowMs;
    await scene.init(scene.store(wiped()), 0, notBeforeMs);
    const heir = await scene.start('heir', { endpoints: wiped() });
    await until(() => isMinting(heir));
    await scene.verdict();
    // Of two stores neither knows the whole history: the log alone is judged.
    expect(judge([worker, heir])).toMatchObject({ findings: [], incarnations: 2 });
  });

  it('it halts likewise when the domain was made again, with the same record, before it noticed', async () => {
    const worker = await minting();
    await scene.init(scene.store(wiped()), 0);
    proxy.moveTo(wiped()[0]!);
    expect((await worker.ended).code).toBe('STORE_ROLLED_BACK');
    expect(worker.all('lost')).toHaveLength(1);
  });

  it('control: one that takes every answer for a yes mints the IDs of the worker on the new domain', async () => {
    const worker = await minting((store) => new Optimist(store, TTL_MS));
    await scene.init(scene.store(wiped()), 0);
    proxy.moveTo(wiped()[0]!);
    const heir = await scene.start('heir', { endpoints: wiped() });
    await until(() => isMinting(heir));
    await scene.verdict();
    expect(rulesBroken(judge([worker, heir]))).toContain('duplicate');
  });
});
