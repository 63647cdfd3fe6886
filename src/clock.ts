import { setTimeout as delay } from 'node:timers/promises';

/** One reading of both clocks, taken together. */
export interface Instant {
  /** Unix time in milliseconds; may step in either direction. */
  readonly wallMs: number;
  /** Milliseconds since an arbitrary start; never goes back, stops while a machine is suspended. */
  readonly monotonicMs: number;
}

/** The only source of time. Injected everywhere, so that tests decide what time does. */
export interface Clock {
  now(): Instant;
  /** Resolves after `ms`, or as soon as `signal` aborts; never rejects: callers look at the signal. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => ({ wallMs: Date.now(), monotonicMs: performance.now() }),
  async sleep(ms, signal) {
    if (signal?.aborted === true) return;
    try {
      await delay(ms, undefined, signal === undefined ? {} : { signal });
    } catch {
      // Aborted: the caller reads its signal.
    }
  },
};
