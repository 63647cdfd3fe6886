import { isFresh, refused, searchUnlessTurnedAway, unanswered } from './answers.ts';
import { askToLeave, drain, finish, join, leaveRequest, rejoin, retryOdd, settle, to } from './moves.ts';
import { sameTopics, without } from './partition.ts';
import {
  tagOf,
  type Core,
  type Effect,
  type Event,
  type Phase,
  type Rules,
  type State,
  type Step,
} from './state.ts';

type On<Name extends Event['on']> = Extract<Event, { on: Name }>;

/**
 * The classic group protocol with cooperative rebalancing (KIP-429) and static members (KIP-345), as one total function: every
 * phase answers every event, and one it has no use for changes nothing. Phases: state.ts; error table: verdict.ts. Invariants,
 * searched exhaustively in test/model/membership.model.test.ts:
 * M1 no JoinGroup is sent while a drain is open (data-path rule 7);
 * M2 a partition that stays assigned is neither drained nor added again;
 * M3 the generation changes at the JoinGroup answer and, but for loss, nowhere else;
 * M4 whatever ends one incarnation (22, 25, 82) ends every token of it, and nothing begun under it acts on the next (pitfall 5);
 * M5 a coordinator that is away costs neither the generation nor a partition.
 */
export function step(rules: Rules, state: State, event: Event): Step {
  switch (event.on) {
    case 'start':
      return start(state, event);
    case 'stop':
      return stop(rules, state);
    case 'subscribe':
      return subscribe(state, event);
    case 'beat-due':
      return to(state.core, state.phase, beat(state));
    case 'suspected':
      return suspected(state, event);
    case 'metadata-changed':
      return state.phase.at === 'stable' ? rejoin(state.core, event.why) : nothing(state);
    case 'found':
      return event.term === state.core.term ? found(state, event.node) : nothing(state);
    case 'not-found':
      return notFound(state, event);
    case 'joined':
      return joined(state, event);
    case 'synced':
      return isFresh(state, 'sync', event.tag) ? settle(state.core, event.own) : nothing(state);
    case 'beaten':
      return beaten(state, event);
    case 'drained':
      return drained(rules, state, event);
    case 'refused':
      return refused(rules, state, event);
    case 'unanswered':
      return unanswered(state, event);
    case 'retry':
      return again(state, event);
    case 'left':
      return state.phase.at === 'leaving' && state.phase.asked
        ? finish(state.core, event.acknowledged)
        : nothing(state);
  }
}

function nothing(state: State): Step {
  return { state, effects: [] };
}

function start(state: State, { topics }: On<'start'>): Step {
  if (state.phase.at !== 'unjoined') return nothing(state);
  const core: Core = {
    ...state.core,
    incarnation: state.core.incarnation + 1,
    term: state.core.term + 1,
    topics,
  };
  return to(core, { at: 'joining' }, [{ act: 'find', term: core.term, delayMs: 0 }]);
}

function stop(rules: Rules, { core, phase }: State): Step {
  if (phase.at === 'unjoined' || phase.at === 'fatal' || phase.at === 'leaving') return to(core, phase);
  const draining = phase.at === 'revoking' ? phase.draining : [];
  const rest = without(core.owned, draining);
  const drains = draining.length > 0 ? [core.drain] : [];
  if (rest.length === 0 && drains.length === 0) return askToLeave(rules, core, []);
  const joining = phase.at === 'joining' && core.coordinator !== null;
  if (rest.length === 0) return to(core, { at: 'leaving', drains, asked: false, joining });
  const { next, effect } = drain(core, rest);
  return to(next, { at: 'leaving', drains: [...drains, next.drain], asked: false, joining }, [effect]);
}

/** While joining or syncing the change is noticed when the round settles; while revoking, when the drain has ended. */
function subscribe({ core, phase }: State, { topics }: On<'subscribe'>): Step {
  if (sameTopics(core.topics, topics)) return to(core, phase);
  const next = { ...core, topics };
  return phase.at === 'stable' ? rejoin(next, 'subscription changed') : to(next, phase);
}

/**
 * Goes on in every phase that has a generation, drains and pending JoinGroups included. A first JoinGroup has none yet: its
 * coordinator is probed instead, or one frozen under us would be noticed after the rebalance timeout only.
 */
