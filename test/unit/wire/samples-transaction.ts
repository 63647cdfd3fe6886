import { addOffsetsToTxn } from '../../../src/kafka/wire/add-offsets-to-txn.ts';
import { addPartitionsToTxn } from '../../../src/kafka/wire/add-partitions-to-txn.ts';
import { endTxn } from '../../../src/kafka/wire/end-txn.ts';
import { initProducerId } from '../../../src/kafka/wire/init-producer-id.ts';
import { produce } from '../../../src/kafka/wire/produce.ts';
import { txnOffsetCommit } from '../../../src/kafka/wire/txn-offset-commit.ts';
import { answer, bytes, FAR, NEW_YEAR_MS, PRODUCER_ID, request } from './vectors.ts';

const producer = { producerId: PRODUCER_ID, producerEpoch: 1 };

export const transactionRequests = [
  request(produce, {
    transactionalId: 'snowstamp.d.1',
    acks: -1,
    timeoutMs: 2000,
    topics: [
      {
        topic: 'stamped',
        partitions: [
          { partition: 3, records: bytes(1, 2, 3) },
          { partition: 4, records: bytes(4) },
        ],
      },
    ],
  }),
  request(initProducerId, {
    transactionalId: 't',
    transactionTimeoutMs: 10_000,
    producerId: -1n,
    producerEpoch: -1,
  }),
  request(
    initProducerId,
    { transactionalId: null, transactionTimeoutMs: 1, producerId: PRODUCER_ID, producerEpoch: 32_767 },
    ' for recovery',
  ),
  request(addPartitionsToTxn, {
    transactionalId: 't',
    ...producer,
    topics: [{ topic: 'stamped', partitions: [3, 4] }],
  }),
  request(addOffsetsToTxn, { transactionalId: 't', ...producer, groupId: 'g' }),
  request(txnOffsetCommit, {
    transactionalId: 't',
    groupId: 'g',
    ...producer,
    generationId: 4,
    memberId: 'm',
    groupInstanceId: 'i',
    topics: [
      {
        topic: 'orders',
        partitions: [
          { partition: 0, committedOffset: FAR, committedLeaderEpoch: 3, committedMetadata: 'v1:1:2' },
          { partition: 1, committedOffset: 0, committedLeaderEpoch: -1, committedMetadata: null },
        ],
      },
    ],
  }),
  request(endTxn, { transactionalId: 't', ...producer, committed: true }),
];

const produceAnswer = answer(produce, {
  topics: [
    {
      topic: 'stamped',
      partitions: [
        {
          partition: 3,
          errorCode: 0,
          baseOffset: FAR,
          logAppendTimeMs: -1,
          logStartOffset: 1,
          recordErrors: [],
          errorMessage: null,
        },
        {
          partition: 4,
          errorCode: 87,
          baseOffset: -1,
          logAppendTimeMs: NEW_YEAR_MS,
          logStartOffset: -1,
          recordErrors: [
            { batchIndex: 0, message: 'no key' },
            { batchIndex: 2, message: null },
          ],
          errorMessage: 'refused',
        },
      ],
    },
  ],
  throttleTimeMs: 4,
});

export const transactionAnswers = [
  produceAnswer,
  answer(initProducerId, { throttleTimeMs: 0, errorCode: 51, ...producer }),
  answer(addPartitionsToTxn, {
    throttleTimeMs: 1,
    topics: [
      {
        topic: 'stamped',
        partitions: [
          { partition: 3, errorCode: 55 },
          { partition: 4, errorCode: 29 },
        ],
      },
    ],
  }),
  answer(addOffsetsToTxn, { throttleTimeMs: 0, errorCode: 90 }),
  answer(txnOffsetCommit, {
    throttleTimeMs: 0,
    topics: [
      {
        topic: 'orders',
        partitions: [
          { partition: 0, errorCode: 0 },
          { partition: 1, errorCode: 22 },
        ],
      },
    ],
  }),
  answer(endTxn, { throttleTimeMs: 1, errorCode: 47 }),
];
