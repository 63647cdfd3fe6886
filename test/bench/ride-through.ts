/**
 * How long minting survives an etcd that hangs, under the profile `ride-through` as it is (TTL 600 s, W 570 s):
 * `npm run bench:ride-through [profile] [etcd hangs for at most so many seconds]`. Ten minutes of waiting, hardly any CPU.
 * etcd is stopped by a signal, nothing is closed; it runs again once minting has stopped, or after the given time.
 */
import { provideEtcd } from '../../deploy/local/backends.ts';
import { systemClock } from '../../src/clock.ts';
import { TIMING_PROFILES, tryMs } from '../../src/lease/timing.ts';
import { isMinting, LeaseScene, until } from '../support/lease-scene.ts';
import { hostMs } from '../support/mint-log.ts';

const name = process.argv[2] === 'default' ? 'default' : 'ride-through';
const timing = TIMING_PROFILES[name];
const limitMs = Number(process.argv[3] ?? 3_600) * 1e3;
const EVERY_MS = 50;
const seconds = (ms: number): string => `${(ms / 1e3).toFixed(1)} s`;

await using etcd = await provideEtcd({ fresh: true });
await using scene = await LeaseScene.open({ endpoints: etcd.endpoints, workerBits: 0 });
const worker = await scene.start('w', { timing, everyMs: EVERY_MS, tryMs: tryMs(timing.ttlS) });
await until(() => isMinting(worker));
await systemClock.sleep(timing.refreshMs * 1.2);
const hungMs = hostMs();
etcd.nodes[0]!.signal('SIGSTOP');
console.log(`${name}: TTL ${timing.ttlS} s, W ${timing.windowMs / 1e3} s; etcd hangs`);
const stopped = () => worker.all('refused').find((entry) => entry.hostMs > hungMs);
await until(() => stopped() !== undefined || hostMs() - hungMs > limitMs, 3_600_000);
const last = worker.all('minted').at(-1)!;
const why = stopped()?.why ?? 'it goes on';
console.log(`minted for ${seconds(last.hostMs - hungMs)} without etcd; then: ${why}`);
const wokenMs = hostMs();
etcd.nodes[0]!.signal('SIGCONT');
await until(() => worker.all('minted').at(-1)!.hostMs > wokenMs, 60_000);
const again = worker.all('minted').find((entry) => entry.hostMs > wokenMs)!;
const { ids, incarnations, findings } = await scene.verdict();
console.log(
  `minting ${seconds(again.hostMs - wokenMs)} after etcd ran again; claims: ${incarnations}; ` +
    `${ids.toLocaleString('en')} IDs judged, findings: ${findings.length}`,
);
if (findings.length > 0) process.exitCode = 1;
