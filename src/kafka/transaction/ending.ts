import { classify } from './classify.ts';
import type { LinkFailure } from '../cluster/port.ts';
import { committed, conclude, doubtful, fenced, judge } from './settle.ts';
import { stay, type Ending, type Event, type Reply, type Step } from './states.ts';

/** The last moment at which a commit can become an abort: the send follows in the same tick. */
const send = (state: Ending): Step => ({
  state: { ...state, sent: true },
  effects: [
    { do: 'send', outgoing: { ask: 'EndTxn', epoch: state.transaction.epoch, commit: state.commit } },
  ],
});

/** Any error of an EndTxn is ambiguous (rule 4): even "not coordinator" was met with the commit in effect. */
function answered({ transaction, commit }: Ending, reply: Reply): Step {
  const meaning = classify('EndTxn', reply.errorCode);
  if (meaning === 'done') return commit ? committed(transaction) : conclude(transaction, true);
  const why = `EndTxn(${commit ? 'commit' : 'abort'}) answered ${reply.errorCode}`;
  if (meaning === 'fenced') return fenced(why);
  if (meaning === 'fatal')
    return conclude(judge(transaction, { verdict: 'fatal', errorCode: reply.errorCode, why }), false);
  return commit ? doubtful(transaction, why) : conclude(transaction, false, why);
}

function failed({ transaction, commit }: Ending, failure: LinkFailure, detail: string): Step {
  const why = `EndTxn(${commit ? 'commit' : 'abort'}) got no answer (${failure}): ${detail}`;
  return commit ? doubtful(transaction, why) : conclude(transaction, false, why);
}

/** A commit already sent is awaited whatever happens (rule 3); one not yet sent becomes an abort. */
function stop(state: Ending): Step {
  if (state.sent || !state.commit) return stay(state);
  const transaction = judge(state.transaction, { verdict: 'abort', why: 'asked' });
  return stay({ ...state, transaction, commit: false });
}

export function end(state: Ending, event: Event): Step {
  switch (event.on) {
    case 'linked':
      return event.ask === 'EndTxn' && !state.sent ? send(state) : stay(state);
    case 'answered':
      return event.ask === 'EndTxn' && state.sent ? answered(state, event.reply) : stay(state);
    case 'failed':
      return event.ask === 'EndTxn' ? failed(state, event.failure, event.detail) : stay(state);
    case 'stop':
    case 'close':
      return stop(state);
    case 'init':
    case 'begin':
    case 'due':
    case 'stated':
    case 'succeeded':
      return stay(state);
  }
}
