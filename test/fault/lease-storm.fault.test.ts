/**
 * Start-up under load: a whole pool claimed at once, a worker too many, and a power cut of the whole fleet. All keepers run in this
 * process, eight on a connection, so their leases are long: a busy machine is not to take them. After the cut the test ends the leases
 * itself, as their time would. The rest of the nodes passes on the clock of those who come back: it stands a millisecond before the
 * first node is free, until a vanguard has looked and found none; then it goes on beyond the last, and the others start as well.
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
import { StandingClock } from '../support/standing-clock.ts';
import { nodeHistories } from '../support/store-history.ts';
import { Amnesiac, LeaseNotes } from '../support/store-taps.ts';

const SCENARIO_MS = 420_000;
const WITHIN_MS = 180_000;
const TIMING = { ttlS: 60, windowMs: 54_000, refreshMs: 18_000 } as const;
const OPTIONS: StartOptions = { timing: TIMING, tryMs: tryMs(TIMING.ttlS) };
const WORKER_BITS = 10;
const NODES = 2 ** WORKER_BITS;
const FEW_BITS = 2;
/** Come back while all nodes rest: each reads the whole pool, which a thousand in one process are slow at. */
const VANGUARD = 256;
/** A keeper whose clock stands does not try again, so that no answer may be too late for it. */
const PATIENT_MS = 60_000;
/** More than a keeper waits between two looks at a pool that rests. */
const LONG_PAUSE_MS = 8_000;
/** A flat battery: the clocks come back slow by this. */
const PUT_BACK_MS = 2_000;
/** Long enough for a fleet that goes through the same time again to meet what it gave. */
const MINTING_MS = 1_500;

interface Fleet {
  readonly workers: readonly MintingWorker[];
  readonly leaseIds: ReadonlySet<string>;
}

/** When the first node is free again, and when the last. */
interface Rest {
  readonly firstMs: number;
  readonly lastMs: number;
}

interface Cut {
  readonly before: readonly MintingWorker[];
  readonly after: readonly MintingWorker[];
  /** How many had a claim a millisecond before the first node was free. */
  readonly early: number;
  readonly verdict: Verdict;
}

const firstClaim = (worker: MintingWorker): EntryOf<'claimed'> => worker.all('claimed')[0]!;
const claimants = (workers: readonly MintingWorker[]): number =>
  workers.filter((worker) => worker.all('claimed').length > 0).length;

/** A fleet, minting. */
async function up(scene: LeaseScene, name: string, nodes: number, options: StartOptions): Promise<Fleet> {
  const leaseIds = new Set<string>();
  const { through = (store: EtcdStore): LeaseStore => store } = options;
  const noted: StartOptions['through'] = (store) => new LeaseNotes(through(store), leaseIds);
  const startMs = hostMs();
  const workers = await scene.fleet(name, nodes, { ...OPTIONS, ...options, through: noted });
  await until(() => workers.every(isMinting), WITHIN_MS);
  console.log(`${nodes} keepers (${name}…): all mint after ${(hostMs() - startMs).toFixed(0)} ms`);
  return { workers, leaseIds };
}

/** All at once, without a word; their leases end. Windows stay as etcd has them. */
async function powerCut(scene: LeaseScene, { workers, leaseIds }: Fleet): Promise<Rest> {
  await Promise.all(workers.map((worker) => worker.vanish()));
  const store = scene.store();
  for (const leaseId of leaseIds) await store.closeLease(leaseId);
  for (const { node } of workers) await scene.claimGone(node!);
  const histories = [...nodeHistories(await scene.watch.caughtUp()).values()];
  const ends = histories.map(({ windows }) => windows.at(-1)!.untilMs + restMs(TIMING));
  return { firstMs: Math.min(...ends), lastMs: Math.max(...ends) };
}

interface Again {
  readonly workers: readonly MintingWorker[];
  readonly seen: { readonly looked: number };
}

/** So many workers start again; nothing is waited for. `looked` counts who found all resting while the clock stood. */
async function again(scene: LeaseScene, count: number, options: StartOptions): Promise<Again> {
  const seen = { looked: 0 };
  const observe: StartOptions['observe'] = (fact) => {
    if (fact.fact === 'resting' && fact.readyInMs < TIMING.windowMs) seen.looked++;
  };
  const settings = { ...OPTIONS, tryMs: PATIENT_MS, observe, ...options };
  return { workers: await scene.fleet('again-', count, settings), seen };
}

/** The clock stands just before the end of the first rest until all have looked (or claimed), and then goes on beyond the last. Tells who was early. */
async function waitOut({ workers, seen }: Again, clock: StandingClock, rest: Rest): Promise<number> {
  clock.standAt(rest.firstMs - 1);
  await until(() => seen.looked + claimants(workers) >= workers.length, WITHIN_MS);
  const early = claimants(workers);
  clock.standAt(rest.lastMs + LONG_PAUSE_MS);
  clock.goOn();
  return early;
}

