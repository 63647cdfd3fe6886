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
  /** A step back up to this is carried: IDs run on, at most this far ahead of the wall clock, and none waits. 0: none is. */
  readonly carryBackMs: number;
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
  carryBackMs: 0,
  holdBackMs: 500,
  maxHoldMs: 2_000,
  noticeForwardMs: 50,
  forwardStepMs: 500,
};

export type ClockVerdict = 'trusted' | 'clock-back' | 'clock-forward';

/** Counters since the incarnation began. One rollback is counted once in each class it reaches. */
export interface ClockFacts {
  readonly rollbacksAbsorbed: number;
  readonly rollbacksCarried: number;
  readonly rollbacksHeld: number;
  readonly rollbacksFailed: number;
  /** Time spent in rollbacks that were held or failed, finished ones only. Monotonic ms. */
  readonly heldMs: number;
  /** Steps ahead by more than `noticeForwardMs`, the suspending ones included. */
  readonly forwardSteps: number;
  readonly forwardSuspensions: number;
}

const DEPTHS = ['absorbed', 'carried', 'held'] as const;
type Depth = (typeof DEPTHS)[number];

/**
 * | state | entered when | verdict | left when |
 * |---|---|---|---|
 * | `steady` | the wall clock stands at or above the highest reading trusted so far | trusted | – |
 * | `behind` | it stands below; `depth` is the worst of this rollback | trusted: the lead rule makes the generator wait | `steady` at `highMs` |
 * | `failed` | it stands further below than is held or carried, or has been behind for more than `maxHoldMs` and is not carried | clock-back | `steady` at `highMs` |
 * | `ahead` | it gained more than `forwardStepMs` on the monotonic clock between two readings | clock-forward | `steady` by `confirm` |
 */
type State =
  | { readonly is: 'steady' }
  | { readonly is: 'behind'; readonly depth: Depth; readonly sinceMs: number }
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
    rollbacksCarried: 0,
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
    const depth = this.#depthOf(this.#highMs - wallMs, monotonicMs - sinceMs);
    if (depth === 'failed') {
      this.#state = { is: 'failed', sinceMs };
      this.#facts.rollbacksFailed += 1;
      return;
    }
    if (state.is === 'behind' && DEPTHS.indexOf(depth) <= DEPTHS.indexOf(state.depth)) return;
    this.#state = { is: 'behind', depth, sinceMs };
    if (depth === 'held') this.#facts.rollbacksHeld += 1;
    else if (depth === 'carried') this.#facts.rollbacksCarried += 1;
    else this.#facts.rollbacksAbsorbed += 1;
  }

  #depthOf(backMs: number, forMs: number): Depth | 'failed' {
    const { absorbBackMs, carryBackMs, holdBackMs, maxHoldMs } = this.#rules;
    const isCarried = backMs <= carryBackMs;
    if (!isCarried && (backMs > Math.max(holdBackMs, absorbBackMs) || forMs > maxHoldMs)) return 'failed';
    if (backMs <= absorbBackMs) return 'absorbed';
    return isCarried ? 'carried' : 'held';
  }

  #endRollback({ monotonicMs }: Instant): void {
    const state = this.#state;
    if (state.is === 'failed' || (state.is === 'behind' && state.depth === 'held')) {
      this.#facts.heldMs += monotonicMs - state.sinceMs;
    }
  }
}
