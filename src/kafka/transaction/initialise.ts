import type { LinkFailure } from '../cluster/port.ts';
import { ERROR } from '../wire/errors.ts';
import { backoffMs, classify } from './classify.ts';
import type { InitOutcome } from './port.ts';
import { NO_SEQUENCES } from './sequences.ts';
import {
  stay,
  type Effect,
  type Epoch,
  type Event,
  type Initialising,
  type Reply,
  type State,
  type Step,
} from './states.ts';

/** A lost link to the coordinator: forget it and look again after this. */
const LOST_LINK_MS = 50;

const finished = (state: State, outcome: InitOutcome, before: readonly Effect[] = []): Step => ({
  state,
  effects: [...before, { do: 'finish-init', outcome }],
});

/** Where an unfinished initialisation leaves the producer. */
const rest = (current: Epoch | undefined): State =>
  current === undefined ? { at: 'uninitialised' } : { at: 'doubtful', epoch: current };

const connecting = (state: Initialising): Step => ({
  state,
  effects: [{ do: 'connect', ask: 'InitProducerId' }],
});

/** `init()` was called (rule 3). */
export function start(state: State): Step {
  switch (state.at) {
    case 'uninitialised':
      return connecting({ at: 'initialising', current: undefined, attempt: 0, stopping: false });
    case 'ready':
    case 'doubtful':
      return connecting({ at: 'initialising', current: state.epoch, attempt: 0, stopping: false });
    case 'fenced':
      return finished(state, { result: 'fenced', why: state.why });
    case 'fatal':
      return finished(state, { result: 'fatal', errorCode: state.errorCode, why: state.why });
    case 'initialising':
    case 'beginning':
    case 'producing':
    case 'offsets':
    case 'ending':
    case 'closed':
      return finished(state, { result: 'stopped' });
  }
}

function retry(state: Initialising, errorCode: number, ms: number, forget: boolean): Step {
  if (state.stopping) return finished(rest(state.current), { result: 'stopped' });
  const attempt = state.attempt + 1;
  const effects: Effect[] = [
    { do: 'observe', fact: { fact: 'retried', request: 'InitProducerId', errorCode, attempt } },
  ];
  if (forget) effects.push({ do: 'forget', ask: 'InitProducerId' });
  effects.push({ do: 'wait', ask: 'InitProducerId', ms });
  return { state: { ...state, attempt }, effects };
}

/** The one place where an Init is decided: the permit was read in this tick (rule 3), again for every attempt. */
function linked(state: Initialising, permitted: boolean): Step {
  if (state.stopping) return finished(rest(state.current), { result: 'stopped' });
  if (!permitted) return finished(rest(state.current), { result: 'permit-gone' });
  return { state, effects: [{ do: 'send', outgoing: { ask: 'InitProducerId', current: state.current } }] };
}

function answered(state: Initialising, reply: Reply): Step {
  const meaning = classify('InitProducerId', reply.errorCode);
  const ms = backoffMs(meaning, state.attempt + 1);
  if (ms !== undefined) return retry(state, reply.errorCode, ms, meaning === 'find-coordinator');
  const why = `InitProducerId answered ${reply.errorCode}`;
  if (meaning === 'fenced') return finished({ at: 'fenced', why }, { result: 'fenced', why });
  if (meaning !== 'done' || reply.epoch === undefined) return fatal(reply.errorCode, why);
  const { producerId, producerEpoch } = reply.epoch;
  return finished(
    { at: 'ready', epoch: reply.epoch, sequences: NO_SEQUENCES, mustBump: false },
    { result: 'ready' },
    [{ do: 'observe', fact: { fact: 'initialised', producerId: producerId.toString(), producerEpoch } }],
  );
}

const fatal = (errorCode: number, why: string): Step =>
  finished({ at: 'fatal', errorCode, why }, { result: 'fatal', errorCode, why });

/**
 * A lost Init may have taken effect. Asking again with the same id and epoch is answered with the same bump (KIP-360),
 * and a repeated −1/−1 only bumps once more.
 */
function failed(state: Initialising, failure: LinkFailure, detail: string): Step {
  switch (failure) {
    case 'unreachable':
    case 'timeout':
    case 'closed':
      return retry(state, 0, LOST_LINK_MS, true);
    case 'refused':
      return fatal(ERROR.SASL_AUTHENTICATION_FAILED, `InitProducerId was refused: ${detail}`);
    case 'unsupported':
      return fatal(ERROR.UNSUPPORTED_VERSION, `InitProducerId is not supported: ${detail}`);
  }
}

export function initialise(state: Initialising, event: Event): Step {
  switch (event.on) {
    case 'linked':
      return event.ask === 'InitProducerId' ? linked(state, event.permitted) : stay(state);
    case 'answered':
      return event.ask === 'InitProducerId' ? answered(state, event.reply) : stay(state);
    case 'failed':
      return event.ask === 'InitProducerId' ? failed(state, event.failure, event.detail) : stay(state);
    case 'due':
      if (event.ask !== 'InitProducerId') return stay(state);
      return state.stopping ? finished(rest(state.current), { result: 'stopped' }) : connecting(state);
    case 'stop':
    case 'close':
      return stay({ ...state, stopping: true });
    case 'init':
      return finished(state, { result: 'stopped' });
    case 'begin':
    case 'stated':
    case 'succeeded':
      return stay(state);
  }
}
