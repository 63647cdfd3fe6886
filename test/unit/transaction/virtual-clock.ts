import type { Clock, Instant } from '../../../src/clock.ts';

interface Timer {
  readonly atMs: number;
  readonly wake: () => void;
}

/**
 * Time that stands still while anything can run, and then jumps to the next timer: no test waits, and none depends on speed.
 */
export class VirtualClock implements Clock {
  #nowMs = 1_000;
  #timers: Timer[] = [];
  #ticking = false;

  now(): Instant {
    return { wallMs: this.#nowMs, monotonicMs: this.#nowMs };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const timer: Timer = {
        atMs: this.#nowMs + Math.max(0, ms),
        wake: (): void => {
          this.#timers = this.#timers.filter((other) => other !== timer);
          resolve();
        },
      };
      this.#timers.push(timer);
      signal?.addEventListener('abort', timer.wake, { once: true });
      this.#tick();
    });
  }

  /** Timers nobody cancelled: a leak if a producer is idle. */
  get pending(): number {
    return this.#timers.length;
  }

  #tick(): void {
    if (this.#ticking) return;
    this.#ticking = true;
    setImmediate(() => {
      this.#ticking = false;
      const next = this.#timers.toSorted((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) return;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.wake();
      if (this.#timers.length > 0) this.#tick();
    });
  }
}
