import { randomUUID } from 'node:crypto';
import { Kafka, logLevel, type KafkaConfig } from 'kafkajs';
import type { User } from './types.ts';

export interface KafkaAccess {
  readonly bootstrap: readonly string[];
  /** Certificate text and administrator, where clients speak SASL_SSL. */
  readonly secured?: { readonly ca: string; readonly user: User };
}

export function quietKafka({ bootstrap, secured }: KafkaAccess): Kafka {
  const config: KafkaConfig = {
    clientId: 'snowstamp-backends',
    brokers: [...bootstrap],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 2000,
    requestTimeout: 10_000,
    retry: { retries: 8, initialRetryTime: 50, maxRetryTime: 500 },
  };
  if (!secured) return new Kafka(config);
  const { ca, user } = secured;
  return new Kafka({ ...config, ssl: { ca: [ca] }, sasl: { mechanism: 'scram-sha-512', ...user } });
}

async function registered(access: KafkaAccess): Promise<number[]> {
  const admin = quietKafka(access).admin();
  try {
    await admin.connect();
    return (await admin.describeCluster()).brokers.map(({ nodeId }) => nodeId);
  } finally {
    await admin.disconnect();
  }
}

/** The node answers, and knows itself to be a member. */
export const isUp = async (access: KafkaAccess, nodeId: number): Promise<boolean> =>
  (await registered(access)).includes(nodeId);

/**
 * A transaction with a record and an offset goes round, and its group is looked up. An open port says nothing: both coordinators
 * load their partitions after it opens, and clients log errors until they have.
 */
export async function transactionRoundTrip(
  access: KafkaAccess,
  name = `snowstamp-ready-${randomUUID()}`,
): Promise<true> {
  const kafka = quietKafka(access);
  const admin = kafka.admin();
  const producer = kafka.producer({ transactionalId: name, maxInFlightRequests: 1, idempotent: true });
  const offsets = [{ topic: name, partitions: [{ partition: 0, offset: '1' }] }];
  try {
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: name, numPartitions: 1 }], waitForLeaders: true });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic: name, messages: [{ value: 'ready' }] });
    await transaction.sendOffsets({ consumerGroupId: name, topics: offsets });
    await transaction.commit();
    await admin.fetchOffsets({ groupId: name, topics: [name] });
    await admin.deleteGroups([name]);
    await admin.deleteTopics({ topics: [name] });
    return true;
  } finally {
    await Promise.allSettled([producer.disconnect(), admin.disconnect()]);
  }
}

/**
 * A check that passes once all brokers are registered and a transaction has gone round. Several may ask at once, one per
 * node: they share one try, since two with the same transactional id would fence each other.
 */
export function settled(access: KafkaAccess, brokers: number): () => Promise<boolean> {
  const name = `snowstamp-ready-${randomUUID()}`;
  let trying: Promise<boolean> | undefined;
  const attempt = async () => {
    let ready = false;
    try {
      ready = (await registered(access)).length >= brokers && (await transactionRoundTrip(access, name));
    } finally {
      if (!ready) trying = undefined;
    }
    return ready;
  };
  return () => (trying ??= attempt());
}
