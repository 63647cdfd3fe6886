import { initialise, start } from './initialise.ts';
import { end } from './ending.ts';
import type { TransactionOutcome } from './port.ts';
import { stay, type Event, type State, type Step } from './states.ts';
import { begin, work } from './working.ts';

export const INITIAL: State = { at: 'uninitialised' };

/**
 * The transactional producer, without the network: what happened, and what is to be done about it (data-path rules 1–5, 7).
 * Total: an event that means nothing in a state changes nothing. Effects are to be carried out in order, before the next event.
 */
export function transition(state: State, event: Event): Step {
  if (event.on === 'init' && state.at !== 'initialising') return start(state);
  switch (state.at) {
    case 'initialising':
      return event.on === 'begin' ? refuse(state) : initialise(state, event);
    case 'beginning':
    case 'producing':
    case 'offsets':
      return event.on === 'begin' ? refuse(state) : work(state, event);
    case 'ending':
      return event.on === 'begin' ? refuse(state) : end(state, event);
    case 'ready':
      if (event.on === 'begin' && !state.mustBump) return begin(state, event.plan);
      return resting(state, event);
    case 'uninitialised':
    case 'doubtful':
    case 'fenced':
    case 'fatal':
    case 'closed':
      return resting(state, event);
  }
}

function resting(state: State, event: Event): Step {
  if (event.on === 'close') return stay({ at: 'closed' });
  return event.on === 'begin' ? refuse(state) : stay(state);
}

/** A transaction that cannot begin here; nothing was sent for it. */
function refuse(state: State): Step {
  return { state, effects: [{ do: 'finish-run', outcome: whyNot(state) }] };
}

function whyNot(state: State): TransactionOutcome {
  if (state.at === 'fenced') return { result: 'fenced', why: state.why };
  if (state.at === 'fatal') return { result: 'fatal', errorCode: state.errorCode, why: state.why };
  return { result: 'doubtful', why: `no epoch to begin in: ${state.at}`, refusals: [], groupError: 0 };
}
