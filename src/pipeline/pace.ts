import type { Part } from './draft.ts';
import type { Partition } from './partition.ts';

const SMALLEST_BUDGET_BYTES = 65_536;
/** After a try alone the others have this many times as long as it took. */
const OTHERS_SHARE = 3;

/**
 * How much one transaction takes (rule 5). A doubtful outcome names nobody: its partitions are suspected, kept apart from
 * the others, and tried in ever smaller groups, so that one output that does not answer is soon tried alone.
 */
export class Pace {
  budgetBytes: number;
  readonly #mostBytes: number;
  #groupSize = 1;
  #turn = 0;
  #suspectsLast = false;
  #aloneNotBeforeMs = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = this.budgetBytes = mostBytes;
  }

  /** Which of the partitions with work the next transaction takes; each comes first in its turn. */
  choose(open: readonly Partition[]): Partition[] {
    const first = open.length === 0 ? 0 : this.#turn++ % open.length;
    const inTurn = [...open.slice(first), ...open.slice(0, first)];
    const clear = inTurn.filter(({ suspect }) => !suspect);
    if (clear.length === inTurn.length) return inTurn;
    this.#suspectsLast = clear.length === 0 || !this.#suspectsLast;
    return this.#suspectsLast ? inTurn.filter(({ suspect }) => suspect).slice(0, this.#groupSize) : clear;
  }

  /**
   * The sidelined partition to try now, the one that is due longest. None while it is the others' time, if there are others:
   * several that do not answer must not take all of it (rule 5). Monotonic.
   */
  chooseAlone(sidelined: readonly Partition[], others: boolean, nowMs: number): Partition | undefined {
    if (others && nowMs < this.#aloneNotBeforeMs) return undefined;
    return sidelined.filter(({ dueMs }) => dueMs <= nowMs).toSorted((a, b) => a.dueMs - b.dueMs)[0];
  }

  /** A try alone is over; monotonic. */
  triedAlone(startedMs: number, nowMs: number): void {
    this.#aloneNotBeforeMs = nowMs + OTHERS_SHARE * (nowMs - startedMs);
  }

  wentWell(): void {
    this.budgetBytes = Math.min(this.#mostBytes, this.budgetBytes * 2);
  }

  /** Halves: the next transaction holds less, and fewer of these. */
  doubted(parts: readonly Part[]): void {
    this.budgetBytes = Math.max(SMALLEST_BUDGET_BYTES, this.budgetBytes / 2);
    this.#groupSize = Math.max(1, Math.floor(parts.length / 2));
    for (const { partition } of parts) partition.suspect = true;
  }
}
