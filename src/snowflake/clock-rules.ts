/** One reading of both clocks; `Instant` of clock.ts, named again because this room imports nothing. */
export interface Instant {
  /** Unix ms; may step in either direction. */
  readonly wallMs: number;
  /** Never goes back; stands still while a machine is suspended. */
  readonly monotonicMs: number;
}

/** How far a clock may be off before minting waits or stops. All in milliseconds. */
export interface ClockRules {
  /** A step back up to this is absorbed by the lead: IDs go on in the pinned millisecond. */
  readonly absorbBackMs: number;
  /** A step back up to this is waited out, further is a failure. */
  readonly holdBackMs: number;
  /** A wait for the clock to come back may last this long, on the monotonic clock. */
  readonly maxHoldMs: number;
  /** A step ahead of the monotonic clock by more than this is counted. */
  readonly noticeForwardMs: number;
  /** A step ahead by more than this suspends minting until somebody else has confirmed the time. */
  readonly forwardStepMs: number;
}

export const DEFAULT_CLOCK_RULES: ClockRules = {
  absorbBackMs: 5,
  holdBackMs: 500,
  maxHoldMs: 2_000,
  noticeForwardMs: 50,
  forwardStepMs: 500,
};

export type ClockVerdict = 'trusted' | 'clock-back' | 'clock-forward';

/** Counters since the incarnation began. One rollback is counted once in each class it reaches. */
export interface ClockFacts {
  readonly rollbacksAbsorbed: number;
  readonly rollbacksHeld: number;
  readonly rollbacksFailed: number;
  /** Time spent in rollbacks that were held or failed, finished ones only. Monotonic ms. */
  readonly heldMs: number;
  /** Steps ahead by more than `noticeForwardMs`, the suspending ones included. */
  readonly forwardSteps: number;
  readonly forwardSuspensions: number;
}

/**
 * | state | entered when | verdict | left when |
 * |---|---|---|---|
 * | `steady` | the wall clock stands at or above the highest reading trusted so far | trusted | – |
 * | `behind` | it stands below; `depth` is the worst of this rollback | trusted: the lead rule makes the generator wait | `steady` at `highMs` |
 * | `failed` | it stands more than `holdBackMs` below, or has been behind for more than `maxHoldMs` | clock-back | `steady` at `highMs` |
 * | `ahead` | it gained more than `forwardStepMs` on the monotonic clock between two readings | clock-forward | `steady` by `confirm` |
 */
type State =
  | { readonly is: 'steady' }
  | { readonly is: 'behind'; readonly depth: 'absorbed' | 'held'; readonly sinceMs: number }
  | { readonly is: 'failed'; readonly sinceMs: number }
  | { readonly is: 'ahead' };

/**
 * Compares each reading with those before it: backwards against the highest trusted wall reading, forwards against the
 * monotonic clock. Both clocks gaining together is not a step: it is a pause. Readings that are not trusted leave no trace
 * in `highMs`, so a wrong clock that is put right again costs nothing.
 */
export class ClockJudge {
  readonly #rules: ClockRules;
  readonly #facts = {
    rollbacksAbsorbed: 0,
    rollbacksHeld: 0,
    rollbacksFailed: 0,
    heldMs: 0,
    forwardSteps: 0,
    forwardSuspensions: 0,
  };
  #state: State = { is: 'steady' };
  #highMs = -Infinity;
  /** Wall less monotonic at the last trusted reading; while `ahead`, at the last reading of all. */
  #offsetMs: number | undefined;

  constructor(rules: ClockRules) {
    this.#rules = rules;
  }

  /** The highest wall reading that was trusted, whole ms; −Infinity before the first. Never falls. */
  get highMs(): number {
    return this.#highMs;
  }

  get facts(): ClockFacts {
    return this.#facts;
  }

  observe(now: Instant): ClockVerdict {
    const offsetMs = now.wallMs - now.monotonicMs;
    const gainedMs = offsetMs - (this.#offsetMs ?? offsetMs);
    if (this.#state.is === 'ahead' || gainedMs > this.#rules.forwardStepMs) return this.#ahead(now, offsetMs);
    if (now.wallMs < this.#highMs) this.#behind(now);
    else this.#steady(now);
    if (this.#state.is === 'failed') return 'clock-back';
    // Not in a failed rollback: there the old offset stays, so that the way back up is no forward step.
    this.#offsetMs = offsetMs;
    if (gainedMs > this.#rules.noticeForwardMs) this.#facts.forwardSteps += 1;
    return 'trusted';
  }

  /** Somebody else vouches for the time as last read: a peer, an external source, a permit granted since. */
  confirm(): void {
    if (this.#state.is === 'ahead') this.#state = { is: 'steady' };
  }

  #ahead(now: Instant, offsetMs: number): ClockVerdict {
    if (this.#state.is !== 'ahead') {
      this.#endRollback(now);
      this.#state = { is: 'ahead' };
      this.#facts.forwardSteps += 1;
      this.#facts.forwardSuspensions += 1;
    }
    this.#offsetMs = offsetMs;
    return 'clock-forward';
  }

  #steady(now: Instant): void {
    this.#endRollback(now);
    this.#state = { is: 'steady' };
    this.#highMs = Math.floor(now.wallMs);
  }

  #behind({ wallMs, monotonicMs }: Instant): void {
    const state = this.#state;
    if (state.is === 'failed') return;
    const sinceMs = state.is === 'behind' ? state.sinceMs : monotonicMs;
    const backMs = this.#highMs - wallMs;
    if (backMs > this.#rules.holdBackMs || monotonicMs - sinceMs > this.#rules.maxHoldMs) {
      this.#state = { is: 'failed', sinceMs };
      this.#facts.rollbacksFailed += 1;
      return;
    }
    const depth = backMs > this.#rules.absorbBackMs ? 'held' : 'absorbed';
    if (state.is === 'behind' && (state.depth === 'held' || depth === 'absorbed')) return;
    this.#state = { is: 'behind', depth, sinceMs };
    if (depth === 'held') this.#facts.rollbacksHeld += 1;
    else this.#facts.rollbacksAbsorbed += 1;
  }

  #endRollback({ monotonicMs }: Instant): void {
    const state = this.#state;
    if (state.is === 'failed' || (state.is === 'behind' && state.depth === 'held')) {
      this.#facts.heldMs += monotonicMs - state.sinceMs;
    }
  }
}
