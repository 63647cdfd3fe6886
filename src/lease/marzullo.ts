export interface Interval {
  readonly loMs: number;
  readonly hiMs: number;
}

/**
 * The part of the line that most intervals allow (Marzullo 1984), and how many those are. Of equally good parts one that
 * the last interval allows, so that a clock that was put right is believed in the end. PURE. No interval: the whole line.
 */
export function marzullo(intervals: readonly Interval[]): Interval & { readonly count: number } {
  const last = intervals.at(-1);
  const edges = intervals
    .flatMap(({ loMs, hiMs }) => [
      { atMs: loMs, step: 1 },
      { atMs: hiMs, step: -1 },
    ])
    .sort((a, b) => a.atMs - b.atMs || b.step - a.step);
  let best = { loMs: Number.NEGATIVE_INFINITY, hiMs: Number.POSITIVE_INFINITY, count: 0 };
  let count = 0;
  edges.forEach(({ atMs, step }, index) => {
    count += step;
    if (step < 0 || count < best.count) return;
    const hiMs = edges[index + 1]!.atMs;
    const fits = last !== undefined && atMs <= last.hiMs && last.loMs <= hiMs;
    if (count > best.count || fits) best = { loMs: atMs, hiMs, count };
  });
  return best;
}
