import type { Message } from './message.ts';
import type { Reader } from './reader.ts';

export interface ProduceRequestPartition {
  readonly partition: number;
  /** Exactly one record batch. Referred to, not copied, from 1 KiB on: leave it alone until the answer is there. */
  readonly records: Uint8Array;
}

export interface ProduceRequestTopic {
  readonly topic: string;
  readonly partitions: readonly ProduceRequestPartition[];
}

export interface ProduceRequest {
  readonly transactionalId: string | null;
  /** −1 all in-sync replicas, 1 the leader. (0 has no answer and cannot be sent as a request with one.) */
  readonly acks: -1 | 1;
  readonly timeoutMs: number;
  readonly topics: readonly ProduceRequestTopic[];
}

export interface RecordError {
  /** Index of the record within the batch. */
  readonly batchIndex: number;
  readonly message: string | null;
}

export interface ProducePartition {
  readonly partition: number;
  readonly errorCode: number;
  /** Offset of the batch's first record; −1 with an error. */
  readonly baseOffset: number;
  /** −1 unless the topic uses LogAppendTime. */
  readonly logAppendTimeMs: number;
  readonly logStartOffset: number;
  /** The records for which the whole batch was refused (KIP-467). */
  readonly recordErrors: readonly RecordError[];
  readonly errorMessage: string | null;
}

export interface ProduceTopic {
  readonly topic: string;
  readonly partitions: readonly ProducePartition[];
}

export interface ProduceAnswer {
  readonly topics: readonly ProduceTopic[];
  readonly throttleTimeMs: number;
}

export const produce: Message<ProduceRequest, ProduceAnswer> = {
  name: 'Produce',
  apiKey: 0,
  version: 9,
  flexible: true,
  encode(writer, request) {
    writer.compactNullableString(request.transactionalId);
    writer.int16(request.acks);
    writer.int32(request.timeoutMs);
    writer.compactArray(request.topics, (item) => {
      writer.compactString(item.topic);
      writer.compactArray(item.partitions, (partition) => {
        writer.int32(partition.partition);
        writer.compactBytes(partition.records);
        writer.tags();
      });
      writer.tags();
    });
    writer.tags();
  },
  decode(reader) {
    const answer = { topics: reader.compactArray(readTopic), throttleTimeMs: reader.int32() };
    reader.tags();
    return answer;
  },
};

function readTopic(reader: Reader): ProduceTopic {
  const topic = { topic: reader.compactString(), partitions: reader.compactArray(readPartition) };
  reader.tags();
  return topic;
}

function readPartition(reader: Reader): ProducePartition {
  const partition = {
    partition: reader.int32(),
    errorCode: reader.int16(),
    baseOffset: reader.int64(),
    logAppendTimeMs: reader.int64(),
    logStartOffset: reader.int64(),
    recordErrors: reader.compactArray(readRecordError),
    errorMessage: reader.compactNullableString(),
  };
  reader.tags();
  return partition;
}

function readRecordError(reader: Reader): RecordError {
  const error = { batchIndex: reader.int32(), message: reader.compactNullableString() };
  reader.tags();
  return error;
}
