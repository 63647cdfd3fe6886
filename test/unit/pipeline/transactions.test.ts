import { describe, expect, it } from '@jest/globals';
import { codeOf } from '../../../src/errors.ts';
import { SnowstampError } from '../../../src/errors.ts';
import { compose, DEFAULT_LAYOUT } from '../../../src/snowflake/layout.ts';
import { refusal, type Fate } from './producer.ts';
import { numbers, SCARCE, Scene } from './scene.ts';

const feed = (scene: Scene, partition = 0, count = 10): void => {
  scene.world.log('in', partition).put(numbers(0, count));
};

/** What happened between a transaction's begin and its end. */
function inside(calls: readonly string[]): string[] {
  let open = false;
  return calls.filter((call) => {
    if (call === 'run' || call === 'ran') open = call === 'run';
    return open && call !== 'run';
  });
}

describe('nothing waits inside a transaction (rule 1)', () => {
  it('with IDs scarce, all waiting and minting is done before the transaction begins', async () => {
    const scene = new Scene({ layout: SCARCE });
    scene.world.log('in').put(numbers(0, 500));
    scene.membership.give('in', 0);
    await scene.serveUntil(() => scene.committedOffset() === 500, 'committed');
    expect(scene.calls.filter((call) => call === 'reserve').length).toBeGreaterThan(50);
    expect(inside(scene.calls)).toEqual([]);
    // Control: the same look at calls that minted between begin and end.
    expect(inside(['reserve', 'run', 'reserve', 'ran'])).toEqual(['reserve']);
  });

  it('a draft that waits for IDs goes on in the middle of a batch, and goes out after commitIntervalMs', async () => {
    const scene = new Scene({ layout: SCARCE, settings: { commitIntervalMs: 20 } });
    scene.world.log('in').put(numbers(0, 500));
    scene.membership.give('in', 0);
    await scene.serveUntil(() => scene.committedOffset() === 500, 'committed');
    expect(scene.values()).toEqual(numbers(0, 500));
    expect(new Set(scene.ids()).size).toBe(500);
    const sizes = scene.sent.map(([batch]) => batch!.values.length);
    expect(sizes.length).toBeGreaterThan(3);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(4 * (20 + 10));
  });
});

describe('composing holds partitions for commitIntervalMs at the most (rule 1)', () => {
  it('a clock set back within what is waited out does not hold up a partition that must go', async () => {
    const scene = new Scene();
    const { clock } = scene.world;
    feed(scene);
    const [token] = scene.membership.give('in', 0);
    const over = scene.serve();
    await scene.world.until(() => scene.committedOffset() === 10, 'committed');
    clock.stepMs = -450;
    const reserves = scene.calls.length;
    scene.world.log('in').put(numbers(10, 20));
    await scene.world.until(() => scene.calls.slice(reserves).includes('reserve'), 'waiting for IDs');
    const sinceMs = clock.now().monotonicMs;
    await scene.membership.revoke(token!);
    expect(clock.now().monotonicMs - sinceMs).toBeLessThanOrEqual(50 + 10);
    scene.intake.abort();
    await over;
    expect(scene.values()).toEqual(numbers(0, 10));
  });
});

describe('fenced (rule 3)', () => {
  it('under a claim that is not ours any more the producer is dropped for good: no further Init', async () => {
    const scene = new Scene({ fates: ['fenced'] });
    scene.ours = () => Promise.resolve(false);
    feed(scene);
    scene.membership.give('in', 0);
    await expect(scene.serve()).resolves.toBe('claim-lost');
    expect(scene.calls.filter((call) => call === 'init')).toHaveLength(1);
    expect(scene.producers).toHaveLength(1);
    expect(scene.calls.at(-1)).toBe('close');
    expect(scene.values()).toEqual([]);
  });

  it('once under a claim that is ours: a new producer, and on; control for the test above', async () => {
    const scene = new Scene({ fates: ['fenced'] });
    feed(scene);
    scene.membership.give('in', 0);
    await scene.serveUntil(() => scene.committedOffset() === 10, 'committed');
    expect(scene.producers).toHaveLength(2);
    expect(scene.calls.filter((call) => call === 'init')).toHaveLength(2);
    expect(scene.values()).toEqual(numbers(0, 10));
  });

  it('twice within a minute halts with DUPLICATE_OWNER', async () => {
    const scene = new Scene({ fates: ['fenced', 'fenced'] });
    feed(scene);
    scene.membership.give('in', 0);
    await expect(scene.serve()).rejects.toMatchObject({ code: 'DUPLICATE_OWNER' });
  });

  it('twice, more than a minute apart, is forgiven', async () => {
    const late = async (): Promise<Fate> => {
      await scene.world.pass(61_000);
      return 'fenced';
    };
    const scene = new Scene({ fates: ['fenced', late] });
    feed(scene);
    scene.membership.give('in', 0);
    await scene.serveUntil(() => scene.committedOffset() === 10, 'committed');
    expect(scene.producers).toHaveLength(3);
  });

  it('an Init that is fenced counts like a transaction that is', async () => {
    const scene = new Scene({ inits: [{ result: 'fenced', why: 'scripted' }] });
    scene.ours = () => Promise.resolve(false);
    await expect(scene.serve()).resolves.toBe('claim-lost');
  });

  it('while nobody can say whose the claim is, no Init is sent: not knowing is not yes', async () => {
    const scene = new Scene({ fates: ['fenced'] });
    let asked = 0;
    scene.ours = () => {
      asked++;
      if (asked < 4) return Promise.reject(new SnowstampError('STORE_UNREACHABLE', 'scripted'));
      scene.calls.push('ours');
      return Promise.resolve(true);
    };
    feed(scene);
    scene.membership.give('in', 0);
    await scene.serveUntil(() => scene.committedOffset() === 10, 'committed');
    const from = scene.calls.indexOf('run');
    const calls = scene.calls.slice(from).filter((call) => call === 'init' || call === 'ours');
    expect(calls).toEqual(['ours', 'init']);
  });

  it('a store that stays away ends with the spell', async () => {
    const scene = new Scene({ fates: ['fenced'] });
    scene.ours = () => Promise.reject(new SnowstampError('STORE_UNREACHABLE', 'scripted'));
    feed(scene);
    scene.membership.give('in', 0);
    const asks = (): boolean => scene.of('retried').some(({ request }) => request === 'claim');
    await expect(scene.serveUntil(asks, 'asked')).resolves.toBe('drained');
    expect(scene.calls.filter((call) => call === 'init')).toHaveLength(1);
  });

  it('a permit that is gone when an Init is due ends the spell', async () => {
    const scene = new Scene({ inits: [{ result: 'permit-gone' }] });
    await expect(scene.serve()).resolves.toBe('permit-gone');
  });
});

