import { afterEach, describe, expect, it } from '@jest/globals';
import type { SpellEnd } from '../../../src/pipeline/publisher.ts';
import { refusal } from './producer.ts';
import { numbers, Scene } from './scene.ts';

let scene: Scene;
let over: Promise<SpellEnd>;

function start(made: Scene, partitions: number): void {
  scene = made;
  scene.membership.give('in', ...Array.from({ length: partitions }, (_, i) => i));
  over = scene.serve();
}

afterEach(async () => {
  scene.intake.abort();
  await over;
});

describe('several bad partitions do not stop the others either (rule 5)', () => {
  const HANG_MS = 3_750;

  it('outputs that do not answer take a share of the time, not all of it', async () => {
    const bad = new Set([1, 2, 3]);
    const made = new Scene({ partitions: 5, settings: { retry: { firstMs: 100, maxMs: 400 } } });
    made.otherwise = async ({ batches }) => {
      if (!batches.some(({ partition }) => bad.has(partition))) return 'commit';
      await made.world.pass(HANG_MS);
      return 'lost-aborted';
    };
    for (const i of bad) made.world.log('in', i).put(numbers(0, 10));
    start(made, 5);
    const longest = (): boolean =>
      [...bad].every((i) =>
        scene.of('sidelined').some(({ partition, backoffMs }) => partition === i && backoffMs === 400),
      );
    await scene.world.until(longest, 'all three wait as long as they ever do');
    for (let round = 1; round <= 5; round++) {
      const fedMs = scene.world.clock.now().monotonicMs;
      for (const i of [0, 4]) scene.world.log('in', i).put([`v${round}`]);
      await scene.world.until(
        () => [0, 4].every((i) => scene.committedOffset(i) === round),
        `round ${round} flows`,
      );
      expect(scene.world.clock.now().monotonicMs - fedMs).toBeLessThan(2 * HANG_MS);
    }
  });

  it('what waits for its output takes no room from what flows (P6)', async () => {
    const made = new Scene({
      partitions: 10,
      settings: {
        memoryBytes: 800_000,
        fetch: { maxBytes: 400_000, partitionMaxBytes: 100_000, minBytes: 1, maxWaitMs: 100 },
        admission: {
          shutAt: { sequenceUse: 0.8, records: 1_000_000, bytes: 600_000 },
          openAt: { sequenceUse: 0.6, records: 500_000, bytes: 300_000 },
        },
      },
    });
    made.otherwise = ({ batches }) => {
      const refused = batches.filter(({ topic, partition }) => topic === 'out' && partition < 8);
      return refused.length === 0
        ? 'commit'
        : refused.map(({ partition }) => refusal('out', 19, { partition }));
    };
    for (let i = 0; i < 8; i++)
      for (let batch = 0; batch < 4; batch++) made.world.log('in', i).put(['x'.repeat(50_000)]);
    start(made, 10);
    await scene.world.until(() => scene.of('sidelined').length >= 24, 'each was tried again');
    for (const i of [8, 9]) scene.world.log('in', i).put(numbers(0, 3));
    await scene.world.until(() => [8, 9].every((i) => scene.committedOffset(i) === 3), 'the others flow');
    scene.otherwise = 'commit';
    const healed = (): boolean => scene.states().every((state) => state === 'open');
    await scene.world.until(
      () => healed() && [0, 1, 2, 3, 4, 5, 6, 7].every((i) => scene.committedOffset(i) === 4),
      'all flow once the output takes them',
    );
  });
});
