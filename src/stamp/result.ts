import type { RecordCursor } from '../kafka/records/cursor.ts';
import type { BatchWriter } from '../kafka/records/writer.ts';
import type { ValueRefusal } from './refusal.ts';
import type { SchemaWanted } from './schema-book.ts';

/**
 * What became of one record; every stamp has this result (P7), and only the first three wrote something. `header-only`: its value cannot
 * be stamped, and the route then takes the header. `full`: it does not fit this batch; try the next (with no record in it: too large for
 * any). `already-stamped`: it carries an ID and the policy rejects those. `malformed`: the cursor stands on no whole record of this
 * section. `refused`, `schema-wanted`: the stamp's `refusal` or `wanted` says more, until its next record.
 */
export type StampResult =
  'stamped' | 'header-only' | 'kept' | 'full' | 'already-stamped' | 'malformed' | 'refused' | 'schema-wanted';

/** What to do with a record that carries an ID already. `keep` gives up P1 and P2 for it (data-path rule 10). */
export type Existing = 'replace' | 'keep' | 'reject';

/** The ID to write as text: decimal digits in ASCII, `start` … `end` of `digits`, at most 63 of them. */
export interface IdDigits {
  readonly digits: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** The ID to write; as `IdCursor` gives it. 0 … 2^63 − 1. */
export interface StampId extends IdDigits {
  /** Upper and lower half, unsigned 32 bits each. */
  readonly hi: number;
  readonly lo: number;
}

/** Why a value was refused. `detail` is for people: where in the value, or what the registry said; may be empty. */
export interface Refusal {
  readonly code: ValueRefusal;
  readonly detail: string;
}

/** One route's way of stamping. Writes the record under the cursor into `writer`; the ID is used only by `stamped` and `header-only`. */
export interface RecordStamp {
  /** Give it to RecordCursor, which then counts this header while it checks the record. */
  readonly watch: Uint8Array;
  /** Of the last `refused`. */
  readonly refusal: Refusal | undefined;
  /** Of the last `schema-wanted`. */
  readonly wanted: SchemaWanted | undefined;
  /** `section` is what the cursor was loaded with. */
  apply(cursor: RecordCursor, section: Uint8Array, ids: StampId, writer: BatchWriter): StampResult;
}
