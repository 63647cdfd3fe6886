import { describe, expect, it } from '@jest/globals';
import { baseSequence, fixture, intent, producerEpoch, ready } from './fixture.ts';
import type { ProduceRequest } from '../../../src/kafka/wire/produce.ts';

const FULL = ['AddPartitionsToTxn', 'AddOffsetsToTxn', 'Produce', 'TxnOffsetCommit', 'EndTxn'];

const recordsOf = (request: unknown): Uint8Array =>
  (request as ProduceRequest).topics[0]!.partitions[0]!.records;

describe('a transaction that goes well', () => {
  it('asks for an id with −1/−1 at first and with the current id and epoch later (rule 3)', async () => {
    const { producer, cluster, never, facts } = fixture();
    expect(await producer.init(never)).toEqual({ result: 'ready' });
    expect(await producer.init(never)).toEqual({ result: 'ready' });
    expect(cluster.sent.map(({ request }) => [request['producerId'], request['producerEpoch']])).toEqual([
      [-1n, -1],
      [7n, 0],
    ]);
    expect(cluster.sent[0]?.request['transactionTimeoutMs']).toBe(10_000);
    expect(facts).toEqual([
      { fact: 'initialised', producerId: '7', producerEpoch: 0 },
      { fact: 'initialised', producerId: '7', producerEpoch: 1 },
    ]);
  });

  it('sends Adds together, one Produce per leader, offsets to the group, EndTxn last; facts in the order of the port', async () => {
    const { producer, cluster, never, facts } = await ready();
    const outcome = await producer.run(intent([0, 1, 2]), never);
    expect(outcome).toEqual({
      result: 'committed',
      produced: [
        { topic: 'out', partition: 0, baseOffset: 100 },
        { topic: 'out', partition: 2, baseOffset: 102 },
        { topic: 'out', partition: 1, baseOffset: 101 },
      ],
    });
    expect(cluster.names).toEqual([
      'AddPartitionsToTxn',
      'AddOffsetsToTxn',
      'Produce',
      'Produce',
      'TxnOffsetCommit',
      'EndTxn',
    ]);
    expect(cluster.sent.map(({ nodeId }) => nodeId)).toEqual([8, 8, 1, 2, 9, 8]);
    expect(cluster.purposes).toContain('9 transaction');
    expect(cluster.purposes).toContain('1 data');
    expect(facts.map(({ fact }) => fact)).toEqual([
      'begun',
      'produced',
      'offsets-added',
      'offsets-committed',
      'ended',
    ]);
    expect(facts[1]).toEqual({ fact: 'produced', records: 9, bytes: 192 });
    expect(cluster.sent.at(-1)?.request).toMatchObject({ committed: true, producerId: 7n, producerEpoch: 0 });
    expect(cluster.sent[4]?.request).toMatchObject({ groupId: 'g', generationId: 5, memberId: 'm' });
  });

  it('emits each fact before the next request is sent, so that a kill in the callback is a kill at that point', async () => {
    const made = await ready();
    const before: number[] = [];
    made.hooks.onFact = () => before.push(made.cluster.sent.length);
    await made.producer.run(intent([0]), made.never);
    expect(before).toEqual([2, 3, 3, 4, 5]);
  });

  it('moves only offsets when there is nothing to publish', async () => {
    const { producer, cluster, never, facts } = await ready();
    expect(await producer.run(intent([]), never)).toEqual({ result: 'committed', produced: [] });
    expect(cluster.names).toEqual(['AddOffsetsToTxn', 'TxnOffsetCommit', 'EndTxn']);
    expect(facts.map(({ fact }) => fact)).toEqual(['begun', 'offsets-added', 'offsets-committed', 'ended']);
  });

  it('seals sequences that follow on per partition, and start at 0 in a new epoch', async () => {
    const { producer, cluster, never } = await ready();
    await producer.run(intent([0]), never);
    await producer.run(intent([0]), never);
    await producer.init(never);
    await producer.run(intent([0]), never);
    const produces = cluster.sent
      .filter(({ name }) => name === 'Produce')
      .map(({ request }) => recordsOf(request));
    expect(produces.map(baseSequence)).toEqual([0, 3, 0]);
    expect(produces.map(producerEpoch)).toEqual([0, 0, 1]);
  });

  it('leaves no timer behind', async () => {
    const { producer, never, clock } = await ready();
    await producer.run(intent([0, 1]), never);
    await clock.sleep(0);
    expect(clock.pending).toBe(0);
  });

  it('retries 51 after 1 ms and then 10 ms, and counts every retry', async () => {
    const { producer, cluster, never, facts, clock } = await ready();
    cluster.script['AddPartitionsToTxn'] = [51, 51, 51];
    const startMs = clock.now().monotonicMs;
    expect((await producer.run(intent([0]), never)).result).toBe('committed');
    expect(clock.now().monotonicMs - startMs).toBe(21);
    const retries = facts.filter(({ fact }) => fact === 'retried');
    expect(retries).toEqual(
      [1, 2, 3].map((attempt) => ({
        fact: 'retried',
        request: 'AddPartitionsToTxn',
        errorCode: 51,
        attempt,
      })),
    );
  });

  it.each([
    ['AddPartitionsToTxn', 'transaction snowstamp.d.1'],
    ['AddOffsetsToTxn', 'transaction snowstamp.d.1'],
    ['TxnOffsetCommit', 'group g'],
  ])('finds the coordinator of %s again after 16 and asks once more', async (name, forgotten) => {
    const { producer, cluster, never } = await ready();
    cluster.script[name] = [16, 15, 14, 'unreachable'];
    expect((await producer.run(intent([0]), never)).result).toBe('committed');
    expect(cluster.names.filter((sent) => sent === name)).toHaveLength(5);
    expect(cluster.forgotten).toContain(forgotten);
    expect([...new Set(cluster.names)]).toEqual(FULL);
  });

  it('commits once under the successor identity after 22 (rule 7)', async () => {
    const { producer, cluster, never } = await ready();
    cluster.script['TxnOffsetCommit'] = [22];
    const asked: number[] = [];
    const next = { groupId: 'g', generationId: 4, memberId: 'm', groupInstanceId: null };
    const outcome = await producer.run(
      intent([0], {
        successor: (refused) => {
          asked.push(refused.generationId);
          return Promise.resolve(next);
        },
      }),
      never,
    );
    expect(outcome.result).toBe('committed');
    expect(asked).toEqual([5]);
    const commits = cluster.sent.filter(({ name }) => name === 'TxnOffsetCommit');
    expect(commits.map(({ request }) => request['generationId'])).toEqual([5, 4]);
  });

  it('does one thing at a time (rule 1)', async () => {
    const { producer, never } = await ready();
    const first = producer.run(intent([0]), never);
    await expect(producer.run(intent([0]), never)).rejects.toMatchObject({ code: 'INTERNAL' });
    expect((await first).result).toBe('committed');
  });
});
