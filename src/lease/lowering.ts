import { decode } from '../snowflake/layout.ts';
import { expectAnswer, type DomainHandle } from './domain-handle.ts';
import { nodeOfKey, readSurvey, surveyReads, type PoolRules } from './pool.ts';
import type { LeaseStore } from './store.ts';
import { decodeWindow, encodeWindow } from './values.ts';
import { earliestRaiseMs } from './windows.ts';

/** What is known of the IDs a domain published, all stamped topics together. */
export interface Evidence {
  /** Why nothing can be concluded from it; empty when it is whole. */
  readonly gaps: readonly string[];
  /** Highest ID of the node asked for; undefined: it gave none. */
  readonly highest: bigint | undefined;
  /** Says what it was, for the ledger. */
  readonly digest: string;
}

export interface LowerPlan {
  readonly node: number;
  /** No ID of the node above this one was ever published: the operator's word, held against the evidence. */
  readonly aboveId: bigint;
  /** Looked for while nobody holds a claim. */
  readonly evidence: () => Promise<Evidence>;
  /** Who does it: stands in the ledger. */
  readonly by: string;
}

export type LowerResult =
  | { readonly at: 'lowered'; readonly fromMs: number; readonly toMs: number }
  | { readonly at: 'refused'; readonly lines: readonly string[] };

/**
 * The only way down for a window that a wrong clock raised far ahead. It rests on no protocol but on proof that nothing above
 * was published, so it is guarded on all sides. Invariants:
 *
 * D1 No claim stands in the cluster before the evidence is looked for, and the window is still, byte for byte, what it was then:
 *    whoever claims, grants or releases meanwhile changes it.
 * D2 The new bound is above every ID of the node in the evidence, and at least now + W + TTL (R3).
 * D3 Who did it and on what evidence is recorded in the transaction that lowers.
 * @throws SnowstampError STORE_…, and what `evidence` throws
 */
export async function lowerWindow(
  store: LeaseStore,
  { keys, text, record }: DomainHandle,
  rules: PoolRules,
  plan: LowerPlan,
  nowMs: () => number,
): Promise<LowerResult> {
  const { node, aboveId } = plan;
  const refused = (...lines: string[]): LowerResult => ({ at: 'refused', lines });
  const before = readSurvey(expectAnswer(await store.look(surveyReads(keys))).found);
  const value = before.windows.find(({ key }) => key === keys.window(node))?.value;
  const window = value === undefined ? undefined : decodeWindow(value);
  const isOurs = node >= rules.first && node < rules.first + rules.count;
  if (value === undefined || window === undefined || !isOurs)
    return refused(`node ${node} has no window in this slice`);
  if (before.claims.length > 0) {
    const nodes = before.claims.map(({ key }) => nodeOfKey(key)).join(', ');
    return refused(`workers hold nodes ${nodes}: stop the whole fleet first`);
  }
  const above = decode(record.layout, aboveId);
  if (!above.ok) return refused('--above-id is no ID');
  const { gaps, highest, digest } = await plan.evidence();
  if (gaps.length > 0) return refused(...gaps);
  if (highest !== undefined && highest > aboveId)
    return refused(`node ${node} gave ${highest}, which is above --above-id ${aboveId}`);
  const toMs = Math.max(above.timestampMs + 1, earliestRaiseMs(rules, nowMs()));
  const { untilMs: fromMs } = window;
  if (toMs >= fromMs) return refused(`its window ends at ${new Date(fromMs).toISOString()}: nothing to gain`);
  const entry = {
    atMs: Math.floor(nowMs()),
    by: plan.by,
    node,
    fromMs,
    toMs,
    aboveId: String(aboveId),
    digest,
  };
  const answer = await store.transact({
    when: [
      { key: keys.domain, is: 'equal', value: text },
      { key: keys.claim(node), is: 'absent' },
      { key: keys.window(node), is: 'equal', value },
    ],
    then: [
      {
        do: 'put',
        key: keys.window(node),
        value: encodeWindow({ untilMs: toMs, held: false, by: 'lowered' }),
      },
      { do: 'put', key: `${keys.ledger}${entry.atMs}-${node}`, value: JSON.stringify(entry) },
    ],
    otherwise: [],
  });
  if (expectAnswer(answer).succeeded) return { at: 'lowered', fromMs, toMs };
  return refused('somebody claimed the node, or changed its window, meanwhile: look again');
}
