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

/** How long a node whose claim is one of our own former ones is left alone: its lease is about to run out. */
const OWN_REMAINS_MS = 1_000;

/** The quarantine rule: which nodes of the slice may be claimed now, later, or not while somebody holds them. */
export function sortPool(
  survey: Survey,
  rules: PoolRules,
  nowWallMs: number,
  formerNonces: readonly string[],
): Pool {
  const windows = new Map(survey.windows.map((entry) => [nodeOf(entry.key), decodeWindow(entry.value)]));
  const claims = new Map(survey.claims.map((entry) => [nodeOf(entry.key), entry.value]));
  const free: number[] = [];
  const resting: { node: number; readyInMs: number }[] = [];
  const held: { node: number; by: string }[] = [];
  let missing = 0;
  for (let node = rules.first; node < rules.first + rules.count; node++) {
    const window = windows.get(node);
    const nonce = claims.get(node);
    if (window === undefined) missing++;
    else if (nonce !== undefined && formerNonces.includes(nonce))
      resting.push({ node, readyInMs: OWN_REMAINS_MS });
    else if (nonce !== undefined) held.push({ node, by: window.by ?? 'unknown' });
    else {
      const readyInMs = readyAtMs(window, rules) - nowWallMs;
      if (readyInMs <= 0) free.push(node);
      else resting.push({ node, readyInMs });
    }
  }
  return { free, resting, held, missing };
}

/** A window without a clean release counts as used to its end, and its holder may not know yet that it lost. */
function readyAtMs(window: WindowValue, rules: PoolRules): number {
  if (window.held) return window.untilMs + restMs(rules);
  if (window.releasedAtMs === undefined) return window.untilMs;
  return Math.max(window.untilMs, window.releasedAtMs + rules.recycleDelayMs);
}

function nodeOf(key: string): number {
  const tail = key.slice(key.lastIndexOf('/') + 1);
  return /^\d+$/.test(tail) ? Number(tail) : -1;
}
