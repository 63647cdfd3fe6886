import type { Message } from './message.ts';
import type { Reader } from './reader.ts';

/** Asks for the end: the high-water mark, or the last stable offset under read_committed. */
export const LATEST = -1;
/** Asks for the log's start. */
export const EARLIEST = -2;

export interface ListOffsetsRequestPartition {
  readonly partition: number;
  /** −1: do not check (KIP-320). */
  readonly currentLeaderEpoch: number;
  /** −1 latest, −2 earliest, −3 the record with the largest timestamp (KIP-734); else the first record at or after this time in ms. */
  readonly timestamp: number;
}

export interface ListOffsetsRequestTopic {
  readonly topic: string;
  readonly partitions: readonly ListOffsetsRequestPartition[];
}

export interface ListOffsetsRequest {
  /** 0 read_uncommitted, 1 read_committed. */
  readonly isolationLevel: 0 | 1;
  readonly topics: readonly ListOffsetsRequestTopic[];
}

export interface ListOffsetsPartition {
  readonly partition: number;
  readonly errorCode: number;
  /** −1 for latest and earliest. A bigint, because a record's timestamp may be any int64. */
  readonly timestamp: bigint;
  /** −1 when there is no such record, or with an error. */
  readonly offset: number;
  /** −1 when unknown. */
  readonly leaderEpoch: number;
}

export interface ListOffsetsTopic {
  readonly topic: string;
  readonly partitions: readonly ListOffsetsPartition[];
}

export interface ListOffsetsAnswer {
  readonly throttleTimeMs: number;
  readonly topics: readonly ListOffsetsTopic[];
}

const CONSUMER = -1;

export const listOffsets: Message<ListOffsetsRequest, ListOffsetsAnswer> = {
  name: 'ListOffsets',
  apiKey: 2,
  version: 7,
  flexible: true,
  encode(writer, request) {
    writer.int32(CONSUMER);
    writer.int8(request.isolationLevel);
    writer.compactArray(request.topics, (item) => {
      writer.compactString(item.topic);
      writer.compactArray(item.partitions, (partition) => {
        writer.int32(partition.partition);
        writer.int32(partition.currentLeaderEpoch);
        writer.int64(partition.timestamp);
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

function readTopic(reader: Reader): ListOffsetsTopic {
  const topic = { topic: reader.compactString(), partitions: reader.compactArray(readPartition) };
  reader.tags();
  return topic;
}

function readPartition(reader: Reader): ListOffsetsPartition {
  const partition = {
    partition: reader.int32(),
    errorCode: reader.int16(),
    timestamp: reader.bigint64(),
    offset: reader.int64(),
    leaderEpoch: reader.int32(),
  };
  reader.tags();
  return partition;
}