async function wholePool(scene: LeaseScene): Promise<Cut & { readonly late: EntryOf<'ended'> }> {
  const all = await up(scene, 'at-once-', NODES, { everyMs: 500 });
  const late = await (await scene.start('late', OPTIONS)).ended;
  const rest = await powerCut(scene, all);
  const clock = new StandingClock(rest.firstMs - 1);
  const vanguard = await again(scene, VANGUARD, { everyMs: 500, clock });
  const early = await waitOut(vanguard, clock, rest);
  const others = await up(scene, 'others-', NODES - VANGUARD, { everyMs: 500, clock });
  const after = [...vanguard.workers, ...others.workers];
  await until(() => after.every(isMinting), WITHIN_MS);
  return { before: all.workers, after, early, late, verdict: await scene.verdict() };
}

/** A few, for some time; their clocks come back slow, and run through the time before the cut a second time. */
async function slowClocks(
  scene: LeaseScene,
  finish: (back: Again, clock: StandingClock, rest: Rest) => Promise<number>,
  through: (store: EtcdStore) => LeaseStore = (store) => store,
): Promise<Cut> {
  const before = await up(scene, 'few-', 2 ** FEW_BITS, {});
  await systemClock.sleep(MINTING_MS); // what is given now is not to be given again
  const clock = new StandingClock(systemClock.now().wallMs - PUT_BACK_MS);
  const rest = await powerCut(scene, before);
  clock.goOn();
  const back = await again(scene, 2 ** FEW_BITS, { clock, keeper: { clockProof: 'none' }, through });
  const throughMs = clock.now().wallMs + PUT_BACK_MS + 500;
  await until(() => clock.now().wallMs > throughMs);
  const early = await finish(back, clock, rest);
  await until(() => back.workers.every(isMinting), WITHIN_MS);
  return { before: before.workers, after: back.workers, early, verdict: await scene.verdict() };
}

describe('a thousand workers', () => {
  const open: AsyncDisposable[] = [];
  let etcd: EtcdBackend;
  let cut: Awaited<ReturnType<typeof wholePool>>;
  let slow: Cut;
  let careless: Cut;

  async function scene(workerBits: number): Promise<LeaseScene> {
    const opened = await LeaseScene.open({ endpoints: etcd.endpoints, workerBits });
    open.unshift(opened);
    return opened;
  }

  beforeAll(async () => {
    etcd = await provideEtcd({ fresh: true });
    open.push(etcd);
    cut = await wholePool(await scene(WORKER_BITS));
    [slow, careless] = await Promise.all([
      slowClocks(await scene(FEW_BITS), waitOut),
      slowClocks(
        await scene(FEW_BITS),
        ({ workers }) => Promise.resolve(claimants(workers)),
        (store) => new Amnesiac(store),
      ),
    ]);
  }, SCENARIO_MS);

  afterAll(async () => {
    for (const each of open) await each[Symbol.asyncDispose]();
  }, 60_000);

  it('that claim at once get a node each', () => {
    const nodes = new Set(cut.before.map(({ node }) => node));
    expect(nodes.size).toBe(NODES);
    expect(Math.max(...[...nodes].map(Number))).toBe(NODES - 1);
  });

  it('leave none for one more, who is told how many there are, who holds them, and what to do', () => {
    const { code, why } = cut.late;
    expect(code).toBe('POOL_EXHAUSTED');
    const holder = (node: number): string => cut.before.find((worker) => worker.node === node)!.worker;
    expect(why).toContain(`nodes 0 to 1023: 1024 of 1024 are held (0 by ${holder(0)}, 1 by ${holder(1)}`);
    expect(why).toContain('and 1016 more); free workers or widen the node field');
  });

  it.each([
    ['after a power cut', () => cut],
    // Over by their own clocks: a right one reads two seconds more.
    ['whose clocks come back slow', () => slow],
  ])('%s claim nothing before the rest is over, and then all come up, above all given (P1, P2)', (_, of) => {
    const { before, after, early, verdict } = of();
    expect(early).toBe(0);
    const nodes = new Set(after.map((worker) => firstClaim(worker).incarnation.node));
    expect(nodes.size).toBe(before.length);
    const lastMs = new Map(before.map((worker) => [worker.node, worker.generator!.lastTimestampMs]));
    const below = after.filter((worker) => {
      const { node, floorMs } = firstClaim(worker).incarnation;
      return floorMs <= lastMs.get(node)!;
    });
    expect(below).toEqual([]);
    expect(verdict.findings).toEqual([]);
    expect(verdict.incarnations).toBeGreaterThanOrEqual(2 * before.length);
  });

  it('control: without windows all claim before the rest is over, and the same slow clocks give IDs again', () => {
    expect(careless.early).toBe(careless.after.length);
    expect(rulesBroken(careless.verdict)).toEqual(expect.arrayContaining(['duplicate', 'order']));
  });
});
