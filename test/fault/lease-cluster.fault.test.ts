/**
 * Three etcd members. Their leader is parted from the other two, by proxies in both directions, while clients still reach
 * it; then, the network whole again, the leader is killed. Members that lead are the hard case: a member that follows
 * cannot answer anything alone, one that led may believe that it still does.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { provideEtcd } from '../../deploy/local/backends.ts';
import type { EtcdBackend } from '../../deploy/local/backends.ts';
import type { LeaseFact } from '../../src/lease/port.ts';
import { tryMs } from '../../src/lease/timing.ts';
import { leaderOf, PeerNetwork } from '../support/etcd-partition.ts';
import { LeaseScene, until } from '../support/lease-scene.ts';
import type { Verdict } from '../support/mint-judge.ts';
import { hostMs } from '../support/mint-log.ts';
import type { MintingWorker } from '../support/minting-worker.ts';

const SCENARIO_MS = 120_000;
const TIMING = { ttlS: 6, windowMs: 5_400, refreshMs: 600 } as const;
const TTL_MS = TIMING.ttlS * 1_000;
/** In which a leader that hears from nobody notices: two of etcd’s election timeouts. */
const NOTICED_MS = 2_000;

interface Told {
  readonly hostMs: number;
  readonly fact: LeaseFact;
}

interface Run {
  /** Lists all members, the one the fault befalls first. */
  readonly able: MintingWorker;
  /** Lists that one alone. */
  readonly bound: MintingWorker;
  readonly boundTold: readonly Told[];
  readonly faultMs: number;
  readonly overMs: number;
  readonly verdict: Verdict;
}

let network: PeerNetwork;
let etcd: EtcdBackend;

/** Both workers mint; the leader is struck until the bound one has lost its lease, and helped up again. */
async function strikeLeader(
  strike: (member: number) => void,
  help: (member: number) => unknown,
): Promise<Run> {
  const leader = await leaderOf(etcd);
  const others = etcd.endpoints.filter((_, member) => member !== leader);
  // Spare nodes: one that was lost rests.
  await using scene = await LeaseScene.open({ endpoints: others, workerBits: 2 });
  const common = { timing: TIMING, tryMs: tryMs(TIMING.ttlS) };
  const boundTold: Told[] = [];
  const [able, bound] = await Promise.all([
    scene.start('able', { ...common, endpoints: [etcd.endpoints[leader]!, ...others] }),
    scene.start('bound', {
      ...common,
      endpoints: [etcd.endpoints[leader]!],
      observe: (fact) => boundTold.push({ hostMs: hostMs(), fact }),
    }),
  ]);
  await until(() => [able, bound].every((worker) => worker.all('permit').length >= 3));
  strike(leader);
  const faultMs = hostMs();
  await until(() => bound.all('lost').length > 0);
  await scene.claimGone(bound.node!);
  const overMs = hostMs();
  await help(leader);
  await until(() => bound.all('minted').at(-1)!.hostMs > overMs, 60_000);
  return { able, bound, boundTold, faultMs, overMs, verdict: await scene.verdict() };
}

const permitAfter = (worker: MintingWorker, ms: number): number | undefined =>
  worker.all('permit').find((entry) => entry.hostMs > ms)?.hostMs;

/** The longest time nothing was given, from just before the fault until it was over. */
function longestPauseMs({ able, faultMs, overMs }: Run): number {
  const times = able.all('minted').map((entry) => entry.hostMs);
  const around = times.filter((ms) => ms > faultMs - 100 && ms < overMs);
  return Math.max(...around.slice(1).map((ms, n) => ms - around[n]!));
}

describe('three members of etcd', () => {
  let parted: Run;
  let killed: Run;

  beforeAll(async () => {
    network = new PeerNetwork();
    etcd = await provideEtcd({ members: 3, peersThrough: network.through });
    await network.learn(etcd);
    parted = await strikeLeader(
      (member) => {
        network.part(member);
      },
      () => {
        network.heal();
      },
    );
    killed = await strikeLeader(
      (member) => {
        etcd.nodes[member]!.signal('SIGKILL');
      },
      (member) => etcd.nodes[member]!.start(),
    );
    for (const [name, run] of Object.entries({ parted, killed }))
      console.log(
        `leader ${name}: renewed ${(permitAfter(run.able, run.faultMs)! - run.faultMs).toFixed(0)} ms after, longest ` +
          `pause ${longestPauseMs(run).toFixed(0)} ms; bound to it: lost ` +
          `${(run.bound.all('lost')[0]!.hostMs - run.faultMs).toFixed(0)} ms after`,
      );
  }, SCENARIO_MS);

  afterAll(async () => {
    await etcd[Symbol.asyncDispose]();
    await network[Symbol.asyncDispose]();
  });

  const runs = { parted: () => parted, killed: () => killed };

  it.each(['parted', 'killed'] as const)(
    'the leader is %s: a worker that lists the others too mints on under the same claim, renewed before its deadline (P5)',
    (what) => {
      const { able, bound, faultMs, overMs, verdict } = runs[what]();
      expect(able.all('claimed')).toHaveLength(1);
      expect(able.all('lost')).toEqual([]);
      expect(able.all('refused').filter((entry) => entry.hostMs > faultMs)).toEqual([]);
      expect(longestPauseMs(runs[what]())).toBeLessThan(1_000);
      // Not one GRANT that had been on its way: they went on coming.
      const during = able.all('permit').filter((entry) => entry.hostMs > faultMs + NOTICED_MS);
      expect(during.filter((entry) => entry.hostMs < overMs).length).toBeGreaterThan(2);
      expect(verdict).toMatchObject({ findings: [], incarnations: 1 + bound.all('claimed').length });
    },
  );

  it('parted: it is renewed over another member within TTL/2', () => {
    expect(permitAfter(parted.able, parted.faultMs)! - parted.faultMs).toBeLessThan(TTL_MS / 2);
  });

  it.each(['parted', 'killed'] as const)(
    'control: the leader is %s, and a worker that lists it alone stops minting at its window or deadline (P1, P5)',
    (what) => {
      const { bound, faultMs, overMs } = runs[what]();
      const last = bound.all('minted').findLast((entry) => entry.hostMs < overMs)!;
      expect(last.hostMs - faultMs).toBeLessThan(TTL_MS);
      expect(bound.all('lost')[0]!.hostMs - faultMs).toBeLessThan(TTL_MS);
      expect(overMs - last.hostMs).toBeGreaterThan(100);
      expect(bound.all('claimed').length).toBeGreaterThan(1);
    },
  );

  // Until it notices, etcd renews leases without asking the others. The leader after it gives each lease its whole TTL
  // again, and is chosen later than that; the judge looks for IDs given after the claim was gone.
  it('a leader that is parted grants no window though it is asked, and from when it notices renews no lease', () => {
    const { boundTold, faultMs, overMs } = parted;
    // What was under way when the network broke may have been applied by all.
    const alone = boundTold.filter((told) => told.hostMs > faultMs + 100 && told.hostMs < overMs);
    expect(alone.filter(({ fact }) => fact.fact === 'granted')).toEqual([]);
    const noticed = alone.filter((told) => told.hostMs > faultMs + NOTICED_MS);
    expect(noticed.filter(({ fact }) => fact.fact === 'renewed')).toEqual([]);
    expect(alone.filter(({ fact }) => fact.fact === 'trouble').length).toBeGreaterThan(1);
  });
});
