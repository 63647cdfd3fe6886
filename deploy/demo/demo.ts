/**
 * `npm run demo`: real backends, real data, two workers, one of them killed mid-way, and the proof. Everything it starts it stops.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel, type Admin } from 'kafkajs';
import { stringify } from 'yaml';
import { provideEtcd, provideKafka } from '../local/backends.ts';
import { earthquakes, flights, type PlainEvent } from './events.ts';
import { DemoWorker, snowstamp } from './fleet.ts';

const PARTITIONS = 6;
const FLIGHT_COPIES = 10;
const PER_SEND = 2_000;
const GROUP = 'demo';
const LIMIT_MS = 90_000;
const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const routes = [
  { name: 'quakes', input: 'quakes', output: 'quakes-stamped', deadLetter: 'demo-dead' },
  { name: 'flights', input: 'flights', output: 'flights-stamped', deadLetter: 'demo-dead' },
];

async function committed(admin: Admin): Promise<number> {
  const topics = await admin.fetchOffsets({ groupId: GROUP, topics: routes.map(({ input }) => input) });
  return topics
    .flatMap(({ partitions }) => partitions)
    .reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
}

async function feed(kafka: Kafka, topic: string, events: readonly PlainEvent[]): Promise<void> {
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  for (let at = 0; at < events.length; at += PER_SEND)
    await producer.send({ topic, messages: events.slice(at, at + PER_SEND) });
  await producer.disconnect();
}

/** Prints what a read_committed consumer of the stamped topic sees. */
async function show(kafka: Kafka, topic: string, count: number): Promise<string> {
  const consumer = kafka.consumer({ groupId: 'demo-reader' });
  const seen: string[] = [];
  const enough = Promise.withResolvers<undefined>();
  let id = '';
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: ({ message, partition }) => {
      id = String(message.headers?.['snowflake_id']);
      if (seen.length < count)
        seen.push(
          `  ${topic}-${partition}@${message.offset}  snowflake_id ${id}  key ${String(message.key)}  ${String(message.value).slice(0, 48)}…`,
        );
      if (seen.length === count) enough.resolve(undefined);
      return Promise.resolve();
    },
  });
  await enough.promise;
  await consumer.disconnect();
  for (const line of seen) say(line);
  return id;
}

async function untilCommitted(admin: Admin, wanted: number, total: number): Promise<void> {
  const deadline = Date.now() + LIMIT_MS;
  let shown = -1;
  for (let done = 0; done < wanted;) {
    done = await committed(admin);
    const percent = Math.floor((done / total) * 100);
    if (Math.floor(percent / 10) > Math.floor(shown / 10)) say(`  ${percent} % (${done} of ${total})`);
    shown = percent;
    if (Date.now() > deadline)
      throw new Error(`only ${done} of ${wanted} events were committed within ${LIMIT_MS / 1_000} s`);
    await pause(100);
  }
}

const started = performance.now();
await using stack = new AsyncDisposableStack();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    void stack.disposeAsync().finally(() => process.exit(1));
  });
const folder = await mkdtemp(join(tmpdir(), 'snowstamp-demo-'));
stack.defer(() => rm(folder, { recursive: true, force: true }));
const [broker, etcd] = await Promise.all([provideKafka(), provideEtcd()]);
stack.use(broker);
stack.use(etcd);

const configFile = join(folder, 'snowstamp.yaml');
await writeFile(
  configFile,
  stringify({
    domain: { prefix: `/demo-${Date.now()}` },
    etcd: { endpoints: etcd.endpoints },
    kafka: {
      bootstrap: broker.bootstrap,
      groupId: GROUP,
      sessionTimeoutMs: 6_000,
      heartbeatMs: 1_000,
      transactionTimeoutMs: 6_000,
    },
    routes,
    http: { host: '127.0.0.1', port: 0 },
  }),
);
say('\n1  snowstamp init: create the ID domain');
const init = await snowstamp('init', '--config', configFile);
say(init.text.trimEnd());
if (init.code !== 0) throw new Error('init failed');

const kafka = new Kafka({ brokers: broker.bootstrap, logLevel: logLevel.NOTHING });
const admin = kafka.admin();
await admin.connect();
stack.defer(() => admin.disconnect());
await admin.createTopics({
  topics: [...new Set(routes.flatMap(({ input, output, deadLetter }) => [input, output, deadLetter]))].map(
    (topic) => ({ topic, numPartitions: PARTITIONS }),
  ),
});

say('\n2  two workers start');
const workers = ['worker-1', 'worker-2'].map((name) => new DemoWorker(name, configFile));
for (const worker of workers)
  stack.defer(async () => {
    await worker.end('SIGKILL');
  });
await Promise.all(workers.map(({ serving }) => serving));
for (const { name, node, port } of workers)
  say(`  ${name} serves with worker ID ${String(node)}; metrics on http://127.0.0.1:${String(port)}/metrics`);

const quakes = earthquakes();
const trips = flights(FLIGHT_COPIES);
const total = quakes.length + trips.length;
say(`\n3  a plain producer sends ${quakes.length} earthquakes and ${trips.length} flights`);
const feeding = Promise.all([feed(kafka, 'quakes', quakes), feed(kafka, 'flights', trips)]);
await untilCommitted(admin, Math.floor(total * 0.3), total);
say('\n4  worker-1 is killed (SIGKILL); worker-2 takes over what it held');
await workers[0]!.end('SIGKILL');
await feeding;
await untilCommitted(admin, total, total);

say('\n5  what a consumer of the stamped topics sees (read_committed)');
await show(kafka, 'quakes-stamped', 3);
const id = await show(kafka, 'flights-stamped', 3);
say((await snowstamp('decode', id)).text.trimEnd());

say('\n6  worker-2 stops on SIGTERM');
const exit = await workers[1]!.end('SIGTERM');
say(`  exit code ${String(exit)}`);

say('\n7  snowstamp verify');
const verified = await snowstamp('verify', '--config', configFile, '--json');
const report = JSON.parse(verified.text) as {
  verdict: string;
  ids: number;
  duplicateIds: number;
  partitions: Record<string, number>[];
};
const sum = (name: string): number =>
  report.partitions.reduce((all, partition) => all + (partition[name] ?? 0), 0);
const held = (ok: boolean): string => (ok ? 'held' : 'BROKEN');
const rows = [
  ['P1 unique', held(report.duplicateIds === 0), `${report.ids} IDs, ${report.duplicateIds} given twice`],
  [
    'P2 ordered',
    held(sum('outOfOrder') === 0),
    `${sum('outOfOrder')} out of order in ${report.partitions.length} partitions`,
  ],
  [
    'P3 exactly once',
    held(sum('missing') + sum('extra') === 0 && sum('inputs') === total),
    `${total} sent, ${sum('inputs')} paired, ${sum('missing')} missing, ${sum('extra')} extra`,
  ],
  ['P4 faithful', held(sum('different') === 0), `${sum('different')} different`],
];
for (const row of rows) say(`  ${row[0]!.padEnd(16)} ${row[1]!.padEnd(7)} ${row[2]!}`);
const good = verified.code === 0 && exit === 0 && rows.every((row) => row[1] === 'held');
say(
  `\n${good ? 'Everything held' : 'SOMETHING DID NOT HOLD'} (verdict: ${report.verdict}), ${((performance.now() - started) / 1_000).toFixed(0)} s.`,
);
process.exitCode = good ? 0 : 1;
