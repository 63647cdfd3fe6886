import type { Incarnation } from '../snowflake/permit.ts';
import type { Entry, Read, Transaction, TransactionResult } from './store.ts';
import { domainTrouble, type DomainTrouble } from './domain.ts';
import { decodeBeacon, decodeWindow, encodeBeacon, encodeUntil, encodeWindow } from './values.ts';
import type { Beacon } from './values.ts';

/**
 * The transactions the proof of P1 rests on, as data, and what their answers mean. Invariants:
 *
 * L1 A window only rises while somebody may mint under it; GRANT compares it (`below`) in the same transaction.
 * L2 GRANT and RELEASE act only while the claim has our create_revision *and* our nonce: revisions rewind in a restore.
 * L3 The floor is the window as read in the very transaction that creates the claim.
 * L4 RELEASE is the only way down, and only below what this incarnation alone had raised.
 * L5 Every one of them compares the domain's bytes: a tombstoned or replaced domain stops everybody.
 */
export interface Keys {
  readonly domain: string;
  readonly beacon: string;
  readonly windows: string;
  readonly claims: string;
  readonly statuses: string;
  /** What operators did to windows against the rule that they only rise. */
  readonly ledger: string;
  window(node: number): string;
  claim(node: number): string;
  status(node: number): string;
}

/** Full keys: etcd answers of transactions carry them with any namespace still in front. */
export function keysUnder(prefix: string): Keys {
  const root = prefix.replace(/\/+$/, '');
  return {
    domain: `${root}/domain`,
    beacon: `${root}/beacon`,
    windows: `${root}/window/`,
    claims: `${root}/claim/`,
    statuses: `${root}/status/`,
    ledger: `${root}/ledger/`,
    window: (node) => `${root}/window/${node}`,
    claim: (node) => `${root}/claim/${node}`,
    status: (node) => `${root}/status/${node}`,
  };
}

/** Who speaks, for the diagnostics in windows and the clock comparison in the beacon. */
export type Speaker = Omit<Beacon, 'nonce' | 'granted'> & { readonly name: string };

export interface ClaimRequest {
  readonly node: number;
  readonly nonce: string;
  readonly leaseId: string;
  readonly domain: string;
}

export function claimTransaction(keys: Keys, request: ClaimRequest, speaker: Speaker): Transaction {
  const { node, nonce, leaseId, domain } = request;
  return {
    when: [
      { key: keys.claim(node), is: 'absent' },
      { key: keys.window(node), is: 'present' },
      { key: keys.domain, is: 'equal', value: domain },
    ],
    then: [
      { do: 'get', key: keys.window(node) },
      { do: 'get', key: keys.beacon },
      { do: 'put', key: keys.claim(node), value: nonce, leaseId },
      { do: 'put', key: keys.beacon, value: encodeBeacon({ ...speaker, nonce, granted: false }) },
    ],
    otherwise: sight(keys, node),
  };
}

export function grantTransaction(
  keys: Keys,
  incarnation: Incarnation,
  untilMs: number,
  domain: string,
  speaker: Speaker,
): Transaction {
  const { node, nonce } = incarnation;
  return {
    when: [
      ...claimIsOurs(keys, incarnation),
      { key: keys.window(node), is: 'below', value: encodeUntil(untilMs) },
      { key: keys.domain, is: 'equal', value: domain },
    ],
    then: [
      { do: 'get', key: keys.beacon },
      { do: 'put', key: keys.window(node), value: encodeWindow({ untilMs, held: true, by: speaker.name }) },
      { do: 'put', key: keys.beacon, value: encodeBeacon({ ...speaker, nonce, granted: true }) },
    ],
    otherwise: sight(keys, node),
  };
}

/**
 * `lastTimestampMs` covers every ID ever reserved, published or not; its generator has stopped for good.
 * `attemptedUntilMs`: the highest window this incarnation asked for; above it somebody else raised the window, and
 * then it stays (L4).
 */
export function releaseTransaction(
  keys: Keys,
  incarnation: Incarnation,
  {
    lastTimestampMs,
    attemptedUntilMs,
  }: { readonly lastTimestampMs: number; readonly attemptedUntilMs: number },
  domain: string,
  speaker: Speaker,
): Transaction {
  const untilMs = Math.max(incarnation.floorMs, lastTimestampMs + 1);
  const value = encodeWindow({ untilMs, held: false, by: speaker.name, releasedAtMs: speaker.wallMs });
  return {
    when: [
      ...claimIsOurs(keys, incarnation),
      { key: keys.window(incarnation.node), is: 'below', value: encodeUntil(attemptedUntilMs + 1) },
      { key: keys.domain, is: 'equal', value: domain },
    ],
    then: [
      { do: 'put', key: keys.window(incarnation.node), value },
      { do: 'delete', key: keys.claim(incarnation.node) },
    ],
    otherwise: sight(keys, incarnation.node),
  };
}

