import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { provideKafka } from '../../../deploy/local/backends.ts';
import type { KafkaBackend } from '../../../deploy/local/types.ts';
import { systemClock } from '../../../src/clock.ts';
import type { Admin } from '../../../src/kafka/cluster/admin.ts';
import { createCluster } from '../../../src/kafka/cluster/cluster.ts';
import { createAdmin } from '../../../src/kafka/cluster/kafkajs.ts';
import type { ClusterOptions } from '../../../src/kafka/cluster/options.ts';
import type { Cluster } from '../../../src/kafka/cluster/port.ts';
import { fetch } from '../../../src/kafka/wire/fetch.ts';
import { LATEST, listOffsets } from '../../../src/kafka/wire/list-offsets.ts';
import { produce } from '../../../src/kafka/wire/produce.ts';
import { batchOf, sealed } from './batch.ts';

const PARTITIONS = 4;
const topic = `cluster-${randomUUID()}`;
const WITHIN = { timeoutMs: 10_000 };

let kafka: KafkaBackend;
let options: ClusterOptions;
let admin: Admin;
let cluster: Cluster;

beforeAll(async () => {
  kafka = await provideKafka();
  options = {
    bootstrap: kafka.bootstrap,
    clientId: 'cluster-test',
    requestTimeoutMs: 5_000,
    connectionTimeoutMs: 3_000,
    log: () => undefined,
    clock: systemClock,
  };
  admin = createAdmin(options);
  cluster = createCluster(options);
  await admin.createTopics([
    { topic, partitions: PARTITIONS, replicationFactor: 1, settings: { 'retention.ms': '7200000' } },
  ]);
  cluster.watch([topic]);
}, 120_000);

afterAll(async () => {
  await cluster.close();
  await admin.close();
  await kafka[Symbol.asyncDispose]();
});

/** The topic may take a moment to reach the broker's metadata. */
async function ready(): Promise<void> {
  do await cluster.refresh();
  while (
    cluster.topic(topic)?.partitions.length !== PARTITIONS ||
    cluster.topic(topic)?.partitions.some(({ leader }) => leader < 0)
  );
}

describe('metadata', () => {
  it('names nodes, cluster id, leaders with epochs, and a topic id that changes with a new topic only', async () => {
    await ready();
    expect(cluster.clusterId()).toMatch(/\S{10,}/);
    expect(cluster.nodes().length).toBeGreaterThan(0);
    const known = cluster.topic(topic);
    expect(known).toMatchObject({ topic, error: 0 });
    expect(known?.topicId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
    expect(known?.partitions.map(({ partition, error }) => [partition, error])).toEqual(
      [0, 1, 2, 3].map((n) => [n, 0]),
    );
    for (const { leader, leaderEpoch } of known?.partitions ?? []) {
      expect(cluster.nodes().map(({ nodeId }) => nodeId)).toContain(leader);
      expect(leaderEpoch).toBeGreaterThanOrEqual(0);
    }
  });

  it('a topic that does not exist is error 3 and is not created by asking', async () => {
    const missing = `missing-${randomUUID()}`;
    cluster.watch([missing]);
    await cluster.refresh();
    await cluster.refresh();
    expect(cluster.topic(missing)).toMatchObject({ error: 3, partitions: [] });
  });
});

describe('coordinator', () => {
  it('of a group and of a transactional id', async () => {
    const group = await cluster.coordinator('group', `g-${topic}`, { timeoutMs: 30_000 });
    const transaction = await cluster.coordinator('transaction', `t-${topic}`, { timeoutMs: 30_000 });
    const nodes = cluster.nodes().map(({ nodeId }) => nodeId);
    expect(nodes).toContain(group);
    expect(nodes).toContain(transaction);
    expect((await cluster.link(group, 'heartbeat')).nodeId).toBe(group);
  });
});

describe('large requests and answers', () => {
  it('megabytes written to every partition come back byte for byte, next to a long poll on the fetch purpose', async () => {
    await ready();
    const leader = cluster.topic(topic)?.partitions[0]?.leader ?? -1;
    const data = await cluster.link(leader, 'data');
    const polling = await cluster.link(leader, 'fetch');
    const batches = Array.from({ length: PARTITIONS }, () => batchOf(randomBytes(900 * 1024), Date.now()));
    const partitions = batches.map((records, partition) => ({ partition, records }));
    const at = { currentLeaderEpoch: -1, lastFetchedEpoch: -1, partitionMaxBytes: 2 ** 20 };
    const wanted = batches.map((_, partition) => ({ partition, fetchOffset: 0, ...at }));
    const fetched = polling.send(
      fetch,
      {
        maxWaitMs: 8_000,
        minBytes: 3_600_000,
        maxBytes: 2 ** 26,
        isolationLevel: 0,
        topics: [{ topic, partitions: wanted }],
      },
      WITHIN,
    );
    const written = await data.send(
      produce,
      { transactionalId: null, acks: -1, timeoutMs: 5_000, topics: [{ topic, partitions }] },
      WITHIN,
    );
    expect(written.topics[0]?.partitions.map(({ errorCode, baseOffset }) => [errorCode, baseOffset])).toEqual(
      batches.map(() => [0, 0]),
    );
    const answer = (await fetched).topics[0]?.partitions ?? [];
    const read = [...answer]
      .sort((a, b) => a.partition - b.partition)
      .map(({ records }) => sealed(records ?? new Uint8Array()));
    expect(read).toEqual(batches.map(sealed));
    const ends = await data.send(
      listOffsets,
      {
        isolationLevel: 1,
        topics: [
          {
            topic,
            partitions: wanted.map(({ partition }) => ({
              partition,
              currentLeaderEpoch: -1,
              timestamp: LATEST,
            })),
          },
        ],
      },
      WITHIN,
    );
    expect(ends.topics[0]?.partitions.map(({ offset }) => offset)).toEqual(batches.map(() => 1));
  });
});

describe('admin (data-path rule 17)', () => {
  it('tells the effective settings of a topic and of a broker', async () => {
    const settings = await admin.describeConfigs(topic);
    expect(settings.get('retention.ms')).toBe('7200000');
    for (const name of [
      'message.timestamp.type',
      'min.insync.replicas',
      'unclean.leader.election.enable',
      'max.message.bytes',
    ]) {
      expect(settings.get(name)).toMatch(/\S/);
    }
    const broker = await admin.describeBroker(cluster.nodes()[0]?.nodeId ?? -1);
    expect(broker.get('transaction.max.timeout.ms')).toMatch(/^\d+$/);
    expect(broker.get('transaction.partition.verification.enable')).toBe('true');
  });

  it('leaves topics that exist as they are', async () => {
    await expect(admin.createTopics([{ topic, partitions: 9, replicationFactor: 1 }])).resolves.toEqual([]);
    await expect(admin.fetchTopicMetadata(topic)).resolves.toHaveLength(PARTITIONS);
  });

  it('a topic that does not exist: TOPIC_MISSING', async () => {
    await expect(admin.describeConfigs(`missing-${topic}`)).rejects.toMatchObject({ code: 'TOPIC_MISSING' });
  });
});
