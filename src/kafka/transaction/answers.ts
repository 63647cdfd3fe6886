import type { LinkFailure } from '../cluster/port.ts';
import { ERROR } from '../wire/errors.ts';
import { backoffMs, classify, graver, type Meaning } from './classify.ts';
import type { OutgoingBatch, Refusal } from './port.ts';
import { advance, partitionKey } from './sequences.ts';
import { judge } from './settle.ts';
import { requestOf, type Ask, type PartitionReply, type Reply, type Transaction } from './states.ts';

/** What an answer makes of the transaction: it moved on, the request is to be repeated, or the group is to be asked. */
export type Learnt =
  | { readonly next: 'on'; readonly transaction: Transaction }
  | { readonly next: 'again'; readonly ms: number; readonly forget: boolean; readonly errorCode: number }
  | { readonly next: 'successor'; readonly transaction: Transaction };

const on = (transaction: Transaction): Learnt => ({ next: 'on', transaction });

const nodeOf = (ask: Ask): number => Number(ask.slice('Produce '.length));

export const batchesOf = (transaction: Transaction, ask: Ask): readonly OutgoingBatch[] =>
  transaction.plan.route.get(nodeOf(ask)) ?? [];

function refuse(transaction: Transaction, refusals: readonly Refusal[]): Transaction {
  if (refusals.length === 0) return transaction;
  const named = { ...transaction, refusals: [...transaction.refusals, ...refusals] };
  return judge(named, { verdict: 'abort', why: 'refused' });
}

/** What a single code says, where no partition and no retry is meant. */
function blame(transaction: Transaction, meaning: Meaning, errorCode: number, request: string): Transaction {
  const why = `${request} answered ${errorCode}`;
  switch (meaning) {
    case 'fenced':
      return judge(transaction, { verdict: 'fenced', why });
    case 'fatal':
      return judge(transaction, { verdict: 'fatal', errorCode, why });
    case 'generation':
    case 'group':
      return judge({ ...transaction, groupError: errorCode }, { verdict: 'abort', why: 'group' });
    case 'doubt':
      return judge(transaction, { verdict: 'doubt', why });
    case 'done':
    case 'skipped':
    case 'refused':
    case 'concurrent':
    case 'loading':
    case 'find-coordinator':
      return transaction;
  }
}

const refusalOf = ({
  topic,
  partition,
  errorCode,
  errorMessage,
  recordIndexes,
}: PartitionReply): Refusal => ({
  topic,
  partition,
  errorCode,
  errorMessage,
  recordIndexes,
});

/** The gravest of the codes of one answer, and its meaning. A partition that is left out was not acknowledged, nor one skipped without a culprit: doubt. */
function verdictOf(
  request: 'AddPartitionsToTxn' | 'AddOffsetsToTxn' | 'TxnOffsetCommit',
  asked: readonly { readonly topic: string; readonly partition: number }[],
  reply: Reply,
): { meaning: Meaning; errorCode: number } {
  let worst = { meaning: classify(request, reply.errorCode), errorCode: reply.errorCode };
  const heard = new Set<string>();
  for (const { topic, partition, errorCode } of reply.partitions) {
    heard.add(partitionKey(topic, partition));
    const meaning = classify(request, errorCode);
    if (graver(meaning, worst.meaning)) worst = { meaning, errorCode };
  }
  const missing = asked.some(({ topic, partition }) => !heard.has(partitionKey(topic, partition)));
  if (worst.meaning === 'skipped' || (worst.meaning === 'done' && missing))
    return { ...worst, meaning: 'doubt' };
  return worst;
}

