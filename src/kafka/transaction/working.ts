import { learn, learnFailure, batchesOf, type Learnt } from './answers.ts';
import type { GroupIdentity } from '../membership/port.ts';
import { ERROR } from '../wire/errors.ts';
import type { OffsetToCommit } from './port.ts';
import { nextSequence } from './sequences.ts';
import { judge, settle } from './settle.ts';
import {
  requestOf,
  stay,
  type Ask,
  type Effect,
  type Event,
  type Outgoing,
  type Pending,
  type Plan,
  type State,
  type Step,
  type Transaction,
  type Working,
} from './states.ts';

/**
 * Generation −1 or an empty member id would be *accepted* by the broker and switch the group's fence off
 * (raw-lane pitfall 6): such an identity never reaches a request.
 */
const fences = ({ generationId, memberId }: GroupIdentity): boolean => generationId >= 0 && memberId !== '';

const UNFENCED = 'the group identity has no generation or no member id: the commit would not be fenced';

/** One step with several requests sent at once; all are pending until answered. */
function ask(
  at: Working['at'],
  transaction: Transaction,
  asks: readonly Ask[],
  before: readonly Effect[],
): Step {
  const sends: Effect[] = asks.map((name) => ({ do: 'send', outgoing: outgoing(transaction, name) }));
  return {
    state: { at, transaction, pending: new Map(asks.map((name) => [name, 0])) },
    effects: [...before, ...sends],
  };
}

function outgoing(transaction: Transaction, name: Ask): Outgoing {
  const { epoch, plan, identity, offsets, sequences } = transaction;
  if (name === 'AddPartitionsToTxn') return { ask: name, epoch, batches: [...plan.route.values()].flat() };
  if (name === 'AddOffsetsToTxn') return { ask: name, epoch, groupId: identity.groupId };
  if (name === 'TxnOffsetCommit') return { ask: name, epoch, identity, offsets };
  const batches = batchesOf(transaction, name).map((batch) => ({
    ...batch,
    baseSequence: nextSequence(sequences, batch.topic, batch.partition),
  }));
  return { ask: name as `Produce ${number}`, nodeId: Number(name.slice('Produce '.length)), epoch, batches };
}

/** From ready: nothing is sent unless every batch has a leader and the identity fences. */
export function begin(state: Extract<State, { at: 'ready' }>, plan: Plan): Step {
  const { identity, leaderless, route } = plan;
  if (!fences(identity))
    return refused(state, { result: 'fatal', errorCode: ERROR.UNKNOWN_SERVER_ERROR, why: UNFENCED });
  if (leaderless.length > 0)
    return refused(state, { result: 'aborted', why: 'refused', refusals: leaderless, groupError: 0 });
  const transaction: Transaction = {
    epoch: state.epoch,
    sequences: state.sequences,
    plan,
    identity,
    successorAsked: false,
    offsets: [],
    opened: false,
    unanswered: false,
    verdict: undefined,
    produced: [],
    refusals: [],
    groupError: 0,
  };
  return ask(
    'beginning',
    transaction,
    route.size > 0 ? ['AddPartitionsToTxn', 'AddOffsetsToTxn'] : ['AddOffsetsToTxn'],
    [],
  );
}

type Outcome = Extract<Effect, { do: 'finish-run' }>['outcome'];

const refused = (state: State, outcome: Outcome): Step => ({
  state,
  effects: [{ do: 'finish-run', outcome }],
});

/** Nothing is pending: the next step, or the end if there is a verdict. */
function proceed({ at, transaction }: Working): Step {
  if (transaction.verdict !== undefined) return settle(transaction);
  const batches = [...transaction.plan.route.values()].flat();
  switch (at) {
    case 'beginning': {
      const begun: Effect = { do: 'observe', fact: { fact: 'begun', partitions: batches.length } };
      if (batches.length === 0) return stateOffsets(transaction, [begun]);
      return ask(
        'producing',
        transaction,
        [...transaction.plan.route.keys()].map((node) => `Produce ${node}` as const),
        [begun],
      );
    }
    case 'producing': {
      const records = batches.reduce((sum, { batch }) => sum + batch.recordCount, 0);
      const bytes = batches.reduce((sum, { batch }) => sum + batch.bytes.byteLength, 0);
      return stateOffsets(transaction, [{ do: 'observe', fact: { fact: 'produced', records, bytes } }]);
    }
    case 'offsets':
      return {
        state: { at: 'ending', transaction, commit: true, sent: false },
        effects: [
          { do: 'observe', fact: { fact: 'offsets-committed' } },
          { do: 'connect', ask: 'EndTxn' },
        ],
      };
  }
}

