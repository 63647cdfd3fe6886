import type { Clock } from '../clock.ts';

/** One waiting loop and whoever has news for it. A ring while nobody waits is kept for the next wait. */
export class Wake {
  readonly #clock: Clock;
  #rung = false;
  #ring: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  ring(): void {
    this.#rung = true;
    this.#ring?.();
  }

  /** Resolves at the next ring, after `maxMs`, or when `signal` aborts; whichever is first. */
  async wait(maxMs: number, signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted) {
      const woken = new AbortController();
      this.#ring = () => {
        woken.abort();
      };
      await this.#clock.sleep(maxMs, AbortSignal.any([signal, woken.signal]));
      this.#ring = undefined;
    }
    this.#rung = false;
  }
}
