import { fetch } from '../../../src/kafka/wire/fetch.ts';
import { listOffsets } from '../../../src/kafka/wire/list-offsets.ts';
import { offsetCommit } from '../../../src/kafka/wire/offset-commit.ts';
import { offsetFetch } from '../../../src/kafka/wire/offset-fetch.ts';
import { offsetForLeaderEpoch } from '../../../src/kafka/wire/offset-for-leader-epoch.ts';
import { answer, bytes, FAR, NEW_YEAR_MS, PRODUCER_ID, request } from './vectors.ts';

export const dataRequests = [
  request(offsetFetch, {
    groupId: 'g',
    topics: [{ topic: 'orders', partitions: [0, 1, 300] }],
    requireStable: true,
  }),
  request(offsetFetch, { groupId: 'g', topics: null, requireStable: false }, ' for everything'),
  request(offsetCommit, {
    groupId: 'g',
    generationId: -1,
    memberId: '',
    groupInstanceId: null,
    topics: [
      {
        topic: 'orders',
        partitions: [
          { partition: 0, committedOffset: FAR, committedLeaderEpoch: 3, committedMetadata: 'v1:1:-1' },
          { partition: 1, committedOffset: 0, committedLeaderEpoch: -1, committedMetadata: null },
        ],
      },
    ],
  }),
  request(listOffsets, {
    isolationLevel: 1,
    topics: [
      {
        topic: 'orders',
        partitions: [
          { partition: 0, currentLeaderEpoch: 4, timestamp: -1 },
          { partition: 1, currentLeaderEpoch: -1, timestamp: NEW_YEAR_MS },
        ],
      },
    ],
  }),
  request(offsetForLeaderEpoch, {
    topics: [{ topic: 'orders', partitions: [{ partition: 7, currentLeaderEpoch: 2, leaderEpoch: 1 }] }],
  }),
  request(fetch, {
    maxWaitMs: 500,
    minBytes: 1,
    maxBytes: 1 << 20,
    isolationLevel: 1,
    topics: [
      {
        topic: 'orders',
        partitions: [
          {
            partition: 0,
            currentLeaderEpoch: 4,
            fetchOffset: FAR,
            lastFetchedEpoch: 3,
            partitionMaxBytes: 65_536,
          },
          {
            partition: 1,
            currentLeaderEpoch: -1,
            fetchOffset: 0,
            lastFetchedEpoch: -1,
            partitionMaxBytes: 1,
          },
        ],
      },
    ],
  }),
];

const fetched = {
  errorCode: 0,
  lastStableOffset: -1,
  logStartOffset: -1,
  divergingEpoch: null,
  currentLeader: null,
  preferredReadReplica: -1,
};

const fetchAnswer = answer(fetch, {
  throttleTimeMs: 1,
  errorCode: 0,
  sessionId: 0,
  topics: [
    {
      topic: 'orders',
      partitions: [
        {
          ...fetched,
          partition: 0,
          highWatermark: FAR,
          lastStableOffset: FAR - 1,
          logStartOffset: 0,
          abortedTransactions: [{ producerId: PRODUCER_ID, firstOffset: 12 }],
          records: bytes(0xde, 0xad, 0xbe, 0xef),
        },
        {
          ...fetched,
          partition: 1,
          errorCode: 6,
          highWatermark: -1,
          divergingEpoch: { epoch: 2, endOffset: 40 },
          currentLeader: { leaderId: 3, leaderEpoch: 9 },
          abortedTransactions: null,
          preferredReadReplica: 2,
          records: null,
        },
        { ...fetched, partition: 2, highWatermark: 0, abortedTransactions: [], records: bytes() },
      ],
    },
  ],
});

export const dataAnswers = [
  answer(offsetCommit, {
    throttleTimeMs: 3,
    topics: [
      {
        topic: 'orders',
        partitions: [
          { partition: 0, errorCode: 0 },
          { partition: 1, errorCode: 25 },
        ],
      },
    ],
  }),
  answer(offsetFetch, {
    throttleTimeMs: 0,
    topics: [
      {
        topic: 'orders',
        partitions: [
          { partition: 0, committedOffset: FAR, committedLeaderEpoch: 3, metadata: 'v1:1:2', errorCode: 0 },
          { partition: 1, committedOffset: -1, committedLeaderEpoch: -1, metadata: null, errorCode: 88 },
        ],
      },
    ],
    errorCode: 16,
  }),
  answer(listOffsets, {
    throttleTimeMs: 9,
    topics: [
      {
        topic: 'orders',
        partitions: [
          { partition: 0, errorCode: 0, timestamp: -1n, offset: FAR, leaderEpoch: 4 },
          { partition: 1, errorCode: 6, timestamp: 2n ** 63n - 1n, offset: -1, leaderEpoch: -1 },
        ],
      },
    ],
  }),
  answer(offsetForLeaderEpoch, {
    throttleTimeMs: 0,
    topics: [
      {
        topic: 'orders',
        partitions: [
          { errorCode: 0, partition: 7, leaderEpoch: 1, endOffset: 2 ** 32 },
          { errorCode: 74, partition: 8, leaderEpoch: -1, endOffset: -1 },
        ],
      },
    ],
  }),
  fetchAnswer,
  answer(fetch, { throttleTimeMs: 0, errorCode: 71, sessionId: 0, topics: [] }, ' with an error on top'),
];
