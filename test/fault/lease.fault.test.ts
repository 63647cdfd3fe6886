import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Etcd3 } from 'etcd3';
import {
  provideEtcd,
  provideKafka,
  type EtcdBackend,
  type KafkaBackend,
} from '../../deploy/local/backends.ts';
import { systemClock } from '../../src/clock.ts';
import type { WorkerSettings } from '../../src/assemble.ts';
import { decode, DEFAULT_LAYOUT } from '../../src/snowflake/layout.ts';
import { factsOf, gained, isCommit, isServing, type Told, type WorkerProcess } from '../support/fleet.ts';
import { SteadyLoad } from '../support/fleet-load.ts';
import { quick, Scene } from '../support/fleet-scene.ts';
import { innocent } from '../support/judge.ts';
import { eventually } from '../support/topics.ts';

const TTL_MS = 5_000;

/** The shortest lease there is; sessions outlive it, so that the lease alone is what is lost. */
const shortLease = (settings: WorkerSettings): WorkerSettings => {
  const { group, lease, etcd, ...rest } = quick(settings);
  return {
    ...rest,
    etcd: { ...etcd, tryMs: 1_000 },
    lease: { ...lease, ttlS: TTL_MS / 1_000, windowMs: 3_000, refreshMs: 1_000 },
    group: { ...group, sessionTimeoutMs: 20_000, rebalanceTimeoutMs: 20_000 },
    transactionTimeoutMs: 20_000,
  };
};

const isSuspended = ({ room, fact }: Told): boolean =>
  room === 'worker' && fact.to.at === 'suspended' && fact.to.why === 'lease';

/** Facts at which IDs were minted or a commit was sent while the worker was not serving. */
function mintedWhileSuspended({ told }: WorkerProcess): Told[] {
  let serving = false;
  return told.filter(({ room, fact }) => {
    if (room === 'worker') serving = fact.to.at === 'serving' || fact.to.at === 'draining';
    return !serving && room === 'pipeline' && fact.fact === 'minted';
  });
}

const nodeOf = ({ told }: WorkerProcess): number =>
  told.flatMap(({ room, fact }) => (room === 'lease' && fact.fact === 'granted' ? [fact.node] : [])).at(-1)!;

