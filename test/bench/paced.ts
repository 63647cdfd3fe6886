import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Admin, Kafka } from 'kafkajs';
import { systemClock } from '../../src/clock.ts';
import { createCluster } from '../../src/kafka/cluster/cluster.ts';
import { Feeder } from '../support/feeder.ts';
import { settingsFor } from '../support/settings.ts';
import { TopicReader } from '../../src/audit/topic-reader.ts';

export interface PacedParts {
  readonly client: Kafka;
  readonly admin: Admin;
  readonly worker: string;
  readonly bootstrap: string[];
  readonly etcd: string[];
  readonly prefix: string;
  readonly eventsPerSecond: number;
  readonly seconds: number;
}

export interface Paced {
  readonly eventsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuShare: number;
}

const PARTITIONS = 6;
const TICK_MS = 10;
const VALUE_BYTES = 128;
const WARM_UP = 0.25;
const text = new TextEncoder();

const cpuSeconds = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
};

/** Events at a steady rate; latency from the time in the input record (set when it is sent) to its being read from the output. */
export async function pacedLatency(parts: PacedParts): Promise<Paced> {
  const { admin, bootstrap, eventsPerSecond, seconds } = parts;
  const [input, output] = ['paced', 'paced-stamped'];
  await admin.createTopics({
    topics: [input, output].map((topic) => ({ topic, numPartitions: PARTITIONS })),
  });
  const target = {
    bootstrap,
    etcd: parts.etcd,
    prefix: parts.prefix,
    groupId: 'paced',
    name: 'bench',
    routes: [{ name: 'paced', input, output }],
  };
  const child = spawn(
    process.execPath,
    ['--single-threaded-gc', parts.worker, JSON.stringify(settingsFor(target))],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, QUIET: '1' },
    },
  );
  const pid = child.pid!;
  const over = new AbortController();
  const latencies: number[] = [];
  const readers = Array.from({ length: PARTITIONS }, (_, partition) =>
    follow(bootstrap, output, partition, over.signal, latencies),
  );
  const feeder = new Feeder(bootstrap);
  await feeder.prepare(input);
  const perTick = Math.round((eventsPerSecond * TICK_MS) / 1_000 / PARTITIONS);
  const value = text.encode('x'.repeat(VALUE_BYTES));
  const started = performance.now();
  let before = 0;
  for (let tick = 0; tick * TICK_MS < seconds * 1_000; tick++) {
    const waitMs = started + tick * TICK_MS - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    if (tick === Math.floor((seconds * 1_000 * WARM_UP) / TICK_MS)) {
      latencies.length = 0;
      before = cpuSeconds(pid);
    }
    await Promise.all(
      Array.from({ length: PARTITIONS }, (_, partition) =>
        feeder.send(input, partition, perTick, () => value),
      ),
    );
  }
  const cpuShare = (cpuSeconds(pid) - before) / (seconds * (1 - WARM_UP));
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  over.abort();
  child.kill('SIGTERM');
  await Promise.all([once(child, 'exit'), ...readers, feeder.close()]);
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)]!;
  return { eventsPerSecond, p50Ms: at(0.5), p99Ms: at(0.99), cpuShare };
}

/** Reads one partition as it grows, read_committed, one connection each. */
async function follow(
  bootstrap: string[],
  topic: string,
  partition: number,
  signal: AbortSignal,
  latencies: number[],
): Promise<void> {
  const cluster = createCluster({
    bootstrap,
    clientId: 'paced-reader',
    requestTimeoutMs: 5_000,
    clock: systemClock,
    log: () => undefined,
  });
  const reader = new TopicReader(cluster, (ms) => systemClock.sleep(ms));
  await reader.partitionCount(topic);
  let offset = 0;
  while (!signal.aborted) {
    const { records, nextOffset } = await reader.next(topic, partition, offset);
    const now = Date.now();
    for (const record of records) latencies.push(now - Number(record.timestamp));
    offset = nextOffset;
  }
  await cluster.close();
}
