import type { Layout } from '../snowflake/layout.ts';
import type { Reservation } from '../snowflake/generator.ts';
import type { ErrorCode } from '../errors.ts';
import type { ValueSettings } from '../stamp/value-settings.ts';
import type { LegacySettings } from '../stamp/legacy.ts';
import type { ErrorHeaderSet } from '../stamp/error-headers.ts';

/** A partition by name. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** How a route stamps; see src/stamp. */
export interface StampSettings {
  readonly header: string;
  readonly existing: 'replace' | 'keep' | 'reject';
  /** Undefined: the ID goes into the header. With it, null values still get the header. */
  readonly value: ValueSettings | undefined;
}

/** Legacy ID to new ID, for each record stamped. */
export interface MappingSettings {
  /** Compacted; its partition goes by the key, as Kafka's own producers choose it. */
  readonly topic: string;
  /** Stands before the legacy ID in the key. */
  readonly prefix: string;
  readonly legacy: LegacySettings;
  /** What becomes of a record without a legacy ID: stamped and counted, dead-lettered, or its partition stops. */
  readonly missing: 'skip' | 'deadLetter' | 'stop';
}

/** One input topic and where its records go. Output partition = input partition. */
export interface Route {
  readonly name: string;
  readonly input: string;
  readonly output: string;
  readonly deadLetter: string | undefined;
  /**
   * What happens to a record that cannot be stamped or is refused by the output (P7). `header`: a value that cannot be stamped leaves with
   * the ID in the header alone; what even that does not help becomes a dead letter when there is a topic, else stops the partition.
   */
  readonly onError: 'deadLetter' | 'stop' | 'header';
  readonly deadLetterHeaders: ErrorHeaderSet;
  readonly stamp: StampSettings;
  readonly mapping: MappingSettings | undefined;
  readonly compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  /** A compressed input batch may inflate to this many bytes, not further. */
  readonly inflateCapBytes: number;
}

/** Bounds of the pipeline (P6). */
export interface PipelineSettings {
  readonly routes: readonly Route[];
  /** Longest a transaction is composed while IDs are scarce; begin to end stays below transaction.timeout / 2. */
  readonly commitIntervalMs: number;
  /** Small amounts of input are gathered for this long before a transaction is begun. */
  readonly lingerMs: number;
  readonly transactionBytes: number;
  readonly transactionRecords: number;
  /** Target size of one outgoing record batch; the topic's max.message.bytes is the hard limit. */
  readonly batchBytes: number;
  /** Fetched, inflated and outgoing bytes together. */
  readonly memoryBytes: number;
  readonly fetch: {
    readonly maxBytes: number;
    readonly partitionMaxBytes: number;
    readonly minBytes: number;
    readonly maxWaitMs: number;
  };
  readonly maxFloorWaitMs: number;
  readonly requestTimeoutMs: number;
  /** Topics, leaders and partition counts are looked at again this often, besides on errors. */
  readonly metadataRefreshMs: number;
  readonly retry: { readonly firstMs: number; readonly maxMs: number };
  readonly admission: Marks;
}

/** How much may be in flight, and how much of the sequence used, before intake shuts and until it opens again. */
export interface Marks {
  readonly shutAt: Load;
  readonly openAt: Load;
}

export interface Load {
  /** Share of the IDs one node can mint that were reserved lately, 0 … 1 and a little above. */
  readonly sequenceUse: number;
  readonly records: number;
  readonly bytes: number;
}

/** The generator as the pipeline sees it; `worker.ts` carries it across from the lease. */
export interface Minter {
  /** Whole node number: the transactional id is derived from it (data-path rule 2). */
  readonly node: number;
  readonly layout: Layout;
  /** Reads the clock once; checks permit and clocks in the same tick (P5). */
  reserve(count: number): Reservation;
  /** Lowest timestamp the next ID can have, Unix ms: compared with a partition's floor (rule 9). */
  nextTimestampMs(): number;
  sequenceUse(): number;
}

/** What happened, for metrics, logs and tests; called synchronously, so that a test may end the process right there. */
export type PipelineFact =
  | { readonly fact: 'fetched'; readonly nodeId: number; readonly bytes: number; readonly partitions: number }
  | { readonly fact: 'minted'; readonly ids: number; readonly records: number; readonly bytes: number }
  | {
      readonly fact: 'committed';
      readonly route: string;
      readonly stamped: number;
      /** Of the stamped ones, those that got the header because their value could not be stamped. */
      readonly headerOnly: number;
      readonly kept: number;
      readonly deadLettered: number;
      /** Of the stamped ones, those whose legacy ID was mapped. */
      readonly mapped: number;
      /** Of the stamped ones of a route with a mapping, those without a legacy ID. */
      readonly unmapped: number;
    }
  | {
      readonly fact: 'transaction';
      readonly result: 'committed' | 'aborted' | 'doubtful';
      readonly seconds: number;
      readonly why: string;
    }
  | { readonly fact: 'valve'; readonly at: 'open' | 'shut'; readonly why: string; readonly load: Load }
  | {
      readonly fact: 'opened';
      readonly topic: string;
      readonly partition: number;
      readonly offset: number;
      readonly lastId: string;
      readonly source: string;
    }
  | { readonly fact: 'floor'; readonly topic: string; readonly partition: number; readonly waitMs: number }
  | {
      readonly fact: 'sidelined';
      readonly topic: string;
      readonly partition: number;
      readonly why: string;
      readonly backoffMs: number;
    }
  | {
      readonly fact: 'dead-letter';
      readonly topic: string;
      readonly partition: number;
      readonly offset: number;
      readonly code: ErrorCode;
    }
  | {
      readonly fact: 'stopped';
      readonly topic: string;
      readonly partition: number;
      readonly code: ErrorCode;
      readonly detail: string;
    }
  | { readonly fact: 'recovering'; readonly why: string }
  | { readonly fact: 'retried'; readonly request: string; readonly why: string }
  /** Told once in a row of retries: it does not seem to pass by itself. */
  | { readonly fact: 'stuck'; readonly request: string; readonly why: string; readonly tries: number };

export type Observe = (fact: PipelineFact) => void;

/** Lag of one partition against the last stable offset; what is not known is undefined, never 0. */
export interface Lag {
  readonly route: string;
  readonly topic: string;
  readonly partition: number;
  readonly records: number | undefined;
  /** Age of the oldest record not yet committed; 0 when there is none. */
  readonly seconds: number | undefined;
  readonly state: string;
  /** Why nothing flows although nobody stopped it; undefined when it flows, or is stopped with a code. */
  readonly why: string | undefined;
}