describe('a lease taken away under load', () => {
  let kafka: KafkaBackend;
  let etcd: EtcdBackend;
  let client: Etcd3;

  beforeAll(async () => {
    [kafka, etcd] = await Promise.all([provideKafka(), provideEtcd({ fresh: true })]);
    client = new Etcd3({ hosts: etcd.endpoints });
  }, 120_000);
  afterAll(async () => {
    client.close();
    await kafka[Symbol.asyncDispose]();
    await etcd[Symbol.asyncDispose]();
  });

  it('the claim is deleted: minting halts, a fresh claim follows, nothing lost, nothing twice (P1, P3, P5)', async () => {
    await using scene = await Scene.open({ kafka, etcd, changes: shortLease });
    const worker = await scene.join('robbed');
    const load = new SteadyLoad(scene.feeder, [scene.input], { partitions: scene.partitions });
    await worker.seen('a commit', isCommit);
    const from = worker.told.length;
    await client.delete().key(`${scene.prefix}/claim/${nodeOf(worker)}`);
    await worker.seen('suspension', isSuspended, { from });
    const suspended = worker.told.findIndex(isSuspended);
    await worker.seen('a new permit', isServing, { from: suspended });
    await worker.next('a commit', isCommit);
    await load[Symbol.asyncDispose]();
    await scene.caughtUp();
    expect(await worker.stop()).toBe(0);
    expect(mintedWhileSuspended(worker)).toEqual([]);
    expect(await scene.judge()).toMatchObject(innocent(load.sent));
  }, 120_000);

  it('the lease runs out while a transaction is open: it is aborted, not committed (P5; rules 3 and 4)', async () => {
    await using scene = await Scene.open({ kafka, etcd, changes: shortLease });
    const worker = await scene.join('asleep', { freezeAt: 'transaction:produced:5' });
    await scene.feed(12_000, { perBatch: 50 });
    await worker.sprung();
    const claim = `${scene.prefix}/claim/${nodeOf(worker)}`;
    await eventually('the claim to expire', 30_000, async () =>
      (await client.get(claim).string()) === null ? undefined : 'it stands',
    );
    const from = worker.told.length;
    worker.signal('SIGCONT');
    await worker.seen('suspension', isSuspended, { from });
    await worker.seen('a new permit', isServing, { from });
    await scene.caughtUp();
    expect(await worker.stop()).toBe(0);
    const [first] = worker.told
      .slice(from)
      .flatMap(({ room, fact }) => (room === 'pipeline' && fact.fact === 'transaction' ? [fact.result] : []));
    expect(['aborted', 'doubtful']).toContain(first);
    expect(mintedWhileSuspended(worker)).toEqual([]);
    expect(await scene.judge()).toMatchObject(innocent(12_000));
  }, 120_000);

  it('etcd stands still past the TTL: all halt, and all come back (P5)', async () => {
    await using scene = await Scene.open({ kafka, etcd, changes: shortLease });
    const [a, b] = await scene.pair(['a', {}], 'b');
    const load = new SteadyLoad(scene.feeder, [scene.input], { partitions: scene.partitions });
    await Promise.all([a, b].map((worker) => worker.seen('a commit', isCommit)));
    const from = [a, b].map(({ told }) => told.length);
    const stoppedAt = Date.now();
    etcd.nodes[0]!.signal('SIGSTOP');
    await Promise.all([a, b].map((worker, i) => worker.seen('suspension', isSuspended, { from: from[i]! })));
    await systemClock.sleep(TTL_MS - (Date.now() - stoppedAt)); // the rest of the TTL: halting came first
    const wokenAt = Date.now();
    etcd.nodes[0]!.signal('SIGCONT');
    await Promise.all([a, b].map((worker, i) => worker.seen('a permit', isServing, { from: from[i]! })));
    await Promise.all([a, b].map((worker) => worker.next('a commit', isCommit)));
    console.log(`minting again ${Date.now() - wokenAt} ms after etcd came back`);
    await load[Symbol.asyncDispose]();
    await scene.caughtUp();
    expect(await Promise.all([a.stop(), b.stop()])).toEqual([0, 0]);
    expect([...mintedWhileSuspended(a), ...mintedWhileSuspended(b)]).toEqual([]);
    expect(await scene.judge()).toMatchObject(innocent(load.sent));
  }, 120_000);
});

describe('a slower clock takes over from a faster one', () => {
  let kafka: KafkaBackend;
  let etcd: EtcdBackend;

  beforeAll(async () => {
    [kafka, etcd] = await Promise.all([provideKafka(), provideEtcd()]);
  }, 120_000);
  afterAll(async () => {
    await kafka[Symbol.asyncDispose]();
    await etcd[Symbol.asyncDispose]();
  });

  it('IDs go on rising in every partition, 300 ms behind (P2; rule 9)', async () => {
    await using scene = await Scene.open({
      kafka,
      etcd,
      changes: (settings) => ({ ...quick(settings), group: { ...quick(settings).group, heartbeatMs: 100 } }),
    });
    const fast = await scene.join('fast', { clockOffsetMs: 300 });
    const load = new SteadyLoad(scene.feeder, [scene.input], { partitions: scene.partitions });
    await fast.seen('a commit', isCommit);
    const slow = await scene.join('slow');
    await slow.seen('its half', gained(3));
    await slow.seen('a commit', isCommit);
    await load[Symbol.asyncDispose]();
    await scene.caughtUp();
    expect(await Promise.all([fast.stop(), slow.stop()])).toEqual([0, 0]);

    // Control: the danger was real. At the takeover the last ID lay ahead of the new owner's clock.
    const aheadMs = factsOf(slow, 'pipeline').flatMap(({ t, fact }) => {
      if (fact.fact !== 'opened' || fact.lastId === '0') return [];
      const last = decode(DEFAULT_LAYOUT, BigInt(fact.lastId));
      return last.ok ? [last.timestampMs - t] : [];
    });
    expect(Math.max(...aheadMs)).toBeGreaterThan(0);
    expect(await scene.judge()).toMatchObject(innocent(load.sent));
  }, 120_000);
});
