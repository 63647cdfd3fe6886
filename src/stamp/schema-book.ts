import type { ValueRefusal } from './refusal.ts';

/**
 * What the stamp asks about the schemas of one route. Looking up is synchronous and knows only what was resolved before; resolving is
 * done by the pipeline, outside any transaction (data-path rule 1), while other partitions go on. Whoever answers keeps the answers:
 * bounded, and refusals for a while only, after which `lookup` is undefined again.
 */
export interface SchemaBook {
  /**
   * Synchronous, on the hot path: no I/O, no allocation. `schemaId`: 1 … 2^31 − 1. `messagePath`: Protobuf's message indexes as
   * "0" or "1.0"; empty for other formats. Undefined: not known yet; ask `resolve`.
   */
  lookup(schemaId: number, messagePath: string): SchemaEntry | undefined;
  /**
   * Fetches, derives, registers. Afterwards `lookup` has an entry, or the answer says that this passes by itself: the registry is down,
   * slow or answers 5xx. Never rejects, always ends within a bound of its own, at once when `signal` aborts. The same schema asked for
   * twice at a time is fetched once.
   */
  resolve(wanted: SchemaWanted, signal: AbortSignal): Promise<Resolved>;
}

/** A schema not in the book yet, and the first value that needs it. */
export interface SchemaWanted {
  readonly schemaId: number;
  readonly messagePath: string;
}

export type Resolved =
  | { readonly at: 'known' }
  /** The partition is tried again after a pause (data-path rule 5). `why` is for people and holds no secret. */
  | { readonly at: 'unavailable'; readonly why: string };

export type SchemaEntry =
  | ReadySchema
  /** Values of this schema cannot be stamped; each is treated by the route's policy (P7). */
  | { readonly at: 'refused'; readonly code: ValueRefusal; readonly message: string };

export interface ReadySchema {
  readonly at: 'ready';
  /** Of the stamped schema; 1 … 2^31 − 1. */
  readonly newSchemaId: number;
  /**
   * Prove on first use: asked about each event of this schema before it counts, for as long as it is there; the book drops it after
   * enough events. Undefined on the hot path.
   */
  readonly proof: Proof | undefined;
  /** Avro, where the route maps a field: the legacy ID of an event of this schema; undefined when it has none. Never throws. */
  readonly legacyId?: ((payload: Uint8Array) => string | undefined) | undefined;
}

/** Decodes both and compares. Synchronous; views are valid during the call only. Undefined: `stamped` is `original` plus the ID. */
export type Proof = (original: Uint8Array, stamped: Uint8Array, id: bigint) => string | undefined;
