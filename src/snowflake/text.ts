import type { IdRun } from './generator.ts';
import type { Layout } from './layout.ts';
import { DEFAULT_LAYOUT } from './layout.ts';
import { Halves } from './halves.ts';

/** 2^63 − 1 has nineteen digits. */
const WIDTH = 19;
const ZERO = 48;
const NINE = 57;
const MILLION = 1_000_000;

/**
 * Walks a reservation ID by ID, without allocating and without BigInt: the decimal text is computed once per run and then
 * counted up in place, as one does by hand. `digits.subarray(start, end)` is the text; its bytes change with `next`, so
 * copy them out first.
 *
 * ```ts
 * cursor.load(layout, node, reservation.runs);
 * while (cursor.next()) out.set(cursor.digits.subarray(cursor.start, cursor.end), offset);
 * ```
 */
export class IdCursor {
  /** ASCII, right-aligned, zeros to the left of `start`. One buffer for the life of the cursor. */
  readonly digits = new Uint8Array(WIDTH).fill(ZERO);
  readonly end: number = WIDTH;
  #start = WIDTH;
  #halves = new Halves(DEFAULT_LAYOUT, 0);
  #runs: readonly IdRun[] = [];
  #nextRun = 0;
  /** IDs in the runs from `#nextRun` on. */
  #inLaterRuns = 0;
  #leftInRun = 0;
  #timestampMs = 0;
  #sequence = 0;
  #hi = 0;
  /** Lower half of sequence 0 in this run. */
  #loBase = 0;

  /** Begins a new walk before its first ID; what was left of the old one is dropped. */
  load(layout: Layout, node: number, runs: readonly IdRun[]): void {
    if (layout !== this.#halves.layout || node !== this.#halves.node) this.#halves = new Halves(layout, node);
    this.#runs = runs;
    this.#nextRun = 0;
    this.#leftInRun = 0;
    this.#inLaterRuns = 0;
    for (const run of runs) this.#inLaterRuns += run.count;
    this.#start = WIDTH;
  }

  /** Moves to the next ID. False at the end, where the cursor stays on the last one. */
  next(): boolean {
    if (this.#leftInRun === 0) return this.#enterRun();
    this.#leftInRun -= 1;
    this.#sequence += 1;
    this.#countUp();
    return true;
  }

  /** First byte of the text in `digits`; equals `end` before the first `next`. */
  get start(): number {
    return this.#start;
  }

  /** Upper half of the ID, unsigned. */
  get hi(): number {
    return this.#hi;
  }

  /** Lower half of the ID, unsigned. */
  get lo(): number {
    return this.#loBase + this.#sequence;
  }

  /** Unix ms. */
  get timestampMs(): number {
    return this.#timestampMs;
  }

  get sequence(): number {
    return this.#sequence;
  }

  /** How many times `next` will still answer true. */
  get remaining(): number {
    return this.#leftInRun + this.#inLaterRuns;
  }

  /** The decimal text as a string: for edges, it allocates. Empty before the first `next`. */
  text(): string {
    let text = '';
    for (let i = this.#start; i < WIDTH; i += 1) text += String.fromCharCode(this.digits[i] ?? ZERO);
    return text;
  }

  #enterRun(): boolean {
    let run = this.#runs[this.#nextRun];
    while (run !== undefined && run.count < 1) run = this.#runs[(this.#nextRun += 1)];
    if (run === undefined) return false;
    this.#nextRun += 1;
    this.#inLaterRuns -= run.count;
    this.#leftInRun = run.count - 1;
    this.#timestampMs = run.timestampMs;
    this.#sequence = run.firstSequence;
    this.#hi = this.#halves.high(run.timestampMs);
    this.#loBase = this.#halves.low(run.timestampMs);
    this.#spell();
    return true;
  }

  /** Adds one to the text. */
  #countUp(): void {
    const digits = this.digits;
    let at = WIDTH - 1;
    while (digits[at] === NINE) {
      digits[at] = ZERO;
      at -= 1;
    }
    digits[at]! += 1;
    if (at < this.#start) this.#start = at;
  }

  /**
   * Long division of hi · 2³² + lo by a million. Every intermediate stays below 2⁵³, where a rounded quotient of whole
   * numbers cannot reach the next whole number: the remainder (under 10⁶) · 2³² + lo < 4.3 · 10¹⁵, the quotient < 9.3 · 10¹².
   */
  #spell(): void {
    const hi = this.#hi;
    const millions = Math.floor(hi / MILLION);
    const rest = (hi - millions * MILLION) * 2 ** 32 + this.lo;
    const restMillions = Math.floor(rest / MILLION);
    const upper = millions * 2 ** 32 + restMillions;
    const top = Math.floor(upper / MILLION);
    this.#put(13, rest - restMillions * MILLION, 6);
    this.#put(7, upper - top * MILLION, 6);
    this.#put(0, top, 7);
    let start = 0;
    while (start < WIDTH - 1 && this.digits[start] === ZERO) start += 1;
    this.#start = start;
  }

  #put(offset: number, value: number, width: number): void {
    let left = value | 0;
    for (let at = offset + width - 1; at >= offset; at -= 1) {
      const tenth = (left / 10) | 0;
      this.digits[at] = ZERO + left - tenth * 10;
      left = tenth;
    }
  }
}
