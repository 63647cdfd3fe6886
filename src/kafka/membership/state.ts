import type { ErrorCode } from '../../errors.ts';
import type { LinkFailure } from '../cluster/port.ts';
import type { MembershipFact } from './facts.ts';
import type { TopicPartition } from './partition.ts';
import type { GroupRequest } from './verdict.ts';

/** Fixed for the life of a membership. */
export interface Rules {
  /** KIP-345: has a group.instance.id, and so never sends LeaveGroup. */
  readonly isStatic: boolean;
}

/** What every phase has. Counters only ever grow, so that an answer to an abandoned request is recognised as stale. */
export interface Core {
  /** One spell of belonging: moves at start and whenever everything is lost (membership.md pitfall 5). */
  readonly incarnation: number;
  /** The latest attempt to join; JoinGroup and SyncGroup answers of earlier rounds are void. */
  readonly round: number;
  /** The latest search for the coordinator; heartbeats sent before it say nothing about the present one. */
  readonly term: number;
  /** The latest drain. */
  readonly drain: number;
  readonly topics: readonly string[];
  /** Declared in the JoinGroup of `round`. */
  readonly joinedTopics: readonly string[];
  /** Empty until the coordinator gave one. */
  readonly memberId: string;
  /** Null while we are no member. Compared for equality only (pitfall 7). */
  readonly generation: number | null;
  /** Partitions with a living token, those being drained included. */
  readonly owned: readonly TopicPartition[];
  /** Null exactly while a search is under way. */
  readonly coordinator: number | null;
  /** Since the last good answer; sets the backoff. Not bounded: a coordinator may be away for long, the generation waits for it. */
  readonly failures: number;
  /** Refusals without a row in the error table since the last good answer; bounded, then fatal. */
  readonly refusals: number;
}

/**
 * unjoined  nothing is sent; entered at birth and after leaving.
 * joining   a JoinGroup of `round` is under way, or due as soon as the coordinator is found. Owned partitions go on.
 * syncing   the new generation is current (data-path rule 7), its assignment is not known yet. Owned partitions go on.
 * stable    heartbeats only.
 * revoking  `draining` are being finished under the current generation. Left only by that drain's end, by loss or by stop:
 *           whatever else happens meanwhile, no JoinGroup is sent before (rule 7).
 * lost      owns nothing and is no member; joins again after a short pause.
 * leaving   asked to stop: first every drain of `drains` ends, then LeaveGroup is `asked`. A JoinGroup that was under way when
 *           stop came may still answer (`joining`); its generation is taken so that the drain can commit.
 * fatal     the group refused us for good; nothing is sent any more.
 */
export type Phase =
  | { readonly at: 'unjoined' }
  | { readonly at: 'joining' }
  | { readonly at: 'syncing' }
  | { readonly at: 'stable' }
  | { readonly at: 'revoking'; readonly draining: readonly TopicPartition[] }
  | { readonly at: 'lost' }
  | {
      readonly at: 'leaving';
      readonly drains: readonly number[];
      readonly asked: boolean;
      readonly joining: boolean;
    }
  | { readonly at: 'fatal'; readonly code: ErrorCode; readonly why: string };

export interface State {
  readonly core: Core;
  readonly phase: Phase;
}

/** Sent along with every request and handed back with its answer. */
export interface Tag {
  readonly incarnation: number;
  readonly round: number;
  readonly term: number;
  readonly generation: number | null;
}

/** Requests the machine sends; `probe` asks a coordinator that holds our first JoinGroup whether it still is one. */
export type Asked = Extract<GroupRequest, 'join' | 'sync' | 'heartbeat' | 'leave'> | 'probe';

