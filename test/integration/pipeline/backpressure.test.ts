import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import {
  provideEtcd,
  provideKafka,
  type EtcdBackend,
  type KafkaBackend,
} from '../../../deploy/local/backends.ts';
import { DEFAULT_LAYOUT } from '../../../src/snowflake/layout.ts';
import { factsOf, gained, type WorkerProcess } from '../../support/fleet.ts';
import { quick, Scene } from '../../support/fleet-scene.ts';
import { innocent } from '../../support/judge.ts';

/** Six sequence bits: 64 IDs a millisecond, so that the limit is reached by what one machine can send. */
const NARROW = { ...DEFAULT_LAYOUT, timestampBits: 47, sequenceBits: 6 };
const IDS_PER_MS = 2 ** NARROW.sequenceBits;
const RECORDS = 600_000;
const HEARTBEAT_MS = 200;

/** Resident memory in bytes and CPU time in ms of another process (Linux). */
async function usage({ pid }: WorkerProcess): Promise<{ rss: number; cpuMs: number }> {
  const [status, stat] = await Promise.all([
    readFile(`/proc/${pid}/status`, 'utf8'),
    readFile(`/proc/${pid}/stat`, 'utf8'),
  ]);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]); // utime + stime, 100 a second
  return { rss: Number(/VmRSS:\s+(\d+)/.exec(status)![1]) * 1_024, cpuMs: ticks * 10 };
}

describe('the sequence is the bottleneck (P6)', () => {
  let kafka: KafkaBackend;
  let etcd: EtcdBackend;

  beforeAll(async () => {
    [kafka, etcd] = await Promise.all([provideKafka(), provideEtcd()]);
  }, 120_000);
  afterAll(async () => {
    await kafka[Symbol.asyncDispose]();
    await etcd[Symbol.asyncDispose]();
  });

  it('throughput settles at the limit, the valve says why, memory stays flat, the core idles, heartbeats go on, nothing is lost (P3, P6)', async () => {
    await using scene = await Scene.open({
      kafka,
      etcd,
      layout: NARROW,
      changes: (settings) => ({
        ...quick(settings),
        group: { ...settings.group, sessionTimeoutMs: 2_000, heartbeatMs: HEARTBEAT_MS },
        transactionTimeoutMs: 2_000,
        pipeline: { ...settings.pipeline, memoryBytes: 32 * 2 ** 20 },
      }),
    });
    await scene.feed(RECORDS, { perBatch: 1_000 });
    const worker = await scene.join('narrow');
    await worker.seen('everything', gained(6));
    const committedBy = (): { t: number; records: number }[] =>
      factsOf(worker, 'pipeline').flatMap(({ t, fact }) =>
        fact.fact === 'committed' ? [{ t, records: fact.stamped }] : [],
      );
    const samples: { rss: number; cpuMs: number; t: number }[] = [];
    const total = (): number => committedBy().reduce((sum, { records }) => sum + records, 0);
    for (let wanted = RECORDS * 0.2; wanted < RECORDS; wanted += RECORDS * 0.15) {
      await worker.seen('more commits', () => total() >= wanted, { withinMs: 120_000 });
      samples.push({ ...(await usage(worker)), t: Date.now() });
    }
    await scene.caughtUp();
    expect(await worker.stop()).toBe(0);

    const commits = committedBy();
    const elapsedMs = commits.at(-1)!.t - commits[0]!.t;
    const perMs = (total() - commits[0]!.records) / elapsedMs;
    const [first, last] = [samples[0]!, samples.at(-1)!];
    const cpu = (last.cpuMs - first.cpuMs) / (last.t - first.t);
    const grown = Math.max(...samples.map(({ rss }) => rss)) - first.rss;
    console.log(
      `limit ${IDS_PER_MS} IDs/ms: ${perMs.toFixed(1)} IDs/ms, ${(cpu * 100).toFixed(0)} % of a core, ` +
        `RSS ${(last.rss / 2 ** 20).toFixed(0)} MiB, grown by ${(grown / 2 ** 20).toFixed(1)} MiB`,
    );
    expect(perMs).toBeLessThanOrEqual(IDS_PER_MS);
    expect(perMs).toBeGreaterThan(IDS_PER_MS * 0.5);
    expect(cpu).toBeLessThan(0.5);
    expect(grown).toBeLessThan(64 * 2 ** 20);

    const valves = factsOf(worker, 'pipeline').flatMap(({ fact }) => (fact.fact === 'valve' ? [fact] : []));
    expect(valves.filter(({ at, why }) => at === 'shut' && why === 'sequenceUse').length).toBeGreaterThan(0);
    expect(valves.filter(({ at }) => at === 'open').length).toBeGreaterThan(0);
    const troubles = factsOf(worker, 'membership').filter(
      ({ fact }) =>
        fact.fact === 'heartbeat-failed' || fact.fact === 'session-overdue' || fact.fact === 'lost',
    );
    expect(troubles).toEqual([]);
    expect(await scene.judge()).toMatchObject(innocent(RECORDS));
  }, 240_000);
});
