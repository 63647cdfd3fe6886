import type { IdRun } from '../../src/snowflake/generator.ts';
import type { Incarnation } from '../../src/snowflake/permit.ts';

/** IDs of one reservation. */
export interface Minted {
  readonly by: Incarnation;
  readonly runs: readonly IdRun[];
}

interface Book {
  readonly nonce: string;
  readonly revision: number;
  /** Every millisecond used, in the order of use. */
  readonly used: readonly number[];
}

/** The joined log of all processes: one book for each incarnation that minted. */
export type Log = readonly Book[];

/**
 * `duplicates`: no two IDs are equal. `order`: they also rise within an incarnation, stay above its floor, and are all
 * above those of every incarnation that claimed earlier, no matter who minted when.
 */
export type Promises = 'duplicates' | 'order';

/** The log with these IDs in it, or what they break. Every reservation takes whole milliseconds. */
export function enter(log: Log, { by, runs }: Minted, promises: Promises): Log | string {
  const { nonce, floorMs } = by;
  const revision = Number(by.createRevision);
  const others = log.filter((book) => book.nonce !== nonce);
  const used = log.filter((book) => book.nonce === nonce).flatMap((book) => book.used);
  for (const { timestampMs: ms } of runs) {
    if (used.includes(ms) || others.some((book) => book.used.includes(ms)))
      return `duplicate: ${ms} is minted twice`;
    if (promises === 'order') {
      if (ms < floorMs) return `order: ${ms} is below the floor`;
      if (used.some((before) => before > ms)) return `order: ${ms} follows a higher one`;
      if (others.some((book) => isCrossed(book, revision, ms)))
        return `order: ${ms} is on the wrong side of another incarnation’s`;
    }
    used.push(ms);
  }
  return [...others, { nonce, revision, used }].sort((a, b) => (a.nonce < b.nonce ? -1 : 1));
}

function isCrossed(earlierOrLater: Book, revision: number, ms: number): boolean {
  const { used } = earlierOrLater;
  return earlierOrLater.revision < revision
    ? used.some((other) => other > ms)
    : used.some((other) => other < ms);
}
