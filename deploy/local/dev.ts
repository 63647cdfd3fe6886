import { once } from 'node:events';
import { provideEtcd, provideKafka, provideRegistry, type KafkaBackend } from './backends.ts';
import { quietKafka } from './kafka-ready.ts';

const numPartitions = 6;
const route = { name: 'events', input: 'events', output: 'events-stamped', deadLetter: 'events-dead' };
const topics = [route.input, route.output, route.deadLetter];

async function createTopics(kafka: KafkaBackend): Promise<void> {
  const admin = quietKafka(kafka).admin();
  await admin.connect();
  try {
    await admin.createTopics({
      topics: topics.map((topic) => ({
        topic,
        numPartitions,
        // A dead letter is larger than its event.
        configEntries: topic === route.deadLetter ? [{ name: 'max.message.bytes', value: '2097152' }] : [],
      })),
      waitForLeaders: true,
    });
  } finally {
    await admin.disconnect();
  }
}

function addresses(kafka: string, etcd: string, registry: string): string {
  return `
Kafka    ${kafka}
etcd     ${etcd}
registry ${registry}
topics   ${topics.join(', ')} (${numPartitions} partitions each)

To run tests against these instead of their own:

  export SNOWSTAMP_TEST_KAFKA=${kafka} SNOWSTAMP_TEST_ETCD=${etcd} SNOWSTAMP_TEST_REGISTRY=${registry}

To run the program against them, in another terminal:

  export SNOWSTAMP_KAFKA__BOOTSTRAP=${kafka} SNOWSTAMP_ETCD__ENDPOINTS=${etcd}
  export SNOWSTAMP_ROUTES='${JSON.stringify([route])}'
  npm run snowstamp -- init
  npm run snowstamp -- doctor
  npm run snowstamp -- run                            # a second one here: SNOWSTAMP_HTTP__PORT=0 before it
  npm run snowstamp -- verify

Ctrl-C here stops what was started here.
`;
}

async function main(): Promise<void> {
  const stopped = Promise.race(['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => once(process, signal)));
  await using started = new AsyncDisposableStack();
  const [kafka, etcd, registry] = await Promise.all([
    provideKafka().then((backend) => started.use(backend)),
    provideEtcd().then((backend) => started.use(backend)),
    provideRegistry().then((backend) => started.use(backend)),
  ]);
  await createTopics(kafka);
  console.log(addresses(kafka.bootstrap.join(','), etcd.endpoints.join(','), registry.url));
  // A signal handler alone does not keep the process alive.
  const alive = setInterval(() => undefined, 60_000);
  await stopped;
  clearInterval(alive);
  console.log('stopping');
}

await main();
