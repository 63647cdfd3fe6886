import type { ErrorCode } from '../../errors.ts';

/** What happened, for metrics and log lines. Synchronous; an observer must not throw. */
export type MembershipFact =
  | {
      readonly fact: 'joined';
      readonly generation: number;
      readonly memberId: string;
      readonly leader: boolean;
    }
  /** Counts of partitions: new ones, ones to be taken away, untouched ones. */
  | { readonly fact: 'synced'; readonly added: number; readonly revoked: number; readonly kept: number }
  /** The member is about to join again, and why. */
  | { readonly fact: 'rebalance'; readonly why: string }
  | { readonly fact: 'drained'; readonly partitions: number; readonly overdue: boolean }
  /** A heartbeat had no good answer; `generation` is kept unless a `lost` follows. */
  | { readonly fact: 'heartbeat-failed'; readonly generation: number; readonly why: string }
  /** No heartbeat was acknowledged for a whole session: others may own our partitions by now; nothing is dropped for it. */
  | { readonly fact: 'session-overdue'; readonly sinceMs: number }
  | { readonly fact: 'coordinator-changed'; readonly from: number | null; readonly to: number | null }
  | { readonly fact: 'lost'; readonly partitions: number; readonly why: string }
  /** `acknowledged`: the coordinator took our LeaveGroup. A static member never sends one. */
  | { readonly fact: 'left'; readonly acknowledged: boolean }
  | { readonly fact: 'fatal'; readonly code: ErrorCode; readonly why: string }
  /** Every retry is visible: the request, the error code if there was an answer, and the delay before jitter. */
  | {
      readonly fact: 'retried';
      readonly request: string;
      readonly code: number | null;
      readonly why: string;
      readonly delayMs: number;
    };
