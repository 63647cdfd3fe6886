/** Times a lease runs on, as configured. */
export interface LeaseTiming {
  /** Seconds after its last renewal at which etcd drops the lease, and with it the claim. 5 – 3,600. */
  readonly ttlS: number;
  /** How far ahead of the clock a GRANT raises the window. At most TTL less the margin. */
  readonly windowMs: number;
  /** At most this long between two GRANTs. At most a third of the window. */
  readonly refreshMs: number;
}

/**
 * `default` mints through an etcd outage of 7–10 s. `ride-through` mints through nine minutes; its price is that a dead
 * worker's node rests for half an hour, so spare nodes are needed.
 */
export const TIMING_PROFILES = {
  default: { ttlS: 15, windowMs: 10_000, refreshMs: 3_000 },
  'ride-through': { ttlS: 600, windowMs: 570_000, refreshMs: 30_000 },
} as const satisfies Record<string, LeaseTiming>;

/** What is taken off the lease's local end, so that we stop before the server may give the node away (P5). */
export function marginMs(ttlS: number): number {
  return Math.min(5_000, Math.max(500, ttlS * 100));
}

/** Deadline of one try against one endpoint. */
export function tryMs(ttlS: number): number {
  return Math.min(2_000, (ttlS * 1_000) / 5);
}

/** How long a node freed without a clean release rests beyond its window. */
export function restMs(timing: LeaseTiming): number {
  const ttlMs = timing.ttlS * 1_000;
  return Math.max(0, ttlMs - timing.windowMs) + 2 * ttlMs;
}

/** Every rule the three times break, as sentences; none broken gives an empty list. */
export function timingMistakes(timing: LeaseTiming): string[] {
  const { ttlS, windowMs, refreshMs } = timing;
  const mistakes: string[] = [];
  if (!Number.isInteger(ttlS) || ttlS < 5 || ttlS > 3_600) {
    mistakes.push(`lease TTL is ${ttlS} s: a whole number of seconds from 5 to 3600 is needed`);
  }
  const longest = ttlS * 1_000 - marginMs(ttlS);
  if (!(Number.isInteger(windowMs) && windowMs > 0 && windowMs <= longest)) {
    mistakes.push(
      `window is ${windowMs} ms: it must be whole, above 0 and at most the TTL less the margin, ${longest} ms`,
    );
  }
  if (!(refreshMs > 0 && refreshMs <= windowMs / 3)) {
    mistakes.push(
      `refresh is ${refreshMs} ms: it must be above 0 and at most a third of the window, ${windowMs / 3} ms`,
    );
  }
  return mistakes;
}
