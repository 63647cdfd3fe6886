import { addOffsetsToTxn } from '../../../src/kafka/wire/add-offsets-to-txn.ts';
import { addPartitionsToTxn } from '../../../src/kafka/wire/add-partitions-to-txn.ts';
import { endTxn } from '../../../src/kafka/wire/end-txn.ts';
import { fetch } from '../../../src/kafka/wire/fetch.ts';
import { initProducerId } from '../../../src/kafka/wire/init-producer-id.ts';
import { listOffsets } from '../../../src/kafka/wire/list-offsets.ts';
import { offsetCommit } from '../../../src/kafka/wire/offset-commit.ts';
import { offsetFetch } from '../../../src/kafka/wire/offset-fetch.ts';
import { offsetForLeaderEpoch } from '../../../src/kafka/wire/offset-for-leader-epoch.ts';
import { produce } from '../../../src/kafka/wire/produce.ts';
import { txnOffsetCommit } from '../../../src/kafka/wire/txn-offset-commit.ts';
import { array, nullableArray, struct } from './schema.ts';
import type { Type } from './schema.ts';
import { groupSchemas, member, status } from './schemas-group.ts';
import type { Schema } from './schemas-group.ts';

const topics = (partition: Type): Type => array(struct({ topic: 'string', partitions: array(partition) }));
const outcome = struct({ partition: 'int32', errorCode: 'int16' });
const position = struct({
  partition: 'int32',
  committedOffset: 'int64',
  committedLeaderEpoch: 'int32',
  committedMetadata: 'nullableString',
});
const outcomes = struct({ throttleTimeMs: 'int32', topics: topics(outcome) });
const producer = { producerId: 'bigint64', producerEpoch: 'int16' } as const;

const dataSchemas: readonly Schema[] = [
  {
    message: offsetFetch,
    request: struct({
      groupId: 'string',
      topics: nullableArray(struct({ topic: 'string', partitions: array('int32') })),
      requireStable: 'boolean',
    }),
    answer: struct({
      throttleTimeMs: 'int32',
      topics: topics(
        struct({
          partition: 'int32',
          committedOffset: 'int64',
          committedLeaderEpoch: 'int32',
          metadata: 'nullableString',
          errorCode: 'int16',
        }),
      ),
      errorCode: 'int16',
    }),
  },
  {
    message: listOffsets,
    request: struct({
      replicaId: 'int32',
      isolationLevel: 'int8',
      topics: topics(struct({ partition: 'int32', currentLeaderEpoch: 'int32', timestamp: 'int64' })),
    }),
    answer: struct({
      throttleTimeMs: 'int32',
      topics: topics(
        struct({
          partition: 'int32',
          errorCode: 'int16',
          timestamp: 'bigint64',
          offset: 'int64',
          leaderEpoch: 'int32',
        }),
      ),
    }),
  },
  {
    message: offsetForLeaderEpoch,
    request: struct({
      replicaId: 'int32',
      topics: topics(struct({ partition: 'int32', currentLeaderEpoch: 'int32', leaderEpoch: 'int32' })),
    }),
    answer: struct({
      throttleTimeMs: 'int32',
      topics: topics(
        struct({ errorCode: 'int16', partition: 'int32', leaderEpoch: 'int32', endOffset: 'int64' }),
      ),
    }),
  },
  {
    message: fetch,
    request: struct({
      replicaId: 'int32',
      maxWaitMs: 'int32',
      minBytes: 'int32',
      maxBytes: 'int32',
      isolationLevel: 'int8',
      sessionId: 'int32',
      sessionEpoch: 'int32',
      topics: topics(
        struct({
          partition: 'int32',
          currentLeaderEpoch: 'int32',
          fetchOffset: 'int64',
          lastFetchedEpoch: 'int32',
          logStartOffset: 'int64',
          partitionMaxBytes: 'int32',
        }),
      ),
      forgottenTopics: topics('int32'),
      rackId: 'string',
    }),
    answer: struct({
      ...status,
      sessionId: 'int32',
      topics: topics(
        struct(
          {
            partition: 'int32',
            errorCode: 'int16',
            highWatermark: 'int64',
            lastStableOffset: 'int64',
            logStartOffset: 'int64',
            abortedTransactions: nullableArray(struct({ producerId: 'bigint64', firstOffset: 'int64' })),
            preferredReadReplica: 'int32',
            records: 'nullableBytes',
          },
          {
            0: ['divergingEpoch', struct({ epoch: 'int32', endOffset: 'int64' })],
            1: ['currentLeader', struct({ leaderId: 'int32', leaderEpoch: 'int32' })],
          },
        ),
      ),
    }),
  },
  {
    message: produce,
    request: struct({
      transactionalId: 'nullableString',
      acks: 'int16',
      timeoutMs: 'int32',
      topics: topics(struct({ partition: 'int32', records: 'bytes' })),
    }),
    answer: struct({
      topics: topics(
        struct({
          partition: 'int32',
          errorCode: 'int16',
          baseOffset: 'int64',
          logAppendTimeMs: 'int64',
          logStartOffset: 'int64',
          recordErrors: array(struct({ batchIndex: 'int32', message: 'nullableString' })),
          errorMessage: 'nullableString',
        }),
      ),
      throttleTimeMs: 'int32',
    }),
  },
  {
    message: initProducerId,
    request: struct({ transactionalId: 'nullableString', transactionTimeoutMs: 'int32', ...producer }),
    answer: struct({ ...status, ...producer }),
  },
  {
    message: addPartitionsToTxn,
    request: struct({ transactionalId: 'string', ...producer, topics: topics('int32') }),
    answer: outcomes,
  },
  {
    message: addOffsetsToTxn,
    request: struct({ transactionalId: 'string', ...producer, groupId: 'string' }),
    answer: struct(status),
  },
  {
    message: offsetCommit,
    request: struct({ groupId: 'string', generationId: 'int32', ...member, topics: topics(position) }),
    answer: outcomes,
  },
  {
    message: txnOffsetCommit,
    request: struct({
      transactionalId: 'string',
      groupId: 'string',
      ...producer,
      generationId: 'int32',
      ...member,
      topics: topics(position),
    }),
    answer: outcomes,
  },
  {
    message: endTxn,
    request: struct({ transactionalId: 'string', ...producer, committed: 'boolean' }),
    answer: struct(status),
  },
];

/** What the room speaks. */
export const schemas = [...groupSchemas, ...dataSchemas];

/** What the room writes by itself, whatever the caller asks for: a consumer, without session, rack or log start. */
export const CONSTANTS = {
  replicaId: -1,
  sessionId: 0,
  sessionEpoch: -1,
  logStartOffset: -1,
  forgottenTopics: [],
  rackId: '',
} as const;