/** Produce: every partition speaks for itself, and all are heard before anything is decided (rule 5). */
function produced(transaction: Transaction, ask: Ask, reply: Reply): Learnt {
  const heard = new Map(
    reply.partitions.map((partition) => [partitionKey(partition.topic, partition.partition), partition]),
  );
  let next = transaction;
  const refusals: Refusal[] = [];
  const acknowledged = [];
  for (const { topic, partition, batch } of batchesOf(transaction, ask)) {
    const said = heard.get(partitionKey(topic, partition));
    const meaning = said === undefined ? 'doubt' : classify('Produce', said.errorCode);
    if (said === undefined)
      next = judge(next, { verdict: 'doubt', why: `Produce left out ${topic}/${partition}` });
    else if (meaning === 'done')
      acknowledged.push({ topic, partition, baseOffset: said.baseOffset, recordCount: batch.recordCount });
    else if (meaning === 'refused') refusals.push(refusalOf(said));
    else next = blame(next, meaning, said.errorCode, 'Produce');
  }
  const sequences = advance(next.sequences, acknowledged);
  const offsets = acknowledged.map(({ topic, partition, baseOffset }) => ({ topic, partition, baseOffset }));
  return on(refuse({ ...next, sequences, produced: [...next.produced, ...offsets] }, refusals));
}

function coordinated(
  transaction: Transaction,
  request: 'AddPartitionsToTxn' | 'AddOffsetsToTxn' | 'TxnOffsetCommit',
  reply: Reply,
  attempts: number,
): Learnt {
  const asked = request === 'AddPartitionsToTxn' ? [...transaction.plan.route.values()].flat() : [];
  const { meaning, errorCode } = verdictOf(
    request,
    request === 'TxnOffsetCommit' ? transaction.offsets : asked,
    reply,
  );
  const ms = backoffMs(meaning, attempts + 1);
  if (ms !== undefined) return { next: 'again', ms, forget: meaning === 'find-coordinator', errorCode };
  if (meaning === 'done') return on({ ...transaction, opened: true });
  if (meaning === 'generation' && !transaction.successorAsked && transaction.verdict === undefined)
    return {
      next: 'successor',
      transaction: { ...transaction, successorAsked: true, groupError: errorCode },
    };
  const refused = reply.partitions.filter(
    (partition) => classify(request, partition.errorCode) === 'refused',
  );
  return on(refuse(blame(transaction, meaning, errorCode, request), refused.map(refusalOf)));
}

export function learn(transaction: Transaction, ask: Ask, reply: Reply, attempts: number): Learnt {
  const request = requestOf(ask);
  switch (request) {
    case 'Produce':
      return produced(transaction, ask, reply);
    case 'AddPartitionsToTxn':
    case 'AddOffsetsToTxn':
    case 'TxnOffsetCommit':
      return coordinated(transaction, request, reply, attempts);
    case 'InitProducerId':
    case 'EndTxn':
      return on(transaction);
  }
}

/** No answer. `unreachable` was never sent: a coordinator is looked for again, a leader is reported with its partitions. */
export function learnFailure(
  transaction: Transaction,
  ask: Ask,
  failure: LinkFailure,
  detail: string,
): Learnt {
  switch (failure) {
    case 'unreachable':
      if (requestOf(ask) !== 'Produce') return { next: 'again', ms: 50, forget: true, errorCode: 0 };
      return on(refuse(transaction, batchesOf(transaction, ask).map(unreached)));
    case 'timeout':
    case 'closed':
      return on(
        judge(
          { ...transaction, unanswered: true },
          { verdict: 'doubt', why: `${ask} got no answer (${failure}): ${detail}` },
        ),
      );
    case 'refused':
      return on(
        judge(transaction, {
          verdict: 'fatal',
          errorCode: ERROR.SASL_AUTHENTICATION_FAILED,
          why: `${ask} was refused: ${detail}`,
        }),
      );
    case 'unsupported':
      return on(
        judge(transaction, {
          verdict: 'fatal',
          errorCode: ERROR.UNSUPPORTED_VERSION,
          why: `${ask} is not supported: ${detail}`,
        }),
      );
  }
}

const unreached = ({ topic, partition }: OutgoingBatch): Refusal => ({
  topic,
  partition,
  errorCode: ERROR.NETWORK_EXCEPTION,
  errorMessage: 'the leader could not be reached',
  recordIndexes: [],
});
