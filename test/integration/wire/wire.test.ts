import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addOffsetsToTxn } from '../../../src/kafka/wire/add-offsets-to-txn.ts';
import { addPartitionsToTxn } from '../../../src/kafka/wire/add-partitions-to-txn.ts';
import { apiVersions } from '../../../src/kafka/wire/api-versions.ts';
import { endTxn } from '../../../src/kafka/wire/end-txn.ts';
import { ERROR } from '../../../src/kafka/wire/errors.ts';
import { fetch } from '../../../src/kafka/wire/fetch.ts';
import { findCoordinator } from '../../../src/kafka/wire/find-coordinator.ts';
import { heartbeat } from '../../../src/kafka/wire/heartbeat.ts';
import { initProducerId } from '../../../src/kafka/wire/init-producer-id.ts';
import { joinGroup } from '../../../src/kafka/wire/join-group.ts';
import { leaveGroup } from '../../../src/kafka/wire/leave-group.ts';
import { EARLIEST, LATEST, listOffsets } from '../../../src/kafka/wire/list-offsets.ts';
import { metadata } from '../../../src/kafka/wire/metadata.ts';
import { offsetFetch } from '../../../src/kafka/wire/offset-fetch.ts';
import { offsetForLeaderEpoch } from '../../../src/kafka/wire/offset-for-leader-epoch.ts';
import { produce } from '../../../src/kafka/wire/produce.ts';
import type { ProducePartition } from '../../../src/kafka/wire/produce.ts';
import { syncGroup } from '../../../src/kafka/wire/sync-group.ts';
import { txnOffsetCommit } from '../../../src/kafka/wire/txn-offset-commit.ts';
import { LOADING, only, partitionOf, RECORDS, settled, withTopic } from './broker.ts';
import type { Broker } from './broker.ts';

const GROUP_MESSAGES = [
  findCoordinator,
  joinGroup,
  syncGroup,
  heartbeat,
  leaveGroup,
  offsetFetch,
  txnOffsetCommit,
];
const DATA_MESSAGES = [metadata, listOffsets, offsetForLeaderEpoch, fetch, produce];
const TRANSACTION_MESSAGES = [initProducerId, addPartitionsToTxn, addOffsetsToTxn, endTxn];
const SPOKEN = [apiVersions, ...GROUP_MESSAGES, ...DATA_MESSAGES, ...TRANSACTION_MESSAGES];

/** Of a fresh topic. */
const EPOCH = 0;

let broker: Broker;

beforeAll(async () => {
  broker = await withTopic();
});

afterAll(async () => {
  await broker[Symbol.asyncDispose]();
});

