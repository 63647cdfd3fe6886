import type { EtcdBackend } from '../../deploy/local/backends.ts';
import { systemClock } from '../../src/clock.ts';
import { TIMING_PROFILES, tryMs } from '../../src/lease/timing.ts';
import { StallingProxy } from '../integration/lease/stalling-proxy.ts';
import { isMinting, LeaseScene, until, type StartOptions } from '../support/lease-scene.ts';
import { hostMs } from '../support/mint-log.ts';
import type { MintingWorker } from '../support/minting-worker.ts';
import { claimOf, highestWindow, nodeHistories } from '../support/store-history.ts';
import { Counted, type Tally } from '../support/store-taps.ts';

const timing = TIMING_PROFILES.default;
const TTL_MS = timing.ttlS * 1e3;
const OPTIONS: StartOptions = { timing, tryMs: tryMs(timing.ttlS), everyMs: 5 };
const PER_MS = 4_096;
const LONG_MS = 120_000;
const seconds = (value: number): string => `${(value / 1e3).toFixed(1)} s`;
/** IDs of so many milliseconds. */
const millions = (burntMs: number): string => `${((Math.max(0, burntMs) * PER_MS) / 1e6).toFixed(1)} M`;

/** The worker's requests and their answers vanish, nothing is closed: when its last ID is given, and when etcd drops the claim. */
export async function silence({ endpoints }: EtcdBackend): Promise<void> {
  await using proxy = await StallingProxy.before(endpoints[0]!);
  await using scene = await LeaseScene.open({ endpoints, workerBits: 2 });
  const worker = await scene.start('cut-off', { ...OPTIONS, endpoints: [proxy.endpoint] });
  await until(() => worker.all('permit').length > 2);
  const cutMs = hostMs();
  proxy.silence('both');
  const goneMs = await scene.claimGone(worker.node!, LONG_MS);
  const lastMs = worker.all('minted').at(-1)!.hostMs;
  console.log(
    `cut off from etcd: last ID after ${seconds(lastMs - cutMs)}, ${seconds(goneMs - lastMs)} before the server deletes the claim`,
  );
}

/** A pool of one node: how long until it gives IDs again, after a crash and after a release. */
export async function takeovers({ endpoints }: EtcdBackend): Promise<void> {
  await using scene = await LeaseScene.open({ endpoints, workerBits: 0 });
  const first = await scene.start('first', OPTIONS);
  await until(() => first.all('permit').length > 2);
  const crashedMs = hostMs();
  await first.vanish();
  const heir = await taken(scene, 'heir', crashedMs, 'crash', first);
  await until(() => heir.all('permit').length > 2);
  const releasedMs = hostMs();
  await heir.release();
  await taken(scene, 'next', releasedMs, 'clean release', heir);
}

async function taken(
  scene: LeaseScene,
  name: string,
  sinceMs: number,
  how: string,
  before: MintingWorker,
): Promise<MintingWorker> {
  let worker = await scene.start(name, OPTIONS);
  // While the one node is held the pool is exhausted, and whoever supervises the worker starts it again.
  const supervised = async (): Promise<boolean> => {
    if (worker.all('ended').length > 0) worker = await scene.start(name, OPTIONS);
    return isMinting(worker);
  };
  await until(supervised, LONG_MS);
  const tookMs = worker.all('minted')[0]!.hostMs - sinceMs;
  const { floorMs } = worker.all('claimed')[0]!.incarnation;
  console.log(
    `takeover after a ${how}: ${tookMs < 1e3 ? `${tookMs.toFixed(0)} ms` : seconds(tookMs)}; ` +
      `IDs burnt: ${millions(floorMs - before.generator!.lastTimestampMs - 1)}`,
  );
  return worker;
}

/** etcd is stopped in order and started again at once. */
export function restart(etcd: EtcdBackend): Promise<void> {
  return struck(etcd, 'etcd restarted', async ([node]) => {
    await node!.stop();
    await node!.start();
  });
}

/** etcd hangs: for less than a window, and for three leases. */
export async function hangs(etcd: EtcdBackend): Promise<void> {
  for (const hungMs of [6_000, 3 * TTL_MS])
    await struck(etcd, `etcd hung for ${seconds(hungMs)}`, async ([node]) => {
      node!.signal('SIGSTOP');
      await systemClock.sleep(hungMs);
      node!.signal('SIGCONT');
    });
}

async function struck(
  { endpoints, nodes }: EtcdBackend,
  what: string,
  strike: (nodes: EtcdBackend['nodes']) => Promise<void>,
): Promise<void> {
  const tally: Tally = { requests: 0, renewals: 0, renewalsLost: 0 };
  await using scene = await LeaseScene.open({ endpoints, workerBits: 2 });
  const worker = await scene.start('w', { ...OPTIONS, through: (store) => new Counted(store, tally) });
  await until(() => worker.all('permit').length > 2);
  const struckMs = hostMs();
  await strike(nodes);
  const overMs = hostMs();
  const { length } = worker.all('permit');
  await until(
    () => worker.all('permit').length > length && worker.all('minted').at(-1)!.hostMs > overMs,
    LONG_MS,
  );
  const times = worker.all('minted').map((entry) => entry.hostMs);
  const pauses = times.slice(1).map((time, i) => (time > struckMs ? time - times[i]! : 0));
  console.log(
    `${what}: renewals lost ${tally.renewalsLost}, claims lost ${worker.all('lost').length}, ` +
      `longest time without an ID ${seconds(Math.max(...pauses))}; IDs burnt: ${millions(await burntMs(scene, worker))}`,
  );
}

/** What is left of the windows of the claims it lost, as etcd has them: nobody gives an ID of it. */
async function burntMs({ watch }: LeaseScene, worker: MintingWorker): Promise<number> {
  const lost = new Set(worker.all('lost').map(({ nonce }) => nonce));
  if (lost.size === 0) return 0;
  const histories = nodeHistories(await watch.caughtUp());
  const claims = worker.all('claimed').filter(({ incarnation }) => lost.has(incarnation.nonce));
  return claims.reduce((sum, { incarnation: { node, createRevision, nonce, floorMs } }) => {
    const history = histories.get(node)!;
    const untilMs = highestWindow(history, claimOf(history, createRevision, nonce)!);
    const given = worker.all('minted').findLast((entry) => entry.nonce === nonce);
    return sum + untilMs - (given?.runs.at(-1)?.[0] ?? floorMs - 1) - 1;
  }, 0);
}