const stateOffsets = (transaction: Transaction, before: readonly Effect[]): Step => ({
  state: { at: 'offsets', transaction, pending: new Map() },
  effects: [...before, { do: 'state-offsets', produced: transaction.produced }],
});

/** The pipeline stated its offsets, or found that it no longer owns a partition (rule 6). */
function stated(state: Working, offsets: readonly OffsetToCommit[] | undefined): Step {
  const { transaction } = state;
  if (transaction.verdict !== undefined) return settle(transaction);
  if (offsets === undefined) return settle(judge(transaction, { verdict: 'abort', why: 'ownership' }));
  if (offsets.length === 0)
    return settle(
      judge(transaction, {
        verdict: 'fatal',
        errorCode: ERROR.UNKNOWN_SERVER_ERROR,
        why: 'a transaction without offsets',
      }),
    );
  return ask(
    'offsets',
    { ...transaction, offsets },
    ['TxnOffsetCommit'],
    [{ do: 'observe', fact: { fact: 'offsets-added' } }],
  );
}

/** Rule 7: the one retry after ILLEGAL_GENERATION. */
function succeeded(state: Working, identity: GroupIdentity | undefined): Step {
  const { transaction } = state;
  if (transaction.verdict !== undefined) return settle(transaction);
  if (identity === undefined) return settle(judge(transaction, { verdict: 'abort', why: 'group' }));
  if (!fences(identity))
    return settle(
      judge(transaction, { verdict: 'fatal', errorCode: ERROR.UNKNOWN_SERVER_ERROR, why: UNFENCED }),
    );
  return ask('offsets', { ...transaction, identity, groupError: 0 }, ['TxnOffsetCommit'], []);
}

function without(pending: Pending, name: Ask): Pending {
  const rest = new Map(pending);
  rest.delete(name);
  return rest;
}

function settled(state: Working, name: Ask, transaction: Transaction): Step {
  const next: Working = { ...state, transaction, pending: without(state.pending, name) };
  return next.pending.size === 0 ? proceed(next) : stay(next);
}

function apply(state: Working, name: Ask, learnt: Learnt): Step {
  switch (learnt.next) {
    case 'on':
      return settled(state, name, learnt.transaction);
    case 'again':
      return again(state, name, learnt);
    case 'successor':
      return {
        state: { ...state, transaction: learnt.transaction, pending: new Map() },
        effects: [{ do: 'ask-successor', refused: learnt.transaction.identity }],
      };
  }
}

/** Nothing is repeated once there is a verdict: what was not done need not be. */
function again(
  state: Working,
  name: Ask,
  { ms, forget, errorCode }: Extract<Learnt, { next: 'again' }>,
): Step {
  if (state.transaction.verdict !== undefined) return settled(state, name, state.transaction);
  const attempt = (state.pending.get(name) ?? 0) + 1;
  const effects: Effect[] = [
    { do: 'observe', fact: { fact: 'retried', request: requestOf(name), errorCode, attempt } },
  ];
  if (forget) effects.push({ do: 'forget', ask: name });
  effects.push({ do: 'wait', ask: name, ms });
  return { state: { ...state, pending: new Map(state.pending).set(name, attempt) }, effects };
}

function due(state: Working, name: Ask): Step {
  if (state.transaction.verdict !== undefined) return settled(state, name, state.transaction);
  return { state, effects: [{ do: 'send', outgoing: outgoing(state.transaction, name) }] };
}

export function work(state: Working, event: Event): Step {
  switch (event.on) {
    case 'answered': {
      const attempts = state.pending.get(event.ask);
      if (attempts === undefined) return stay(state);
      return apply(state, event.ask, learn(state.transaction, event.ask, event.reply, attempts));
    }
    case 'failed':
      if (!state.pending.has(event.ask)) return stay(state);
      return apply(state, event.ask, learnFailure(state.transaction, event.ask, event.failure, event.detail));
    case 'due':
      return state.pending.has(event.ask) ? due(state, event.ask) : stay(state);
    case 'stated':
      return state.at === 'offsets' && state.pending.size === 0 ? stated(state, event.offsets) : stay(state);
    case 'succeeded':
      return state.at === 'offsets' && state.pending.size === 0
        ? succeeded(state, event.identity)
        : stay(state);
    case 'stop':
    case 'close':
      return stay({ ...state, transaction: judge(state.transaction, { verdict: 'abort', why: 'asked' }) });
    case 'linked':
    case 'init':
    case 'begin':
      return stay(state);
  }
}