/** Every answer is read to its last byte, or `send` rejects. */
describe('a real broker, asked over a bare socket', () => {
  it('ApiVersions 3: speaks every version used here', async () => {
    const answer = await broker.send(apiVersions, {
      clientSoftwareName: 'snowstamp',
      clientSoftwareVersion: '0.1.0',
    });
    expect(answer.errorCode).toBe(0);
    for (const { apiKey, version } of SPOKEN) {
      const range = answer.apiKeys.find((one) => one.apiKey === apiKey);
      expect(range?.minVersion).toBeLessThanOrEqual(version);
      expect(range?.maxVersion).toBeGreaterThanOrEqual(version);
    }
    expect(answer.finalizedFeatures.map((feature) => feature.name)).toContain('metadata.version');
    expect(answer.finalizedFeaturesEpoch).toBeGreaterThanOrEqual(0);
  });

  it('Metadata 12: knows the topic by name and by id, and what does not exist', async () => {
    const options = { allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false };
    const { topic } = broker;
    const answer = await broker.send(metadata, { topics: [{ topic }], ...options });
    const partition = partitionOf(answer);
    expect(partition).toMatchObject({ errorCode: 0, partition: 0, leaderEpoch: EPOCH, offlineReplicas: [] });
    expect(answer.brokers.map((one) => one.nodeId)).toContain(partition.leaderId);
    const { topicId } = only(answer.topics);
    const byId = await broker.send(metadata, { topics: [{ topic: null, topicId }], ...options });
    expect(only(byId.topics)).toMatchObject({ errorCode: 0, topic, topicId });
    const missing = await broker.send(metadata, { topics: [{ topic: `${topic}-not` }], ...options });
    expect(only(missing.topics)).toMatchObject({
      errorCode: ERROR.UNKNOWN_TOPIC_OR_PARTITION,
      partitions: [],
    });
    const none = await broker.send(metadata, { topics: [], ...options });
    expect(none.topics).toEqual([]);
    const all = await broker.send(metadata, { topics: null, ...options });
    expect(all.topics.map((one) => one.topic)).toContain(topic);
  });

  it('FindCoordinator 4: names a node for several keys at once', async () => {
    const keys = [broker.groupId, `${broker.groupId}-2`];
    const answer = await settled(
      () => broker.send(findCoordinator, { keyType: 0, coordinatorKeys: keys }),
      ({ coordinators }) => Math.max(...coordinators.map((one) => one.errorCode)),
      LOADING,
    );
    expect(answer.coordinators.map((one) => one.key).sort()).toEqual(keys);
    for (const one of answer.coordinators) expect(one.nodeId).toBeGreaterThanOrEqual(0);
  });

  it.each([
    ['earliest', EARLIEST, 0],
    ['latest', LATEST, RECORDS.length],
  ])('ListOffsets 7: the %s offset', async (_name, timestamp, offset) => {
    const partitions = [{ partition: 0, currentLeaderEpoch: EPOCH, timestamp }];
    const answer = await broker.send(listOffsets, {
      isolationLevel: 1,
      topics: [{ topic: broker.topic, partitions }],
    });
    expect(partitionOf(answer)).toMatchObject({ errorCode: 0, offset, timestamp: -1n });
  });

  it('ListOffsets 7: an epoch from the future is refused (KIP-320)', async () => {
    const partitions = [{ partition: 0, currentLeaderEpoch: EPOCH + 1, timestamp: LATEST }];
    const answer = await broker.send(listOffsets, {
      isolationLevel: 0,
      topics: [{ topic: broker.topic, partitions }],
    });
    expect(partitionOf(answer)).toMatchObject({ errorCode: ERROR.UNKNOWN_LEADER_EPOCH, offset: -1 });
  });

  it('OffsetForLeaderEpoch 4: where the epoch ends', async () => {
    const partitions = [{ partition: 0, currentLeaderEpoch: EPOCH, leaderEpoch: EPOCH }];
    const answer = await broker.send(offsetForLeaderEpoch, { topics: [{ topic: broker.topic, partitions }] });
    expect(partitionOf(answer)).toEqual({
      errorCode: 0,
      partition: 0,
      leaderEpoch: EPOCH,
      endOffset: RECORDS.length,
    });
  });

  it('Fetch 12 and Produce 9: the batch that was read can be written back as it is, but not a part of it', async () => {
    const records = await firstBatch();
    for (const value of RECORDS) expect(Buffer.from(records).includes(value)).toBe(true);
    const written = await write(broker.topic, records);
    expect(written).toMatchObject({ errorCode: 0, baseOffset: RECORDS.length, recordErrors: [] });
    const refused = await write(broker.topic, records.subarray(0, -1));
    expect(refused).toMatchObject({ errorCode: ERROR.INVALID_RECORD, baseOffset: -1 });
  });

  it('Produce 9: names the records it refuses (KIP-467)', async () => {
    const refused = await write(broker.compacted, await firstBatch());
    expect(refused).toMatchObject({ errorCode: ERROR.INVALID_RECORD, baseOffset: -1 });
    expect(refused.recordErrors.map((one) => one.batchIndex)).toEqual([0, 1, 2]);
    expect(refused.recordErrors[0]?.message).toContain('key');
    expect(refused.errorMessage).toContain('3 record errors');
  });

  it('Fetch 12: a position of an epoch that never was diverges (KIP-595)', async () => {
    const limits = { maxWaitMs: 0, minBytes: 0, maxBytes: 1 << 20, isolationLevel: 0 } as const;
    const position = { partition: 0, currentLeaderEpoch: EPOCH, fetchOffset: 1000, lastFetchedEpoch: EPOCH };
    const topics = [{ topic: broker.topic, partitions: [{ ...position, partitionMaxBytes: 1 << 20 }] }];
    const answer = partitionOf(await broker.send(fetch, { ...limits, topics }));
    expect(answer.divergingEpoch).toMatchObject({ epoch: EPOCH, endOffset: expect.any(Number) });
    expect(answer.records?.byteLength ?? 0).toBe(0);
  });
});

async function firstBatch(): Promise<Uint8Array> {
  const limits = { maxWaitMs: 500, minBytes: 1, maxBytes: 1, isolationLevel: 1 } as const;
  const position = { partition: 0, currentLeaderEpoch: EPOCH, fetchOffset: 0, lastFetchedEpoch: -1 };
  const topics = [{ topic: broker.topic, partitions: [{ ...position, partitionMaxBytes: 1 }] }];
  const fetched = partitionOf(await broker.send(fetch, { ...limits, topics }));
  expect(fetched).toMatchObject({ errorCode: 0, logStartOffset: 0, divergingEpoch: null });
  return fetched.records!;
}

async function write(topic: string, records: Uint8Array): Promise<ProducePartition> {
  const topics = [{ topic, partitions: [{ partition: 0, records }] }];
  return partitionOf(
    await broker.send(produce, { transactionalId: null, acks: -1, timeoutMs: 5000, topics }),
  );
}
