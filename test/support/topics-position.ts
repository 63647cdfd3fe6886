import kafkajs from 'kafkajs';

export interface Position {
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly metadata: string;
}

/** Commits a position with metadata for a group nobody is in; a consumer joins for it and leaves again. */
export async function leavePosition(bootstrap: readonly string[], position: Position): Promise<void> {
  const { groupId, topic, partition, offset, metadata } = position;
  const kafka = new kafkajs.Kafka({ brokers: [...bootstrap], logLevel: kafkajs.logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId, allowAutoTopicCreation: false });
  const joined = new Promise<void>((resolve) => {
    consumer.on(consumer.events.GROUP_JOIN, () => {
      consumer.pause([{ topic }]);
      resolve();
    });
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ autoCommit: false, eachBatch: () => Promise.resolve() });
  await joined;
  await consumer.commitOffsets([{ topic, partition, offset: String(offset), metadata }]);
  await consumer.disconnect();
}
