import { expectAnswer, type DomainHandle } from './domain-handle.ts';
import { nodeStates, readSurvey, surveyReads, type NodeState, type PoolRules } from './pool.ts';
import type { Compare, Entry, LeaseStore } from './store.ts';
import { encodeWindow } from './values.ts';

export interface RaisePlan {
  /** Node numbers, or every node of the slice without a readable window. */
  readonly nodes: readonly number[] | 'missing';
  /** Unix ms; no ID of these nodes gets a timestamp below it. */
  readonly toMs: number;
}

export interface Raised {
  readonly node: number;
  /** Undefined: there was no window. */
  readonly fromMs: number | undefined;
}

export type RaiseResult =
  | { readonly at: 'raised'; readonly raised: readonly Raised[] }
  /** Nothing, or nothing more, was written. */
  | { readonly at: 'refused'; readonly lines: readonly string[]; readonly raised: readonly Raised[] };

/** etcd takes 128 operations a transaction by default; two compares and the domain's go with each put. */
const CHUNK = 40;

/** The earliest a window may be raised to: whoever still mints under the lost one has stopped by then. Unix ms. */
export const earliestRaiseMs = ({ ttlS, windowMs }: PoolRules, nowMs: number): number =>
  Math.ceil(nowMs + windowMs + ttlS * 1_000);

/**
 * Gives nodes whose window was lost, or restored from a backup, a floor again. Invariants:
 *
 * R1 A window only rises here: each put compares the value read, in the same transaction (L1).
 * R2 Never under a claim: its holder would take the raised bound for its own. An operator waits for it, or stops it.
 * R3 `toMs` is at least now + W + TTL: no holder of a claim that was lost with the store can mint that far (P1).
 * R4 The domain is the one read before (L5).
 * @throws SnowstampError STORE_…
 */
export async function raiseWindows(
  store: LeaseStore,
  { keys, text }: Pick<DomainHandle, 'keys' | 'text'>,
  rules: PoolRules,
  plan: RaisePlan,
  nowMs: number,
): Promise<RaiseResult> {
  const { found } = expectAnswer(await store.look(surveyReads(keys)));
  const survey = readSurvey(found);
  const states = nodeStates(survey, rules, nowMs);
  const chosen =
    plan.nodes === 'missing'
      ? states.filter(({ at }) => at === 'missing')
      : plan.nodes.flatMap((node) => states.filter((state) => state.node === node));
  const lines = mistakesOf(plan, rules, chosen, nowMs);
  if (lines.length > 0) return { at: 'refused', lines, raised: [] };
  const entries = new Map(survey.windows.map((entry) => [entry.key, entry]));
  const raised: Raised[] = [];
  for (let start = 0; start < chosen.length; start += CHUNK) {
    const chunk = chosen.slice(start, start + CHUNK);
    const answer = await store.transact({
      when: [
        { key: keys.domain, is: 'equal', value: text },
        ...chunk.flatMap(({ node }): Compare[] => [
          { key: keys.claim(node), is: 'absent' },
          unchanged(keys.window(node), entries.get(keys.window(node))),
        ]),
      ],
      then: chunk.map(({ node }) => ({
        do: 'put',
        key: keys.window(node),
        value: encodeWindow({ untilMs: plan.toMs, held: false, by: 'raised' }),
      })),
      otherwise: [],
    });
    if (!expectAnswer(answer).succeeded)
      return {
        ...{ at: 'refused', raised },
        lines: ['somebody claimed one of the nodes, or changed a window, meanwhile: look and try again'],
      };
    raised.push(...chunk.map(({ node, window }) => ({ node, fromMs: window?.untilMs })));
  }
  return { at: 'raised', raised };
}

const unchanged = (key: string, entry: Entry | undefined): Compare =>
  entry === undefined ? { key, is: 'absent' } : { key, is: 'equal', value: entry.value };

function mistakesOf(
  { nodes, toMs }: RaisePlan,
  rules: PoolRules,
  chosen: readonly NodeState[],
  nowMs: number,
): string[] {
  const earliestMs = earliestRaiseMs(rules, nowMs);
  const { first, count } = rules;
  const strangers = nodes === 'missing' ? [] : nodes.filter((node) => node < first || node >= first + count);
  return [
    ...(toMs >= earliestMs
      ? []
      : [
          `--to is before ${new Date(earliestMs).toISOString()}, which is now + window + TTL: name that or later`,
        ]),
    ...strangers.map((node) => `node ${node} is not of this slice: nodes ${first} to ${first + count - 1}`),
    ...chosen.flatMap(({ node, at, window }) => {
      if (at === 'held') return [`node ${node} is held: stop its worker first (snowstamp workers shows it)`];
      const untilMs = window?.untilMs ?? 0;
      return untilMs <= toMs
        ? []
        : [
            `node ${node} stands at ${new Date(untilMs).toISOString()} already: a window is never lowered here`,
          ];
    }),
  ];
}
