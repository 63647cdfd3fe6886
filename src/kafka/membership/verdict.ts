import type { ErrorCode } from '../../errors.ts';

/** What was asked when the error came; one code means different things to different requests. */
export type GroupRequest = 'join' | 'sync' | 'heartbeat' | 'leave' | 'offset-fetch' | 'offset-commit';

/** What an error code asks us to do. */
export type Verdict =
  /** The same request to the same coordinator, after so long. */
  | { readonly do: 'retry'; readonly afterMs: number }
  /** Forget the coordinator, find it, go on with the *same* generation. */
  | { readonly do: 'find-coordinator' }
  /** Join again; what is owned keeps being processed. */
  | { readonly do: 'rejoin' }
  /** Every partition is gone; join again, as the same member or as a new one. */
  | { readonly do: 'lose'; readonly keepMemberId: boolean }
  /** The generation moved on before we knew: ask `successor` once, else abort (data-path rule 7). */
  | { readonly do: 'await-generation' }
  /** Join again with the member id in the answer (KIP-394). */
  | { readonly do: 'take-member-id' }
  | { readonly do: 'fatal'; readonly code: ErrorCode; readonly why: string }
  /** Not in the table: retried with backoff a bounded number of times, then fatal. */
  | { readonly do: 'unknown' };

export const LOADING_RETRY_MS = 50;
export const UNSTABLE_OFFSETS_RETRY_MS = 10;

const FATAL: Readonly<Record<number, { code: ErrorCode; why: string }>> = {
  23: {
    code: 'GROUP_FATAL',
    why: 'INCONSISTENT_GROUP_PROTOCOL (23): other members use another assignor or protocol',
  },
  24: { code: 'GROUP_FATAL', why: 'INVALID_GROUP_ID (24)' },
  26: {
    code: 'GROUP_FATAL',
    why: 'INVALID_SESSION_TIMEOUT (26): outside group.min/max.session.timeout.ms of the broker',
  },
  30: { code: 'KAFKA_REFUSED', why: 'GROUP_AUTHORIZATION_FAILED (30): no READ right on the group' },
  35: { code: 'KAFKA_UNSUPPORTED', why: 'UNSUPPORTED_VERSION (35) for the classic group protocol' },
  81: { code: 'GROUP_FATAL', why: 'GROUP_MAX_SIZE_REACHED (81)' },
  82: {
    code: 'INSTANCE_FENCED',
    why: 'FENCED_INSTANCE_ID (82): another process joined with this group.instance.id',
  },
};

/** The error table of the classic group protocol. Total: a code without a row is `unknown`. */
export function judge(request: GroupRequest, errorCode: number): Verdict {
  const fatal = FATAL[errorCode];
  if (fatal !== undefined) return { do: 'fatal', ...fatal };
  switch (errorCode) {
    case 14: // COORDINATOR_LOAD_IN_PROGRESS
      return { do: 'retry', afterMs: LOADING_RETRY_MS };
    case 15: // COORDINATOR_NOT_AVAILABLE
    case 16: // NOT_COORDINATOR
      return { do: 'find-coordinator' };
    case 22: // ILLEGAL_GENERATION
      return request === 'offset-commit' ? { do: 'await-generation' } : { do: 'lose', keepMemberId: true };
    case 25: // UNKNOWN_MEMBER_ID
      return { do: 'lose', keepMemberId: false };
    case 27: // REBALANCE_IN_PROGRESS
      return { do: 'rejoin' };
    case 79: // MEMBER_ID_REQUIRED
      return request === 'join' ? { do: 'take-member-id' } : { do: 'unknown' };
    case 88: // UNSTABLE_OFFSET_COMMIT: a transaction of the previous owner is still open
      return { do: 'retry', afterMs: UNSTABLE_OFFSETS_RETRY_MS };
    default:
      return { do: 'unknown' };
  }
}
