/**
 * `npm run bench:pipeline`: one worker on preloaded topics, beside the same lane without the stamp and KafkaJS used as documented, all
 * in one run on one broker, all started as `npm run snowstamp` starts it. Ratios are what to compare: the machine is shared with the broker. `--quick` for a tenth of the events.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Kafka, logLevel, type Admin } from 'kafkajs';
import { provideEtcd, provideKafka } from '../../deploy/local/backends.ts';
import { systemClock } from '../../src/clock.ts';
import { initCommand } from '../../src/commands/init.ts';
import { DEFAULT_LAYOUT } from '../../src/snowflake/layout.ts';
import { Feeder } from '../support/feeder.ts';
import { settingsFor } from '../support/settings.ts';
import { pacedLatency } from './paced.ts';

const PARTITIONS = 6;
const QUICK = process.argv.includes('--quick') ? 10 : 1;
const SIZES = [
  { bytes: 128, perBatch: 110, events: 4_000_000 / QUICK, kafkajs: 300_000 / Math.min(QUICK, 2) },
  { bytes: 1_024, perBatch: 15, events: 800_000 / QUICK, kafkajs: 120_000 / Math.min(QUICK, 2) },
];
const TICKS_PER_SECOND = 100;
const POLL_MS = 20;
const LIMIT_MS = 60_000;
const ROUNDS = QUICK === 1 ? 3 : 1;
const path = (name: string): string => new URL(name, import.meta.url).pathname;
const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

interface Measured {
  readonly eventsPerSecond: number;
  readonly cpuSecondsPerMillion: number;
  readonly peakRssMb: number;
}

/** User and system CPU of one process so far, in seconds (Linux). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

const peakRssMb = (pid: number): number =>
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;

async function committed(admin: Admin, groupId: string, topic: string): Promise<number> {
  const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
  return found?.partitions.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0) ?? 0;
}

/** From the first commit seen (start-up apart) until `events` are committed, or what was done when the time is up. */
async function measure(
  admin: Admin,
  args: readonly string[],
  groupId: string,
  topic: string,
  events: number,
): Promise<Measured> {
  const child = spawn(process.execPath, ['--single-threaded-gc', ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, QUIET: '1', NODE_ENV: 'production' },
  });
  const pid = child.pid!;
  const startedMs = performance.now();
  let first: { ms: number; events: number; cpu: number } | undefined;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${args[0]!} ended with ${child.exitCode}`);
    const done = await committed(admin, groupId, topic);
    const now = { ms: performance.now(), events: done, cpu: cpuSeconds(pid) };
    if (done > 0) first ??= now;
    const late = now.ms - startedMs > LIMIT_MS;
    if (first !== undefined && first !== now && (done >= events || late)) {
      if (late) say(`  (only ${done} of ${events} within ${LIMIT_MS / 1_000} s)`);
      const measured = {
        eventsPerSecond: ((now.events - first.events) / (now.ms - first.ms)) * 1_000,
        cpuSecondsPerMillion: ((now.cpu - first.cpu) / (now.events - first.events)) * 1e6,
        peakRssMb: peakRssMb(pid),
      };
      child.kill('SIGKILL');
      await once(child, 'exit');
      return measured;
    }
    if (late) throw new Error(`${args[0]!} committed nothing within ${LIMIT_MS / 1_000} s`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

const median = (list: readonly number[]): number =>
  list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!;
const combine = (runs: readonly Measured[]): Measured => ({
  eventsPerSecond: median(runs.map((r) => r.eventsPerSecond)),
  cpuSecondsPerMillion: median(runs.map((r) => r.cpuSecondsPerMillion)),
  peakRssMb: Math.max(...runs.map((r) => r.peakRssMb)),
});

function print(
  name: string,
  { eventsPerSecond, cpuSecondsPerMillion, peakRssMb: rss }: Measured,
  spread: readonly Measured[],
): void {
  const range = spread.map((r) => Math.round(r.eventsPerSecond / 1_000)).join(' ');
  say(
    `  ${name.padEnd(14)} ${String(Math.round(eventsPerSecond / 1_000)).padStart(6)} k/s   ${cpuSecondsPerMillion.toFixed(2).padStart(6)} CPU s/M   ${rss.toFixed(0).padStart(4)} MB   (runs: ${range} k/s)`,
  );
}

await using kafka = await provideKafka({ fresh: true, heapMb: 1_024 });
await using etcd = await provideEtcd({ fresh: true });
await initCommand(
  {
    etcd: { endpoints: etcd.endpoints },
    prefix: '/bench',
    layout: DEFAULT_LAYOUT,
    datacenters: [{ datacenter: 0 }],
  },
  systemClock,
  () => undefined,
);
const client = new Kafka({ brokers: kafka.bootstrap, logLevel: logLevel.NOTHING });
const admin = client.admin();
await admin.connect();
const worker = path('../support/worker-process.ts');

for (const { bytes, perBatch, events, kafkajs } of SIZES) {
  const input = `in-${bytes}`;
  const small = `in-${bytes}-small`;
  const outputs = ['stamped', 'plain', 'kafkajs'].flatMap((what) =>
    Array.from({ length: ROUNDS }, (_, i) => `${what}-${bytes}-${i}`),
  );
  await admin.createTopics({
    topics: [input, small, ...outputs].map((topic) => ({ topic, numPartitions: PARTITIONS })),
  });
  const feeder = new Feeder(kafka.bootstrap);
  await feeder.feed(input, PARTITIONS, events, bytes, perBatch);
  await feeder.feed(small, PARTITIONS, kafkajs, bytes, perBatch);
  await feeder.close();
  const runs: Record<'stamped' | 'plain' | 'kafkajs', Measured[]> = { stamped: [], plain: [], kafkajs: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const what of ['stamped', 'plain'] as const) {
      const output = `${what}-${bytes}-${round}`;
      const target = {
        bootstrap: kafka.bootstrap,
        etcd: etcd.endpoints,
        prefix: '/bench',
        groupId: output,
        name: 'bench',
        routes: [{ name: 'bench', input, output }],
      };
      const imports = what === 'plain' ? ['--import', path('./pass-through.ts')] : [];
      runs[what].push(
        await measure(
          admin,
          [...imports, worker, JSON.stringify(settingsFor(target))],
          output,
          input,
          events,
        ),
      );
    }
    const output = `kafkajs-${bytes}-${round}`;
    const job = { bootstrap: kafka.bootstrap, groupId: output, input: small, output };
    runs.kafkajs.push(
      await measure(admin, [path('./kafkajs-process.ts'), JSON.stringify(job)], output, small, kafkajs),
    );
  }
  say(`\n${bytes} B, ${PARTITIONS} partitions, ${events} events (KafkaJS: ${kafkajs}), median of ${ROUNDS}`);
  const stamped = combine(runs.stamped);
  const plain = combine(runs.plain);
  const js = combine(runs.kafkajs);
  print('snowstamp', stamped, runs.stamped);
  print('pass-through', plain, runs.plain);
  print('KafkaJS', js, runs.kafkajs);
  say(
    `  snowstamp is ${(stamped.eventsPerSecond / js.eventsPerSecond).toFixed(1)} × KafkaJS in events/s, ${(js.cpuSecondsPerMillion / stamped.cpuSecondsPerMillion).toFixed(1)} × less CPU; stamping costs ${((stamped.cpuSecondsPerMillion / plain.cpuSecondsPerMillion - 1) * 100).toFixed(0)} % CPU over pass-through`,
  );
}

const paced = await pacedLatency({
  client,
  admin,
  worker,
  bootstrap: kafka.bootstrap,
  etcd: etcd.endpoints,
  prefix: '/bench',
  eventsPerSecond: 20_000,
  seconds: 20 / Math.min(QUICK, 2),
});
say(
  `\npaced ${paced.eventsPerSecond} events/s of 128 B: input timestamp to visible under read_committed p50 ${paced.p50Ms} ms, p99 ${paced.p99Ms} ms; worker ${(paced.cpuShare * 100).toFixed(0)} % of a core`,
);
await admin.disconnect();
