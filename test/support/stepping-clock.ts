import { systemClock } from '../../src/clock.ts';
import type { Clock, Instant } from '../../src/clock.ts';

/** A wall clock that can be stepped; the monotonic one is the machine's own, and honest. */
export class SteppingClock implements Clock {
  aheadMs = 0;

  now(): Instant {
    const { wallMs, monotonicMs } = systemClock.now();
    return { wallMs: wallMs + this.aheadMs, monotonicMs };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(ms, signal);
  }
}
