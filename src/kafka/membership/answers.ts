import type { LinkFailure } from '../cluster/port.ts';
import {
  countRefusal,
  die,
  finish,
  join,
  lose,
  rejoin,
  retry,
  retryOdd,
  search,
  to,
  type Searched,
} from './moves.ts';
import type { Asked, Core, Effect, Event, Phase, Rules, State, Step, Tag } from './state.ts';
import { judge, type Verdict } from './verdict.ts';

type Refused = Extract<Event, { on: 'refused' }>;
type Unanswered = Extract<Event, { on: 'unanswered' }>;

/** False for the answer to a request the machine has since abandoned: it says nothing about the present. */
export function isFresh({ core, phase }: State, request: Asked, tag: Tag): boolean {
  if (tag.incarnation !== core.incarnation || tag.term !== core.term) return false;
  switch (request) {
    case 'join':
      return (
        tag.round === core.round && (phase.at === 'joining' || (phase.at === 'leaving' && phase.joining))
      );
    case 'sync':
      return tag.round === core.round && phase.at === 'syncing';
    case 'heartbeat':
      return tag.generation === core.generation;
    case 'probe':
      return tag.round === core.round && phase.at === 'joining';
    case 'leave':
      return phase.at === 'leaving' && phase.asked;
  }
}

/** The error table at work. */
export function refused(rules: Rules, state: State, event: Refused): Step {
  if (!isFresh(state, event.request, event.tag)) return { state, effects: [] };
  const { core, phase } = state;
  const verdict = judge(event.request === 'probe' ? 'heartbeat' : event.request, event.code);
  if (phase.at === 'leaving' && (event.request === 'leave' || event.request === 'join')) {
    return whileLeaving(rules, core, phase, event, verdict);
  }
  if (event.request !== 'heartbeat') return decide(rules, core, phase, event, verdict);
  const why = `heartbeat answered ${event.code}`;
  const told: Effect = {
    act: 'tell',
    fact: { fact: 'heartbeat-failed', generation: core.generation ?? -1, why },
  };
  const step = decide(rules, core, phase, event, verdict);
  return verdict.do === 'rejoin' ? step : { ...step, effects: [told, ...step.effects] };
}

function decide(rules: Rules, core: Core, phase: Phase, event: Refused, verdict: Verdict): Step {
  const { request, code } = event;
  const why = `${request} answered ${code}`;
  switch (verdict.do) {
    case 'retry':
      return retry(core, phase, request, code, verdict.afterMs, why);
    case 'find-coordinator':
      return search(core, phase, request, code, why);
    case 'rejoin':
      return rebalance(core, phase, event);
    case 'lose':
      // The coordinator moves to the next generation before its JoinGroup answer reaches us (pitfall 4): that answer decides.
      if (code === 22 && request === 'heartbeat' && awaitsJoin(phase)) return to(core, phase);
      return lose(rules, core, phase, why, verdict.keepMemberId);
    case 'take-member-id':
      // Once per incarnation: a coordinator that asks again and again must not be answered in a tight loop.
      if (event.memberId === '' || core.memberId !== '') return retryOdd(core, phase, request, code);
      return join({ ...core, memberId: event.memberId });
    case 'fatal':
      return die(core, verdict.code, verdict.why);
    case 'await-generation':
    case 'unknown':
      return retryOdd(core, phase, request, code);
  }
}

const awaitsJoin = (phase: Phase) => phase.at === 'joining' || (phase.at === 'leaving' && phase.joining);

/**
 * 27. Stable: join again, everything goes on. Revoking, leaving: the drain ends first, whatever the group does meanwhile
 * (rule 7). Joining: already on the way. Syncing: only the SyncGroup answer itself counts.
 */
function rebalance(core: Core, phase: Phase, event: Refused): Step {
  if (event.request === 'join') return retryOdd(core, phase, 'join', event.code);
  const asks = phase.at === 'stable' || (phase.at === 'syncing' && event.request === 'sync');
  return asks ? rejoin(core, 'the coordinator began a rebalance') : to(core, phase);
}

type Leaving = Extract<Phase, { at: 'leaving' }>;

/** Nothing is asked twice on the way out, except for LeaveGroup at a coordinator that moved or is loading. */
function whileLeaving(rules: Rules, core: Core, phase: Leaving, event: Refused, verdict: Verdict): Step {
  const why = `${event.request} answered ${event.code}`;
  if (verdict.do === 'fatal' && verdict.code === 'INSTANCE_FENCED')
    return die(core, verdict.code, verdict.why);
  if (event.request === 'join') {
    const rest: Leaving = { ...phase, joining: false };
    return verdict.do === 'lose' ? lose(rules, core, rest, why, verdict.keepMemberId) : to(core, rest);
  }
  if (verdict.do === 'find-coordinator') return search(core, phase, 'leave', event.code, why);
  if (verdict.do === 'retry') return retry(core, phase, 'leave', event.code, verdict.afterMs, why);
  return finish(core, event.code === 25);
}

/** No answer: forget the coordinator and search, generation kept. Turned away by the brokers themselves: bounded. */
export function unanswered(state: State, event: Unanswered): Step {
  if (!isFresh(state, event.request, event.tag)) return { state, effects: [] };
  const { core, phase } = state;
  const why = `${event.request} unanswered: ${event.failure}`;
  const step = searchUnlessTurnedAway(core, phase, event.request, event.failure, why);
  if (event.request !== 'heartbeat') return step;
  const fact = { fact: 'heartbeat-failed', generation: core.generation ?? -1, why } as const;
  return { ...step, effects: [{ act: 'tell', fact }, ...step.effects] };
}

export function searchUnlessTurnedAway(
  core: Core,
  phase: Phase,
  request: Searched,
  failure: LinkFailure,
  why: string,
): Step {
  if (failure !== 'refused' && failure !== 'unsupported') return search(core, phase, request, null, why);
  const counted = countRefusal(core);
  if (counted !== undefined) return search(counted, phase, request, null, why);
  return die(core, failure === 'refused' ? 'KAFKA_REFUSED' : 'KAFKA_UNSUPPORTED', why);
}
