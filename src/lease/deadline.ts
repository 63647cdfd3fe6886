import type { Instant } from '../clock.ts';
import type { Deadline } from './state.ts';
import { marginMs } from './timing.ts';

/**
 * Local end of a lease: its time counted from *before* the request was sent, less the margin. The server counts from
 * when it handled the request, which is later, so it cannot delete the claim before this (P5).
 */
export function leaseDeadline(sent: Instant, ttlMs: number, ttlS: number): Deadline {
  const aliveMs = ttlMs - marginMs(ttlS);
  return { monotonicMs: sent.monotonicMs + aliveMs, wallMs: sent.wallMs + aliveMs };
}

/** One clock past it is enough. */
export function isPast(deadline: Deadline, now: Instant): boolean {
  return now.monotonicMs >= deadline.monotonicMs || now.wallMs >= deadline.wallMs;
}

export function latest(a: Deadline, b: Deadline): Deadline {
  return { monotonicMs: Math.max(a.monotonicMs, b.monotonicMs), wallMs: Math.max(a.wallMs, b.wallMs) };
}

/** Milliseconds until the nearer of both clocks reaches it; 0 when past. */
export function leftMs(deadline: Deadline, now: Instant): number {
  return Math.max(0, Math.min(deadline.monotonicMs - now.monotonicMs, deadline.wallMs - now.wallMs));
}

const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 1_000;

/** Doubling from 100 ms to 1 s, the upper half of each random: workers that failed together do not come back together. */
export function backoffMs(failures: number, random: number): number {
  const whole = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(failures, 10));
  return whole * (0.5 + random / 2);
}
