import { afterEach, describe, expect, it } from '@jest/globals';
import { LinkError } from '../../../src/kafka/cluster/port.ts';
import type { FetchAnswer, FetchRequest } from '../../../src/kafka/wire/fetch.ts';
import type { SpellEnd } from '../../../src/pipeline/publisher.ts';
import { numbers, Scene } from './scene.ts';

const CODES = { notLeader: 6, authorization: 29, storage: 56 } as const;
const LOOK_MS = 30_000;

let scene: Scene;
let over: Promise<SpellEnd>;

function start(made: Scene): void {
  scene = made;
  over = scene.serve();
}

afterEach(async () => {
  scene.intake.abort();
  await over;
});

/** Partition 0 answers `code`; the others as usual. */
const refusing =
  (code: () => number) =>
  (request: FetchRequest): FetchAnswer | undefined => {
    const asked = request.topics.flatMap(({ partitions }) => partitions.map(({ partition }) => partition));
    if (!asked.includes(0)) return undefined;
    const answer = scene.world.fetched(request);
    const topics = answer.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((p) =>
        p.partition === 0 ? { ...p, errorCode: code(), records: code() === 0 ? p.records : null } : p,
      ),
    }));
    return { ...answer, topics };
  };

const partition = (index: number) => scene.pipeline.lag().find((lag) => lag.partition === index)!;
const asksFor = (index: number): number =>
  scene.world.asked.filter(
    ({ name, request }) =>
      name === 'Fetch' &&
      (request as FetchRequest).topics.some(({ partitions }) =>
        partitions.some((p) => p.partition === index),
      ),
  ).length;

describe('a partition whose fetches fail (rule 5)', () => {
  it('waits alone, longer each time, says why, and is told to people once; the other flows without a pause', async () => {
    start(new Scene({ partitions: 2 }));
    scene.membership.give('in', 0, 1);
    scene.world.onFetch = refusing(() => CODES.storage);
    await scene.world.until(() => asksFor(0) === 1, 'asked');
    const startMs = scene.world.clock.now().monotonicMs;
    scene.world.log('in', 1).put(['a']);
    await scene.world.until(() => scene.values('out', 1).length === 1, 'the other was stamped');
    expect(scene.world.clock.now().monotonicMs - startMs).toBeLessThan(150);
    await scene.world.pass(20_000);
    expect(asksFor(0)).toBeLessThan(30);
    expect(partition(0)).toMatchObject({ state: 'open', why: 'KAFKA_STORAGE_ERROR' });
    expect(partition(1).why).toBeUndefined();
    expect(scene.of('stuck')).toEqual([
      { fact: 'stuck', request: 'Fetch in-0', why: 'KAFKA_STORAGE_ERROR', tries: 8 },
    ]);
  });

  it('goes on where it stood once the error passes, and nothing is said of it any more', async () => {
    start(new Scene());
    let code: number = CODES.storage;
    scene.membership.give('in', 0);
    scene.world.log('in').put(numbers(0, 3));
    scene.world.onFetch = refusing(() => code);
    await scene.world.until(() => asksFor(0) === 3, 'asked three times');
    code = 0;
    await scene.world.until(() => scene.values().length === 3, 'stamped');
    expect(partition(0).why).toBeUndefined();
    expect(scene.of('stuck')).toEqual([]);
  });

  it('another leader epoch is asked at once, whatever the pause', async () => {
    start(new Scene());
    scene.membership.give('in', 0);
    scene.world.onFetch = refusing(() => (scene.world.log('in').epoch === 0 ? CODES.notLeader : 0));
    await scene.world.until(() => asksFor(0) === 8, 'asked eight times');
    const [asks, atMs] = [asksFor(0), scene.world.clock.now().monotonicMs];
    scene.world.log('in').epoch = 1;
    scene.world.show();
    await scene.world.until(() => asksFor(0) > asks, 'asked again');
    expect(scene.world.clock.now().monotonicMs - atMs).toBeLessThanOrEqual(200);
  });

  it('stops where the right to read was taken away: asking again would not help', async () => {
    start(new Scene({ partitions: 2 }));
    scene.membership.give('in', 0, 1);
    scene.world.onFetch = refusing(() => CODES.authorization);
    await scene.world.until(() => scene.of('stopped').length === 1, 'stopped');
    expect(scene.of('stopped')).toMatchObject([{ partition: 0, code: 'KAFKA_REFUSED' }]);
    scene.world.log('in', 1).put(['a']);
    await scene.world.until(() => scene.values('out', 1).length === 1, 'the other flows');
  });

  it('a broker that cannot be reached is told once, not once per partition and try', async () => {
    start(new Scene({ partitions: 3 }));
    scene.membership.give('in', 0, 1, 2);
    scene.world.onFetch = () => new LinkError('unreachable', 1, 'scripted');
    await scene.world.until(() => asksFor(0) > 20, 'asked often');
    expect(scene.of('stuck')).toEqual([
      { fact: 'stuck', request: 'Fetch from 1', why: 'unreachable', tries: 8 },
    ]);
    expect(partition(2).why).toBe('broker 1: unreachable');
  });

  it('no leader: nobody is asked, so the watch over topics tells it, and once', async () => {
    start(new Scene());
    scene.membership.give('in', 0);
    await scene.world.until(() => scene.states()[0] === 'open', 'open');
    scene.world.leader = -1;
    await scene.world.pass(4 * LOOK_MS);
    expect(partition(0)).toMatchObject({ why: 'no leader', records: undefined });
    expect(scene.of('stuck')).toMatchObject([{ request: 'Fetch in-0', why: 'no leader' }]);
    scene.world.leader = 1;
    scene.world.log('in').put(['a']);
    await scene.world.until(() => scene.values().length === 1, 'stamped');
    expect(partition(0).why).toBeUndefined();
  });
});

