import type { Keys } from './protocol.ts';
import type { Entry, Read, TransactionResult } from './store.ts';
import { restMs } from './timing.ts';
import type { LeaseTiming } from './timing.ts';
import { decodeWindow } from './values.ts';
import type { WindowValue } from './values.ts';

/** Windows and claims as one linearizable read showed them. */
export interface Survey {
  readonly windows: readonly Entry[];
  readonly claims: readonly Entry[];
}

/** The whole pool and the domain, in one read. */
export function surveyReads(keys: Keys): Read[] {
  return [
    { do: 'list', prefix: keys.windows },
    { do: 'list', prefix: keys.claims },
    { do: 'get', key: keys.domain },
  ];
}

export function readSurvey(
  found: TransactionResult['found'],
): Survey & { readonly domain: string | undefined } {
  const [windows = [], claims = [], domain = []] = found;
  return { windows, claims, domain: domain[0]?.value };
}

/** Some others among the first so many claims are enough to know that there are any, whatever remains of ours. */
const CLAIMS_LOOKED_AT = 16;

/** The same of a few nodes: what a worker among a thousand can afford to look at, and a thousand can at once. */
export function sampleReads(keys: Keys, nodes: readonly number[]): Read[] {
  return [
    { do: 'get', key: keys.domain },
    { do: 'list', prefix: keys.claims, limit: CLAIMS_LOOKED_AT },
    ...nodes.map((node): Read => ({ do: 'get', key: keys.claim(node) })),
    ...nodes.map((node): Read => ({ do: 'get', key: keys.window(node) })),
  ];
}

export function readSample(
  found: TransactionResult['found'],
): Survey & { readonly domain: string | undefined } {
  const [domain = [], ...rest] = found;
  const half = (rest.length + 1) / 2;
  return { windows: rest.slice(half).flat(), claims: rest.slice(0, half).flat(), domain: domain[0]?.value };
}

export interface PoolRules extends LeaseTiming {
  /** Nodes of the slice: `first` … `first + count − 1`. */
  readonly first: number;
  readonly count: number;
  /** Rest after a clean release. The floor makes 0 safe; some policies want a delay. */
  readonly recycleDelayMs: number;
}

export interface Pool {
  readonly free: readonly number[];
  readonly resting: readonly { readonly node: number; readonly readyInMs: number }[];
  readonly held: readonly { readonly node: number; readonly by: string }[];
  /** Nodes without a readable window: unclaimable until an operator raises one. */
  readonly missing: number;
}

/** Of one node; `window` is undefined where there is none, or where what stands there is none. */
export type NodeState = { readonly node: number; readonly window: WindowValue | undefined } & (
  | { readonly at: 'free' }
  | { readonly at: 'missing' }
  | { readonly at: 'held'; readonly nonce: string }
  | { readonly at: 'resting'; readonly readyInMs: number }
);

/** How long a node whose claim is one of our own former ones is left alone: its lease is about to run out. */
const OWN_REMAINS_MS = 1_000;

/** The quarantine rule: which nodes of the slice may be claimed now, later, or not while somebody holds them. */
export function sortPool(
  survey: Survey,
  rules: PoolRules,
  nowWallMs: number,
  formerNonces: readonly string[],
): Pool {
  const free: number[] = [];
  const resting: { node: number; readyInMs: number }[] = [];
  const held: { node: number; by: string }[] = [];
  let missing = 0;
  for (const state of nodeStates(survey, rules, nowWallMs)) {
    const { node } = state;
    if (state.at === 'free') free.push(node);
    else if (state.at === 'resting') resting.push({ node, readyInMs: state.readyInMs });
    else if (state.at === 'missing') missing++;
    else if (formerNonces.includes(state.nonce)) resting.push({ node, readyInMs: OWN_REMAINS_MS });
    else held.push({ node, by: state.window?.by ?? 'unknown' });
  }
  return { free, resting, held, missing };
}

/** Every node of the slice, in order. Without a window a node is missing, claimed or not: no GRANT succeeds on it. */
export function nodeStates(survey: Survey, rules: PoolRules, nowWallMs: number): NodeState[] {
  const windows = new Map(survey.windows.map((entry) => [nodeOfKey(entry.key), decodeWindow(entry.value)]));
  const claims = new Map(survey.claims.map((entry) => [nodeOfKey(entry.key), entry.value]));
  return Array.from({ length: rules.count }, (_, n): NodeState => {
    const node = rules.first + n;
    const window = windows.get(node);
    if (window === undefined) return { node, window, at: 'missing' };
    const nonce = claims.get(node);
    if (nonce !== undefined) return { node, window, at: 'held', nonce };
    const readyInMs = readyAtMs(window, rules) - nowWallMs;
    return readyInMs <= 0 ? { node, window, at: 'free' } : { node, window, at: 'resting', readyInMs };
  });
}

/** A window without a clean release counts as used to its end, and its holder may not know yet that it lost. */
function readyAtMs(window: WindowValue, rules: PoolRules): number {
  if (window.held) return window.untilMs + restMs(rules);
  if (window.releasedAtMs === undefined) return window.untilMs;
  return Math.max(window.untilMs, window.releasedAtMs + rules.recycleDelayMs);
}

/**
 * Numbers from 0 to below `count`, each once, in an order that chance chose; only the first `most` of them. Two workers
 * that meet at one of them part at the next (double hashing): of a thousand at once none follows a trodden path.
 */
export function scattered(count: number, random: number, most = count): number[] {
  const turn = random * count;
  const start = Math.floor(turn);
  let stride = 1 + Math.floor((turn - start) * (count - 1));
  while (greatestDivisor(stride, count) > 1) stride++;
  return Array.from({ length: Math.min(most, count) }, (_, n) => (start + n * stride) % count);
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** −1 where the key ends in no number. */
export function nodeOfKey(key: string): number {
  const tail = key.slice(key.lastIndexOf('/') + 1);
  return /^\d+$/.test(tail) ? Number(tail) : -1;
}
