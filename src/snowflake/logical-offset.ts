import type { Instant } from './clock-rules.ts';

/** Of the monotonic clock's pace: after a step back the logical clock goes on this fast, until the wall clock has caught up. */
const PACE = 0.9;

/**
 * The clock that IDs follow through a step back of the wall clock: it goes on from where it was, at nine tenths of the
 * monotonic clock's pace, so that a step of 300 ms is worked off in three seconds without a pause. Invariants:
 *
 * 1. A reading is never below the wall clock, and never more than `maxAheadMs` above it.
 * 2. While the wall clock goes on at the monotonic clock's pace or faster, and at a `maxAheadMs` of 0, it *is* the wall clock.
 *
 * It only bounds how far timestamps may reach: uniqueness and order rest on the generator's own last timestamp.
 */
export class LogicalOffset {
  readonly #maxAheadMs: number;
  #readMs = -Infinity;
  #atMs = 0;
  #isAhead = false;

  constructor(maxAheadMs: number) {
    this.#maxAheadMs = maxAheadMs;
  }

  /** Unix ms at a wall reading that is trusted. */
  read({ wallMs, monotonicMs }: Instant): number {
    const goneOnMs = this.#readMs + PACE * Math.max(0, monotonicMs - this.#atMs);
    this.#readMs = Math.max(wallMs, Math.min(goneOnMs, wallMs + this.#maxAheadMs));
    this.#atMs = monotonicMs;
    this.#isAhead = this.#readMs > wallMs;
    return this.#readMs;
  }

  /** The last whole Unix ms an ID may have: `maxLeadMs` past the reading, and within what may be carried past the wall clock. */
  leadEndMs(now: Instant, maxLeadMs: number): number {
    const wallMs = Math.floor(now.wallMs);
    const carriedMs = Math.min(this.read(now) + maxLeadMs, wallMs + this.#maxAheadMs);
    return Math.max(wallMs + maxLeadMs, Math.floor(carriedMs));
  }

  /** Monotonic ms after which the last reading has gone on by `ms`, in whole ms. */
  paceMs(ms: number): number {
    return this.#isAhead ? Math.ceil(ms / PACE) : ms;
  }

  /** The wall clock was not trusted: what was read before says nothing about it any more. */
  forget(): void {
    this.#readMs = -Infinity;
  }
}
