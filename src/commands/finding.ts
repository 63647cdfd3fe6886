import type { Settings } from '../kafka/cluster/admin.ts';

/** One thing looked at before work begins. */
export interface Finding {
  /** `fail` refuses the start; `warn` is a log line. */
  readonly level: 'ok' | 'warn' | 'fail';
  readonly subject: string;
  readonly found: string;
  /** What to do about it; empty when all is well. */
  readonly remedy: string;
}

export type Judged = readonly Finding[];

/** A setting as a number; undefined when it is absent, hidden or no number. PURE. */
export function numberIn(settings: Settings | undefined, name: string): number | undefined {
  const text = settings?.get(name);
  return text !== undefined && text !== null && /^-?\d+$/.test(text) ? Number(text) : undefined;
}

/** Each once, as routes share dead-letter topics; first what is worst, else in the order found. PURE. */
export function inOrder(findings: readonly Finding[]): readonly Finding[] {
  const once = new Map(findings.map((finding) => [`${finding.subject} ${finding.found}`, finding]));
  const rank = { fail: 0, warn: 1, ok: 2 };
  return [...once.values()].sort((a, b) => rank[a.level] - rank[b.level]);
}

/** As a table, remedies under what they are for. PURE. */
export function linesOf(findings: readonly Finding[]): string[] {
  const width = Math.max(0, ...findings.map(({ subject }) => subject.length));
  return findings.flatMap(({ level, subject, found, remedy }) => [
    `${level.padEnd(4)}  ${subject.padEnd(width)}  ${found}`,
    ...(remedy === '' ? [] : [`${' '.repeat(width + 8)}→ ${remedy}`]),
  ]);
}
