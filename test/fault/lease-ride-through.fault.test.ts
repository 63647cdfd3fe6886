/**
 * The profile `ride-through`, a thirtieth as long: as much of the TTL is window as the rules allow, and it is granted anew
 * often. The real one waits ten minutes: `npm run bench:ride-through`.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { provideEtcd } from '../../deploy/local/backends.ts';
import type { EtcdBackend } from '../../deploy/local/backends.ts';
import { systemClock } from '../../src/clock.ts';
import { marginMs, TIMING_PROFILES, tryMs } from '../../src/lease/timing.ts';
import { isMinting, LeaseScene, until } from '../support/lease-scene.ts';
import { hostMs } from '../support/mint-log.ts';
import type { MintingWorker } from '../support/minting-worker.ts';

const SCENARIO_MS = 120_000;
const REAL = TIMING_PROFILES['ride-through'];
const TTL_S = REAL.ttlS / 30;
const SCALED = {
  ttlS: TTL_S,
  windowMs: TTL_S * 1_000 - marginMs(TTL_S),
  refreshMs: REAL.refreshMs / 30,
};
/** All that is left of a window for certain, less a second for a busy machine. */
const OUTAGE_MS = SCALED.windowMs - SCALED.refreshMs - 1_000;

describe('etcd hangs for nearly as long as a window of the profile ride-through', () => {
  let etcd: EtcdBackend;
  let scene: LeaseScene;
  let rider: MintingWorker;
  let usual: MintingWorker;
  let hungMs: number;
  let wokenMs: number;

  beforeAll(async () => {
    etcd = await provideEtcd({ fresh: true });
    // Spare nodes: one that was lost rests.
    scene = await LeaseScene.open({ endpoints: etcd.endpoints, workerBits: 2 });
    const timings = { rider: SCALED, usual: TIMING_PROFILES.default };
    [rider, usual] = await Promise.all([
      scene.start('rider', { timing: timings.rider, tryMs: tryMs(timings.rider.ttlS) }),
      scene.start('usual', { timing: timings.usual, tryMs: tryMs(timings.usual.ttlS) }),
    ]);
    await until(() => rider.all('permit').length >= 2 && isMinting(usual));
    hungMs = hostMs();
    etcd.nodes[0]!.signal('SIGSTOP');
    await systemClock.sleep(OUTAGE_MS); // the fault itself
    wokenMs = hostMs();
    etcd.nodes[0]!.signal('SIGCONT');
    await until(() => rider.all('permit').at(-1)!.hostMs > wokenMs);
    await until(() => usual.all('minted').at(-1)!.hostMs > wokenMs);
  }, SCENARIO_MS);

  afterAll(async () => {
    for (const each of [scene, etcd]) await each[Symbol.asyncDispose]();
  });

  const refusedMeanwhile = (worker: MintingWorker) =>
    worker.all('refused').filter(({ hostMs: at }) => at > hungMs && at < wokenMs);

  it('minting goes on throughout, under the same claim, and nothing is wrong with what is given (P1, P5)', async () => {
    const times = rider.all('minted').map(({ hostMs: at }) => at);
    const gaps = times.slice(1).map((at, n) => at - times[n]!);
    expect(refusedMeanwhile(rider)).toEqual([]);
    expect(Math.max(...gaps)).toBeLessThan(1_000);
    expect(times.at(-1)).toBeGreaterThan(wokenMs);
    expect(rider.all('claimed')).toHaveLength(1);
    expect((await scene.verdict()).findings).toEqual([]);
  });

  it('control: under the usual profile the same outage stops minting before it is over', () => {
    expect(refusedMeanwhile(usual)).not.toEqual([]);
    const last = usual.all('minted').findLast(({ hostMs: at }) => at < wokenMs)!;
    expect(wokenMs - last.hostMs).toBeGreaterThan(OUTAGE_MS - TIMING_PROFILES.default.windowMs - 1_000);
    expect(last.hostMs - hungMs).toBeLessThan(TIMING_PROFILES.default.windowMs);
  });
});
