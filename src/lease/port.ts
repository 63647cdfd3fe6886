import type { Incarnation, Permit } from '../snowflake/permit.ts';
import type { SourceFact } from './external-clock.ts';

/** Whoever mints: told synchronously, in order. Must not throw. */
export interface LeaseListener {
  /** Once per incarnation, before any permit: its generator is made now, above `floorMs`. */
  claimed(incarnation: Incarnation): void;
  /** At every acknowledged GRANT. Bounds of one incarnation never move back. */
  permit(permit: Permit): void;
  /**
   * The claim is gone, or the deadline passed without proof that it is not (P5): minting stops in this call.
   * A fresh claim, perhaps of another node, follows by itself.
   */
  lost(incarnation: Incarnation, why: string): void;
}

/** Facts for metrics, logs and the page; no decision hangs on them. */
export type LeaseFact =
  | {
      readonly fact: 'state';
      readonly from: LeaseStateName;
      readonly to: LeaseStateName;
      readonly node: number | undefined;
    }
  | { readonly fact: 'granted'; readonly node: number; readonly untilMs: number; readonly tookMs: number }
  | { readonly fact: 'renewed'; readonly tookMs: number }
  /** `unknown`: the outcome may be either, a read settles it. */
  | {
      readonly fact: 'trouble';
      readonly during: LeaseCall;
      readonly why: string;
      readonly detail: string;
      readonly unknown: boolean;
    }
  /** All nodes that are not held rest, as far as looked at; claiming goes on at the earliest after `readyInMs`. */
  | { readonly fact: 'resting'; readonly nodes: number; readonly readyInMs: number }
  /** Who vouched for the wall clock before a GRANT that needed it. */
  | { readonly fact: 'clock-proven'; readonly node: number; readonly by: string }
  /** Minting without any proof that the wall clock is right. */
  | { readonly fact: 'clock-unproven'; readonly node: number; readonly why: string }
  /** No GRANT: it is waited for somebody who vouches for the clock. */
  | { readonly fact: 'clock-awaited'; readonly node: number; readonly why: string }
  /** No GRANT: the wall clock is ahead by this (negative: behind), for certain. */
  | { readonly fact: 'clock-off'; readonly node: number; readonly byMs: number; readonly by: string }
  /** The wall clock gained this on the monotonic one between two looks (negative: it was set back). */
  | { readonly fact: 'clock-stepped'; readonly byMs: number }
  /** How far off the wall clock is has another consequence than before. */
  | ({ readonly fact: 'clock-level'; readonly was: ClockLevel } & ClockStanding)
  | SourceFact
  /** Nobody ran for this long: a blocked event loop, a paused process. */
  | { readonly fact: 'stalled'; readonly forMs: number }
  /** Another worker's wall clock at sending, between two revisions; ours before sending and after the answer. */
  | {
      readonly fact: 'beacon';
      readonly peerNonce: string;
      readonly peerWallMs: number;
      readonly sentWallMs: number;
      readonly answeredWallMs: number;
      readonly revision: string;
    }
  | { readonly fact: 'lost'; readonly node: number; readonly why: string }
  /** `clean`: the node is claimable again after `recycleDelayMs`; else it rests. */
  | { readonly fact: 'released'; readonly node: number; readonly clean: boolean };

export type LeaseCall =
  'survey' | 'open-lease' | 'claim' | 'renew' | 'prove' | 'grant' | 'settle' | 'release' | 'status';

/** `not-ready` still mints; `refuse` neither claims nor grants. */
export type ClockLevel = 'fine' | 'warn' | 'not-ready' | 'refuse';

export interface ClockStanding {
  readonly level: ClockLevel;
  readonly why: string | undefined;
  /** What it was compared with; undefined: nothing is there. */
  readonly by: string | undefined;
  /** Fresh clocks of peers, one a host. */
  readonly clocks: number;
  /** It was set back `clock.rollbackAlarmCount` times within `clock.rollbackAlarmMs`. */
  readonly rollbackAlarm: boolean;
  /** Our wall clock ahead of them by this (negative: behind), give or take `boundMs`. */
  readonly offsetMs: number | undefined;
  readonly boundMs: number | undefined;
}

export type LeaseStateName =
  | 'acquiring'
  | 'claimed'
  | 'granting'
  | 'held'
  | 'doubtful'
  | 'lost'
  | 'releasing'
  | 'released'
  | 'stopped'
  | 'halted';

/** A snapshot, computed when asked. */
export interface LeaseFacts {
  readonly state: LeaseStateName;
  readonly node: number | undefined;
  readonly incarnation: Incarnation | undefined;
  /** Seconds until minting must stop for the lease's sake, both clocks considered; 0 without a claim. */
  readonly leaseSecondsLeft: number;
  /** How far the granted window reaches ahead of the wall clock; 0 without a permit. */
  readonly windowLeftMs: number;
  /** GRANTs acknowledged and requests without an answer, over the keeper's life. */
  readonly grants: number;
  readonly unanswered: number;
  /** True while minting goes on without any proof that the wall clock is right. */
  readonly clockUnproven: boolean;
  /** Why no GRANT is asked for until somebody vouches for the clock; undefined while none is waited for. */
  readonly clockAwaited: string | undefined;
  readonly clock: ClockStanding;
  /** While acquiring: when the next resting node becomes free, if that is what is waited for. */
  readonly restingMs: number | undefined;
}

/** What worker.ts sees of the keeper. */
export interface LeaseKeeper {
  /**
   * Claims and keeps until the signal aborts or the node is released, claiming afresh after each loss.
   * Rejects with a SnowstampError whose code the catalogue classes as halt or refuse; `lost` was told before.
   */
  run(signal: AbortSignal): Promise<void>;
  /**
   * Linearizable read: does the claim still stand for this incarnation? (data-path rule 3.)
   * Rejects with STORE_UNREACHABLE when nobody answers: not knowing is not yes.
   */
  stillOurs(incarnation: Incarnation): Promise<boolean>;
  /**
   * The caller has stopped the generator of this incarnation for good in this tick. `lastTimestampMs` covers every ID
   * it reserved, published or not (anything below the floor when it reserved none). Bounded; never rejects: a node
   * that could not be released rests. After it the keeper claims no more. Does nothing for a lost incarnation.
   */
  release(incarnation: Incarnation, lastTimestampMs: number): Promise<void>;
  facts(): LeaseFacts;
}
