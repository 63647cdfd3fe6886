import type { Instant } from '../clock.ts';
import type { ErrorCode } from '../errors.ts';
import type { Incarnation, Permit } from '../snowflake/permit.ts';
import type { LeaseFact } from './port.ts';
import type { PoolRules, Survey } from './pool.ts';
import type { ClaimVerdict, HoldVerdict, ReleaseVerdict } from './protocol.ts';

/**
 * The states of one worker's hold on a node number. Only `machine.ts` makes them.
 *
 * ```
 * acquiring ──CLAIM──► claimed ──► granting ──GRANT──► held ◄──► doubtful
 *     ▲                   │            │                 │           │
 *     └───── lost ◄───────┴────────────┴───── gone, or past the deadline
 *                    release ► releasing ► released        stop ► stopped
 * ```
 *
 * - `acquiring` no incarnation; looks for a free node. Steps: waiting, surveying, opening, claiming, settling.
 * - `claimed`   the floor is known, no window is granted: nothing may be minted yet.
 * - `granting`  the first GRANT is on its way.
 * - `held`      a permit is out, and the last thing we asked for was answered well.
 * - `doubtful`  something went unanswered. The permit, if any, stands until its own bounds; the incarnation lives.
 * - `lost`      the listener was told; a fresh claim follows after a short wait.
 * - `releasing` the generator has stopped for good; RELEASE is on its way.
 * - `released`, `stopped`, `halted` are ends; `stopped` still answers a release.
 */
export type State = Common &
  (
    | { readonly at: 'acquiring'; readonly step: AcquiringStep }
    | { readonly at: 'claimed' | 'granting' | 'held' | 'doubtful'; readonly hold: Hold }
    | { readonly at: 'lost'; readonly dueMs: number }
    | { readonly at: 'releasing'; readonly release: Release }
    | { readonly at: 'released' }
    | { readonly at: 'stopped'; readonly hold?: Hold }
    | { readonly at: 'halted'; readonly code: ErrorCode }
  );

export type Holding = Extract<State, { readonly hold: Hold }>;
export type Acquiring = Extract<State, { readonly at: 'acquiring' }>;

export interface Common {
  /** Number of the last call made; answers to any other than the one waited for are stale and change nothing. */
  readonly calls: number;
  /** Nonces of claims we made and gave up: such a claim is nobody's, its lease is running out. */
  readonly formerNonces: readonly string[];
  /** Tries gone wrong in a row, for the backoff. */
  readonly failures: number;
  /** The clocks at the last event, to notice steps. */
  readonly seen?: Instant | undefined;
  /** The wall clock jumped ahead, or most peers call it wrong: no GRANT until somebody vouches for it, whatever happens. */
  readonly doubted: boolean;
}

export type AcquiringStep =
  | ({ readonly at: 'waiting'; readonly dueMs: number } & SeenResting)
  /** `nodes`: what was looked at. */
  | ({ readonly at: 'surveying'; readonly call: number; readonly nodes: Looked } & SeenResting)
  | {
      readonly at: 'opening';
      readonly call: number;
      readonly sent: Instant;
      readonly candidates: readonly number[];
      readonly others: boolean;
    }
  | ({ readonly at: 'claiming' | 'settling'; readonly call: number } & ClaimAttempt)
  | ({ readonly at: 'settling-later'; readonly dueMs: number } & ClaimAttempt);

/** Until when nothing is expected of the whole pool, which was seen to rest; monotonic. Absent: it was not seen. */
export interface SeenResting {
  readonly allRestUntilMs?: number | undefined;
}

/** A few nodes chosen by chance, or the whole pool. */
export type Looked = readonly number[] | 'all';

export interface ClaimAttempt {
  readonly leaseId: string;
  readonly deadline: Deadline;
  readonly node: number;
  readonly nonce: string;
  /** Further free nodes of the same survey. */
  readonly candidates: readonly number[];
  /** That survey showed claims of others. */
  readonly others: boolean;
}

