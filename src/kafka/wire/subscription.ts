import { Reader, readInt32 } from './reader.ts';
import { Writer, writeInt32 } from './writer.ts';

/** Partitions of one topic, as the group protocol's metadata name them. */
export interface TopicPartitions {
  readonly topic: string;
  readonly partitions: readonly number[];
}

/** What a member tells the group's leader: the `metadata` of JoinGroup for protocol type `consumer`. */
export interface Subscription {
  readonly topics: readonly string[];
  /** The assignor's own; Java's CooperativeStickyAssignor puts its generation here (4 bytes). null is accepted by it. */
  readonly userData: Uint8Array | null;
  /** What the member still holds (KIP-429); from version 1. */
  readonly ownedPartitions: readonly TopicPartitions[];
  /** The generation that gave `ownedPartitions`, −1 for none (KIP-792); from version 2. */
  readonly generationId: number;
  /** From version 3 (KIP-881). */
  readonly rackId: string | null;
}

/** What the leader gives a member: the `assignment` of SyncGroup for protocol type `consumer`. */
export interface Assignment {
  readonly assignedPartitions: readonly TopicPartitions[];
  readonly userData: Uint8Array | null;
}

const SUBSCRIPTION_VERSION = 3;
/** Versions 2 and 3 are the same bytes. */
const ASSIGNMENT_VERSION = 1;

/** ConsumerProtocolSubscription v3; not a flexible format. */
export function encodeSubscription(subscription: Subscription): Uint8Array {
  const writer = new Writer();
  writer.int16(SUBSCRIPTION_VERSION);
  writer.array(subscription.topics, (topic) => {
    writer.string(topic);
  });
  writer.nullableBytes(subscription.userData);
  writer.array(subscription.ownedPartitions, writeTopicPartitions);
  writer.int32(subscription.generationId);
  writer.nullableString(subscription.rackId);
  return writer.toBytes();
}

/**
 * Any version: fields a version lacks have their defaults, and a version newer than 3 is read as 3, because versions
 * only ever add at the end (the schema says so). Throws `WireError` on malformed bytes, which come from *other* members:
 * a leader must catch it, or one bad member keeps the group from ever forming. User data is a view of `bytes`.
 */
export function decodeSubscription(bytes: Uint8Array): Subscription {
  const reader = new Reader(bytes);
  const version = reader.int16();
  return {
    topics: reader.array((element) => element.string()),
    userData: reader.nullableBytes(),
    ownedPartitions: version >= 1 ? reader.array(readTopicPartitions) : [],
    generationId: version >= 2 ? reader.int32() : -1,
    rackId: version >= 3 ? reader.nullableString() : null,
  };
}

/** ConsumerProtocolAssignment v1; not a flexible format. */
export function encodeAssignment(assignment: Assignment): Uint8Array {
  const writer = new Writer();
  writer.int16(ASSIGNMENT_VERSION);
  writer.array(assignment.assignedPartitions, writeTopicPartitions);
  writer.nullableBytes(assignment.userData);
  return writer.toBytes();
}

/** Any version; no bytes at all (a member its leader left out) are an empty assignment. Throws `WireError` on malformed bytes. */
export function decodeAssignment(bytes: Uint8Array): Assignment {
  if (bytes.byteLength === 0) return { assignedPartitions: [], userData: null };
  const reader = new Reader(bytes);
  reader.int16();
  return { assignedPartitions: reader.array(readTopicPartitions), userData: reader.nullableBytes() };
}

function writeTopicPartitions(item: TopicPartitions, writer: Writer): void {
  writer.string(item.topic);
  writer.array(item.partitions, writeInt32);
}

function readTopicPartitions(reader: Reader): TopicPartitions {
  return { topic: reader.string(), partitions: reader.array(readInt32) };
}
