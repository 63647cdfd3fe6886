/** One change of a key, as the store tells it. */
export interface StoreEvent {
  readonly revision: bigint;
  /** `window/<node>` or `claim/<node>`, without the domain's prefix. */
  readonly key: string;
  /** undefined: deleted. */
  readonly value: string | undefined;
  /** When an observer heard of it: CLOCK_MONOTONIC of the machine, ms; a little after it happened. */
  readonly seenMs: number;
}

export interface Claim {
  readonly createRevision: bigint;
  readonly nonce: string;
  readonly endRevision: bigint | undefined;
  readonly endedMs: number | undefined;
}

/** What the store says about one node, in order of revisions. */
export interface NodeHistory {
  readonly windows: readonly { readonly revision: bigint; readonly untilMs: number }[];
  readonly claims: readonly Claim[];
}

/** By node number. Windows are read by their digits alone: no code of the product is used. */
export function nodeHistories(events: readonly StoreEvent[]): Map<number, NodeHistory> {
  const inOrder = events.toSorted((a, b) => Number(a.revision - b.revision));
  const byNode = Map.groupBy(inOrder, ({ key }) => Number(key.split('/')[1]));
  return new Map([...byNode].map(([node, ofNode]) => [node, historyOf(ofNode)]));
}

function historyOf(events: readonly StoreEvent[]): NodeHistory {
  const windows: { revision: bigint; untilMs: number }[] = [];
  const claims: Claim[] = [];
  for (const { key, value, revision, seenMs } of events) {
    if (key.startsWith('window/')) {
      // A window that is gone covers nothing.
      windows.push({ revision, untilMs: value === undefined ? -Infinity : Number(value.slice(0, 20)) });
      continue;
    }
    const open = claims.at(-1);
    if (value === undefined) {
      if (open?.endRevision === undefined && open !== undefined)
        claims[claims.length - 1] = { ...open, endRevision: revision, endedMs: seenMs };
    } else if (open === undefined || open.endRevision !== undefined) {
      claims.push({ createRevision: revision, nonce: value, endRevision: undefined, endedMs: undefined });
    }
  }
  return { windows, claims };
}

export const claimOf = ({ claims }: NodeHistory, createRevision: string, nonce: string): Claim | undefined =>
  claims.find((claim) => claim.createRevision === BigInt(createRevision) && claim.nonce === nonce);

/** The window as it stood when that revision was made. */
export const windowAt = ({ windows }: NodeHistory, revision: bigint): number | undefined =>
  windows.findLast((window) => window.revision <= revision)?.untilMs;

/** The highest bound written while that claim stood: nothing of it may reach this. */
export function highestWindow({ windows }: NodeHistory, { createRevision, endRevision }: Claim): number {
  const during = windows.filter(
    ({ revision }) => revision > createRevision && (endRevision === undefined || revision < endRevision),
  );
  return Math.max(-Infinity, ...during.map(({ untilMs }) => untilMs));
}
