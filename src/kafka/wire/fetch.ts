import type { Message } from './message.ts';
import type { Reader } from './reader.ts';

export interface FetchRequestPartition {
  readonly partition: number;
  /** −1: do not check; else 74 or 75 when it is not the broker's (KIP-320). */
  readonly currentLeaderEpoch: number;
  readonly fetchOffset: number;
  /** Epoch of the last record read, −1 if none: lets the broker answer with `divergingEpoch` (KIP-595). */
  readonly lastFetchedEpoch: number;
  readonly partitionMaxBytes: number;
}

export interface FetchRequestTopic {
  readonly topic: string;
  readonly partitions: readonly FetchRequestPartition[];
}

/** Always a full fetch, without a session (id 0, epoch −1): the answer names every partition asked for. */
export interface FetchRequest {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  /** A soft limit: the first batch is answered whole, however large (KIP-74). */
  readonly maxBytes: number;
  /** 0 read_uncommitted, 1 read_committed. */
  readonly isolationLevel: 0 | 1;
  /** Served in this order. */
  readonly topics: readonly FetchRequestTopic[];
}

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

export interface DivergingEpoch {
  readonly epoch: number;
  readonly endOffset: number;
}

export interface CurrentLeader {
  /** −1 while unknown. */
  readonly leaderId: number;
  readonly leaderEpoch: number;
}

export interface FetchPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: number;
  /** −1 with an error. */
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  /** Set when the log no longer holds what was read under `lastFetchedEpoch`; then there are no records. */
  readonly divergingEpoch: DivergingEpoch | null;
  readonly currentLeader: CurrentLeader | null;
  /** null under read_uncommitted; in no particular order. */
  readonly abortedTransactions: readonly AbortedTransaction[] | null;
  /** −1: none. */
  readonly preferredReadReplica: number;
  /** Record batches as the broker holds them, the last one perhaps cut off. A view of the answer, not a copy. */
  readonly records: Uint8Array | null;
}

export interface FetchTopic {
  readonly topic: string;
  readonly partitions: readonly FetchPartition[];
}

export interface FetchAnswer {
  readonly throttleTimeMs: number;
  readonly errorCode: number;
  readonly sessionId: number;
  readonly topics: readonly FetchTopic[];
}

const CONSUMER = -1;
const NO_SESSION_ID = 0;
/** FINAL_EPOCH of KIP-227: no session is made. */
const NO_SESSION_EPOCH = -1;
/** Followers only. */
const NO_LOG_START_OFFSET = -1;
const NO_RACK = '';

export const fetch: Message<FetchRequest, FetchAnswer> = {
  name: 'Fetch',
  apiKey: 1,
  version: 12,
  flexible: true,
  encode(writer, request) {
    writer.int32(CONSUMER);
    writer.int32(request.maxWaitMs);
    writer.int32(request.minBytes);
    writer.int32(request.maxBytes);
    writer.int8(request.isolationLevel);
    writer.int32(NO_SESSION_ID);
    writer.int32(NO_SESSION_EPOCH);
    writer.compactArray(request.topics, (item) => {
      writer.compactString(item.topic);
      writer.compactArray(item.partitions, (partition) => {
        writer.int32(partition.partition);
        writer.int32(partition.currentLeaderEpoch);
        writer.int64(partition.fetchOffset);
        writer.int32(partition.lastFetchedEpoch);
        writer.int64(NO_LOG_START_OFFSET);
        writer.int32(partition.partitionMaxBytes);
        writer.tags();
      });
      writer.tags();
    });
    writer.compactArray([], () => undefined); // forgotten topics: there is no session to forget them from
    writer.compactString(NO_RACK);
    writer.tags();
  },
  decode(reader) {
    const answer = {
      throttleTimeMs: reader.int32(),
      errorCode: reader.int16(),
      sessionId: reader.int32(),
      topics: reader.compactArray(readTopic),
    };
    reader.tags();
    return answer;
  },
};

function readTopic(reader: Reader): FetchTopic {
  const topic = { topic: reader.compactString(), partitions: reader.compactArray(readPartition) };
  reader.tags();
  return topic;
}

function readPartition(reader: Reader): FetchPartition {
  const partition = {
    partition: reader.int32(),
    errorCode: reader.int16(),
    highWatermark: reader.int64(),
    lastStableOffset: reader.int64(),
    logStartOffset: reader.int64(),
    abortedTransactions: reader.compactNullableArray(readAborted),
    preferredReadReplica: reader.int32(),
    records: reader.compactNullableBytes(),
  };
  let divergingEpoch: DivergingEpoch | null = null;
  let currentLeader: CurrentLeader | null = null;
  // Tag 2, SnapshotId, is for the controllers' own log.
  reader.tags((tag, field) => {
    if (tag === 0) divergingEpoch = readDivergingEpoch(field);
    else if (tag === 1) currentLeader = readCurrentLeader(field);
  });
  return { ...partition, divergingEpoch, currentLeader };
}

function readAborted(reader: Reader): AbortedTransaction {
  const aborted = { producerId: reader.bigint64(), firstOffset: reader.int64() };
  reader.tags();
  return aborted;
}

function readDivergingEpoch(reader: Reader): DivergingEpoch {
  const diverging = { epoch: reader.int32(), endOffset: reader.int64() };
  reader.tags();
  return diverging;
}

function readCurrentLeader(reader: Reader): CurrentLeader {
  const leader = { leaderId: reader.int32(), leaderEpoch: reader.int32() };
  reader.tags();
  return leader;
}