describe('a doubtful outcome (rule 4)', () => {
  it.each(['lost-committed', 'lost-aborted'] as const)(
    '%s: a new epoch, then every position anew, then the next transaction; IDs of the lost one are burnt',
    async (fate) => {
      const scene = new Scene({ partitions: 2, fates: [fate] });
      feed(scene, 0);
      feed(scene, 1);
      scene.membership.give('in', 0, 1);
      const all = (): boolean => scene.committedOffset(0) === 10 && scene.committedOffset(1) === 10;
      await scene.serveUntil(
        () => all() && scene.facts.filter(({ fact }) => fact === 'opened').length === 4,
        'all',
      );
      const after = scene.calls.slice(scene.calls.indexOf('ran') + 1);
      const next = after.indexOf('run');
      const between = after.slice(0, next < 0 ? undefined : next).filter((call) => call !== 'reserve');
      expect(between[0]).toBe('init');
      expect(between.filter((call) => call === 'OffsetFetch').length).toBeGreaterThanOrEqual(2);
      for (const i of [0, 1]) expect(scene.values('out', i)).toEqual(numbers(0, 10));
      const every = scene.sent.flat().flatMap(({ ids }) => ids);
      expect(new Set(every).size).toBe(every.length);
    },
  );

  it('IDs left over in a portion are burnt with the draft, never used in a later one', async () => {
    const scene = new Scene({ fates: [() => [refusal('out', 19)]] });
    feed(scene);
    scene.membership.give('in', 0);
    await scene.serveUntil(() => scene.committedOffset() === 10, 'committed');
    const [first, second] = scene.sent.map(([batch]) => batch!.ids);
    expect(first![0]! < second![0]!).toBe(true);
    expect(second![0]! > first!.at(-1)!).toBe(true);
  });
});

describe('IDs left over from a draft (rules 4, 9)', () => {
  it('are not used once a partition passed its floor meanwhile: its IDs stay above it', async () => {
    const scene = new Scene({ partitions: 2, settings: { transactionRecords: 1, lingerMs: 5 } });
    const { world } = scene;
    const floorMs = world.clock.now().wallMs + 60;
    const lastId = compose(DEFAULT_LAYOUT, { timestampMs: floorMs, node: 40, sequence: 4_095 });
    world.log('out', 1).put(['before']);
    world.committed.set('in-1', { offset: 0, leaderEpoch: -1, metadata: `v1:${lastId}:0` });
    feed(scene, 0, 400); // as many IDs are asked for at once, one is used by each transaction
    feed(scene, 1, 3);
    scene.membership.give('in', 0, 1);
    await scene.serveUntil(() => scene.committedOffset(1) === 3, 'above the floor');
    const given = scene.sent.flat().flatMap(({ partition, ids }) => (partition === 1 ? ids : []));
    expect(given).toHaveLength(3);
    expect(given.every((id) => id > lastId)).toBe(true);
    expect(scene.sent.flat().some(({ partition }) => partition === 0)).toBe(true);
  });
});

describe('the end of a spell', () => {
  it.each([
    ['claim-lost', ['fenced'], []],
    ['permit-gone', ['lost-aborted'], [{ result: 'ready' }, { result: 'permit-gone' }]],
    ['KAFKA_REFUSED', ['fatal'], []],
  ] as const)('%s: nothing it started goes on, no fetch is sent any more', async (how, fates, inits) => {
    const scene = new Scene({ fates, inits });
    scene.ours = () => Promise.resolve(false);
    feed(scene);
    scene.membership.give('in', 0);
    expect(await scene.serve().catch(codeOf)).toBe(how);
    await scene.world.pass(1_000);
    const asked = scene.world.asked.length;
    await scene.world.pass(60_000);
    expect(scene.world.asked).toHaveLength(asked);
    expect(scene.world.clock.pending).toBe(0);
  });
});
