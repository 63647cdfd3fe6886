import { describe, expect, it } from '@jest/globals';
import {
  backoffMs,
  classify,
  graver,
  type Meaning,
  type RequestName,
} from '../../../src/kafka/transaction/classify.ts';
import { doubled, routeBatches } from '../../../src/kafka/transaction/route.ts';
import {
  addToSequence,
  advance,
  nextSequence,
  NO_SEQUENCES,
} from '../../../src/kafka/transaction/sequences.ts';
import { ERROR } from '../../../src/kafka/wire/errors.ts';
import { batch } from './fixture.ts';

const REQUESTS: readonly RequestName[] = [
  'InitProducerId',
  'AddPartitionsToTxn',
  'AddOffsetsToTxn',
  'Produce',
  'TxnOffsetCommit',
  'EndTxn',
];
const RETRIES: readonly Meaning[] = ['concurrent', 'loading', 'find-coordinator'];
const CODES = [...Object.values(ERROR), 9_999];

describe('the table of error codes', () => {
  it.each(REQUESTS)('%s: 0 is success, 47 and 90 are fencing, whatever else happens', (request) => {
    expect([0, 47, 90].map((code) => classify(request, code))).toEqual(['done', 'fenced', 'fenced']);
    expect(CODES.filter((code) => code !== 0 && classify(request, code) === 'done')).toEqual([]);
  });

  it.each(['Produce', 'EndTxn'] as const)('%s is never repeated, whatever the code (rule 4)', (request) => {
    expect(CODES.filter((code) => RETRIES.includes(classify(request, code)))).toEqual([]);
  });

  it.each(['InitProducerId', 'AddPartitionsToTxn', 'AddOffsetsToTxn', 'TxnOffsetCommit'] as const)(
    '%s: 51, 14, 15 and 16 are repeated',
    (request) => {
      expect([51, 14, 15, 16].map((code) => classify(request, code))).toEqual([
        'concurrent',
        'loading',
        'find-coordinator',
        'find-coordinator',
      ]);
    },
  );

  it('only TxnOffsetCommit hears of the group', () => {
    const heard = REQUESTS.filter((request) =>
      CODES.some((code) => ['group', 'generation'].includes(classify(request, code))),
    );
    expect(heard).toEqual(['TxnOffsetCommit']);
    expect([22, 25, 82].map((code) => classify('TxnOffsetCommit', code))).toEqual([
      'generation',
      'group',
      'group',
    ]);
  });

  it('a code newer than the table is a refusal of the partition for Produce, and ends the epoch elsewhere', () => {
    expect(REQUESTS.map((request) => classify(request, 9_999))).toEqual([
      'fatal',
      'doubt',
      'doubt',
      'refused',
      'doubt',
      'doubt',
    ]);
  });

  it('waits 1, then 10 ms on 51; 50 ms while loading; 20 to 100 ms for a coordinator', () => {
    expect([1, 2, 3].map((attempt) => backoffMs('concurrent', attempt))).toEqual([1, 10, 10]);
    expect(backoffMs('loading', 7)).toBe(50);
    expect([1, 2, 3, 4, 50].map((attempt) => backoffMs('find-coordinator', attempt))).toEqual([
      20, 40, 80, 100, 100,
    ]);
    expect(backoffMs('refused', 1)).toBeUndefined();
  });

  it('fencing decides over everything, and doubt over what one partition says', () => {
    expect([
      graver('fenced', 'fatal'),
      graver('doubt', 'group'),
      graver('refused', 'concurrent'),
      graver('done', 'done'),
    ]).toEqual([true, true, true, false]);
  });
});

describe('sequences', () => {
  it('follow on per partition', () => {
    const once = advance(NO_SEQUENCES, [{ topic: 't', partition: 0, recordCount: 5 }]);
    const twice = advance(once, [
      { topic: 't', partition: 0, recordCount: 2 },
      { topic: 't', partition: 1, recordCount: 1 },
    ]);
    expect([0, 1, 2].map((partition) => nextSequence(twice, 't', partition))).toEqual([7, 1, 0]);
    expect(nextSequence(NO_SEQUENCES, 't', 0)).toBe(0);
  });

  it('wrap from 2^31 − 1 to 0, as Kafka counts them', () => {
    const max = 2 ** 31 - 1;
    expect(addToSequence(max, 1)).toBe(0);
    expect(addToSequence(max - 1, 1)).toBe(max);
    expect(addToSequence(max - 9, 100)).toBe(90);
  });
});

describe('the route of a transaction', () => {
  const topic =
    (leaders: readonly number[]): Parameters<typeof routeBatches>[1] =>
    (name) =>
      name === 'out'
        ? {
            topic: name,
            topicId: '',
            error: 0,
            partitions: leaders.map((leader, partition) => ({ partition, leader, leaderEpoch: 1, error: 0 })),
          }
        : undefined;

  it('gathers the batches of each leader', () => {
    const { route, leaderless } = routeBatches([batch(0), batch(1), batch(2)], topic([4, 5, 4]));
    expect([...route].map(([node, batches]) => [node, batches.map(({ partition }) => partition)])).toEqual([
      [4, [0, 2]],
      [5, [1]],
    ]);
    expect(leaderless).toEqual([]);
  });

  it('names what has no leader (5), what the topic does not have (3), and what is not known yet (5)', () => {
    const unknown = { ...batch(0), topic: 'other' };
    const { leaderless } = routeBatches([batch(0), batch(7), unknown], topic([-1]));
    expect(leaderless.map(({ topic, partition, errorCode }) => [topic, partition, errorCode])).toEqual([
      ['out', 0, 5],
      ['out', 7, 3],
      ['other', 0, 5],
    ]);
  });

  it('finds a partition given twice', () => {
    expect(doubled([batch(0), batch(1)])).toBeUndefined();
    expect(doubled([batch(0), batch(1), batch(0)])).toMatchObject({ topic: 'out', partition: 0 });
  });
});
