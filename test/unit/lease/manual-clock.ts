import type { Clock, Instant } from '../../../src/clock.ts';

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

/** Time that passes only when told to, and a wall clock that can be put wrong. */
export class ManualClock implements Clock {
  #monotonicMs = 1_000;
  #wallAheadMs: number;
  #sleepers: Sleeper[] = [];

  constructor(wallMs = Date.UTC(2026, 0, 1)) {
    this.#wallAheadMs = wallMs - this.#monotonicMs;
  }

  now(): Instant {
    return { monotonicMs: this.#monotonicMs, wallMs: this.#monotonicMs + this.#wallAheadMs };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper = { atMs: this.#monotonicMs + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        resolve();
      });
    });
  }

  /** Lets the wall clock jump; the monotonic one stays. */
  stepWall(byMs: number): void {
    this.#wallAheadMs += byMs;
  }

  /** Time passes without anybody running: a blocked event loop, a paused process. */
  skip(ms: number): void {
    this.#monotonicMs += ms;
  }

  /** Lets `ms` pass, waking sleepers in order and letting them run on. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#monotonicMs + ms;
    await settle();
    for (;;) {
      const next = this.#sleepers.filter(({ atMs }) => atMs <= endMs).toSorted((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#sleepers = this.#sleepers.filter((other) => other !== next);
      this.#monotonicMs = Math.max(this.#monotonicMs, next.atMs);
      next.wake();
      await settle();
    }
    this.#monotonicMs = endMs;
  }
}

/** Lets everything that can run now run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
