import type { ErrorCode } from '../../errors.ts';
import { sameTopics, without, type TopicPartition } from './partition.ts';
import { tagOf, type Asked, type Core, type Effect, type Phase, type Rules, type Step } from './state.ts';

/** Pause before a member that lost everything joins again; jittered, so that a fleet does not return in one instant. */
const LOST_PAUSE_MS = 50;
/** Searching again for the coordinator: at once, then 20, 40, 80, 100, 100 … (membership.md pitfall 3). */
const SEARCH_FIRST_MS = 20;
const SEARCH_MOST_MS = 100;
/** LeaveGroup is a courtesy: past this the session runs out by itself. */
const LEAVE_BOUND_MS = 3_000;
const ODD_FIRST_MS = 50;
const ODD_MOST_MS = 2_000;
/** Refusals in a row that no row of the table explains before the group counts as closed to us. */
const ODD_BOUND = 10;

/** Every step out of one place, so that the effects of a transition always travel with it. */
export function to(core: Core, phase: Phase, effects: readonly Effect[] = []): Step {
  return { state: { core, phase }, effects };
}

/** A new round: declares what is owned now. Only ever called when no drain is open (data-path rule 7). */
export function join(core: Core, effects: readonly Effect[] = []): Step {
  const next: Core = { ...core, round: core.round + 1, joinedTopics: core.topics };
  return to(next, { at: 'joining' }, [...effects, ...joinRequest(next)]);
}

/** Nothing while the coordinator is searched for: `found` joins. */
function joinRequest(core: Core): Effect[] {
  const { coordinator: node, memberId, topics } = core;
  return node === null ? [] : [{ act: 'join', node, tag: tagOf(core), memberId, topics }];
}

/** Joins again; partitions of topics given up are drained first, since they cannot be declared any more. */
export function rejoin(core: Core, why: string, effects: readonly Effect[] = []): Step {
  const dropped = core.owned.filter((tp) => !core.topics.includes(tp.topic));
  const told: Effect[] = [...effects, { act: 'tell', fact: { fact: 'rebalance', why } }];
  return dropped.length > 0 ? revoke(core, dropped, told) : join(core, told);
}

export function revoke(core: Core, draining: readonly TopicPartition[], effects: readonly Effect[]): Step {
  const { next, effect } = drain(core, draining);
  return to(next, { at: 'revoking', draining }, [...effects, effect]);
}

export function drain(core: Core, partitions: readonly TopicPartition[]): { next: Core; effect: Effect } {
  const next = { ...core, drain: core.drain + 1 };
  return { next, effect: { act: 'drain', incarnation: next.incarnation, drain: next.drain, partitions } };
}

/** The SyncGroup answer: what is new is added at once, what is taken away is drained, the rest is not mentioned. */
export function settle(core: Core, own: readonly TopicPartition[]): Step {
  const added = without(own, core.owned).filter((tp) => core.topics.includes(tp.topic));
  const revoked = without(core.owned, own);
  const next: Core = { ...core, owned: [...core.owned, ...added], failures: 0, refusals: 0 };
  const kept = core.owned.length - revoked.length;
  const effects: Effect[] = [
    { act: 'tell', fact: { fact: 'synced', added: added.length, revoked: revoked.length, kept } },
  ];
  if (added.length > 0) effects.push({ act: 'add', partitions: added });
  if (revoked.length > 0) return revoke(next, revoked, effects);
  if (!sameTopics(next.joinedTopics, next.topics)) return rejoin(next, 'subscription changed', effects);
  return to(next, { at: 'stable' }, effects);
}

const searchDelayMs = (failures: number) =>
  failures === 1 ? 0 : Math.min(SEARCH_MOST_MS, SEARCH_FIRST_MS * 2 ** (failures - 2));
const oddDelayMs = (refusals: number) => Math.min(ODD_MOST_MS, ODD_FIRST_MS * 2 ** (refusals - 1));

/** What led to a search: a request of the machine, or the search before. */
export type Searched = Asked | 'find-coordinator';

/**
 * Forgets the coordinator and searches: the generation and everything owned stay (15, 16, connection lost, timeout). An
 * unanswered JoinGroup or SyncGroup is abandoned with its round and the member joins again where the coordinator is found: the
 * SyncGroup of a generation that its coordinator may never have written down would be answered 22, and cost everything.
 */
