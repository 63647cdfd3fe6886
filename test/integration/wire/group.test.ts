import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addOffsetsToTxn } from '../../../src/kafka/wire/add-offsets-to-txn.ts';
import { addPartitionsToTxn } from '../../../src/kafka/wire/add-partitions-to-txn.ts';
import { endTxn } from '../../../src/kafka/wire/end-txn.ts';
import { ERROR } from '../../../src/kafka/wire/errors.ts';
import {
  findCoordinator,
  GROUP_COORDINATOR,
  TRANSACTION_COORDINATOR,
} from '../../../src/kafka/wire/find-coordinator.ts';
import { heartbeat } from '../../../src/kafka/wire/heartbeat.ts';
import { initProducerId } from '../../../src/kafka/wire/init-producer-id.ts';
import { joinGroup } from '../../../src/kafka/wire/join-group.ts';
import { leaveGroup } from '../../../src/kafka/wire/leave-group.ts';
import { offsetFetch } from '../../../src/kafka/wire/offset-fetch.ts';
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from '../../../src/kafka/wire/subscription.ts';
import { syncGroup } from '../../../src/kafka/wire/sync-group.ts';
import { txnOffsetCommit } from '../../../src/kafka/wire/txn-offset-commit.ts';
import { LOADING, only, partitionOf, RECORDS, settled, withTopic } from './broker.ts';
import type { Broker } from './broker.ts';

let broker: Broker;

beforeAll(async () => {
  broker = await withTopic();
});

afterAll(async () => {
  await broker[Symbol.asyncDispose]();
});

describe('a real coordinator, asked over a bare socket', () => {
  it('takes a member in, commits its offset in a transaction (KIP-447), and lets it go', async () => {
    await coordinators();
    const member = await join();
    const producer = await begin();

    const committedOffset = RECORDS.length;
    const offset = { partition: 0, committedOffset, committedLeaderEpoch: 0, committedMetadata: 'v1:1:2' };
    const topics = [{ topic: broker.topic, partitions: [offset] }];
    const stale = { ...producer, ...member, generationId: member.generationId + 1, topics };
    expect(partitionOf(await broker.send(txnOffsetCommit, stale)).errorCode).toBe(ERROR.ILLEGAL_GENERATION);
    const committed = await broker.send(txnOffsetCommit, { ...producer, ...member, topics });
    expect(partitionOf(committed).errorCode).toBe(0);

    const fetchOffset = () =>
      broker.send(offsetFetch, {
        groupId: broker.groupId,
        topics: [{ topic: broker.topic, partitions: [0] }],
        requireStable: true,
      });
    expect(partitionOf(await fetchOffset()).errorCode).toBe(ERROR.UNSTABLE_OFFSET_COMMIT);
    expect((await broker.send(endTxn, { ...producer, committed: true })).errorCode).toBe(0);
    const unstable = [ERROR.UNSTABLE_OFFSET_COMMIT];
    const read = await settled(fetchOffset, (answer) => partitionOf(answer).errorCode, unstable);
    expect(partitionOf(read)).toMatchObject({ committedOffset, committedLeaderEpoch: 0, metadata: 'v1:1:2' });

    await leave(member);
  });
});

interface Member {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: null;
}

async function coordinators(): Promise<void> {
  const wanted = [
    [GROUP_COORDINATOR, broker.groupId],
    [TRANSACTION_COORDINATOR, broker.transactionalId],
  ] as const;
  for (const [keyType, key] of wanted) {
    const found = await settled(
      () => broker.send(findCoordinator, { keyType, coordinatorKeys: [key] }),
      (answer) => only(answer.coordinators).errorCode,
      LOADING,
    );
    expect(only(found.coordinators)).toMatchObject({ key, errorCode: 0 });
  }
}

/** JoinGroup 9 (twice, KIP-394), SyncGroup 5, Heartbeat 4, as the only member and leader. */
async function join(): Promise<Member> {
  const { groupId, topic } = broker;
  const subscription = {
    topics: [topic],
    userData: null,
    ownedPartitions: [],
    generationId: -1,
    rackId: null,
  };
  const request = {
    groupId,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    groupInstanceId: null,
    protocolType: 'consumer',
    protocols: [{ name: 'cooperative-sticky', metadata: encodeSubscription(subscription) }],
    reason: 'test',
  };
  const first = await settled(
    () => broker.send(joinGroup, { ...request, memberId: '' }),
    (answer) => answer.errorCode,
    LOADING,
  );
  expect(first).toMatchObject({ errorCode: ERROR.MEMBER_ID_REQUIRED, generationId: -1 });
  const { memberId } = first;
  const joined = await broker.send(joinGroup, { ...request, memberId });
  expect(joined).toMatchObject({ errorCode: 0, memberId, leader: memberId, skipAssignment: false });
  expect(decodeSubscription(only(joined.members).metadata)).toEqual(subscription);

  const { generationId, protocolType, protocolName } = joined;
  const member = { groupId, generationId, memberId, groupInstanceId: null };
  const assignment = { assignedPartitions: [{ topic, partitions: [0] }], userData: null };
  const assignments = [{ memberId, assignment: encodeAssignment(assignment) }];
  const synced = await broker.send(syncGroup, { ...member, protocolType, protocolName, assignments });
  expect(synced).toMatchObject({
    errorCode: 0,
    protocolType: 'consumer',
    protocolName: 'cooperative-sticky',
  });
  expect(decodeAssignment(synced.assignment)).toEqual(assignment);

  expect((await broker.send(heartbeat, member)).errorCode).toBe(0);
  const stale = await broker.send(heartbeat, { ...member, generationId: generationId + 1 });
  expect(stale.errorCode).toBe(ERROR.ILLEGAL_GENERATION);
  return member;
}

/** InitProducerId 4, AddPartitionsToTxn 3, AddOffsetsToTxn 3. */
async function begin() {
  const { transactionalId, topic, groupId } = broker;
  const fresh = { transactionalId, transactionTimeoutMs: 10_000, producerId: -1n, producerEpoch: -1 };
  const { errorCode, producerId, producerEpoch } = await settled(
    () => broker.send(initProducerId, fresh),
    (answer) => answer.errorCode,
    LOADING,
  );
  expect({ errorCode, producerEpoch }).toEqual({ errorCode: 0, producerEpoch: 0 });
  const producer = { transactionalId, producerId, producerEpoch };

  const busy = [...LOADING, ERROR.CONCURRENT_TRANSACTIONS];
  const added = await settled(
    () => broker.send(addPartitionsToTxn, { ...producer, topics: [{ topic, partitions: [0] }] }),
    (answer) => partitionOf(answer).errorCode,
    busy,
  );
  expect(partitionOf(added)).toEqual({ partition: 0, errorCode: 0 });
  const offsets = await settled(
    () => broker.send(addOffsetsToTxn, { ...producer, groupId }),
    (answer) => answer.errorCode,
    busy,
  );
  expect(offsets.errorCode).toBe(0);
  return producer;
}

/** LeaveGroup 5; a second time nobody knows the member. */
async function leave({ groupId, memberId, groupInstanceId }: Member): Promise<void> {
  const request = { groupId, members: [{ memberId, groupInstanceId, reason: 'test' }] };
  const left = await broker.send(leaveGroup, request);
  expect(left.errorCode).toBe(0);
  expect(only(left.members)).toEqual({ memberId, groupInstanceId, errorCode: 0 });
  const again = await broker.send(leaveGroup, request);
  expect(only(again.members).errorCode).toBe(ERROR.UNKNOWN_MEMBER_ID);
}
