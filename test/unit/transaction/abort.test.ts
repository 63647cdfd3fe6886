import { describe, expect, it } from '@jest/globals';
import { IDENTITY, intent, ready, type Fixture } from './fixture.ts';

const ends = ({ cluster }: Fixture): unknown[] =>
  cluster.sent.filter(({ name }) => name === 'EndTxn').map(({ request }) => request['committed']);

describe('a refused Produce (rule 5)', () => {
  it('hears all leaders, names every refused partition with its records, and aborts', async () => {
    const made = await ready();
    made.cluster.partitionCodes.set(1, 32).set(2, 10);
    const outcome = await made.producer.run(intent([0, 1, 2]), made.never);
    expect(outcome).toEqual({
      result: 'aborted',
      why: 'refused',
      groupError: 0,
      refusals: [
        { topic: 'out', partition: 2, errorCode: 10, errorMessage: null, recordIndexes: [] },
        { topic: 'out', partition: 1, errorCode: 32, errorMessage: 'too far ahead', recordIndexes: [1] },
      ],
    });
    expect(made.cluster.names).toEqual([
      'AddPartitionsToTxn',
      'AddOffsetsToTxn',
      'Produce',
      'Produce',
      'EndTxn',
    ]);
    expect(ends(made)).toEqual([false]);
    expect(made.facts.map(({ fact }) => fact)).toEqual(['begun', 'ended']);
  });

  it.each([2, 3, 5, 6, 7, 10, 18, 19, 20, 32, 76, 87])(
    'code %i is a refusal of that partition, and nothing is produced twice',
    async (code) => {
      const made = await ready();
      made.cluster.partitionCodes.set(0, code);
      expect(await made.producer.run(intent([0, 1]), made.never)).toMatchObject({
        result: 'aborted',
        why: 'refused',
      });
      expect(made.cluster.names.filter((name) => name === 'Produce')).toHaveLength(2);
    },
  );

  it('starts the next transaction in a new epoch, because a refused batch may be in the log after all', async () => {
    const { producer, cluster, never } = await ready();
    cluster.partitionCodes.set(0, 20);
    await producer.run(intent([0]), never);
    cluster.partitionCodes.clear();
    cluster.sent.length = 0;
    expect((await producer.run(intent([0]), never)).result).toBe('committed');
    expect(cluster.names.slice(0, 2)).toEqual(['InitProducerId', 'AddPartitionsToTxn']);
    expect(cluster.sent[0]?.request).toMatchObject({ producerId: 7n, producerEpoch: 0 });
    expect(cluster.sent[1]?.request).toMatchObject({ producerEpoch: 1 });
    expect(cluster.refreshes).toBe(1);
  });

  it('does not bump the epoch for that without a permit (rule 3): nothing is sent', async () => {
    const { producer, cluster, never, permit } = await ready();
    cluster.partitionCodes.set(0, 20);
    await producer.run(intent([0]), never);
    cluster.sent.length = 0;
    permit.valid = false;
    expect(await producer.run(intent([0]), never)).toMatchObject({
      result: 'doubtful',
      why: 'no new epoch: permit-gone',
    });
    expect(cluster.names).toEqual([]);
  });

  it('names a partition whose leader cannot be reached: nothing was sent to it, so the abort is certain', async () => {
    const made = await ready();
    made.cluster.script['Produce'] = ['unreachable'];
    const outcome = await made.producer.run(intent([0, 1]), made.never);
    expect(outcome).toMatchObject({
      result: 'aborted',
      why: 'refused',
      refusals: [{ partition: 0, errorCode: 13 }],
    });
    expect(ends(made)).toEqual([false]);
  });

  it('asks for metadata once and then begins nothing for a partition without a leader', async () => {
    const made = await ready();
    made.cluster.leaderless.add(1);
    const outcome = await made.producer.run(intent([0, 1, 2]), made.never);
    expect(outcome).toMatchObject({
      result: 'aborted',
      why: 'refused',
      refusals: [{ partition: 1, errorCode: 5 }],
    });
    expect(made.cluster.refreshes).toBe(1);
    expect(made.cluster.names).toEqual([]);
    made.cluster.leaderless.clear();
    expect((await made.producer.run(intent([0, 1, 2]), made.never)).result).toBe('committed');
  });

  it('names an output topic that vanished, without an EndTxn where nothing was added', async () => {
    const made = await ready();
    made.cluster.script['AddPartitionsToTxn'] = [3];
    made.cluster.script['AddOffsetsToTxn'] = [51];
    const outcome = await made.producer.run(intent([0]), made.never);
    expect(outcome).toMatchObject({
      result: 'aborted',
      why: 'refused',
      refusals: [{ partition: 0, errorCode: 3 }],
    });
    expect(made.cluster.names).toEqual(['AddPartitionsToTxn', 'AddOffsetsToTxn']);
  });
});

