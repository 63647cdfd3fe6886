/**
 * Start-up under load: a whole pool claimed at once, a worker too many, and a power cut of the whole fleet. All keepers run in this
 * process, eight on a connection, so their leases are long: a busy machine is not to take them. After the cut the test ends the leases
 * itself, as their time would; the rest of the nodes passes on the clock of those who come back, but for its last seconds.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { provideEtcd } from '../../deploy/local/backends.ts';
import type { EtcdBackend } from '../../deploy/local/backends.ts';
import { systemClock } from '../../src/clock.ts';
import type { EtcdStore } from '../../src/lease/etcd.ts';
import type { LeaseStore } from '../../src/lease/store.ts';
import { restMs, tryMs } from '../../src/lease/timing.ts';
import { isMinting, LeaseScene, until } from '../support/lease-scene.ts';
import type { StartOptions } from '../support/lease-scene.ts';
import { rulesBroken } from '../support/mint-judge.ts';
import type { Verdict } from '../support/mint-judge.ts';
import { hostMs } from '../support/mint-log.ts';
import type { EntryOf } from '../support/mint-log.ts';
import type { MintingWorker } from '../support/minting-worker.ts';
import { SteppingClock } from '../support/stepping-clock.ts';
import { Amnesiac, LeaseNotes } from '../support/store-taps.ts';

const SCENARIO_MS = 240_000;
const WITHIN_MS = 90_000;
const TIMING = { ttlS: 60, windowMs: 54_000, refreshMs: 18_000 } as const;
const WORKER_BITS = 10;
const NODES = 2 ** WORKER_BITS;
const FEW_BITS = 2;
/** What is left of the rest of the last node when the fleet comes back. */
const LEFT_MS = 4_000;
/** A flat battery: the clocks come back slow by this. */
const PUT_BACK_MS = 3_000;
/** Long enough for a fleet that goes through the same time again to meet what it gave. */
const MINTING_MS = 2_000;

interface Fleet {
  readonly workers: readonly MintingWorker[];
  readonly leaseIds: Set<string>;
}

interface Cut {
  readonly before: readonly MintingWorker[];
  /** Highest window of the fleet that was cut off. */
  readonly untilMs: number;
  readonly clock: SteppingClock;
  /** By the clock of those who came back. */
  readonly backMs: number;
  readonly after: readonly MintingWorker[];
  readonly verdict: Verdict;
}

const firstClaim = (worker: MintingWorker): EntryOf<'claimed'> => worker.all('claimed')[0]!;

/** By the wall clock the worker had at its claim: `ahead` of the host's. */
const claimedAtMs = (worker: MintingWorker, { clock }: Cut): number =>
  firstClaim(worker).hostMs + (clock.now().wallMs - hostMs());

/** A fleet, minting. */
async function up(scene: LeaseScene, name: string, nodes: number, options: StartOptions): Promise<Fleet> {
  const startMs = hostMs();
  const leaseIds = new Set<string>();
  const { through = (store: EtcdStore): LeaseStore => store } = options;
  const workers = await scene.fleet(name, nodes, {
    ...{ timing: TIMING, tryMs: tryMs(TIMING.ttlS) },
    ...options,
    through: (store) => new LeaseNotes(through(store), leaseIds),
  });
  await until(() => workers.every(isMinting), WITHIN_MS);
  console.log(`${nodes} keepers (${name}…): all mint after ${(hostMs() - startMs).toFixed(0)} ms`);
  return { workers, leaseIds };
}

/** All at once, without a word; their leases end. */
async function powerCut(scene: LeaseScene, { workers, leaseIds }: Fleet): Promise<number> {
  await Promise.all(workers.map((worker) => worker.vanish()));
  const store = scene.store();
  for (const leaseId of leaseIds) await store.closeLease(leaseId);
  for (const { node } of workers) await scene.claimGone(node!);
  return Math.max(...workers.map((worker) => worker.all('permit').at(-1)!.permit.untilMs));
}

/** A few, for some time; their clocks come back slow. */
async function withSlowClocks(scene: LeaseScene, again: StartOptions): Promise<Cut> {
  // The shortest leases there are: the rest of their nodes is waited out for real.
  const timing = { ttlS: 5, windowMs: 3_000, refreshMs: 600 };
  const options: StartOptions = { timing, tryMs: tryMs(5), everyMs: 10 };
  const before = await up(scene, 'few-', 2 ** FEW_BITS, options);
  await systemClock.sleep(MINTING_MS);
  const untilMs = await powerCut(scene, before);
  const clock = new SteppingClock();
  clock.aheadMs = -PUT_BACK_MS;
  const backMs = clock.now().wallMs;
  const slow: StartOptions = { clock, keeper: { clockProof: 'none' } };
  const after = await up(scene, 'again-', 2 ** FEW_BITS, { ...options, ...slow, ...again });
  const overMs = hostMs() + PUT_BACK_MS + MINTING_MS;
  await until(() => hostMs() > overMs);
  const { workers } = after;
  return { before: before.workers, untilMs, clock, backMs, after: workers, verdict: await scene.verdict() };
}

describe('a thousand workers', () => {
  let etcd: EtcdBackend;
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
    const all = await up(pool, 'at-once-', NODES, { everyMs: 500 });
    oneTooMany = await (await pool.start('late', { timing: TIMING, tryMs: tryMs(TIMING.ttlS) })).ended;
    const untilMs = await powerCut(pool, all);
    const clock = new SteppingClock();
    clock.aheadMs = untilMs + restMs(TIMING) - LEFT_MS - systemClock.now().wallMs;
    const backMs = clock.now().wallMs;
    const { workers: after } = await up(pool, 'again-', NODES, { everyMs: 500, clock });
    cut = { before: all.workers, untilMs, clock, backMs, after, verdict: await pool.verdict() };

    slow = await LeaseScene.open({ endpoints, workerBits: FEW_BITS });
    careless = await LeaseScene.open({ endpoints, workerBits: FEW_BITS });
    [slowCut, carelessCut] = await Promise.all([
      withSlowClocks(slow, {}),
      withSlowClocks(careless, { through: (store) => new Amnesiac(store) }),
    ]);
  }, SCENARIO_MS);

  afterAll(async () => {
    for (const each of [pool, slow, careless, etcd]) await each[Symbol.asyncDispose]();
  }, 60_000);

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
    const { before, untilMs, backMs, after, verdict } = cut;
    expect(untilMs + restMs(TIMING) - backMs).toBeGreaterThan(LEFT_MS - 1_000);
    expect(new Set(after.map(({ node }) => node)).size).toBe(NODES);
    // The floor of a claim is the window before it. Two readings of one clock: it may be disciplined meanwhile.
    const restedMs = after.map((worker) => claimedAtMs(worker, cut) - firstClaim(worker).incarnation.floorMs);
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
    const { before, after, verdict } = slowCut;
    expect(verdict.findings).toEqual([]);
    expect(verdict.incarnations).toBeGreaterThanOrEqual(before.length + after.length);
    const rest = restMs({ ttlS: 5, windowMs: 3_000, refreshMs: 600 });
    const restedMs = after.map(
      (worker) => claimedAtMs(worker, slowCut) - firstClaim(worker).incarnation.floorMs,
    );
    expect(Math.min(...restedMs)).toBeGreaterThan(rest - 50);
  });

  it('control: without windows the same slow clocks give the IDs of before again', () => {
    expect(rulesBroken(carelessCut.verdict)).toEqual(expect.arrayContaining(['duplicate', 'order']));
  });
});
