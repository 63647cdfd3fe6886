/**
 * One life of one worker ID in one process: created once per CLAIM, never reset, never shared.
 * The generator keeps its last timestamp and sequence for exactly as long as an incarnation lives (P1).
 */
export interface Incarnation {
  /** Whole node number: datacenter and worker together, 0 … 2^nodeBits − 1. */
  readonly node: number;
  /** etcd create_revision of the claim key, as a decimal string. */
  readonly createRevision: string;
  /** Random 128-bit value written into the claim, hex. */
  readonly nonce: string;
  /** No ID of this incarnation has a timestamp below this. Unix ms. */
  readonly floorMs: number;
}

/**
 * Leave to mint, replaced (never changed) at each acknowledged GRANT.
 * IDs may be minted while `monotonic < deadlineMonotonicMs` and `wall < deadlineWallMs`, with timestamps `< untilMs`.
 */
export interface Permit {
  readonly incarnation: Incarnation;
  /** Exclusive upper bound of the timestamps this permit covers. Unix ms. */
  readonly untilMs: number;
  /** Local end of the lease less the margin, counted from before the request was sent. */
  readonly deadlineMonotonicMs: number;
  readonly deadlineWallMs: number;
}

/** The same claim: a permit of an earlier one, even of the same node, is another's. */
export function sameIncarnation(a: Incarnation, b: Incarnation): boolean {
  if (a === b) return true;
  return a.node === b.node && a.nonce === b.nonce && a.createRevision === b.createRevision;
}
