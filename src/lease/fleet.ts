import { nodeOfKey, nodeStates, readSurvey, surveyReads } from './pool.ts';
import type { NodeState, PoolRules } from './pool.ts';
import type { Keys } from './protocol.ts';
import type { Entry, Read, TransactionResult } from './store.ts';

/**
 * The pool as operators see it. PURE; no decision of a worker hangs on it.
 *
 * A status is what its writer says of itself, up to 15 s old: everything in it may be absent or wrong.
 */
export interface Status {
  /** Host or pod. */
  readonly name?: string;
  /** Tells the workers of one host apart. */
  readonly instance?: string;
  /** When the node was claimed, and the timestamp of the highest ID reserved since. Unix ms. */
  readonly sinceMs?: number;
  readonly lastMs?: number;
  /** Wall clock against the fleet's or an external one, as the worker measured it. */
  readonly clockOffsetMs?: number;
}

export type NodeView = NodeState & { readonly status: Status };

export interface Fleet {
  /** The domain record's text; undefined when there is none. */
  readonly domain: string | undefined;
  /** Every node of the slice, in order. */
  readonly nodes: readonly NodeView[];
}

/** Windows, claims, domain and statuses in one linearizable read. */
export function fleetReads(keys: Keys): Read[] {
  return [...surveyReads(keys), { do: 'list', prefix: keys.statuses }];
}

export function readFleet(found: TransactionResult['found'], rules: PoolRules, nowWallMs: number): Fleet {
  const survey = readSurvey(found);
  const statuses = new Map((found[3] ?? []).map((entry) => [nodeOfKey(entry.key), decodeStatus(entry)]));
  const nodes = nodeStates(survey, rules, nowWallMs).map((state) => ({
    ...state,
    status: (state.at === 'held' ? statuses.get(state.node) : undefined) ?? {},
  }));
  return { domain: survey.domain, nodes };
}

/** How many nodes are in each state. */
export function poolUse(nodes: readonly NodeState[]): Readonly<Record<NodeState['at'], number>> {
  const use = { held: 0, resting: 0, free: 0, missing: 0 };
  for (const { at } of nodes) use[at]++;
  return use;
}

function decodeStatus({ value }: Entry): Status {
  let raw: unknown;
  try {
    raw = JSON.parse(value);
  } catch {
    return {};
  }
  if (typeof raw !== 'object' || raw === null) return {};
  const fields = raw as Readonly<Record<string, unknown>>;
  return {
    ...texts(fields, ['name', 'instance']),
    ...numbers(fields, ['sinceMs', 'lastMs', 'clockOffsetMs']),
  };
}

/** Somebody else's text, shown on a terminal: without what moves a cursor. */
function texts(fields: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = fields[name];
      return typeof value === 'string' ? [[name, value.replace(/[^\x20-\x7e]/g, '?').slice(0, 64)]] : [];
    }),
  );
}

function numbers(
  fields: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Record<string, number> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = fields[name];
      return typeof value === 'number' && Math.abs(value) <= 8.64e15 ? [[name, value]] : [];
    }),
  );
}
