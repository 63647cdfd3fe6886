import { classify } from '../../src/kafka/transaction/classify.ts';
import { requestOf, type Ask, type Reply } from '../../src/kafka/transaction/states.ts';
import type { Fate, Owed, World } from './transaction-world.ts';

/** Half of the sequence space: two batches wrap it. */
export const RECORDS = 2 ** 30;

/** As a sorted set: a retry adds nothing. */
export const including = (asks: readonly Ask[], ask: Ask): readonly Ask[] =>
  [...new Set([...asks, ask])].sort();

const row = (topic: string, partition: number, errorCode: number) => ({
  topic,
  partition,
  errorCode,
  errorMessage: null,
  baseOffset: 0,
  recordIndexes: [],
});

/** What the broker says when the fate of a request is `code`. */
export function reply(world: World, ask: Ask, code: number): Reply {
  const partitions = {
    AddPartitionsToTxn: [1, 2],
    TxnOffsetCommit: [0],
    InitProducerId: [],
    AddOffsetsToTxn: [],
    EndTxn: [],
  };
  const onTop = ask === 'InitProducerId' || ask === 'AddOffsetsToTxn' || ask === 'EndTxn';
  const named = ask.startsWith('Produce')
    ? [Number(ask.slice(8))]
    : partitions[ask as keyof typeof partitions];
  return {
    errorCode: onTop ? code : 0,
    epoch: { producerId: 7n, producerEpoch: world.epoch + 1 },
    partitions: named.map((partition) => row(ask === 'TxnOffsetCommit' ? 'in' : 'out', partition, code)),
  };
}

/** What a fate did at the broker, whatever the machine makes of it. */
export function happened(
  world: World,
  { ask, commit }: Extract<Owed, { owed: 'answer' }>,
  fate: Fate,
): World {
  const meaning = typeof fate === 'number' ? classify(requestOf(ask), fate) : fate;
  const gone = meaning === 'timeout' || meaning === 'closed';
  let next: World = { ...world, lost: world.lost || gone, fenced: world.fenced || meaning === 'fenced' };
  if (meaning === 'done') next = { ...next, done: including(next.done, ask) };
  if (ask === 'InitProducerId' && meaning === 'done')
    return { ...next, epoch: world.epoch + 1, expected: [0, 0, 0], lost: false, open: false };
  if (ask.startsWith('Produce') && meaning !== 'unreachable') {
    const expected = [...next.expected];
    const at = Number(ask.slice(8));
    expected[at] = meaning === 'done' ? ((expected[at] ?? 0) + RECORDS) % 2 ** 31 : undefined;
    return { ...next, expected };
  }
  if (ask === 'EndTxn' && meaning === 'done')
    return { ...next, open: false, outcome: commit ? 'committed' : next.outcome };
  if (ask === 'EndTxn' && commit) return { ...next, outcome: 'perhaps' };
  return meaning === 'done' && ask !== 'TxnOffsetCommit' ? { ...next, open: true } : next;
}
