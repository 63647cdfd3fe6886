/**
 * Steps of the wall clock, through the product's own keeper, store and generator on a real etcd. The clock is injected
 * (no libfaketime): its wall half is stepped, its monotonic half is the machine's own. Two peers with right clocks mint
 * beside it. That steps do what facts §5.3 say, unit tests show; here no ID may be wrong, and no window in etcd.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { provideEtcd } from '../../deploy/local/backends.ts';
import type { EtcdBackend } from '../../deploy/local/backends.ts';
import { systemClock } from '../../src/clock.ts';
import type { LeaseFact } from '../../src/lease/port.ts';
import { isMinting, LeaseScene, SHORT, until } from '../support/lease-scene.ts';
import type { StartOptions } from '../support/lease-scene.ts';
import { judge, rulesBroken } from '../support/mint-judge.ts';
import type { Verdict } from '../support/mint-judge.ts';
import { hostMs } from '../support/mint-log.ts';
import type { EntryOf, LoggedRun, WorkerLog } from '../support/mint-log.ts';
import type { MintingWorker } from '../support/minting-worker.ts';
import { SteppingClock } from '../support/stepping-clock.ts';

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;
const SCENARIO_MS = 120_000;
const SEEN_FOR_MS = 3_000;

interface Run {
  readonly worker: MintingWorker;
  readonly peers: readonly MintingWorker[];
  readonly facts: readonly LeaseFact[];
  readonly steppedMs: number;
  readonly correctedMs: number;
  readonly verdict: Verdict;
  /** How far beyond the true time the highest window in etcd reached when it was written. */
  readonly reachMs: number;
}

let etcd: EtcdBackend;

/** The highest reach of all windows written; the observer's own delay makes it a little less. */
function reachOf({ watch }: LeaseScene): number {
  const trueMs = systemClock.now().wallMs - hostMs();
  const reaches = watch.events
    .filter(({ key, value }) => key.startsWith('window/') && value !== undefined)
    .map(({ value, seenMs }) => Number(value!.slice(0, 20)) - seenMs - trueMs);
  return Math.max(...reaches);
}

async function stepped(byMs: number, keeper: StartOptions['keeper'] = {}): Promise<Run> {
  await using scene = await LeaseScene.open({ endpoints: etcd.endpoints, workerBits: 3 });
  const clock = new SteppingClock();
  const facts: LeaseFact[] = [];
  const worker = await scene.start('stepped', { clock, keeper, observe: (fact) => facts.push(fact) });
  const peers = [await scene.start('b', { everyMs: 20 }), await scene.start('c', { everyMs: 20 })];
  await until(() => [worker, ...peers].every((each) => isMinting(each)));
  await until(() => worker.keeper.facts().clock.clocks === 2);
  clock.aheadMs += byMs;
  const steppedMs = hostMs();
  await systemClock.sleep(SEEN_FOR_MS); // the fault itself
  const correctedMs = hostMs();
  // Small steps are not put right: the clock goes on from where it is.
  if (Math.abs(byMs) > 1_000) clock.aheadMs -= byMs;
  // A node whose window went a year ahead is burnt: its worker gives nothing any more.
  if (keeper.clockProof !== 'none')
    await until(() => (worker.all('minted').at(-1)?.hostMs ?? 0) > correctedMs + 500, 30_000);
  const verdict = await scene.verdict();
  return { worker, peers, facts, steppedMs, correctedMs, verdict, reachMs: reachOf(scene) };
}

const during = <E extends { readonly hostMs: number }>(entries: readonly E[], run: Run): E[] =>
  entries.filter((entry) => entry.hostMs > run.steppedMs && entry.hostMs < run.correctedMs);

/** The longest time nothing was given, from the step on. */
function pauseMs(run: Run): number {
  const times = [run.steppedMs, ...during(run.worker.all('minted'), run).map((entry) => entry.hostMs)];
  return Math.max(...times.slice(1).map((ms, n) => ms - times[n]!));
}

const refusals = (run: Run): string[] => during(run.worker.all('refused'), run).map(({ why }) => why);

