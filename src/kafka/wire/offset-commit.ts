import type { Message } from './message.ts';
import type { Reader } from './reader.ts';
import type { TxnOffsetCommitAnswer, TxnOffsetCommitRequestTopic } from './txn-offset-commit.ts';

/**
 * Outside of any transaction: for an operator who states a position, never for the data path (rule 8). With generation −1
 * and an empty member id the coordinator accepts it while the group is empty, else it answers UNKNOWN_MEMBER_ID.
 */
export interface OffsetCommitRequest {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly topics: readonly TxnOffsetCommitRequestTopic[];
}

/** Same fields as the answer of TxnOffsetCommit. */
export type OffsetCommitAnswer = TxnOffsetCommitAnswer;

export const offsetCommit: Message<OffsetCommitRequest, OffsetCommitAnswer> = {
  name: 'OffsetCommit',
  apiKey: 8,
  version: 8,
  flexible: true,
  encode(writer, request) {
    writer.compactString(request.groupId);
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

function readTopic(reader: Reader): OffsetCommitAnswer['topics'][number] {
  const topic = { topic: reader.compactString(), partitions: reader.compactArray(readPartition) };
  reader.tags();
  return topic;
}

function readPartition(reader: Reader): OffsetCommitAnswer['topics'][number]['partitions'][number] {
  const partition = { partition: reader.int32(), errorCode: reader.int16() };
  reader.tags();
  return partition;
}