describe('a transaction the group or its owner does not want', () => {
  it('aborts when an ownership token died (rule 6): no TxnOffsetCommit is sent', async () => {
    const made = await ready();
    const outcome = await made.producer.run(intent([0], { offsets: () => undefined }), made.never);
    expect(outcome).toMatchObject({ result: 'aborted', why: 'ownership', refusals: [] });
    expect(made.cluster.names).not.toContain('TxnOffsetCommit');
    expect(ends(made)).toEqual([false]);
  });

  it.each([25, 82, 27, 113])('aborts on %i from the group, says which, and keeps its epoch', async (code) => {
    const made = await ready();
    made.cluster.script['TxnOffsetCommit'] = [code];
    expect(await made.producer.run(intent([0]), made.never)).toMatchObject({
      result: 'aborted',
      why: 'group',
      groupError: code,
    });
    expect(ends(made)).toEqual([false]);
    expect((await made.producer.run(intent([0]), made.never)).result).toBe('committed');
    expect(made.cluster.names).not.toContain('InitProducerId');
  });

  it('aborts on 22 without a successor, and on a second 22 without asking again (rule 7)', async () => {
    const made = await ready();
    made.cluster.script['TxnOffsetCommit'] = [22, 22, 22];
    expect(await made.producer.run(intent([0]), made.never)).toMatchObject({
      result: 'aborted',
      why: 'group',
      groupError: 22,
    });
    let asked = 0;
    const successor = (): Promise<typeof IDENTITY> => {
      asked += 1;
      return Promise.resolve({ ...IDENTITY, generationId: 6 });
    };
    expect(await made.producer.run(intent([0], { successor }), made.never)).toMatchObject({
      result: 'aborted',
      groupError: 22,
    });
    expect(asked).toBe(1);
    expect(ends(made)).toEqual([false, false]);
  });

  it.each([
    ['generation −1', { ...IDENTITY, generationId: -1 }],
    ['an empty member id', { ...IDENTITY, memberId: '' }],
  ])(
    'never commits under %s: the broker would accept it unfenced (raw-lane pitfall 6)',
    async (_name, identity) => {
      const made = await ready();
      expect((await made.producer.run(intent([0], { identity }), made.never)).result).toBe('fatal');
      expect(made.cluster.names).toEqual([]);
      const other = await ready();
      other.cluster.script['TxnOffsetCommit'] = [22];
      const successor = (): Promise<typeof IDENTITY> => Promise.resolve(identity);
      expect((await other.producer.run(intent([0], { successor }), other.never)).result).toBe('fatal');
      expect(other.cluster.names.filter((name) => name === 'TxnOffsetCommit')).toHaveLength(1);
      expect(ends(other)).toEqual([false]);
    },
  );

  it.each([
    ['AddOffsetsToTxn', 30],
    ['AddPartitionsToTxn', 53],
    ['TxnOffsetCommit', 12],
  ])('gives up for good when %s answers %i, after ending what is open', async (name, code) => {
    const made = await ready();
    made.cluster.script[name] = [code];
    expect(await made.producer.run(intent([0]), made.never)).toMatchObject({
      result: 'fatal',
      errorCode: code,
    });
    expect(ends(made)).toEqual([false]);
    expect(await made.producer.init(made.never)).toMatchObject({ result: 'fatal', errorCode: code });
  });

  it('sends no two batches for one partition', async () => {
    const made = await ready();
    expect((await made.producer.run(intent([1, 1]), made.never)).result).toBe('fatal');
    expect(made.cluster.names).toEqual([]);
  });
});
