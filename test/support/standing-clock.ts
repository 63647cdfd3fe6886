import { systemClock } from '../../src/clock.ts';
import type { Clock, Instant } from '../../src/clock.ts';

/** A machine's two clocks, which stand until they are let go and can be put ahead together: time that nobody waits for. */
export class StandingClock implements Clock {
  #at: Instant;
  #goneOnMs: number | undefined;

  constructor(wallMs: number) {
    this.#at = { wallMs, monotonicMs: systemClock.now().monotonicMs };
  }

  now(): Instant {
    if (this.#goneOnMs === undefined) return this.#at;
    const passedMs = systemClock.now().monotonicMs - this.#goneOnMs;
    const { wallMs, monotonicMs } = this.#at;
    return { wallMs: Math.floor(wallMs + passedMs), monotonicMs: monotonicMs + passedMs };
  }

  /** At a later time; what is slept for meanwhile is over at the sleeper's next look. */
  standAt(wallMs: number): void {
    const now = this.now();
    this.#at = { wallMs, monotonicMs: now.monotonicMs + wallMs - now.wallMs };
    this.#goneOnMs = undefined;
  }

  goOn(): void {
    this.#at = this.now();
    this.#goneOnMs = systemClock.now().monotonicMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(ms, signal);
  }
}