/** A local end, on both clocks: either one past it is past it. CLOCK_MONOTONIC sleeps with a VM; the wall clock steps. */
export interface Deadline {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** Everything known about a claim that is ours. */
export interface Hold {
  readonly incarnation: Incarnation;
  readonly leaseId: string;
  /** Local end of the lease less the margin, from before the request that renewed it last. Never moves back. */
  readonly deadline: Deadline;
  /** Highest window ever asked for by this incarnation, answered or not; at first the floor. */
  readonly attemptedUntilMs: number;
  /** When that window is over if nothing is heard of it again, whatever the wall clock says; monotonic. */
  readonly attemptedEndMs: number;
  readonly permit: Permit | undefined;
  /** The one request on its way. */
  readonly call: HoldCall | undefined;
  /** A GRANT went unanswered: only a read can tell what became of it. */
  readonly unsettled: boolean;
  /** A clock proof is needed before the first GRANT. */
  readonly proofWanted: boolean;
  /** Others hold claims, so that somebody should speak within a refresh period of this claim; monotonic. */
  readonly others: boolean;
  readonly claimedMs: number;
  /** Why no proof was had, as last told. */
  readonly unproven: string | undefined;
  /** When the running or last cycle (renew, then GRANT) began; monotonic. */
  readonly cycleMs: number;
  /** When to act again while no call is on its way; monotonic. */
  readonly dueMs: number;
  readonly statusDueMs: number;
}

export type HoldCall = { readonly id: number; readonly sent: Instant } & (
  { readonly what: 'renew' | 'prove' | 'settle' } | { readonly what: 'grant'; readonly untilMs: number }
);

export interface Release {
  readonly incarnation: Incarnation;
  readonly leaseId: string;
  readonly lastTimestampMs: number;
  readonly attemptedUntilMs: number;
  readonly call: { readonly id: number; readonly what: 'release' | 'settle' };
  /** Set while no call is on its way: when to read again. Monotonic. */
  readonly dueMs: number | undefined;
  /** Monotonic. Past it the claim is left to its lease. */
  readonly giveUpMs: number;
}

export type Event =
  | { readonly on: 'tick' }
  | { readonly on: 'stop' }
  | { readonly on: 'release'; readonly incarnation: Incarnation; readonly lastTimestampMs: number }
  | { readonly on: 'surveyed'; readonly call: number; readonly survey: Survey }
  | { readonly on: 'lease-opened'; readonly call: number; readonly leaseId: string; readonly ttlMs: number }
  | { readonly on: 'claim-judged'; readonly call: number; readonly verdict: ClaimVerdict }
  | { readonly on: 'renewed'; readonly call: number; readonly ttlMs: number }
  | { readonly on: 'proved'; readonly call: number; readonly proof: ClockProof }
  | { readonly on: 'hold-judged'; readonly call: number; readonly verdict: HoldVerdict }
  | { readonly on: 'release-judged'; readonly call: number; readonly verdict: ReleaseVerdict }
  | { readonly on: 'failed'; readonly call: number; readonly trouble: Trouble }
  /** An invariant of the store is broken, or a read asked for by others showed that the claim is not ours. */
  | { readonly on: 'broken'; readonly code: ErrorCode; readonly detail: string }
  | { readonly on: 'seen-gone'; readonly incarnation: Incarnation; readonly why: string };

export interface Trouble {
  readonly why: 'unanswered' | 'full' | 'lease-gone' | 'refused';
  readonly detail: string;
}

/** What could be learned about the wall clock before a GRANT. */
export type ClockProof =
  | { readonly at: 'proven'; readonly by?: string }
  /** Nothing and nobody to compare with. */
  | { readonly at: 'unavailable'; readonly why?: string }
  /** Ahead by this; negative: behind. */
  | { readonly at: 'off'; readonly byMs: number; readonly by?: string };

export type Effect =
  | { readonly do: 'survey'; readonly call: number; readonly nodes: Looked }
  | { readonly do: 'open-lease'; readonly call: number }
  | { readonly do: 'close-lease'; readonly leaseId: string }
  | {
      readonly do: 'claim' | 'settle-claim';
      readonly call: number;
      readonly node: number;
      readonly nonce: string;
      readonly leaseId: string;
    }
  | { readonly do: 'renew'; readonly call: number; readonly leaseId: string }
  /** `peers`: somebody else may speak; else there is nobody to listen to. */
  | { readonly do: 'prove'; readonly call: number; readonly peers: boolean }
  | {
      readonly do: 'grant';
      readonly call: number;
      readonly incarnation: Incarnation;
      readonly untilMs: number;
    }
  | { readonly do: 'settle'; readonly call: number; readonly incarnation: Incarnation }
  | { readonly do: 'release' | 'settle-release'; readonly release: Release }
  | { readonly do: 'status'; readonly incarnation: Incarnation; readonly leaseId: string }
  | { readonly do: 'tell-claimed'; readonly incarnation: Incarnation }
  | { readonly do: 'tell-permit'; readonly permit: Permit }
  | { readonly do: 'tell-lost'; readonly incarnation: Incarnation; readonly why: string }
  | { readonly do: 'note'; readonly fact: LeaseFact }
  | { readonly do: 'halt'; readonly code: ErrorCode; readonly detail: string };

export interface Rules extends PoolRules {
  /** First timestamp the layout cannot express: no window reaches beyond it. Unix ms. */
  readonly timestampEndMs: number;
  readonly clockProof: 'auto' | 'required' | 'none';
  /** A wall clock gaining more than this on the monotonic one between two events has stepped. */
  readonly forwardStepMs: number;
  readonly statusEveryMs: number;
}

/** When, and what chance brought: the machine has neither clock nor dice. */
export interface Moment extends Instant {
  /** 0 ≤ random < 1. */
  readonly random: number;
  /** A fresh 128-bit nonce, hex; used if this step claims. */
  readonly nonce: string;
  /** What is known of the wall clock; absent: nothing, and it is believed. */
  readonly clock?: ClockWord;
}

export interface ClockWord {
  readonly mayClaim: boolean;
  readonly mayGrant: boolean;
  /** Fresh clocks of others it was compared with. */
  readonly clocks: number;
}

export interface Step {
  readonly state: State;
  readonly effects: readonly Effect[];
}

const FORMER_NONCES_KEPT = 8;

/** The fields every state shares, without those of the state they come from. */
export function kept({ calls, failures, formerNonces, seen, doubted }: Common): Common {
  return { calls, failures, formerNonces, seen, doubted };
}

export function withFormer(shared: Common, nonce: string): Common {
  return { ...kept(shared), formerNonces: [...shared.formerNonces, nonce].slice(-FORMER_NONCES_KEPT) };
}
