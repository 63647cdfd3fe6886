import { describe, expect, it } from '@jest/globals';
import { expected, keys, mapped, mappings, put, sorted, through } from './mapping-scene.ts';
import { refusal } from './producer.ts';
import { Scene } from './scene.ts';

const TOO_LARGE = 10;

describe('a mapping topic that does not take it', () => {
  it('is not there: that partition waits and comes back, a route without it goes on', async () => {
    const scene = new Scene({ route: mapped(), mappingPartitions: 0 });
    put(scene, 0, ...keys(0, 5));
    scene.membership.give('in', 0);
    const over = scene.serve();
    await scene.world.until(() => scene.of('sidelined').length === 2, 'sidelined');
    expect(scene.of('sidelined')[0]!.why).toBe('TOPIC_MISSING: ids is not there');
    expect(scene.committedOffset()).toBe(-1);
    scene.world.create('ids', 3);
    await scene.world.until(() => scene.committedOffset() === 5, 'back');
    scene.intake.abort();
    await over;
    expect(sorted(mappings(scene))).toEqual(sorted(expected(scene)));
  });

  it('is too narrow for a mapping: the partition stops before anything is sent', async () => {
    const scene = new Scene({ route: mapped(), maxMessageBytes: { ids: 100 } });
    put(scene, 0, 'x'.repeat(200));
    scene.membership.give('in', 0);
    await scene.serveUntil(() => scene.states()[0] === 'stopped:MAPPING_REFUSED', 'stopped');
    expect(scene.calls).not.toContain('run');
  });

  it('refuses one without naming it: the partition at fault is found and stops at it, the others flow', async () => {
    const scene = new Scene({
      partitions: 2,
      route: mapped(),
      mappingPartitions: 1,
      settings: { lingerMs: 20 },
    });
    scene.otherwise = ({ batches }) =>
      batches.some(({ topic, batch }) => topic === 'ids' && Buffer.from(batch.bytes).includes('bad'))
        ? [refusal('ids', TOO_LARGE)]
        : 'commit';
    put(scene, 0, ...keys(0, 7), 'bad', ...keys(8, 12));
    put(scene, 1, ...keys(20, 29));
    scene.membership.give('in', 0, 1);
    await scene.serveUntil(
      () => scene.states()[0] === 'stopped:MAPPING_REFUSED' && scene.committedOffset(1) === 9,
      'settled',
    );
    expect(scene.committedOffset(0)).toBe(7);
    expect(scene.of('stopped')).toMatchObject([
      { partition: 0, detail: expect.stringContaining('at offset 7') },
    ]);
    expect(sorted(mappings(scene))).toEqual(sorted(expected(scene, 2)));
  });

  it('refuses one and names it: likewise', async () => {
    const scene = new Scene({ route: mapped(), mappingPartitions: 1 });
    scene.otherwise = ({ batches }) => {
      const { batch } = batches.find(({ topic }) => topic === 'ids')!;
      const at = keys(0, 12)
        .filter((key) => Buffer.from(batch.bytes).includes(`${key}=`))
        .indexOf('k5');
      return at < 0 ? 'commit' : [refusal('ids', TOO_LARGE, { recordIndexes: [at] })];
    };
    put(scene, 0, ...keys(0, 12).map((key) => `${key}=`));
    scene.membership.give('in', 0);
    await scene.serveUntil(() => scene.states()[0] === 'stopped:MAPPING_REFUSED', 'stopped');
    expect(scene.committedOffset()).toBe(5);
    expect(sorted(mappings(scene))).toEqual(sorted(expected(scene)));
  });

  it('takes larger ones once its settings changed: the partition goes on by itself', async () => {
    const limits: Record<string, number> = { ids: 100 };
    const scene = new Scene({
      route: mapped(),
      maxMessageBytes: limits,
      settings: { metadataRefreshMs: 1_000 },
    });
    put(scene, 0, 'x'.repeat(200));
    scene.membership.give('in', 0);
    const over = scene.serve();
    await scene.world.until(() => scene.states()[0] === 'stopped:MAPPING_REFUSED', 'stopped');
    await scene.world.pass(3_000);
    expect(scene.states()).toEqual(['stopped:MAPPING_REFUSED']);
    limits['ids'] = 10_000;
    await scene.world.until(() => scene.committedOffset() === 1, 'goes on');
    scene.intake.abort();
    await over;
    expect(mappings(scene)).toHaveLength(1);
  });

  it('answers with something else: the partition waits and comes back (rule 5)', async () => {
    const NOT_LEADER = 6;
    const scene = await through(
      { route: mapped(), mappingPartitions: 1, fates: [() => [refusal('ids', NOT_LEADER)]] },
      keys(0, 3),
    );
    expect(scene.of('sidelined').map(({ why }) => why)).toEqual(['mappings: NOT_LEADER_OR_FOLLOWER']);
    expect(sorted(mappings(scene))).toEqual(sorted(expected(scene)));
  });
});