function beat({ core, phase }: State): Effect[] {
  const { coordinator: node, generation, memberId } = core;
  if (node === null || (phase.at === 'leaving' && phase.asked)) return [];
  if (generation !== null) return [{ act: 'heartbeat', node, tag: tagOf(core), memberId }];
  return phase.at === 'joining' ? [{ act: 'probe', node, tag: tagOf(core) }] : [];
}

/** Look at once; the heartbeat's own answer decides. A JoinGroup under way will tell anyway. */
function suspected(state: State, event: On<'suspected'>): Step {
  const { core, phase } = state;
  const ours = event.generation === core.generation && event.memberId === core.memberId;
  return to(core, phase, ours && phase.at !== 'joining' ? beat(state) : []);
}

function found({ core, phase }: State, node: number): Step {
  const next = { ...core, coordinator: node };
  const told: Effect = { act: 'tell', fact: { fact: 'coordinator-changed', from: null, to: node } };
  if (phase.at === 'joining') return join(next, [told]);
  if (phase.at === 'leaving' && phase.asked) return to(next, phase, [told, ...leaveRequest(next)]);
  return to(next, phase, [told, ...beat({ core: next, phase })]);
}

function notFound({ core, phase }: State, event: On<'not-found'>): Step {
  if (event.term !== core.term || phase.at === 'unjoined' || phase.at === 'fatal') return to(core, phase);
  return searchUnlessTurnedAway(
    core,
    phase,
    'find-coordinator',
    event.failure,
    `coordinator not found: ${event.failure}`,
  );
}

/** M3. A coordinator that names no generation or no member is not believed: TxnOffsetCommit would go unfenced (pitfall 10). */
function joined(state: State, event: On<'joined'>): Step {
  const { core, phase } = state;
  if (!isFresh(state, 'join', event.tag)) return nothing(state);
  if (event.generation < 0 || event.memberId === '') return retryOdd(core, phase, 'join', 0);
  const { generation, memberId, leader } = event;
  const next: Core = { ...core, generation, memberId, failures: 0, refusals: 0 };
  const effects: Effect[] = [
    { act: 'identify', generation, memberId, round: core.round },
    { act: 'tell', fact: { fact: 'joined', generation, memberId, leader } },
  ];
  if (phase.at === 'leaving') return to(next, { ...phase, joining: false }, effects);
  const node = next.coordinator;
  if (node !== null) effects.push({ act: 'sync', node, tag: tagOf(next), memberId });
  return to(next, { at: 'syncing' }, effects);
}

function beaten(state: State, event: On<'beaten'>): Step {
  const { core, phase } = state;
  if (!isFresh(state, 'heartbeat', event.tag)) return nothing(state);
  // What JoinGroup or SyncGroup was refused with is not made good by a heartbeat.
  const waits = phase.at === 'joining' || phase.at === 'syncing';
  return to({ ...core, failures: 0, refusals: waits ? core.refusals : 0 }, phase);
}

function drained(rules: Rules, { core, phase }: State, event: On<'drained'>): Step {
  if (event.incarnation !== core.incarnation) return to(core, phase);
  const next: Core = { ...core, owned: without(core.owned, event.partitions) };
  const destroyed: Effect = { act: 'destroy', partitions: event.partitions };
  if (phase.at === 'revoking' && event.drain === core.drain)
    return rejoin(next, 'partitions given up', [destroyed]);
  if (phase.at !== 'leaving' || !phase.drains.includes(event.drain)) return to(core, phase);
  const drains = phase.drains.filter((drain) => drain !== event.drain);
  if (drains.length === 0) return askToLeave(rules, next, [destroyed]);
  return to(next, { ...phase, drains }, [destroyed]);
}

function again(state: State, { request, tag }: On<'retry'>): Step {
  const { core, phase } = state;
  if (tag.incarnation !== core.incarnation || tag.round !== core.round) return nothing(state);
  const joins: Phase['at'][] = ['joining', 'lost'];
  if (request === 'join')
    return joins.includes(phase.at) && (core.coordinator !== null || phase.at === 'lost')
      ? join(core)
      : nothing(state);
  if (tag.term !== core.term || core.coordinator === null) return nothing(state);
  if (request === 'sync' && phase.at === 'syncing') {
    return to(core, phase, [
      { act: 'sync', node: core.coordinator, tag: tagOf(core), memberId: core.memberId },
    ]);
  }
  if (request === 'leave' && phase.at === 'leaving') return to(core, phase, leaveRequest(core));
  return request === 'heartbeat' ? to(core, phase, beat(state)) : nothing(state);
}
