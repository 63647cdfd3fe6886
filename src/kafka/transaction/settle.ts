import type { TransactionOutcome } from './port.ts';
import type { Effect, State, Step, Transaction, Verdict } from './states.ts';

const WEIGHT = { abort: 0, doubt: 1, fatal: 2, fenced: 3 } as const;
/** Among aborts the reason that says most stays. */
const ABORT_WEIGHT = { asked: 0, ownership: 1, group: 2, refused: 3 } as const;

/** Adds a reason not to commit; the gravest is kept, the first among equals. */
export function judge(transaction: Transaction, verdict: Verdict): Transaction {
  const known = transaction.verdict;
  if (known === undefined) return { ...transaction, verdict };
  if (WEIGHT[verdict.verdict] > WEIGHT[known.verdict]) return { ...transaction, verdict };
  const both = verdict.verdict === 'abort' && known.verdict === 'abort';
  if (both && ABORT_WEIGHT[verdict.why] > ABORT_WEIGHT[known.why]) return { ...transaction, verdict };
  return transaction;
}

const finish = (state: State, outcome: TransactionOutcome, before: readonly Effect[] = []): Step => ({
  state,
  effects: [...before, { do: 'finish-run', outcome }],
});

export function doubtful(transaction: Transaction, why: string): Step {
  const { epoch, refusals, groupError } = transaction;
  return finish({ at: 'doubtful', epoch }, { result: 'doubtful', why, refusals, groupError }, [
    { do: 'observe', fact: { fact: 'doubtful', why } },
  ]);
}

export const fenced = (why: string): Step => finish({ at: 'fenced', why }, { result: 'fenced', why });

const fatal = (errorCode: number, why: string): Step =>
  finish({ at: 'fatal', errorCode, why }, { result: 'fatal', errorCode, why });

/** The sequences of a refused batch are not known for sure, therefore `mustBump`: the next transaction starts in a new epoch. */
function aborted(
  transaction: Transaction,
  verdict: Extract<Verdict, { verdict: 'abort' }>,
  before: readonly Effect[],
): Step {
  const { epoch, sequences, refusals, groupError } = transaction;
  return finish(
    { at: 'ready', epoch, sequences, mustBump: refusals.length > 0 },
    { result: 'aborted', why: verdict.why, refusals, groupError },
    before,
  );
}

/** After the EndTxn(abort), or where none is due. `ended`: the coordinator acknowledged the abort. */
export function conclude(transaction: Transaction, ended: boolean, failure?: string): Step {
  const verdict = transaction.verdict ?? { verdict: 'doubt', why: 'ended without a reason' };
  const observed: Effect[] = ended ? [{ do: 'observe', fact: { fact: 'ended', committed: false } }] : [];
  switch (verdict.verdict) {
    case 'fenced':
      return fenced(verdict.why);
    case 'fatal':
      return fatal(verdict.errorCode, verdict.why);
    case 'doubt': {
      const step = doubtful(transaction, verdict.why);
      return { ...step, effects: [...observed, ...step.effects] };
    }
    case 'abort':
      return failure === undefined ? aborted(transaction, verdict, observed) : doubtful(transaction, failure);
  }
}

/** Everything is answered or will never be, and there is a verdict: end the transaction as rule 4 says. */
export function settle(transaction: Transaction): Step {
  if (transaction.verdict?.verdict === 'fenced') return fenced(transaction.verdict.why);
  if (transaction.unanswered || !transaction.opened) return conclude(transaction, false);
  return {
    state: { at: 'ending', transaction, commit: false, sent: false },
    effects: [{ do: 'connect', ask: 'EndTxn' }],
  };
}

export const committed = (transaction: Transaction): Step =>
  finish(
    { at: 'ready', epoch: transaction.epoch, sequences: transaction.sequences, mustBump: false },
    { result: 'committed', produced: transaction.produced },
    [{ do: 'observe', fact: { fact: 'ended', committed: true } }],
  );