const STEPS = [-3, -300, -10_000, 300, HOUR_MS, YEAR_MS] as const;

describe('the wall clock steps; the monotonic clock is honest', () => {
  const runs = new Map<number, Run>();
  let control: Run;

  beforeAll(async () => {
    etcd = await provideEtcd({ fresh: true });
    const all = await Promise.all([
      stepped(YEAR_MS, { clockProof: 'none' }),
      ...STEPS.map((byMs) => stepped(byMs)),
    ]);
    control = all[0];
    STEPS.forEach((byMs, n) => runs.set(byMs, all[n + 1]!));
  }, SCENARIO_MS);
  afterAll(async () => {
    await etcd[Symbol.asyncDispose]();
  });

  it.each(STEPS)(
    '%d ms: no ID twice, rising, within window and deadline; no window follows (P1, P5)',
    (byMs) => {
      const { verdict, reachMs, peers } = runs.get(byMs)!;
      expect(verdict.findings).toEqual([]);
      expect(reachMs).toBeLessThan(SHORT.windowMs + 500);
      // Nobody else is disturbed.
      for (const peer of peers) expect([peer.all('refused').slice(1), peer.all('lost')]).toEqual([[], []]);
    },
  );

  it('−3 ms is absorbed', () => {
    expect(refusals(runs.get(-3)!)).toEqual([]);
    expect(runs.get(-3)!.worker.generator?.facts.rollbacksFailed).toBe(0);
  });

  it('−300 ms is held until the clock is back where it was', () => {
    const run = runs.get(-300)!;
    expect(refusals(run)).toEqual([]);
    expect(pauseMs(run)).toBeGreaterThan(250);
  });

  it('−10 s fails at once; the claim is kept for a clock that is put right', () => {
    const run = runs.get(-10_000)!;
    // No GRANT meanwhile, so that the window may run out before the clock is right again.
    expect(refusals(run)[0]).toBe('clock-back');
    expect(during(run.worker.all('minted'), run)).toEqual([]);
    expect(run.worker.all('lost')).toEqual([]);
  });

  it('+300 ms is told, and gives IDs that are early', () => {
    const run = runs.get(300)!;
    expect(refusals(run)).toEqual([]);
    expect(run.facts).toContainEqual({ fact: 'clock-stepped', byMs: expect.closeTo(300, -1) });
  });

  it.each([HOUR_MS, YEAR_MS])('+%d ms: nothing is given until the clock is put right', (byMs) => {
    const run = runs.get(byMs)!;
    expect(during(run.worker.all('minted'), run)).toEqual([]);
    expect(refusals(run).length).toBeGreaterThan(0);
  });

  it('control: where the proof is overridden the window in etcd follows the clock by a year', () => {
    expect(control.reachMs).toBeGreaterThan(YEAR_MS - 1_000);
  });

  it.each(STEPS.filter((byMs) => byMs < 0))(
    'control: after a step of %d ms a generator that believes the wall clock repeats itself',
    (byMs) => {
      expect(rulesBroken(judge([believing(byMs)]))).toEqual(expect.arrayContaining(['duplicate', 'order']));
    },
  );
});

/** As many libraries do it: the timestamp is the clock’s, the sequence begins at 0 in each new millisecond. */
function believing(byMs: number): WorkerLog {
  const incarnation = { node: 0, createRevision: '1', nonce: 'believing', floorMs: 0 };
  const spanMs = 11_000;
  const startMs = Date.UTC(2026, 0, 1);
  const entries = [startMs, startMs + spanMs + byMs].map((fromMs, n): EntryOf<'minted'> => {
    const runs = Array.from({ length: spanMs }, (_, ms): LoggedRun => [fromMs + ms, 0, 1]);
    const now = { wallMs: fromMs + spanMs, monotonicMs: (n + 1) * spanMs };
    return { is: 'minted', hostMs: now.monotonicMs, nonce: incarnation.nonce, now, runs };
  });
  return { worker: 'believing', entries: [{ is: 'claimed', hostMs: 0, incarnation }, ...entries] };
}
