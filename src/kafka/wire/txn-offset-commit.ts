import type { Message } from './message.ts';
import type { Reader } from './reader.ts';

export interface TxnOffsetCommitRequestPartition {
  readonly partition: number;
  /** The next offset to read. */
  readonly committedOffset: number;
  /** −1 when unknown. */
  readonly committedLeaderEpoch: number;
  readonly committedMetadata: string | null;
}

export interface TxnOffsetCommitRequestTopic {
  readonly topic: string;
  readonly partitions: readonly TxnOffsetCommitRequestPartition[];
}

/** Goes to the *group's* coordinator, unlike the rest of the transaction. */
export interface TxnOffsetCommitRequest {
  readonly transactionalId: string;
  readonly groupId: string;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** −1 with an empty member id is accepted and turns fencing off (KIP-447): never send it. */
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly topics: readonly TxnOffsetCommitRequestTopic[];
}

export interface TxnOffsetCommitPartition {
  readonly partition: number;
  readonly errorCode: number;
}

export interface TxnOffsetCommitTopic {
  readonly topic: string;
  readonly partitions: readonly TxnOffsetCommitPartition[];
}

export interface TxnOffsetCommitAnswer {
  readonly throttleTimeMs: number;
  readonly topics: readonly TxnOffsetCommitTopic[];
}

export const txnOffsetCommit: Message<TxnOffsetCommitRequest, TxnOffsetCommitAnswer> = {
  name: 'TxnOffsetCommit',
  apiKey: 28,
  version: 3,
  flexible: true,
  encode(writer, request) {
    writer.compactString(request.transactionalId);
    writer.compactString(request.groupId);
    writer.bigint64(request.producerId);
    writer.int16(request.producerEpoch);
    writer.int32(request.generationId);
    writer.compactString(request.memberId);
    writer.compactNullableString(request.groupInstanceId);
    writer.compactArray(request.topics, (item) => {
      writer.compactString(item.topic);
      writer.compactArray(item.partitions, (partition) => {
        writer.int32(partition.partition);
        writer.int64(partition.committedOffset);
        writer.int32(partition.committedLeaderEpoch);
        writer.compactNullableString(partition.committedMetadata);
        writer.tags();
      });
      writer.tags();
    });
    writer.tags();
  },
  decode(reader) {
    const answer = { throttleTimeMs: reader.int32(), topics: reader.compactArray(readTopic) };
    reader.tags();
    return answer;
  },
};

function readTopic(reader: Reader): TxnOffsetCommitTopic {
  const topic = { topic: reader.compactString(), partitions: reader.compactArray(readPartition) };
  reader.tags();
  return topic;
}

function readPartition(reader: Reader): TxnOffsetCommitPartition {
  const partition = { partition: reader.int32(), errorCode: reader.int16() };
  reader.tags();
  return partition;
}