describe('a partition whose door stays shut (rule 8)', () => {
  it('says what it waits for, and one line is told to people', async () => {
    const made = new Scene();
    made.world.topics.delete('out');
    made.world.show();
    start(made);
    scene.membership.give('in', 0);
    await scene.world.pass(60_000);
    expect(partition(0)).toMatchObject({
      state: 'opening',
      why: 'output topic out is not there: create it',
    });
    expect(scene.of('stuck')).toMatchObject([{ request: 'open in-0', tries: 8 }]);
    scene.world.create('out');
    await scene.world.until(() => scene.states()[0] === 'open', 'open');
    expect(partition(0).why).toBeUndefined();
  });
});

describe('lag of what does not flow', () => {
  it('grows while a stopped partition stands still; control: its last fetch answer would freeze it', async () => {
    start(new Scene());
    scene.world.log('in').put(numbers(0, 5));
    scene.membership.give('in', 0);
    await scene.world.until(() => scene.committedOffset() === 5, 'stamped');
    scene.world.onFetch = refusing(() => CODES.authorization);
    await scene.world.until(() => scene.of('stopped').length === 1, 'stopped');
    scene.world.log('in').put(numbers(5, 25));
    expect(partition(0).records).toBe(0);
    await scene.world.pass(LOOK_MS + 1_000);
    expect(partition(0)).toMatchObject({ records: 20, seconds: undefined });
  });

  it('counts from the committed position where the door refused it, and is unknown without one: never 0', async () => {
    start(new Scene({ partitions: 2 }));
    for (const index of [0, 1]) {
      scene.world.log('in', index).put(numbers(0, 5));
      scene.world.log('out', index).put(['from before']);
    }
    scene.world.committed.set('in-0', { offset: 2, leaderEpoch: -1, metadata: 'v1:0:99' });
    scene.membership.give('in', 0, 1);
    await scene.world.until(() => scene.of('stopped').length === 2, 'both stopped');
    expect(partition(0).records).toBeUndefined();
    await scene.world.pass(LOOK_MS + 1_000);
    expect(partition(0)).toMatchObject({ state: 'stopped:OUTPUT_TRUNCATED', records: 3 });
    expect(partition(1)).toMatchObject({ state: 'stopped:POSITION_UNKNOWN', records: undefined });
  });
});
