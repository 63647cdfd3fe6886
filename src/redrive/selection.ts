import type { LetterSource } from '../stamp/original.ts';

/** Which letters are resubmitted; what is undefined filters nothing. */
export interface Selection {
  /** Codes of src/errors.ts. */
  readonly codes: readonly string[] | undefined;
  /** Input topics letters may go back to; others were not written by a route of ours. */
  readonly topics: ReadonlySet<string>;
  /** Partition of the input topic. */
  readonly partition: number | undefined;
  /** Time of the event itself, Unix ms, `fromMs` included, `toMs` not. */
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
}

/** `foreign`: it does not say that it comes from a topic of ours. */
export type Choice = 'selected' | 'left-out' | 'foreign';

/** PURE. */
export function choose(selection: Selection, source: LetterSource | undefined): Choice {
  if (source === undefined || !selection.topics.has(source.topic)) return 'foreign';
  const { codes, partition, fromMs = -Infinity, toMs = Infinity } = selection;
  const wanted =
    (codes === undefined || codes.includes(source.code)) &&
    (partition === undefined || source.partition === partition) &&
    source.timestamp >= fromMs &&
    source.timestamp < toMs;
  return wanted ? 'selected' : 'left-out';
}
