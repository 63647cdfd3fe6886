/**
 * Start-up under load: a whole pool claimed at once, a worker too many, and a power cut of the whole fleet. All keepers
 * run in this process, eight on a connection. Meanwhile a small fleet comes back with clocks that a flat battery put back.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { provideEtcd } from '../../deploy/local/backends.ts';
import type { EtcdBackend } from '../../deploy/local/backends.ts';
import { systemClock } from '../../src/clock.ts';
import { restMs, tryMs } from '../../src/lease/timing.ts';
import { isMinting, LeaseScene, SHORT, TTL_MS, until } from '../support/lease-scene.ts';
import type { StartOptions } from '../support/lease-scene.ts';
import { rulesBroken } from '../support/mint-judge.ts';
import type { Verdict } from '../support/mint-judge.ts';
import { hostMs } from '../support/mint-log.ts';
import type { EntryOf } from '../support/mint-log.ts';
import type { MintingWorker } from '../support/minting-worker.ts';
import { SteppingClock } from '../support/stepping-clock.ts';
import { Amnesiac } from '../support/store-taps.ts';

const SCENARIO_MS = 180_000;
const WITHIN_MS = 90_000;
/** As few requests of a thousand keepers as the rules of times allow, so that one process can be all of them. */
const TIMING = { ttlS: 10, windowMs: 9_000, refreshMs: 3_000 } as const;
const WORKER_BITS = 10;
const NODES = 2 ** WORKER_BITS;
const FEW_BITS = 2;
/** More than the leases take to run out: the clocks read less than at the cut. */
const PUT_BACK_MS = TTL_MS + 3_000;
/** Long enough for a fleet that goes through the same time again to meet what it gave. */
const MINTING_MS = 2_000;

interface Cut {
  readonly before: readonly MintingWorker[];
  readonly cutMs: number;
  readonly after: readonly MintingWorker[];
  readonly verdict: Verdict;
}

let etcd: EtcdBackend;

const firstClaim = (worker: MintingWorker): EntryOf<'claimed'> => worker.all('claimed')[0]!;

/** A fleet as large as the pool, minting. */
async function up(
  scene: LeaseScene,
  name: string,
  nodes: number,
  options: StartOptions,
): Promise<MintingWorker[]> {
  const startMs = hostMs();
  const fleet = await scene.fleet(name, nodes, options);
  await until(() => fleet.every(isMinting), WITHIN_MS);
  console.log(`${nodes} keepers (${name}…): all mint after ${(hostMs() - startMs).toFixed(0)} ms`);
  return fleet;
}

async function powerCut(fleet: readonly MintingWorker[]): Promise<number> {
  await Promise.all(fleet.map((worker) => worker.vanish()));
  return hostMs();
}

/** As many workers start again once every lease has run out. */
async function comeBack(
  scene: LeaseScene,
  before: readonly MintingWorker[],
  cutMs: number,
  options: StartOptions,
): Promise<Cut> {
  for (const { node } of before) await scene.claimGone(node!);
  const after = await up(scene, 'again-', before.length, options);
  await until(() => hostMs() - cutMs > PUT_BACK_MS);
  return { before, cutMs, after, verdict: await scene.verdict() };
}

/** A few, for some time; their clocks come back slow. */
async function withSlowClocks(scene: LeaseScene, again: StartOptions): Promise<Cut> {
  const options: StartOptions = { everyMs: 10 };
  const before = await up(scene, 'few-', 2 ** FEW_BITS, options);
  await systemClock.sleep(MINTING_MS);
  const clock = new SteppingClock();
  clock.aheadMs = -PUT_BACK_MS;
  const slow: StartOptions = { clock, keeper: { clockProof: 'none' } };
  return comeBack(scene, before, await powerCut(before), { ...options, ...slow, ...again });
}

describe('a thousand workers', () => {
  let pool: LeaseScene;
  let cut: Cut;
  let oneTooMany: EntryOf<'ended'>;
  let slow: LeaseScene;
  let slowCut: Cut;
  let careless: LeaseScene;
  let carelessCut: Cut;

  beforeAll(async () => {
    etcd = await provideEtcd({ fresh: true });
    const { endpoints } = etcd;
    pool = await LeaseScene.open({ endpoints, workerBits: WORKER_BITS });
    slow = await LeaseScene.open({ endpoints, workerBits: FEW_BITS });
    careless = await LeaseScene.open({ endpoints, workerBits: FEW_BITS });
    const options: StartOptions = { timing: TIMING, tryMs: tryMs(TIMING.ttlS), everyMs: 500 };
    const all = await up(pool, 'at-once-', NODES, options);
    oneTooMany = await (await pool.start('late', options)).ended;
    const cutMs = await powerCut(all);
    [cut, slowCut, carelessCut] = await Promise.all([
      comeBack(pool, all, cutMs, options),
      withSlowClocks(slow, {}),
      withSlowClocks(careless, { through: (store) => new Amnesiac(store) }),
    ]);
  }, SCENARIO_MS);

  afterAll(async () => {
    for (const each of [pool, slow, careless, etcd]) await each[Symbol.asyncDispose]();
  });

  it('that claim at once get a node each', () => {
    const nodes = new Set(cut.before.map(({ node }) => node));
    expect(nodes.size).toBe(NODES);
    expect(Math.max(...[...nodes].map(Number))).toBe(NODES - 1);
  });

  it('leave none for one more, who is told how many there are, who holds them, and what to do', () => {
    expect(oneTooMany.code).toBe('POOL_EXHAUSTED');
    const holder = (node: number): string => cut.before.find((worker) => worker.node === node)!.worker;
    expect(oneTooMany.why).toContain(
      `nodes 0 to 1023: 1024 of 1024 are held (0 by ${holder(0)}, 1 by ${holder(1)}`,
    );
    expect(oneTooMany.why).toContain('and 1016 more); free workers or widen the node field');
  });

  it('after a power cut wait out the rest, and then all come up, each above all that its node gave (P1, P2)', () => {
    const { before, after, verdict } = cut;
    expect(new Set(after.map(({ node }) => node)).size).toBe(NODES);
    const wallAheadMs = systemClock.now().wallMs - hostMs();
    const restedMs = after.map((worker) => {
      const { incarnation, hostMs: at } = firstClaim(worker);
      return at + wallAheadMs - incarnation.floorMs;
    });
    // Of two readings of the same clock; the tolerance is for it being disciplined meanwhile.
    expect(Math.min(...restedMs)).toBeGreaterThan(restMs(TIMING) - 50);
    const lastMs = new Map(before.map((worker) => [worker.node, worker.generator!.lastTimestampMs]));
    const below = after.filter((worker) => {
      const { node, floorMs } = firstClaim(worker).incarnation;
      return floorMs <= lastMs.get(node)!;
    });
    expect(below).toEqual([]);
    expect(verdict.findings).toEqual([]);
    expect(verdict.incarnations).toBeGreaterThanOrEqual(2 * NODES);
  });

  it('whose clocks come back slow wait so much longer, and repeat nothing', () => {
    const { before, after, cutMs, verdict } = slowCut;
    expect(verdict.findings).toEqual([]);
    expect(verdict.incarnations).toBeGreaterThanOrEqual(before.length + after.length);
    const claimedMs = Math.min(...after.map((worker) => firstClaim(worker).hostMs));
    expect(claimedMs - cutMs).toBeGreaterThan(restMs(SHORT) + PUT_BACK_MS);
  });

  it('control: without windows the same slow clocks give the IDs of before again', () => {
    expect(rulesBroken(carelessCut.verdict)).toEqual(expect.arrayContaining(['duplicate', 'order']));
  });
});
