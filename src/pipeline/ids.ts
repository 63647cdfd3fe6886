import { IdCursor } from '../snowflake/text.ts';
import type { Minter } from './port.ts';

/** Why no ID is to be had right now. */
export type Dry =
  { readonly why: 'wait'; readonly waitMs: number } | { readonly why: 'refused'; readonly refused: string };

/** How many IDs are asked for at once at the most; what is left of a portion when a draft ends is burnt. */
const PORTION = 4096;

/**
 * One ID after another for the composer, reserved in portions. IDs are used in the order they were reserved, so they
 * rise within each partition of a draft; `burn` drops what is left, so that no ID is older than the draft it is used in
 * (a partition's floor is compared when the draft begins).
 */
export class IdSource {
  readonly cursor = new IdCursor();
  /** Set while `take` answers false. */
  dry: Dry | undefined;
  /** IDs reserved since the last `burn`. */
  reserved = 0;
  readonly #minter: Minter;
  /** The cursor stands on an ID nobody used yet. */
  #fresh = false;

  constructor(minter: Minter) {
    this.#minter = minter;
  }

  /** Puts the cursor on an unused ID. `ahead`: how many more will be wanted, about. */
  take(ahead: number): boolean {
    if (this.#fresh) return true;
    if (this.cursor.next()) {
      this.#fresh = true;
      return true;
    }
    return this.#reserve(Math.max(1, Math.min(ahead, PORTION)));
  }

  /** The ID under the cursor was given to a record. */
  used(): void {
    this.#fresh = false;
  }

  burn(): void {
    this.#fresh = false;
    this.dry = undefined;
    this.reserved = 0;
    this.cursor.load(this.#minter.layout, this.#minter.node, []);
  }

  #reserve(count: number): boolean {
    const reservation = this.#minter.reserve(count);
    if (!reservation.ok) {
      this.dry = { why: 'refused', refused: reservation.refused };
      return false;
    }
    if (reservation.count === 0) {
      this.dry = { why: 'wait', waitMs: reservation.waitMs };
      return false;
    }
    this.dry = undefined;
    this.reserved += reservation.count;
    this.cursor.load(this.#minter.layout, this.#minter.node, reservation.runs);
    this.#fresh = this.cursor.next();
    return this.#fresh;
  }
}