export type Event =
  | { readonly on: 'start'; readonly topics: readonly string[] }
  | { readonly on: 'stop' }
  | { readonly on: 'subscribe'; readonly topics: readonly string[] }
  | { readonly on: 'beat-due' }
  /** The data path met a group error under this identity. */
  | { readonly on: 'suspected'; readonly generation: number; readonly memberId: string }
  /** The leader's metadata no longer are those it assigned from. */
  | { readonly on: 'metadata-changed'; readonly why: string }
  | { readonly on: 'found'; readonly term: number; readonly node: number }
  | { readonly on: 'not-found'; readonly term: number; readonly failure: LinkFailure }
  | {
      readonly on: 'joined';
      readonly tag: Tag;
      readonly generation: number;
      readonly memberId: string;
      readonly leader: boolean;
    }
  | { readonly on: 'synced'; readonly tag: Tag; readonly own: readonly TopicPartition[] }
  | { readonly on: 'beaten'; readonly tag: Tag }
  | {
      readonly on: 'drained';
      readonly incarnation: number;
      readonly drain: number;
      readonly partitions: readonly TopicPartition[];
    }
  /** An answer with an error code. `memberId`: as the answer names it (for 79). */
  | {
      readonly on: 'refused';
      readonly request: Asked;
      readonly tag: Tag;
      readonly code: number;
      readonly memberId: string;
    }
  | { readonly on: 'unanswered'; readonly request: Asked; readonly tag: Tag; readonly failure: LinkFailure }
  /** A `wait` is over: the request it was for is due again. */
  | { readonly on: 'retry'; readonly request: Asked; readonly tag: Tag }
  | { readonly on: 'left'; readonly acknowledged: boolean };

/** What the shell does, in this order and in the same turn; anything it waits for comes back as an event. */
export type Effect =
  /** Ask for the coordinator after `delayMs`, having forgotten the cached one. Answers `found` or `not-found`. */
  | { readonly act: 'find'; readonly term: number; readonly delayMs: number }
  /** Declares `owned` and `topics` of the moment. Answers `joined`, `refused` or `unanswered`. */
  | {
      readonly act: 'join';
      readonly node: number;
      readonly tag: Tag;
      readonly memberId: string;
      readonly topics: readonly string[];
    }
  | { readonly act: 'sync'; readonly node: number; readonly tag: Tag; readonly memberId: string }
  | { readonly act: 'heartbeat'; readonly node: number; readonly tag: Tag; readonly memberId: string }
  | { readonly act: 'probe'; readonly node: number; readonly tag: Tag }
  | { readonly act: 'leave'; readonly node: number; readonly tag: Tag; readonly memberId: string }
  /** The identity of the data path's commits changes now: what was declared in the JoinGroup of `tag.round` came through. */
  | {
      readonly act: 'identify';
      readonly generation: number;
      readonly memberId: string;
      readonly round: number;
    }
  | { readonly act: 'add'; readonly partitions: readonly TopicPartition[] }
  /** Answers `drained` when the listener is done or the bound is over. */
  | {
      readonly act: 'drain';
      readonly incarnation: number;
      readonly drain: number;
      readonly partitions: readonly TopicPartition[];
    }
  /** Their drain ended: the tokens die. */
  | { readonly act: 'destroy'; readonly partitions: readonly TopicPartition[] }
  /** No member any more: the identity goes, every token dies, the listener is told. */
  | { readonly act: 'lose'; readonly why: string }
  /** `then` comes after `ms`, jittered. */
  | { readonly act: 'wait'; readonly ms: number; readonly then: Event }
  | { readonly act: 'tell'; readonly fact: MembershipFact }
  /** `run` resolves. */
  | { readonly act: 'finish' }
  /** `run` rejects. */
  | { readonly act: 'fail'; readonly code: ErrorCode; readonly why: string };

export interface Step {
  readonly state: State;
  readonly effects: readonly Effect[];
}

export const birth: State = {
  core: {
    incarnation: 0,
    round: 0,
    term: 0,
    drain: 0,
    topics: [],
    joinedTopics: [],
    memberId: '',
    generation: null,
    owned: [],
    coordinator: null,
    failures: 0,
    refusals: 0,
  },
  phase: { at: 'unjoined' },
};

export function tagOf({ incarnation, round, term, generation }: Core): Tag {
  return { incarnation, round, term, generation };
}
