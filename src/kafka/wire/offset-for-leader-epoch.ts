import type { Message } from './message.ts';
import type { Reader } from './reader.ts';

export interface OffsetForLeaderEpochRequestPartition {
  readonly partition: number;
  /** −1: do not check; else 74 or 75 when it is not the broker's (KIP-320). */
  readonly currentLeaderEpoch: number;
  /** The epoch whose end is wanted. */
  readonly leaderEpoch: number;
}

export interface OffsetForLeaderEpochRequestTopic {
  readonly topic: string;
  readonly partitions: readonly OffsetForLeaderEpochRequestPartition[];
}

export interface OffsetForLeaderEpochRequest {
  readonly topics: readonly OffsetForLeaderEpochRequestTopic[];
}

export interface EpochEndOffset {
  readonly errorCode: number;
  readonly partition: number;
  /** The largest epoch the log knows that is not above the one asked for; −1 when it knows none. */
  readonly leaderEpoch: number;
  /** Where that epoch ends; −1 when it is unknown. A position beyond it was truncated away. */
  readonly endOffset: number;
}

export interface OffsetForLeaderEpochTopic {
  readonly topic: string;
  readonly partitions: readonly EpochEndOffset[];
}

export interface OffsetForLeaderEpochAnswer {
  readonly throttleTimeMs: number;
  readonly topics: readonly OffsetForLeaderEpochTopic[];
}

/** The schema's default, −2, is a debug consumer that sees beyond the high-water mark. */
const CONSUMER = -1;

export const offsetForLeaderEpoch: Message<OffsetForLeaderEpochRequest, OffsetForLeaderEpochAnswer> = {
  name: 'OffsetForLeaderEpoch',
  apiKey: 23,
  version: 4,
  flexible: true,
  encode(writer, request) {
    writer.int32(CONSUMER);
    writer.compactArray(request.topics, (item) => {
      writer.compactString(item.topic);
      writer.compactArray(item.partitions, (partition) => {
        writer.int32(partition.partition);
        writer.int32(partition.currentLeaderEpoch);
        writer.int32(partition.leaderEpoch);
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

function readTopic(reader: Reader): OffsetForLeaderEpochTopic {
  const topic = { topic: reader.compactString(), partitions: reader.compactArray(readPartition) };
  reader.tags();
  return topic;
}

function readPartition(reader: Reader): EpochEndOffset {
  const partition = {
    errorCode: reader.int16(),
    partition: reader.int32(),
    leaderEpoch: reader.int32(),
    endOffset: reader.int64(),
  };
  reader.tags();
  return partition;
}
