/**
 * One spell of owning one partition. Every add creates a token, every loss destroys it (data-path rule 7):
 * a partition lost and regained has another token, so work begun under the old one is recognised as stale by identity.
 */
export interface OwnershipToken {
  readonly topic: string;
  readonly partition: number;
  /** False for ever once the partition was lost or given up; written by the membership only. */
  readonly alive: boolean;
}

/** Who we are in the consumer group, as TxnOffsetCommit v3 (KIP-447) wants it. Replaced, never changed. */
export interface GroupIdentity {
  readonly groupId: string;
  /** Compare for equality only: a thawed coordinator may hand out lower numbers again. Never −1. */
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

/** What the data path does about ownership. */
export interface OwnershipListener {
  /** New partitions, at the SyncGroup answer. Returns at once; kept partitions are not mentioned. */
  added(tokens: readonly OwnershipToken[]): void;
  /**
   * To be taken away in this rebalance: commit or abort what is open for them, then resolve. Heartbeats go on
   * meanwhile. The tokens die when it resolves, or at the drain bound, whichever is first; then the member rejoins.
   */
  revoking(tokens: readonly OwnershipToken[]): Promise<void>;
  /** Gone without asking (unknown member, illegal generation on heartbeat, session over); already dead. */
  lost(tokens: readonly OwnershipToken[], why: string): void;
}

export interface Membership {
  /**
   * Joins and stays a member until `signal` aborts, then drains through `revoking`, leaves and resolves.
   * Rejects with a SnowstampError when the group refuses us for good. May be run again after it resolved.
   */
  run(signal: AbortSignal): Promise<void>;
  /** Current from the JoinGroup answer on; undefined while we are no member. */
  identity(): GroupIdentity | undefined;
  /**
   * For a TxnOffsetCommit refused with 22 (ILLEGAL_GENERATION) under `refused`: resolves to the next identity if it is the
   * same member, every token is alive, and each was declared owned in that JoinGroup; to undefined otherwise or after `timeoutMs`.
   */
  successor(
    refused: GroupIdentity,
    tokens: readonly OwnershipToken[],
    timeoutMs: number,
  ): Promise<GroupIdentity | undefined>;
  /** The pipeline reports that the group refused us (25, 22, 82 on a commit), so that the member looks at once. */
  suspect(refused: GroupIdentity, errorCode: number): void;
  /** Topics subscribed to; a change causes a rejoin. Topics that do not exist yet are joined when they appear. */
  subscribe(topics: readonly string[]): void;
}
