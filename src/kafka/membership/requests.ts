import { LinkError, type Purpose } from '../cluster/port.ts';
import { findCoordinator, GROUP_COORDINATOR } from '../wire/find-coordinator.ts';
import { heartbeat } from '../wire/heartbeat.ts';
import { joinGroup, type JoinGroupAnswer } from '../wire/join-group.ts';
import { leaveGroup } from '../wire/leave-group.ts';
import type { Message } from '../wire/message.ts';
import { syncGroup, type SyncGroupAssignment } from '../wire/sync-group.ts';
import { PROTOCOL_NAME } from './assignor.ts';
import type { Settings } from './options.ts';
import type { TopicPartition } from './partition.ts';
import { PROTOCOL_TYPE, readAssignment, subscriptionBytes } from './protocol.ts';
import type { Session } from './session.ts';
import type { Asked, Effect, Event, Tag } from './state.ts';

type Act<Name extends Effect['act']> = Extract<Effect, { act: Name }>;

/** JoinGroup and SyncGroup are answered when the rebalance ends; as much longer is waited as Java's consumer does. */
const REBALANCE_LAPSE_MS = 5_000;
const NOT_COORDINATOR = 16;
const REBALANCE_IN_PROGRESS = 27;
/** UNKNOWN_SERVER_ERROR: what an answer that breaks the protocol is taken for. */
const BROKEN_ANSWER = -1;

/**
 * One request per call, its outcome as one event; nothing is retried or decided here. Heartbeats have a link of their own:
 * JoinGroup and SyncGroup block theirs until the rebalance ends (membership.md pitfall 2).
 */
export class Requests {
  readonly #settings: Settings;
  readonly #session: Session;
  readonly #dispatch: (event: Event) => void;
  /** The answer of the latest JoinGroup, for the SyncGroup that follows it. */
  #joined: { readonly round: number; readonly answer: JoinGroupAnswer } | undefined;
  /** The heartbeat in flight: one per search for the coordinator, so that a dead one does not hold up the next. */
  #beating: { readonly term: number; again: boolean } | undefined;

  constructor(settings: Settings, session: Session, dispatch: (event: Event) => void) {
    this.#settings = settings;
    this.#session = session;
    this.#dispatch = dispatch;
  }

  joinAnswer(round: number): JoinGroupAnswer | undefined {
    return this.#joined?.round === round ? this.#joined.answer : undefined;
  }

  async join({ node, tag, memberId, topics }: Act<'join'>, owned: readonly TopicPartition[]): Promise<void> {
    const { sessionTimeoutMs, rebalanceTimeoutMs, ...ours } = this.#settings;
    const metadata = subscriptionBytes(topics, owned, tag.generation);
    const request = {
      ...this.#who(memberId),
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      groupInstanceId: ours.groupInstanceId,
      protocolType: PROTOCOL_TYPE,
      protocols: [{ name: PROTOCOL_NAME, metadata }],
      reason: null,
    };
    const answer = await this.#ask('join', tag, node, 'join', joinGroup, request);
    if (answer === undefined) return;
    if (answer.errorCode !== 0) {
      this.#refused('join', tag, answer.errorCode, answer.memberId);
      return;
    }
    if (answer.protocolName !== PROTOCOL_NAME) {
      this.#refused('join', tag, BROKEN_ANSWER);
      return;
    }
    this.#session.confirm(this.#nowMs());
    this.#joined = { round: tag.round, answer };
    const { generationId: generation, memberId: given, leader } = answer;
    this.#dispatch({ on: 'joined', tag, generation, memberId: given, leader: leader === given });
  }

  async sync(
    { node, tag, memberId }: Act<'sync'>,
    assignments: readonly SyncGroupAssignment[],
  ): Promise<void> {
    const request = {
      ...this.#who(memberId),
      generationId: tag.generation ?? -1,
      protocolType: PROTOCOL_TYPE,
      protocolName: PROTOCOL_NAME,
      assignments,
    };
    const answer = await this.#ask('sync', tag, node, 'join', syncGroup, request);
    if (answer === undefined) return;
    if (answer.errorCode !== 0) {
      this.#refused('sync', tag, answer.errorCode);
      return;
    }
    const own = readAssignment(answer.assignment);
    if (own === undefined) {
      this.#refused('sync', tag, BROKEN_ANSWER);
      return;
    }
    this.#dispatch({ on: 'synced', tag, own });
  }

