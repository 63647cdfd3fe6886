import type { Message } from './message.ts';
import type { Reader } from './reader.ts';
import { writeInt32 } from './writer.ts';

export interface AddPartitionsToTxnRequestTopic {
  readonly topic: string;
  readonly partitions: readonly number[];
}

export interface AddPartitionsToTxnRequest {
  readonly transactionalId: string;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly topics: readonly AddPartitionsToTxnRequestTopic[];
}

export interface AddPartitionsToTxnPartition {
  readonly partition: number;
  readonly errorCode: number;
}

export interface AddPartitionsToTxnTopic {
  readonly topic: string;
  readonly partitions: readonly AddPartitionsToTxnPartition[];
}

export interface AddPartitionsToTxnAnswer {
  readonly throttleTimeMs: number;
  /** All or nothing: when one fails, the others say OPERATION_NOT_ATTEMPTED. There is no error code on top. */
  readonly topics: readonly AddPartitionsToTxnTopic[];
}

export const addPartitionsToTxn: Message<AddPartitionsToTxnRequest, AddPartitionsToTxnAnswer> = {
  name: 'AddPartitionsToTxn',
  apiKey: 24,
  version: 3,
  flexible: true,
  encode(writer, request) {
    writer.compactString(request.transactionalId);
    writer.bigint64(request.producerId);
    writer.int16(request.producerEpoch);
    writer.compactArray(request.topics, (item) => {
      writer.compactString(item.topic);
      writer.compactArray(item.partitions, writeInt32);
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

function readTopic(reader: Reader): AddPartitionsToTxnTopic {
  const topic = { topic: reader.compactString(), partitions: reader.compactArray(readPartition) };
  reader.tags();
  return topic;
}

function readPartition(reader: Reader): AddPartitionsToTxnPartition {
  const partition = { partition: reader.int32(), errorCode: reader.int16() };
  reader.tags();
  return partition;
}
