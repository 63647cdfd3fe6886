import { Bytes } from '../kafka/records/copy.ts';
import type { ValueRefusal } from './refusal.ts';
import type { StampId } from './result.ts';

/** More than any insertion: a name of 63 characters, 19 digits, and what stands around them. */
const INSERTION_BYTES = 160;

/**
 * What is done to one value: its bytes up to `at` stay, `length` bytes of `inserted` follow, then its bytes from `resume` on, then, if
 * `closing` is not 0, that byte. One object for the life of a stamp; nothing is allocated per record.
 */
export class Cut {
  /** Positions in the section the cursor walks; `at` ≤ `resume`. */
  at = 0;
  resume = 0;
  readonly inserted = new Bytes(new Uint8Array(INSERTION_BYTES));
  length = 0;
  closing = 0;
  /** The value holds an ID already, which this cut replaces, or outdoes. */
  replaces = false;
  /** Where a refusal was found, as a position in the section. */
  faultAt = 0;

  insertAt(at: number, length: number): void {
    this.at = at;
    this.resume = at;
    this.length = length;
    this.closing = 0;
    this.replaces = false;
  }
}

/** Where the ID goes in values of one format. */
export interface ValueFormat {
  /**
   * Looks at the payload `start` … `end` (behind a wire prefix) and says what to do in `cut`, which counts only when the answer is
   * undefined. Reads nothing outside that range, allocates nothing, and never throws, whatever the bytes are.
   */
  place(bytes: Uint8Array, start: number, end: number, ids: StampId, cut: Cut): ValueRefusal | undefined;
  /** The ID of a stamped payload, 0 … 2^63 − 1; undefined when it holds none. Not for the hot path. */
  read(bytes: Uint8Array, start: number, end: number): bigint | undefined;
}
