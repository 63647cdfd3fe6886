import { describe, expect, it } from '@jest/globals';
import { fixture, intent, ready, type Fixture } from './fixture.ts';

const ends = ({ cluster }: Fixture): unknown[] =>
  cluster.sent.filter(({ name }) => name === 'EndTxn').map(({ request }) => request['committed']);

/** A request the test answers. */
function held(): { readonly answer: Promise<number>; readonly release: () => void } {
  let release = (): void => undefined;
  const answer = new Promise<number>((resolve) => {
    release = () => {
      resolve(0);
    };
  });
  return {
    answer,
    release: () => {
      release();
    },
  };
}

describe('InitProducerId only under a permit (rule 3)', () => {
  it('is not sent without one', async () => {
    const { producer, cluster, permit, never } = fixture();
    permit.valid = false;
    expect(await producer.init(never)).toEqual({ result: 'permit-gone' });
    expect(cluster.names).toEqual([]);
  });

  it('is not sent when the permit goes while the connection is made', async () => {
    const { producer, cluster, permit, never } = fixture();
    cluster.onLink = () => {
      permit.valid = false;
    };
    expect(await producer.init(never)).toEqual({ result: 'permit-gone' });
    expect(cluster.names).toEqual([]);
  });

  it.each([51, 14, 16, 'timeout', 'closed', 'unreachable'] as const)(
    'is not sent again when the permit goes during the backoff after %s',
    async (fate) => {
      const made = fixture();
      made.cluster.script['InitProducerId'] = [fate];
      made.hooks.onFact = () => {
        made.permit.valid = false;
      };
      expect(await made.producer.init(made.never)).toEqual({ result: 'permit-gone' });
      expect(made.cluster.names).toEqual(['InitProducerId']);
    },
  );

  it('is repeated while the permit stands, through lost links and moving coordinators, with the same id each time (KIP-360)', async () => {
    const { producer, cluster, never, facts } = await ready();
    cluster.script['InitProducerId'] = [51, 51, 14, 15, 16, 'timeout', 'closed', 'unreachable'];
    expect(await producer.init(never)).toEqual({ result: 'ready' });
    expect(new Set(cluster.sent.map(({ request }) => request['producerEpoch']))).toEqual(new Set([0]));
    expect(facts.filter(({ fact }) => fact === 'retried')).toHaveLength(8);
    expect(cluster.forgotten).toContain('transaction snowstamp.d.1');
  });

  it.each([
    [47, 'fenced'],
    [90, 'fenced'],
    [49, 'fenced'],
    [53, 'fatal'],
    [50, 'fatal'],
    ['unsupported', 'fatal'],
    ['refused', 'fatal'],
  ] as const)('%s makes it %s', async (fate, result) => {
    const { producer, cluster, never } = fixture();
    cluster.script['InitProducerId'] = [fate];
    expect((await producer.init(never)).result).toBe(result);
    expect((await producer.init(never)).result).toBe(result);
    expect(cluster.names).toEqual(['InitProducerId']);
  });

  it('stops when asked to, and sends nothing more', async () => {
    const { producer, cluster, hooks } = fixture();
    const stop = new AbortController();
    cluster.script['InitProducerId'] = [51, 51];
    hooks.onFact = () => {
      stop.abort();
    };
    expect(await producer.init(stop.signal)).toEqual({ result: 'stopped' });
    expect(cluster.names).toEqual(['InitProducerId']);
    expect(await producer.init(stop.signal)).toEqual({ result: 'stopped' });
    expect(cluster.names).toEqual(['InitProducerId']);
  });
});

describe('the lease is lost during a transaction (rule 3)', () => {
  it.each(['begun', 'produced', 'offsets-added', 'offsets-committed'] as const)(
    'at %s: what is outstanding is awaited, then EndTxn(abort) with the old epoch, and no Init',
    async (point) => {
      const made = await ready();
      const lease = new AbortController();
      made.hooks.onFact = ({ fact }) => {
        if (fact === point) lease.abort();
      };
      expect(await made.producer.run(intent([0, 1]), lease.signal)).toMatchObject({
        result: 'aborted',
        why: 'asked',
      });
      expect(ends(made)).toEqual([false]);
      expect(made.cluster.sent.at(-1)?.request).toMatchObject({
        producerId: 7n,
        producerEpoch: 0,
        committed: false,
      });
      expect(made.cluster.names).not.toContain('InitProducerId');
    },
  );

  it('while a Produce is outstanding: nothing is sent before its answer', async () => {
    const made = await ready();
    const lease = new AbortController();
    const { answer, release } = held();
    made.cluster.script['Produce'] = [answer];
    const running = made.producer.run(intent([0]), lease.signal);
    await made.clock.sleep(5);
    lease.abort();
    await made.clock.sleep(5);
    expect(made.cluster.names.at(-1)).toBe('Produce');
    release();
    expect(await running).toMatchObject({ result: 'aborted', why: 'asked' });
    expect(made.cluster.names.slice(-2)).toEqual(['Produce', 'EndTxn']);
    expect(ends(made)).toEqual([false]);
  });

  it('once EndTxn(commit) is sent it is awaited, and its result reported', async () => {
    const made = await ready();
    const lease = new AbortController();
    const { answer, release } = held();
    made.cluster.script['EndTxn'] = [answer];
    const running = made.producer.run(intent([0]), lease.signal);
    await made.clock.sleep(10);
    expect(ends(made)).toEqual([true]);
    lease.abort();
    release();
    expect((await running).result).toBe('committed');
    expect(ends(made)).toEqual([true]);
  });

  it('when it is lost while EndTxn gets its connection, the commit is not sent', async () => {
    const made = await ready();
    const lease = new AbortController();
    made.hooks.onFact = ({ fact }) => {
      if (fact !== 'offsets-committed') return;
      made.cluster.onLink = () => {
        lease.abort();
      };
    };
    expect(await made.producer.run(intent([0]), lease.signal)).toMatchObject({
      result: 'aborted',
      why: 'asked',
    });
    expect(ends(made)).toEqual([false]);
  });

  it('begins nothing when it was lost before', async () => {
    const made = await ready();
    expect(await made.producer.run(intent([0]), AbortSignal.abort())).toMatchObject({
      result: 'aborted',
      why: 'asked',
    });
    expect(made.cluster.names).toEqual([]);
  });

  it('close() ends what is open and lets nothing begin', async () => {
    const made = await ready();
    const { answer, release } = held();
    made.cluster.script['Produce'] = [answer];
    const running = made.producer.run(intent([0]), made.never);
    await made.clock.sleep(5);
    const closing = made.producer.close();
    release();
    expect((await running).result).toBe('aborted');
    await closing;
    const sent = made.cluster.sent.length;
    expect(await made.producer.init(made.never)).toEqual({ result: 'stopped' });
    expect((await made.producer.run(intent([0]), made.never)).result).toBe('doubtful');
    expect(made.cluster.sent).toHaveLength(sent);
    expect(ends(made)).toEqual([false]);
  });
});

describe('a defect of ours', () => {
  it('in an observer ends the producer with a reason instead of a hang', async () => {
    const made = await ready();
    made.hooks.onFact = () => {
      throw new Error('planted');
    };
    expect(await made.producer.run(intent([0]), made.never)).toMatchObject({
      result: 'fatal',
      why: 'defect: planted',
    });
  });
});
