import { describe, expect, it } from '@jest/globals';
import { refusal, type Fate } from './producer.ts';
import { numbers, Scene } from './scene.ts';

const feed = (scene: Scene, partition = 0, count = 10): void => {
  scene.world.log('in', partition).put(numbers(0, count));
};

describe('one bad partition does not stop the others (rule 5)', () => {
  const scenes = (bad: (scene: Scene) => Fate): Scene => {
    const scene = new Scene({ partitions: 4, settings: { lingerMs: 50 } });
    for (const i of [0, 1, 2, 3]) feed(scene, i);
    scene.otherwise = bad(scene);
    scene.membership.give('in', 0, 1, 2, 3);
    return scene;
  };
  const others = (scene: Scene, offset: number): boolean =>
    [0, 2, 3].every((i) => scene.committedOffset(i) === offset);

  it('a refused partition waits apart, is tried alone, and comes back among the others', async () => {
    const scene = scenes(
      () =>
        ({ batches }) =>
          batches.some(({ partition }) => partition === 1)
            ? [refusal('out', 19, { partition: 1 })]
            : 'commit',
    );
    const over = scene.serve();
    await scene.world.until(() => others(scene, 10) && scene.of('sidelined').length >= 3, 'others flow');
    for (const i of [0, 2, 3]) scene.world.log('in', i).put(numbers(10, 20));
    await scene.world.until(() => others(scene, 20), 'others flow on');
    expect(scene.committedOffset(1)).toBe(-1);
    const tries = scene.sent.filter((sent) => sent.some(({ partition }) => partition === 1)).slice(1);
    expect(tries.every((sent) => sent.length === 1)).toBe(true);
    const backoffs = scene.of('sidelined').map(({ backoffMs }) => backoffMs);
    expect(backoffs.slice(0, 3)).toEqual([100, 200, 400]);

    scene.otherwise = 'commit';
    await scene.world.until(() => scene.committedOffset(1) === 10, 'healed');
    for (const i of [0, 1, 2, 3]) scene.world.log('in', i).put(numbers(20, 30));
    await scene.world.until(() => scene.committedOffset(1) === 20 && others(scene, 30), 'together');
    scene.intake.abort();
    await over;
    expect(scene.values('out', 1)).toEqual([...numbers(0, 10), ...numbers(20, 30)]);
  });

  it('an output that does not answer, named by nobody, is soon tried alone while the others flow', async () => {
    const tries: number[] = [];
    const scene = scenes(() => async ({ batches }) => {
      if (!batches.some(({ partition }) => partition === 1)) return 'commit';
      tries.push(scene.world.clock.now().monotonicMs);
      await scene.world.pass(3_750);
      return 'lost-aborted';
    });
    const over = scene.serve();
    await scene.world.until(() => others(scene, 10), 'others flow although 1 never answers');
    await scene.world.until(() => scene.of('sidelined').length > 0, 'tried alone');
    for (const i of [0, 2, 3]) scene.world.log('in', i).put(numbers(10, 20));
    await scene.world.until(() => others(scene, 20), 'others flow on');
    const since = scene.sent.length;
    await scene.world.until(() => scene.of('sidelined').length > 2, 'tried again');
    expect(
      scene.sent.slice(since).every((s) => s.length === 1 || s.every(({ partition }) => partition !== 1)),
    ).toBe(true);
    // It waits out its backoff, through the door and all, before it costs another timeout.
    const alone = tries.slice(-3);
    const backoffs = scene.of('sidelined').map(({ backoffMs }) => backoffMs);
    expect(alone[1]! - alone[0]!).toBeGreaterThanOrEqual(3_750 + backoffs[0]!);
    expect(alone[2]! - alone[1]!).toBeGreaterThanOrEqual(3_750 + backoffs[1]!);
    scene.otherwise = 'commit';
    await scene.world.until(() => scene.committedOffset(1) === 10, 'healed');
    scene.intake.abort();
    await over;
    for (const i of [0, 2, 3]) expect(scene.values('out', i)).toEqual(numbers(0, 20));
  });

  it('a transaction that ends itself for want of time is tried again with fewer partitions', async () => {
    const scene = scenes(
      () =>
        ({ batches }) =>
          batches.length > 2 ? 'out-of-time' : 'commit',
    );
    await scene.serveUntil(() => others(scene, 10) && scene.committedOffset(1) === 10, 'all in smaller ones');
    expect(scene.sent[0]).toHaveLength(4);
    expect(scene.sent.at(-1)!.length).toBeLessThanOrEqual(2);
  });
});