/** `status/<node>`, for the fleet page: written only while the claim is ours, gone with the lease. */
export function statusTransaction(
  keys: Keys,
  incarnation: Incarnation,
  leaseId: string,
  text: string,
): Transaction {
  return {
    when: claimIsOurs(keys, incarnation),
    then: [{ do: 'put', key: keys.status(incarnation.node), value: text, leaseId }],
    otherwise: [],
  };
}

/** What settles an unknown outcome: claim, window and domain in one linearizable read. */
export function sight(keys: Keys, node: number): Read[] {
  return [
    { do: 'get', key: keys.claim(node) },
    { do: 'get', key: keys.window(node) },
    { do: 'get', key: keys.domain },
  ];
}

function claimIsOurs(keys: Keys, { node, createRevision, nonce }: Incarnation): Transaction['when'] {
  return [
    { key: keys.claim(node), is: 'created-at', revision: createRevision },
    { key: keys.claim(node), is: 'equal', value: nonce },
  ];
}

export type ClaimVerdict =
  | { readonly at: 'claimed'; readonly createRevision: string; readonly floorMs: number }
  | { readonly at: 'taken' }
  | { readonly at: 'free' }
  | { readonly at: 'window-unusable'; readonly why: string }
  | DomainTrouble;

/** Answer of CLAIM. Refused with our own nonce in the claim means that an earlier copy of it had arrived. */
export function judgeClaim(result: TransactionResult, request: ClaimRequest): ClaimVerdict {
  if (!result.succeeded) return judgeClaimSight(result.found, request);
  return claimed(result.revision, result.found[0]?.[0]);
}

/** The read that settles a CLAIM of unknown outcome. `free`: it has not arrived; it may still, until its lease ends. */
export function judgeClaimSight(found: TransactionResult['found'], request: ClaimRequest): ClaimVerdict {
  const [claim, window, domain] = found.map((entries) => entries[0]);
  const trouble = domainTrouble(domain?.value, request.domain);
  if (trouble !== undefined) return trouble;
  if (claim?.value === request.nonce) return claimed(claim.createRevision, window);
  if (claim !== undefined) return { at: 'taken' };
  return window === undefined ? { at: 'window-unusable', why: 'missing' } : { at: 'free' };
}

function claimed(createRevision: string, window: Entry | undefined): ClaimVerdict {
  const reading = window === undefined ? undefined : decodeWindow(window.value);
  if (reading === undefined) return { at: 'window-unusable', why: 'missing or unreadable' };
  return { at: 'claimed', createRevision, floorMs: reading.untilMs };
}

export type ReleaseVerdict = 'clean' | 'still-ours' | 'gone';

export type HoldVerdict =
  /** The claim is ours and the window stands at `untilMs`. */
  | { readonly at: 'ours'; readonly untilMs: number }
  | { readonly at: 'gone'; readonly why: string }
  | DomainTrouble;

/** Answer of GRANT. */
export function judgeGrant(
  result: TransactionResult,
  incarnation: Incarnation,
  untilMs: number,
  domain: string,
): HoldVerdict {
  return result.succeeded ? { at: 'ours', untilMs } : judgeHoldSight(result.found, incarnation, domain);
}

/** Refused GRANTs, and the read that settles unknown outcomes. */
export function judgeHoldSight(
  found: TransactionResult['found'],
  incarnation: Incarnation,
  domain: string,
): HoldVerdict {
  const [claim, window, domainEntry] = found.map((entries) => entries[0]);
  const trouble = domainTrouble(domainEntry?.value, domain);
  if (trouble !== undefined) return trouble;
  if (claim === undefined) return { at: 'gone', why: 'the claim is gone' };
  if (claim.value !== incarnation.nonce || claim.createRevision !== incarnation.createRevision) {
    return { at: 'gone', why: 'the claim is somebody else’s' };
  }
  const reading = window === undefined ? undefined : decodeWindow(window.value);
  if (reading === undefined) return { at: 'gone', why: 'the window is missing or unreadable' };
  return { at: 'ours', untilMs: reading.untilMs };
}

/** The stamp of whoever wrote the beacon before us, out of a CLAIM or GRANT that succeeded. */
export function previousBeacon(keys: Keys, result: TransactionResult): Beacon | undefined {
  const entry = result.found.flat().find(({ key }) => key === keys.beacon);
  return entry === undefined ? undefined : decodeBeacon(entry.value);
}

/** What became of a RELEASE; `still-ours` after a refusal means that the window was raised by somebody else (L4). */
export function judgeRelease(result: TransactionResult, incarnation: Incarnation): ReleaseVerdict {
  return result.succeeded ? 'clean' : judgeReleaseSight(result.found, incarnation);
}

export function judgeReleaseSight(
  found: TransactionResult['found'],
  incarnation: Incarnation,
): ReleaseVerdict {
  const [claim, window] = found.map((entries) => entries[0]);
  if (claim?.value === incarnation.nonce && claim.createRevision === incarnation.createRevision)
    return 'still-ours';
  const reading = window === undefined ? undefined : decodeWindow(window.value);
  return reading?.held === false ? 'clean' : 'gone';
}
