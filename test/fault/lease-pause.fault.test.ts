import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { provideEtcd } from '../../deploy/local/backends.ts';
import type { EtcdBackend } from '../../deploy/local/backends.ts';
import { isMinting, LeaseScene, TTL_MS, until } from '../support/lease-scene.ts';
import { rulesBroken } from '../support/mint-judge.ts';
import { hostMs } from '../support/mint-log.ts';
import type { MintingChild } from '../support/minting-child.ts';
import type { Heed } from '../support/minting-worker.ts';

const HEIR_MS = 40_000;
const SCENARIO_MS = 120_000;

interface Run {
  readonly scene: LeaseScene;
  readonly worker: MintingChild;
  /** When it ran again. */
  readonly wokenMs: number;
}

const mintedOnce = (worker: MintingChild): boolean => worker.all('minted').length > 0;
const hasLost = (worker: MintingChild): boolean => worker.all('lost').length > 0;

let etcd: EtcdBackend;
const scenes: LeaseScene[] = [];

async function oneNode(): Promise<LeaseScene> {
  const scene = await LeaseScene.open({ endpoints: etcd.endpoints, workerBits: 0 });
  scenes.push(scene);
  return scene;
}

beforeAll(async () => {
  etcd = await provideEtcd({ fresh: true });
}, 180_000);
afterAll(async () => {
  for (const scene of scenes) await scene[Symbol.asyncDispose]();
  await etcd[Symbol.asyncDispose]();
});

/** One node: its holder is stopped by SIGSTOP until its claim is gone and an heir mints, and then runs again. */
async function stopped(heed: Heed): Promise<Run> {
  const scene = await oneNode();
  const worker = scene.spawn('stopped', heed);
  await until(() => mintedOnce(worker));
  worker.signal('SIGSTOP');
  await scene.claimGone(0);
  const heir = await scene.start('heir');
  await until(() => isMinting(heir), HEIR_MS);
  const wokenMs = hostMs();
  worker.signal('SIGCONT');
  await until(() => hasLost(worker));
  return { scene, worker, wokenMs };
}

/** Its event loop is blocked for three TTLs; the first microtask after that asks for IDs, before any timer or answer. */
async function blocked(heed: Heed): Promise<Run> {
  const scene = await oneNode();
  const worker = scene.spawn('blocked', heed);
  await until(() => mintedOnce(worker));
  const wokenMs = hostMs() + 3 * TTL_MS;
  worker.send({ blockMs: 3 * TTL_MS });
  await until(() => hasLost(worker), 3 * TTL_MS + 10_000);
  return { scene, worker, wokenMs };
}

describe('a worker that does not run while its lease does', () => {
  let runs: Record<'stopped' | 'blocked', { guarded: Run; careless: Run }>;

  beforeAll(async () => {
    const [a, b, c, d] = await Promise.all([
      stopped('all'),
      stopped('told-only'),
      blocked('all'),
      blocked('told-only'),
    ]);
    runs = { stopped: { guarded: a, careless: b }, blocked: { guarded: c, careless: d } };
  }, SCENARIO_MS);

  /** Under the claim it fell asleep with; a fresh one may follow. */
  const mintsAfter = ({ worker, wokenMs }: Run): number => {
    const { nonce } = worker.all('claimed')[0]!.incarnation;
    return worker.all('minted').filter((entry) => entry.hostMs >= wokenMs && entry.nonce === nonce).length;
  };

  it('SIGSTOPped past expiry, another claims, SIGCONT: it gives nothing, and claims afresh (P1, P5)', async () => {
    const { guarded } = runs.stopped;
    expect(mintsAfter(guarded)).toBe(0);
    expect(await guarded.scene.verdict()).toMatchObject({ findings: [], incarnations: 2 });
  });

  it('control: stopped the same way, a worker that waits to be told of the loss mints the IDs of its heir', async () => {
    expect(rulesBroken(await runs.stopped.careless.scene.verdict())).toEqual(
      expect.arrayContaining(['deadline', 'duplicate', 'outlived', 'window']),
    );
  });

  it('event loop blocked for three TTLs, IDs asked for in the first microtask after: none given (P5)', async () => {
    const { guarded } = runs.blocked;
    const { worker, wokenMs, scene } = guarded;
    const refused = worker.all('refused').filter((entry) => entry.hostMs >= wokenMs);
    expect(refused[0]!.why).toBe('lease-deadline');
    expect(refused[0]!.hostMs).toBeLessThan(worker.all('lost')[0]!.hostMs);
    expect(mintsAfter(guarded)).toBe(0);
    expect((await scene.verdict()).findings).toEqual([]);
  });

  it('control: blocked the same way, a worker that waits to be told mints after its claim is gone', async () => {
    expect(rulesBroken(await runs.blocked.careless.scene.verdict())).toEqual(
      expect.arrayContaining(['deadline', 'outlived', 'store-window', 'window']),
    );
  });
});
