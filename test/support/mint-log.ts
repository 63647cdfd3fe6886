import type { Instant } from '../../src/clock.ts';
import type { Incarnation, Permit } from '../../src/snowflake/permit.ts';

/** IDs of one millisecond: timestamp, first sequence, how many. */
export type LoggedRun = readonly [timestampMs: number, firstSequence: number, count: number];

/**
 * What a minting worker says of itself. `hostMs` is CLOCK_MONOTONIC of the machine: comparable between processes, honest
 * whatever clock the worker was given.
 */
export type MintEntry = { readonly hostMs: number } & (
  | { readonly is: 'claimed'; readonly incarnation: Incarnation }
  | { readonly is: 'permit'; readonly permit: Permit }
  /** `now` is the reading the IDs were asked for with; `hostMs` was read just before it. */
  | {
      readonly is: 'minted';
      readonly nonce: string;
      readonly now: Instant;
      readonly runs: readonly LoggedRun[];
    }
  /** Written when the reason changes. */
  | { readonly is: 'refused'; readonly nonce: string; readonly now: Instant; readonly why: string }
  | { readonly is: 'lost'; readonly nonce: string; readonly why: string }
  | { readonly is: 'ended'; readonly code: string | undefined; readonly why: string | undefined }
);

export type EntryOf<I extends MintEntry['is']> = Extract<MintEntry, { readonly is: I }>;

export interface WorkerLog {
  readonly worker: string;
  readonly entries: readonly MintEntry[];
}

export function entriesOf<I extends MintEntry['is']>({ entries }: WorkerLog, is: I): EntryOf<I>[] {
  return entries.filter((entry): entry is EntryOf<I> => entry.is === is);
}

/** The machine's monotonic clock, ms. */
export const hostMs = (): number => Number(process.hrtime.bigint()) / 1e6;