  async heartbeat({ node, tag, memberId }: Act<'heartbeat'>): Promise<void> {
    if (this.#beating?.term === tag.term) {
      this.#beating.again = true;
      return;
    }
    const beating = { term: tag.term, again: false };
    this.#beating = beating;
    const request = { ...this.#who(memberId), generationId: tag.generation ?? -1 };
    const sentMs = this.#nowMs();
    const answer = await this.#ask('heartbeat', tag, node, 'heartbeat', heartbeat, request);
    if (this.#beating === beating) this.#beating = undefined;
    if (answer === undefined) return;
    if (answer.errorCode === 0 || answer.errorCode === REBALANCE_IN_PROGRESS) this.#session.confirm(sentMs);
    if (answer.errorCode === 0) this.#dispatch({ on: 'beaten', tag });
    else this.#refused('heartbeat', tag, answer.errorCode);
    if (beating.again) this.#dispatch({ on: 'beat-due' });
  }

  /** Silent while all is well: that the node answers at all, and still names itself, is the news that there is none. */
  async probe({ node, tag }: Act<'probe'>): Promise<void> {
    const request = { keyType: GROUP_COORDINATOR, coordinatorKeys: [this.#settings.groupId] } as const;
    const answer = await this.#ask('probe', tag, node, 'heartbeat', findCoordinator, request);
    const named = answer?.coordinators[0];
    const moved = named?.errorCode === 0 && named.nodeId !== node;
    if (moved) this.#refused('probe', tag, NOT_COORDINATOR);
  }

  /** On the heartbeat link: the other one may still hold a JoinGroup. */
  async leave({ node, tag, memberId }: Act<'leave'>): Promise<void> {
    const { groupId } = this.#settings;
    const request = { groupId, members: [{ memberId, groupInstanceId: null, reason: 'the worker stops' }] };
    const answer = await this.#ask('leave', tag, node, 'heartbeat', leaveGroup, request);
    if (answer === undefined) return;
    const code = answer.errorCode !== 0 ? answer.errorCode : (answer.members[0]?.errorCode ?? 0);
    if (code !== 0) {
      this.#refused('leave', tag, code);
      return;
    }
    this.#dispatch({ on: 'left', acknowledged: true });
  }

  async find({ term, delayMs }: Act<'find'>, signal: AbortSignal): Promise<void> {
    const { cluster, clock, groupId, random, sessionTimeoutMs } = this.#settings;
    if (delayMs > 0) await clock.sleep(jittered(delayMs, random()), signal);
    if (signal.aborted) return;
    cluster.forget('group', groupId);
    try {
      const node = await cluster.coordinator('group', groupId, { timeoutMs: sessionTimeoutMs, signal });
      this.#dispatch({ on: 'found', term, node });
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      this.#dispatch({ on: 'not-found', term, failure: error.failure });
    }
  }

  /** Undefined after a transport failure, which has been dispatched. */
  async #ask<Request, Answer>(
    asked: Asked,
    tag: Tag,
    node: number,
    purpose: Purpose,
    message: Message<Request, Answer>,
    request: Request,
  ): Promise<Answer | undefined> {
    const { cluster, rebalanceTimeoutMs, requestTimeoutMs } = this.#settings;
    const timeoutMs = purpose === 'join' ? rebalanceTimeoutMs + REBALANCE_LAPSE_MS : requestTimeoutMs;
    try {
      const link = await cluster.link(node, purpose);
      return await link.send(message, request, { timeoutMs });
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      this.#dispatch({ on: 'unanswered', request: asked, tag, failure: error.failure });
      return undefined;
    }
  }

  #refused(request: Asked, tag: Tag, code: number, memberId = ''): void {
    this.#dispatch({ on: 'refused', request, tag, code, memberId });
  }

  #nowMs(): number {
    return this.#settings.clock.now().monotonicMs;
  }

  #who(memberId: string) {
    const { groupId, groupInstanceId } = this.#settings;
    return { groupId, memberId, groupInstanceId };
  }
}

/** Half to one and a half of `ms`; `spread` in [0, 1). */
export function jittered(ms: number, spread: number): number {
  return ms * (0.5 + spread);
}
