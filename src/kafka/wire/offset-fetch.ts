import type { Message } from './message.ts';
import type { Reader } from './reader.ts';
import { writeInt32 } from './writer.ts';

export interface OffsetFetchRequestTopic {
  readonly topic: string;
  readonly partitions: readonly number[];
}

export interface OffsetFetchRequest {
  readonly groupId: string;
  /** null: everything the group has committed. */
  readonly topics: readonly OffsetFetchRequestTopic[] | null;
  /** UNSTABLE_OFFSET_COMMIT instead of an offset an open transaction may still change (KIP-447). */
  readonly requireStable: boolean;
}

export interface OffsetFetchPartition {
  readonly partition: number;
  /** −1 when nothing was committed. */
  readonly committedOffset: number;
  /** −1 when unknown. */
  readonly committedLeaderEpoch: number;
  /** Empty or null when nothing was committed. */
  readonly metadata: string | null;
  readonly errorCode: number;
}

export interface OffsetFetchTopic {
  readonly topic: string;
  readonly partitions: readonly OffsetFetchPartition[];
}

export interface OffsetFetchAnswer {
  readonly throttleTimeMs: number;
  readonly topics: readonly OffsetFetchTopic[];
  /** Of the group as a whole; each partition has its own besides. */
  readonly errorCode: number;
}

export const offsetFetch: Message<OffsetFetchRequest, OffsetFetchAnswer> = {
  name: 'OffsetFetch',
  apiKey: 9,
  version: 7,
  flexible: true,
  encode(writer, request) {
    writer.compactString(request.groupId);
    writer.compactNullableArray(request.topics, (item) => {
      writer.compactString(item.topic);
      writer.compactArray(item.partitions, writeInt32);
      writer.tags();
    });
    writer.boolean(request.requireStable);
    writer.tags();
  },
  decode(reader) {
    const answer = {
      throttleTimeMs: reader.int32(),
      topics: reader.compactArray(readTopic),
      errorCode: reader.int16(),
    };
    reader.tags();
    return answer;
  },
};

function readTopic(reader: Reader): OffsetFetchTopic {
  const topic = { topic: reader.compactString(), partitions: reader.compactArray(readPartition) };
  reader.tags();
  return topic;
}

function readPartition(reader: Reader): OffsetFetchPartition {
  const partition = {
    partition: reader.int32(),
    committedOffset: reader.int64(),
    committedLeaderEpoch: reader.int32(),
    metadata: reader.compactNullableString(),
    errorCode: reader.int16(),
  };
  reader.tags();
  return partition;
}
