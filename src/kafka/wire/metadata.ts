import type { Message } from './message.ts';
import { readInt32 } from './reader.ts';
import type { Reader } from './reader.ts';

/** Asks by id where `topicId` is given (and `topic` null), else by name. */
export interface MetadataRequestTopic {
  readonly topic: string | null;
  /** 32 hex digits. */
  readonly topicId?: string;
}

export interface MetadataRequest {
  /** null: all topics; empty: none, brokers only. */
  readonly topics: readonly MetadataRequestTopic[] | null;
  readonly allowAutoTopicCreation: boolean;
  readonly includeTopicAuthorizedOperations: boolean;
}

export interface MetadataBroker {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

export interface MetadataPartition {
  readonly errorCode: number;
  readonly partition: number;
  /** −1 while there is none. */
  readonly leaderId: number;
  /** −1 while unknown. */
  readonly leaderEpoch: number;
  readonly replicaNodes: readonly number[];
  readonly isrNodes: readonly number[];
  readonly offlineReplicas: readonly number[];
}

export interface MetadataTopic {
  readonly errorCode: number;
  /** null only for a topic asked for by an id that does not exist. */
  readonly topic: string | null;
  /** All zero for a topic asked for by a name that does not exist. */
  readonly topicId: string;
  readonly isInternal: boolean;
  readonly partitions: readonly MetadataPartition[];
  /** Bit field; −2147483648 when not asked for. */
  readonly topicAuthorizedOperations: number;
}

export interface MetadataAnswer {
  readonly throttleTimeMs: number;
  readonly brokers: readonly MetadataBroker[];
  readonly clusterId: string | null;
  readonly controllerId: number;
  readonly topics: readonly MetadataTopic[];
}

/** The id of no topic. */
export const ZERO_UUID = '00000000000000000000000000000000';

export const metadata: Message<MetadataRequest, MetadataAnswer> = {
  name: 'Metadata',
  apiKey: 3,
  version: 12,
  flexible: true,
  encode(writer, request) {
    writer.compactNullableArray(request.topics, (item) => {
      writer.uuid(item.topicId ?? ZERO_UUID);
      writer.compactNullableString(item.topic);
      writer.tags();
    });
    writer.boolean(request.allowAutoTopicCreation);
    writer.boolean(request.includeTopicAuthorizedOperations);
    writer.tags();
  },
  decode(reader) {
    const answer = {
      throttleTimeMs: reader.int32(),
      brokers: reader.compactArray(readBroker),
      clusterId: reader.compactNullableString(),
      controllerId: reader.int32(),
      topics: reader.compactArray(readTopic),
    };
    reader.tags();
    return answer;
  },
};

function readBroker(reader: Reader): MetadataBroker {
  const broker = {
    nodeId: reader.int32(),
    host: reader.compactString(),
    port: reader.int32(),
    rack: reader.compactNullableString(),
  };
  reader.tags();
  return broker;
}

function readTopic(reader: Reader): MetadataTopic {
  const topic = {
    errorCode: reader.int16(),
    topic: reader.compactNullableString(),
    topicId: reader.uuid(),
    isInternal: reader.boolean(),
    partitions: reader.compactArray(readPartition),
    topicAuthorizedOperations: reader.int32(),
  };
  reader.tags();
  return topic;
}

function readPartition(reader: Reader): MetadataPartition {
  const partition = {
    errorCode: reader.int16(),
    partition: reader.int32(),
    leaderId: reader.int32(),
    leaderEpoch: reader.int32(),
    replicaNodes: reader.compactArray(readInt32),
    isrNodes: reader.compactArray(readInt32),
    offlineReplicas: reader.compactArray(readInt32),
  };
  reader.tags();
  return partition;
}
