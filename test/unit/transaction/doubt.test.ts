import { describe, expect, it } from '@jest/globals';
import { intent, ready, type Fixture } from './fixture.ts';

const ends = ({ cluster }: Fixture): unknown[] =>
  cluster.sent.filter(({ name }) => name === 'EndTxn').map(({ request }) => request['committed']);

describe('doubt ends the epoch (rule 4)', () => {
  it.each(['timeout', 'closed'] as const)(
    'a Produce lost by %s is awaited with the others, never repeated, and not followed by an EndTxn',
    async (failure) => {
      const made = await ready();
      made.cluster.script['Produce'] = [failure];
      const outcome = await made.producer.run(intent([0, 1]), made.never);
      expect(outcome).toMatchObject({
        result: 'doubtful',
        why: expect.stringContaining('Produce 1 got no answer'),
      });
      expect(made.cluster.names).toEqual(['AddPartitionsToTxn', 'AddOffsetsToTxn', 'Produce', 'Produce']);
      expect(made.facts.at(-1)?.fact).toBe('doubtful');
    },
  );

  it('begins nothing until Init has bumped the epoch with the current id', async () => {
    const { producer, cluster, never } = await ready();
    cluster.script['Produce'] = ['timeout'];
    await producer.run(intent([0]), never);
    cluster.sent.length = 0;
    expect((await producer.run(intent([0]), never)).result).toBe('doubtful');
    expect(cluster.names).toEqual([]);
    expect(await producer.init(never)).toEqual({ result: 'ready' });
    expect(cluster.sent[0]?.request).toMatchObject({ producerId: 7n, producerEpoch: 0 });
    expect((await producer.run(intent([0]), never)).result).toBe('committed');
  });

  it('reports refusals that came with the doubt', async () => {
    const made = await ready();
    made.cluster.script['Produce'] = ['timeout'];
    made.cluster.partitionCodes.set(1, 10);
    const outcome = await made.producer.run(intent([0, 1]), made.never);
    expect(outcome).toMatchObject({ result: 'doubtful', refusals: [{ partition: 1, errorCode: 10 }] });
  });

  it.each([
    ['Produce', 45],
    ['Produce', 46],
    ['Produce', 48],
    ['AddPartitionsToTxn', 48],
    ['TxnOffsetCommit', 49],
    ['TxnOffsetCommit', -1],
  ])(
    'when %s answers %i everything is answered: EndTxn(abort) frees the readers, yet the epoch is over',
    async (name, code) => {
      const made = await ready();
      made.cluster.script[name] = [code];
      expect((await made.producer.run(intent([0]), made.never)).result).toBe('doubtful');
      expect(ends(made)).toEqual([false]);
      expect((await made.producer.run(intent([0]), made.never)).result).toBe('doubtful');
    },
  );

  it.each(['AddPartitionsToTxn', 'AddOffsetsToTxn', 'TxnOffsetCommit'])(
    'a lost %s could still arrive: no EndTxn of the same epoch',
    async (name) => {
      const made = await ready();
      made.cluster.script[name] = ['closed'];
      expect((await made.producer.run(intent([0]), made.never)).result).toBe('doubtful');
      expect(ends(made)).toEqual([]);
    },
  );

  it.each([14, 15, 16, 48, 51, -1, 'timeout', 'closed', 'unreachable'] as const)(
    'EndTxn(commit) ending in %s is ambiguous and not repeated',
    async (fate) => {
      const made = await ready();
      made.cluster.script['EndTxn'] = [fate];
      expect((await made.producer.run(intent([0]), made.never)).result).toBe('doubtful');
      expect(ends(made)).toEqual([true]);
    },
  );

  it('EndTxn(abort) without a clear answer is doubt as well, and keeps what was refused', async () => {
    const made = await ready();
    made.cluster.partitionCodes.set(0, 32);
    made.cluster.script['EndTxn'] = [16];
    const outcome = await made.producer.run(intent([0]), made.never);
    expect(outcome).toMatchObject({
      result: 'doubtful',
      refusals: [{ partition: 0, errorCode: 32, recordIndexes: [1] }],
    });
  });

  it('finishes within half the transaction timeout when a coordinator says 51 for ever (rule 1)', async () => {
    const made = await ready();
    made.cluster.script['AddPartitionsToTxn'] = Array.from({ length: 1_000 }, () => 51);
    const startMs = made.clock.now().monotonicMs;
    expect(await made.producer.run(intent([0]), made.never)).toMatchObject({
      result: 'aborted',
      why: 'asked',
    });
    expect(made.clock.now().monotonicMs - startMs).toBeLessThanOrEqual(5_000);
    expect(ends(made)).toEqual([false]);
  });

  it('bounds every request by what is left of that half, and keeps an eighth of the timeout for EndTxn', async () => {
    const made = await ready();
    made.cluster.script['AddPartitionsToTxn'] = Array.from({ length: 250 }, () => 51);
    await made.producer.run(intent([0]), made.never);
    const timeouts = (name: string): number[] =>
      made.cluster.sent.filter((sent) => sent.name === name).map(({ timeoutMs }) => timeoutMs);
    expect(timeouts('AddPartitionsToTxn').at(0)).toBe(2_000);
    expect(timeouts('AddPartitionsToTxn').at(-1)).toBeLessThan(1_300);
    expect(timeouts('EndTxn').every((timeoutMs) => timeoutMs > 1_250)).toBe(true);
  });

  it('finishes within half the transaction timeout when the successor never comes', async () => {
    const made = await ready();
    made.cluster.script['TxnOffsetCommit'] = [22];
    const startMs = made.clock.now().monotonicMs;
    const successor = (): Promise<undefined> => new Promise(() => undefined);
    const outcome = await made.producer.run(intent([0], { successor }), made.never);
    expect(outcome).toMatchObject({ result: 'aborted', groupError: 22 });
    expect(made.clock.now().monotonicMs - startMs).toBeLessThanOrEqual(5_000);
  });
});

describe('fencing (rule 3)', () => {
  it.each([
    ['AddPartitionsToTxn', 90],
    ['AddOffsetsToTxn', 47],
    ['Produce', 47],
    ['TxnOffsetCommit', 47],
    ['EndTxn', 90],
  ])('%s answering %i is the last thing this producer ever hears', async (name, code) => {
    const { producer, cluster, never } = await ready();
    cluster.script[name] = [code];
    expect((await producer.run(intent([0]), never)).result).toBe('fenced');
    const sent = cluster.sent.length;
    expect(cluster.names.at(-1)).toBe(name === 'AddPartitionsToTxn' ? 'AddOffsetsToTxn' : name);
    expect((await producer.run(intent([0]), never)).result).toBe('fenced');
    expect((await producer.init(never)).result).toBe('fenced');
    await producer.close();
    expect(cluster.sent).toHaveLength(sent);
  });
});
