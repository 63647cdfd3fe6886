import type { Clock } from '../../clock.ts';
import type { MembershipFact } from './facts.ts';

/**
 * How long nobody has confirmed that we are a member. Only watched, never acted on: a coordinator that is away keeps our
 * generation, one that expired us says so (25), and until then the group's fence on TxnOffsetCommit protects the data.
 */
export class Session {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #observe: (fact: MembershipFact) => void;
  #confirmedMs = 0;
  #told = false;

  constructor(clock: Clock, timeoutMs: number, observe: (fact: MembershipFact) => void) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#observe = observe;
  }

  /** A request sent at `sentMs` (monotonic) was answered in a way that keeps the session alive at the coordinator. */
  confirm(sentMs: number): void {
    this.#confirmedMs = Math.max(this.#confirmedMs, sentMs);
    this.#told = false;
  }

  /** Tells once per silence. */
  check(): void {
    const sinceMs = this.#clock.now().monotonicMs - this.#confirmedMs;
    if (sinceMs <= this.#timeoutMs || this.#told) return;
    this.#told = true;
    this.#observe({ fact: 'session-overdue', sinceMs });
  }
}