export function search(core: Core, phase: Phase, request: Searched, code: number | null, why: string): Step {
  const failures = core.failures + 1;
  const delayMs = Math.max(searchDelayMs(failures), core.refusals === 0 ? 0 : oddDelayMs(core.refusals));
  const abandons = phase.at === 'joining' || phase.at === 'syncing';
  const next: Core = {
    ...core,
    failures,
    coordinator: null,
    term: core.term + 1,
    round: core.round + (abandons ? 1 : 0),
  };
  const effects: Effect[] = [{ act: 'tell', fact: { fact: 'retried', request, code, why, delayMs } }];
  if (core.coordinator !== null) {
    effects.push({ act: 'tell', fact: { fact: 'coordinator-changed', from: core.coordinator, to: null } });
  }
  effects.push({ act: 'find', term: next.term, delayMs });
  if (abandons) return to(next, { at: 'joining' }, effects);
  return to(next, phase.at === 'leaving' ? { ...phase, joining: false } : phase, effects);
}

/** The same request to the same coordinator, later. */
export function retry(core: Core, phase: Phase, request: Asked, code: number, ms: number, why: string): Step {
  return to(core, phase, [
    { act: 'tell', fact: { fact: 'retried', request, code, why, delayMs: ms } },
    { act: 'wait', ms, then: { on: 'retry', request, tag: tagOf(core) } },
  ]);
}

/** No row of the table: again with backoff, a bounded number of times. */
export function retryOdd(core: Core, phase: Phase, request: Asked, code: number): Step {
  const next = { ...core, refusals: core.refusals + 1 };
  const why = `unexpected error ${code} on ${request}`;
  if (next.refusals > ODD_BOUND) return die(core, 'GROUP_FATAL', `${why}, ${ODD_BOUND} times in a row`);
  return retry(next, phase, request, code, oddDelayMs(next.refusals), why);
}

/** The brokers themselves turn us away (credentials, versions); a few times may be a roll-out, more is for good. */
export function countRefusal(core: Core): Core | undefined {
  const refusals = core.refusals + 1;
  return refusals > ODD_BOUND ? undefined : { ...core, refusals };
}

/** No member any more. A new incarnation begins: drains, joins and answers of the old one are void. */
export function lose(rules: Rules, core: Core, phase: Phase, why: string, keepMemberId: boolean): Step {
  const next: Core = {
    ...core,
    incarnation: core.incarnation + 1,
    round: core.round + 1,
    generation: null,
    memberId: keepMemberId ? core.memberId : '',
    owned: [],
  };
  const lost: Effect[] = [
    { act: 'tell', fact: { fact: 'lost', partitions: core.owned.length, why } },
    { act: 'lose', why },
  ];
  if (phase.at === 'leaving') return askToLeave(rules, next, lost);
  const again: Effect = {
    act: 'wait',
    ms: LOST_PAUSE_MS,
    then: { on: 'retry', request: 'join', tag: tagOf(next) },
  };
  return to(next, { at: 'lost' }, [...lost, again]);
}

export function die(core: Core, code: ErrorCode, why: string): Step {
  const next: Core = {
    ...core,
    incarnation: core.incarnation + 1,
    round: core.round + 1,
    term: core.term + 1,
    generation: null,
    owned: [],
  };
  return to(next, { at: 'fatal', code, why }, [
    { act: 'tell', fact: { fact: 'fatal', code, why } },
    { act: 'lose', why },
    { act: 'fail', code, why },
  ]);
}

/** Every drain has ended. A static member stays in the group's books: its return must not cost a rebalance (KIP-345). */
export function askToLeave(rules: Rules, core: Core, effects: readonly Effect[]): Step {
  if (rules.isStatic || core.memberId === '') return finish(core, false, effects);
  const bound: Effect = { act: 'wait', ms: LEAVE_BOUND_MS, then: { on: 'left', acknowledged: false } };
  const phase: Phase = { at: 'leaving', drains: [], asked: true, joining: false };
  return to(core, phase, [...effects, bound, ...leaveRequest(core)]);
}

export function leaveRequest(core: Core): Effect[] {
  const { coordinator: node, memberId } = core;
  return node === null ? [] : [{ act: 'leave', node, tag: tagOf(core), memberId }];
}

export function finish(core: Core, acknowledged: boolean, effects: readonly Effect[] = []): Step {
  const next: Core = {
    ...core,
    incarnation: core.incarnation + 1,
    round: core.round + 1,
    term: core.term + 1,
    memberId: '',
    generation: null,
    owned: [],
    coordinator: null,
    failures: 0,
    refusals: 0,
  };
  return to(next, { at: 'unjoined' }, [
    ...effects,
    { act: 'tell', fact: { fact: 'left', acknowledged } },
    { act: 'finish' },
  ]);
}
