import type { Observe } from './port.ts';

/** So many tries in a row are no passing fault: seconds, with the pauses between them. */
const STUCK_AFTER = 8;

/** Each try is a fact for whoever counts; a row that does not end is told to people, and once. */
export function tellRetry(observe: Observe, request: string, why: string, tries: number): void {
  observe({ fact: 'retried', request, why });
  if (tries === STUCK_AFTER) observe({ fact: 'stuck', request, why, tries });
}

const FIRST_MS = 50;
const MOST_MS = 1_000;

/** Pause after the `tries`-th fetch that failed. PURE. */
export const fetchPauseMs = (tries: number): number => Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(tries, 10));
