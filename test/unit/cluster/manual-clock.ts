import type { Clock, Instant } from '../../../src/clock.ts';

/** Time stands still until `advance`. Sleepers wake in the order of their times. */
export class ManualClock implements Clock {
  #nowMs = 1_000;
  #sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];

  now(): Instant {
    return { wallMs: 1_700_000_000_000 + this.#nowMs, monotonicMs: this.#nowMs };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper = { atMs: this.#nowMs + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      const abort = (): void => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        resolve();
      };
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** How many wait; a closed cluster leaves none behind. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  /** Moves time and lets everything run that is due, up to the next turn of the event loop. */
  async advance(ms: number): Promise<void> {
    this.#nowMs += ms;
    const due = this.#sleepers.filter(({ atMs }) => atMs <= this.#nowMs).sort((a, b) => a.atMs - b.atMs);
    this.#sleepers = this.#sleepers.filter((sleeper) => !due.includes(sleeper));
    for (const { wake } of due) wake();
    await turn();
  }
}

/** Lets promises and sockets that are ready run. */
export const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });
