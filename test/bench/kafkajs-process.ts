/**
 * The same job with KafkaJS alone, as its documentation shows it: eachBatch, one transactional producer per partition, offsets sent
 * with the transaction. IDs come from the same generator arithmetic (a counter here: minting is not what is compared).
 * argv[2]: { bootstrap, groupId, input, output } as JSON.
 */
import { Kafka, logLevel, type Producer } from 'kafkajs';

interface Job {
  readonly bootstrap: string[];
  readonly groupId: string;
  readonly input: string;
  readonly output: string;
}

const { bootstrap, groupId, input, output } = JSON.parse(process.argv[2] ?? '') as Job;
const kafka = new Kafka({ clientId: 'kafkajs-stamper', brokers: bootstrap, logLevel: logLevel.NOTHING });
const consumer = kafka.consumer({ groupId, maxBytesPerPartition: 2 ** 20 });
const producers = new Map<number, Promise<Producer>>();
/** KafkaJS sends one batch per call and partition: it must stay below the topic's 1 MiB. */
const perSend = 500;
let id = 0n;

async function connected(partition: number): Promise<Producer> {
  const producer = kafka.producer({
    transactionalId: `${groupId}-${partition}`,
    maxInFlightRequests: 1,
    idempotent: true,
  });
  await producer.connect();
  return producer;
}

function producerOf(partition: number): Promise<Producer> {
  const known = producers.get(partition) ?? connected(partition);
  producers.set(partition, known);
  return known;
}

consumer.on(consumer.events.CRASH, ({ payload }) => {
  process.stderr.write(`KafkaJS crashed: ${payload.error.message}\n`);
});
await consumer.connect();
await consumer.subscribe({ topic: input, fromBeginning: true });
await consumer.run({
  autoCommit: false,
  partitionsConsumedConcurrently: 6,
  eachBatch: async (payload) => {
    const { batch } = payload;
    const transaction = await (await producerOf(batch.partition)).transaction();
    const messages = batch.messages.map(({ key, value, timestamp, headers }) => ({
      ...{ key, value, timestamp, partition: batch.partition },
      headers: { ...headers, snowflake_id: String(id++) },
    }));
    for (let at = 0; at < messages.length; at += perSend)
      await transaction.send({ topic: output, messages: messages.slice(at, at + perSend) });
    const offset = String(BigInt(batch.lastOffset()) + 1n);
    await transaction.sendOffsets({
      consumerGroupId: groupId,
      topics: [{ topic: input, partitions: [{ partition: batch.partition, offset }] }],
    });
    await transaction.commit();
    payload.resolveOffset(batch.lastOffset());
    await payload.heartbeat();
  },
});
process.on('SIGTERM', () => process.exit(0));
