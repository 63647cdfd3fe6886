import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lookUp } from '../../../src/mapping/look-up.ts';
import { NotYet } from '../../../src/pipeline/log-reader.ts';
import { encodeBatch, plainRecord, text } from '../records/plain-codec.ts';
import { MappingTown } from './town.ts';

let town: MappingTown;
beforeEach(() => {
  town = new MappingTown();
});
afterEach(() => {
  town.store.close();
});

const never = new AbortController().signal;

describe('a store that follows its topic', () => {
  it('holds what the topic says: the last word, tombstones, nothing of aborted transactions', async () => {
    town.say(0, 'a', '1').say(1, 'b', '2').say(0, 'a', '3').say(1, 'c', '4').say(1, 'c', null);
    const aborted = encodeBatch({
      records: [plainRecord({ key: text('a'), value: text('99') })],
      ...{ transactional: true, producerId: 7n, producerEpoch: 0 },
    });
    town.world.log('ids').putBytes(aborted, 7n);
    town.world.log('ids').finish(7n, false);
    const follower = town.follower();
    await follower.catchUp(never);
    expect(['a', 'b', 'c'].map((id) => town.store.find(id))).toEqual([3n, 2n, undefined]);
    expect(follower.standing).toMatchObject({ complete: true, ignored: 0, why: undefined });
  });

  it.each([
    [null, '1'],
    ['x', '01'],
    ['x', 'A-7'],
    ['x', ''],
    ['x', String(2n ** 63n)],
  ])('%p → %p is no mapping: counted, passed over', async (key, value) => {
    const follower = town.say(0, 'x', '5').say(0, key, value).follower();
    await follower.catchUp(never);
    expect([town.store.find('x'), follower.standing.ignored]).toEqual([5n, 1]);
  });

  it('reads on where it stood, and only what is new', async () => {
    await town.say(0, 'a', '1').follower().catchUp(never);
    town.say(0, 'b', '2');
    const asked = town.world.asked.length;
    await town.follower().catchUp(never);
    expect(town.store.find('b')).toBe(2n);
    const fetched = town.world.asked.slice(asked).filter(({ name }) => name === 'Fetch');
    expect(JSON.stringify(fetched)).toContain('"fetchOffset":1');
    expect(fetched).toHaveLength(1);
  });

  it('a topic made anew, or cut off below what was read, is read from its start', async () => {
    await town.say(0, 'old', '1').say(0, 'older', '2').follower().catchUp(never);
    town.world.topics.get('ids')!.topicId = 'another';
    town.world.show();
    await town.follower().catchUp(never);
    expect([town.store.size, town.store.position.topicId]).toEqual([2, 'another']);
    town.world.create('ids', 2);
    town.world.topics.get('ids')!.topicId = 'another';
    town.world.show();
    town.say(0, 'new', '3');
    await expect(town.follower().catchUp(never)).rejects.toBeInstanceOf(NotYet);
    await town.follower().catchUp(never);
    expect([town.store.find('old'), town.store.find('new')]).toEqual([undefined, 3n]);
  });

  it('follows until it is stopped, through a topic that has no leader for a while, and says how stale it is', async () => {
    const follower = town.say(0, 'a', '1').follower();
    expect(follower.standing).toMatchObject({ complete: false });
    const running = follower.run(town.over.signal);
    await town.world.until(() => follower.standing.complete, 'everything there is');
    town.world.leader = -1;
    town.world.show();
    await town.world.until(() => follower.standing.why !== undefined, 'trouble');
    await town.world.pass(5_000);
    expect(follower.standing).toMatchObject({
      complete: true,
      why: expect.stringContaining('no leader'),
    });
    expect(follower.standing.behindMs).toBeGreaterThanOrEqual(5_000);
    town.world.leader = 1;
    town.say(1, 'b', '2');
    await town.world.until(() => town.store.find('b') === 2n, 'the second one');
    expect(follower.standing).toMatchObject({ why: undefined });
    town.over.abort();
    await running;
  });
});

describe('one legacy ID, read from the topic', () => {
  const find = (id: string): Promise<bigint | undefined> => lookUp(town.world, town.log, 'ids', id);

  it('the last word of a partition, the later one of two', async () => {
    town.say(0, 'a', '1', 10).say(0, 'a', '2', 20).say(1, 'a', '3', 15).say(1, 'ab', '9', 99);
    expect(await find('a')).toBe(2n);
    town.say(1, 'a', '4', 30);
    expect(await find('a')).toBe(4n);
    expect(await find('b')).toBeUndefined();
  });

  it('none once it was taken back', async () => {
    town.say(0, 'a', '1', 10).say(0, 'a', null, 20);
    expect(await find('a')).toBeUndefined();
  });
});
