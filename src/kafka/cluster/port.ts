import type { Message } from '../wire/message.ts';

/** One broker as the cluster's metadata names it. */
export interface Node {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

/** What is known of one partition. `leader` is −1 while there is none. */
export interface PartitionMetadata {
  readonly partition: number;
  readonly leader: number;
  readonly leaderEpoch: number;
  /** Kafka error code of this partition, 0 when fine. */
  readonly error: number;
}

export interface TopicMetadata {
  readonly topic: string;
  /** 32 hex digits; a recreated topic has another one. */
  readonly topicId: string;
  /** Kafka error code of this topic: 3 when it does not exist (yet). */
  readonly error: number;
  readonly partitions: readonly PartitionMetadata[];
}

/** Kafka's error code for a topic that does not exist (yet). */
export const UNKNOWN_TOPIC_OR_PARTITION = 3;

/**
 * Purposes have a connection of their own each, because answers come in order per connection: a long
 * poll or a JoinGroup must not hold up a commit or a heartbeat.
 */
export type Purpose = 'data' | 'fetch' | 'transaction' | 'heartbeat' | 'join' | 'metadata';

export interface SendOptions {
  /** Answer expected within this; else the link is closed and the call fails with `timeout`. */
  readonly timeoutMs: number;
}

/** Why a request has no answer. After `timeout` and `closed` the broker may or may not have acted. */
export type LinkFailure = 'unreachable' | 'refused' | 'timeout' | 'closed' | 'unsupported';

/** The transport failed; the outcome at the broker is unknown unless `failure` is unreachable, refused or unsupported. */
export class LinkError extends Error {
  readonly failure: LinkFailure;
  readonly nodeId: number;
  constructor(failure: LinkFailure, nodeId: number, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'LinkError';
    this.failure = failure;
    this.nodeId = nodeId;
  }
}

/** One live connection to one broker. */
export interface Link {
  readonly nodeId: number;
  /** Rejects with LinkError only. Kafka error codes are in the answer. */
  send<Request, Answer>(
    message: Message<Request, Answer>,
    request: Request,
    options: SendOptions,
  ): Promise<Answer>;
}

/** What of the network the rooms above may see. The one implementation is `cluster.ts`. */
export interface Cluster {
  /** Topics whose metadata `refresh` asks for, besides those given earlier. */
  watch(topics: readonly string[]): void;
  /** Asks one reachable broker; concurrent calls share one request. Rejects with LinkError when none answers. */
  refresh(): Promise<void>;
  /** From the last refresh. */
  topic(name: string): TopicMetadata | undefined;
  nodes(): readonly Node[];
  clusterId(): string | undefined;
  /** Connects (with TLS and SASL as configured) when there is no live connection for this purpose. */
  link(nodeId: number, purpose: Purpose): Promise<Link>;
  /**
   * The coordinator's node, cached until `forget`. Asks all known nodes directly in turn, backing off
   * 20–100 ms, until `signal` aborts or `timeoutMs` is over (rejects with LinkError `unreachable`).
   */
  coordinator(
    kind: 'group' | 'transaction',
    key: string,
    options: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<number>;
  forget(kind: 'group' | 'transaction', key: string): void;
  close(): Promise<void>;
}
