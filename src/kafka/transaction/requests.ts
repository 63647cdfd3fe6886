import type { Link } from '../cluster/port.ts';
import { sealBatch } from '../records/writer.ts';
import { addOffsetsToTxn } from '../wire/add-offsets-to-txn.ts';
import { addPartitionsToTxn } from '../wire/add-partitions-to-txn.ts';
import { endTxn } from '../wire/end-txn.ts';
import { initProducerId } from '../wire/init-producer-id.ts';
import { produce } from '../wire/produce.ts';
import { txnOffsetCommit } from '../wire/txn-offset-commit.ts';
import type { Outgoing, PartitionReply, Reply } from './states.ts';

/** What of the producer's configuration the requests carry. */
export interface Sender {
  readonly transactionalId: string;
  readonly transactionTimeoutMs: number;
}

type Sent<Ask extends Outgoing['ask']> = Extract<Outgoing, { ask: Ask }>;

/** Puts rows of partitions into Kafka's arrays of topics. */
export function byTopic<Row extends { readonly topic: string }, Out>(
  rows: readonly Row[],
  of: (row: Row) => Out,
): { topic: string; partitions: Out[] }[] {
  const topics = new Map<string, Out[]>();
  for (const row of rows) {
    const partitions = topics.get(row.topic);
    if (partitions === undefined) topics.set(row.topic, [of(row)]);
    else partitions.push(of(row));
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}

interface AnsweredTopic {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly errorCode: number }[];
}

const partitionReplies = (topics: readonly AnsweredTopic[]): PartitionReply[] =>
  topics.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, errorCode }) => ({
      topic,
      partition,
      errorCode,
      errorMessage: null,
      baseOffset: -1,
      recordIndexes: [],
    })),
  );

/** Sends one request in the tick of the call and reduces its answer to what decides. Rejects with LinkError. */
export function sendRequest(
  link: Link,
  sender: Sender,
  outgoing: Outgoing,
  timeoutMs: number,
): Promise<Reply> {
  switch (outgoing.ask) {
    case 'InitProducerId':
      return sendInit(link, sender, outgoing, timeoutMs);
    case 'AddPartitionsToTxn':
      return sendAddPartitions(link, sender, outgoing, timeoutMs);
    case 'AddOffsetsToTxn':
      return sendAddOffsets(link, sender, outgoing, timeoutMs);
    case 'TxnOffsetCommit':
      return sendOffsets(link, sender, outgoing, timeoutMs);
    case 'EndTxn':
      return sendEnd(link, sender, outgoing, timeoutMs);
    default:
      return sendProduce(link, sender, outgoing, timeoutMs);
  }
}

async function sendInit(
  link: Link,
  sender: Sender,
  { current }: Sent<'InitProducerId'>,
  timeoutMs: number,
): Promise<Reply> {
  const request = {
    transactionalId: sender.transactionalId,
    transactionTimeoutMs: sender.transactionTimeoutMs,
    producerId: current?.producerId ?? -1n,
    producerEpoch: current?.producerEpoch ?? -1,
  };
  const { errorCode, producerId, producerEpoch } = await link.send(initProducerId, request, { timeoutMs });
  return { errorCode, epoch: { producerId, producerEpoch }, partitions: [] };
}

async function sendAddPartitions(
  link: Link,
  { transactionalId }: Sender,
  { epoch, batches }: Sent<'AddPartitionsToTxn'>,
  timeoutMs: number,
): Promise<Reply> {
  const request = { transactionalId, ...epoch, topics: byTopic(batches, ({ partition }) => partition) };
  const { topics } = await link.send(addPartitionsToTxn, request, { timeoutMs });
  return { errorCode: 0, partitions: partitionReplies(topics) };
}

async function sendAddOffsets(
  link: Link,
  { transactionalId }: Sender,
  { epoch, groupId }: Sent<'AddOffsetsToTxn'>,
  timeoutMs: number,
): Promise<Reply> {
  const { errorCode } = await link.send(
    addOffsetsToTxn,
    { transactionalId, ...epoch, groupId },
    { timeoutMs },
  );
  return { errorCode, partitions: [] };
}

async function sendOffsets(
  link: Link,
  { transactionalId }: Sender,
  { epoch, identity, offsets }: Sent<'TxnOffsetCommit'>,
  timeoutMs: number,
): Promise<Reply> {
  const topics = byTopic(offsets, ({ partition, offset, leaderEpoch, metadata }) => ({
    partition,
    committedOffset: offset,
    committedLeaderEpoch: leaderEpoch,
    committedMetadata: metadata,
  }));
  const { groupId, generationId, memberId, groupInstanceId } = identity;
  const request = { transactionalId, groupId, ...epoch, generationId, memberId, groupInstanceId, topics };
  const answer = await link.send(txnOffsetCommit, request, { timeoutMs });
  return { errorCode: 0, partitions: partitionReplies(answer.topics) };
}

async function sendEnd(
  link: Link,
  { transactionalId }: Sender,
  { epoch, commit }: Sent<'EndTxn'>,
  timeoutMs: number,
): Promise<Reply> {
  const { errorCode } = await link.send(
    endTxn,
    { transactionalId, ...epoch, committed: commit },
    { timeoutMs },
  );
  return { errorCode, partitions: [] };
}

/**
 * Seals the batches now and not earlier: producer id, epoch and sequence lie inside the checksummed range (raw-lane pitfall 2).
 * The broker's own wait for its replicas ends before ours, so that a slow replica is an answer (7) and not a doubt.
 */
async function sendProduce(
  link: Link,
  { transactionalId }: Sender,
  { epoch, batches }: Sent<`Produce ${number}`>,
  timeoutMs: number,
): Promise<Reply> {
  const topics = byTopic(batches, ({ partition, batch, baseSequence }) => {
    sealBatch(batch, { ...epoch, baseSequence });
    return { partition, records: batch.bytes };
  });
  const brokerTimeoutMs = Math.max(1, Math.floor((timeoutMs * 3) / 4));
  const request = { transactionalId, acks: -1, timeoutMs: brokerTimeoutMs, topics } as const;
  const answer = await link.send(produce, request, { timeoutMs });
  return {
    errorCode: 0,
    partitions: answer.topics.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, errorCode, errorMessage, baseOffset, recordErrors }) => ({
        topic,
        partition,
        errorCode,
        errorMessage: errorMessage ?? recordErrors.find(({ message }) => message !== null)?.message ?? null,
        baseOffset,
        recordIndexes: recordErrors.map(({ batchIndex }) => batchIndex),
      })),
    ),
  };
}
