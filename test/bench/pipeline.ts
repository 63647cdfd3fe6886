/**
 * `npm run bench:pipeline`: one worker on preloaded topics, beside the same lane without the stamp and KafkaJS used as documented, all
 * in one run on one broker, all started as `npm run snowstamp` starts it. Ratios are what to compare: the machine is shared with the broker. `--quick` for a tenth of the events.
 * `--lanes value`: stamps in the value beside stamps in a header, instead of all that.
 */
import { parseArgs } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { provideEtcd, provideKafka } from '../../deploy/local/backends.ts';
import { systemClock } from '../../src/clock.ts';
import { initCommand } from '../../src/commands/init.ts';
import { DEFAULT_LAYOUT } from '../../src/snowflake/layout.ts';
import { Feeder } from '../support/feeder.ts';
import { settingsFor } from '../support/settings.ts';
import { pacedLatency } from './paced.ts';
import { valueLanes } from './value-lanes.ts';
import { combine, measure, print, say, type Measured } from './worker-run.ts';

const PARTITIONS = 6;
const QUICK = process.argv.includes('--quick') ? 10 : 1;
const SIZES = [
  { bytes: 128, perBatch: 110, events: 4_000_000 / QUICK, kafkajs: 300_000 / Math.min(QUICK, 2) },
  { bytes: 1_024, perBatch: 15, events: 800_000 / QUICK, kafkajs: 120_000 / Math.min(QUICK, 2) },
];
const LANES = parseArgs({ options: { lanes: { type: 'string' }, quick: { type: 'boolean' } } }).values.lanes;
const ROUNDS = QUICK === 1 ? 3 : 1;
const path = (name: string): string => new URL(name, import.meta.url).pathname;
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

async function besideKafkaJs({ bytes, perBatch, events, kafkajs }: (typeof SIZES)[number]): Promise<void> {
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

async function atASteadyRate(): Promise<void> {
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
}

if (LANES === 'value') {
  await valueLanes({
    ...{ admin, worker, bootstrap: kafka.bootstrap, etcd: etcd.endpoints, prefix: '/bench' },
    ...{ partitions: PARTITIONS, events: 3_000_000 / QUICK, rounds: QUICK === 1 ? 7 : 1 },
  });
} else {
  for (const size of SIZES) await besideKafkaJs(size);
  await atASteadyRate();
}
await admin.disconnect();
