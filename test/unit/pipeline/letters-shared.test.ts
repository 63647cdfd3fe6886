import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Partition } from '../../../src/pipeline/partition.ts';
import { read, refusal, type Fate } from './producer.ts';
import { numbers, Scene } from './scene.ts';

const INVALID_RECORD = 87;
const TOO_LARGE = 10;

let scene: Scene;
let over: Promise<unknown> = Promise.resolve();
afterEach(async () => {
  scene.intake.abort();
  await over;
  jest.restoreAllMocks();
});

/** `v3` of in-0 and `v13` of in-1 cannot be stamped, and the dead-letter topic takes no batch with `v13`, naming nobody. */
const fate: Fate = (intent) => {
  const batches = intent.batches.map(read);
  const bad = batches.flatMap(({ topic, partition, values }) => {
    const index = values.findIndex((value) => value === 'v3' || value === 'v13');
    return topic === 'out' && index >= 0
      ? [refusal('out', INVALID_RECORD, { partition, recordIndexes: [index] })]
      : [];
  });
  if (bad.length > 0) return bad;
  const refused = batches.some(({ topic, values }) => topic === 'dlq' && values.includes('v13'));
  return refused ? [refusal('dlq', TOO_LARGE)] : 'commit';
};

function start(): void {
  scene = new Scene({ partitions: 2, settings: { lingerMs: 50 } });
  scene.otherwise = fate;
  scene.world.log('in', 0).put(numbers(0, 10));
  scene.world.log('in', 1).put(numbers(10, 20));
  over = scene.serve();
  scene.membership.give('in', 0, 1);
}
const letters = (): string[] =>
  scene.world
    .log('dlq', 0)
    .visible()
    .map(({ value }) => value);
/** Tries in which both letters lay in one batch. */
const together = (): number =>
  scene.sent.filter((sent) => sent.some(({ topic, values }) => topic === 'dlq' && values.length === 2))
    .length;

describe('a refused batch of dead letters that several partitions share (rules 5 and 15)', () => {
  it('nobody named: each is tried apart, so that the innocent one goes on and the other stops', async () => {
    start();
    await scene.world.until(() => scene.committedOffset(0) === 10, 'the innocent one is through');
    await scene.world.until(() => scene.of('stopped').length === 1, 'the other one stopped');
    expect(scene.of('stopped')).toMatchObject([{ partition: 1, code: 'DEAD_LETTER_REFUSED' }]);
    expect([letters(), scene.values('out', 1)]).toEqual([['v3'], []]);
    expect(together()).toBe(1); // they did meet
  });

  it('control: tried together in ever smaller parts, they meet in one batch for ever', async () => {
    jest.spyOn(Partition.prototype, 'sideline').mockImplementation(function (this: Partition) {
      this.trialRecords = 1;
    });
    start();
    await scene.world.until(() => together() > 8, 'tried again and again');
    expect([letters(), scene.of('stopped')]).toEqual([[], []]);
    expect([scene.committedOffset(0), scene.committedOffset(1)]).toEqual([3, 3]);
  });
});
