import { describe, expect, it } from '@jest/globals';
import { encodeBatch, plainRecord, text } from '../records/plain-codec.ts';
import { numbers, Scene, type Options } from './scene.ts';

const large = (name: string, bytes: number) => plainRecord({ value: text(name.padEnd(bytes, '.')) });
const put = (scene: Scene, ...records: ReturnType<typeof plainRecord>[]): void => {
  scene.world.log('in').putBytes(encodeBatch({ records }));
};
const names = (scene: Scene, topic = 'out'): string[] =>
  scene.values(topic).map((value) => value.replace(/\.+$/, ''));

async function committed(scene: Scene, offset: number): Promise<void> {
  scene.membership.give('in', 0);
  await scene.serveUntil(() => scene.committedOffset() === offset, `committed up to ${offset}`);
}

async function stopped(scene: Scene): Promise<void> {
  scene.membership.give('in', 0);
  await scene.serveUntil(() => scene.states()[0]!.startsWith('stopped'), 'stopped');
}

describe('bounds of one transaction (P6)', () => {
  it('holds transactionRecords at the most, over all partitions', async () => {
    const scene = new Scene({ partitions: 3, settings: { transactionRecords: 7, lingerMs: 50 } });
    for (const i of [0, 1, 2]) scene.world.log('in', i).put(numbers(0, 10));
    scene.membership.give('in', 0, 1, 2);
    await scene.serveUntil(() => [0, 1, 2].every((i) => scene.committedOffset(i) === 10), 'all');
    const sizes = scene.sent.map((batches) => batches.reduce((sum, { values }) => sum + values.length, 0));
    expect(Math.max(...sizes)).toBe(7);
    for (const i of [0, 1, 2]) expect(scene.values('out', i)).toEqual(numbers(0, 10));
  });

  it('no batch is larger than batchBytes while records are smaller', async () => {
    const scene = new Scene({ settings: { batchBytes: 600 } });
    put(scene, ...numbers(0, 20).map((name) => large(name, 100)));
    await committed(scene, 20);
    const sizes = scene.sent.flat().map(({ bytes }) => bytes);
    expect(sizes.length).toBeGreaterThan(4);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(600);
    expect(names(scene)).toEqual(numbers(0, 20));
  });

  it('ends near transactionBytes, and the next one goes on with another partition first', async () => {
    const settings = { transactionBytes: 70_000, lingerMs: 50 };
    const scene = new Scene({ partitions: 2, settings });
    for (const i of [0, 1]) {
      const records = numbers(0, 60).map((name) => large(name, 2_000));
      scene.world.log('in', i).putBytes(encodeBatch({ records }));
    }
    scene.membership.give('in', 0, 1);
    await scene.serveUntil(() => [0, 1].every((i) => scene.committedOffset(i) === 60), 'all');
    const sums = scene.sent.map((batches) => batches.reduce((sum, { bytes }) => sum + bytes, 0));
    expect(Math.max(...sums)).toBeLessThanOrEqual(70_000 + 65_536);
    expect(new Set(scene.sent.map(([first]) => first!.partition))).toEqual(new Set([0, 1]));
  });

  it('IDs rise within each partition of a draft and no ID is given twice', async () => {
    const scene = new Scene({ partitions: 3, settings: { transactionRecords: 11, lingerMs: 50 } });
    for (const i of [0, 1, 2]) scene.world.log('in', i).put(numbers(0, 25));
    scene.membership.give('in', 0, 1, 2);
    await scene.serveUntil(() => [0, 1, 2].every((i) => scene.committedOffset(i) === 25), 'all');
    const every = scene.sent.flat();
    for (const { ids } of every) expect(ids).toEqual(ids.toSorted((a, b) => (a < b ? -1 : 1)));
    const ids = every.flatMap(({ ids }) => ids);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('a record too large (P7)', () => {
  const options: Options = { settings: { batchBytes: 600 }, maxMessageBytes: { out: 10_000 } };

  it('for a usual batch goes alone in a larger one, up to the topic’s limit', async () => {
    const scene = new Scene(options);
    put(scene, large('a', 100), large('b', 9_000), large('c', 100));
    await committed(scene, 3);
    expect(names(scene)).toEqual(['a', 'b', 'c']);
    expect(scene.values('dlq')).toEqual([]);
  });

  it('for the topic goes to the dead letters with its source, the others go on', async () => {
    const scene = new Scene(options);
    put(scene, large('a', 100), large('b', 11_000), large('c', 100));
    await committed(scene, 3);
    expect(names(scene)).toEqual(['a', 'c']);
    const [letter] = scene.world.log('dlq').visible();
    expect(letter!.value).toHaveLength(11_000);
    expect(letter!.headers).toMatchObject({
      'snowstamp.error.code': 'RECORD_TOO_LARGE',
      'snowstamp.error.topic': 'in',
      'snowstamp.error.partition': '0',
      'snowstamp.error.offset': '1',
    });
  });

  it('stops the partition instead where the route says so: what lies before goes out first', async () => {
    const scene = new Scene({ ...options, route: { onError: 'stop' } });
    put(scene, large('a', 100), large('b', 11_000), large('c', 100));
    await stopped(scene);
    expect(names(scene)).toEqual(['a']);
    expect(scene.committedOffset()).toBe(1);
    expect(scene.of('stopped')).toMatchObject([{ code: 'RECORD_TOO_LARGE' }]);
  });

  it('for the dead letters too stops the partition, and no empty batch is sent', async () => {
    const scene = new Scene({ ...options, maxMessageBytes: { out: 10_000, dlq: 10_000 } });
    put(scene, large('b', 11_000));
    await stopped(scene);
    expect(scene.of('stopped')).toMatchObject([{ code: 'DEAD_LETTER_REFUSED' }]);
    expect(scene.calls).not.toContain('run');
  });
});

describe('a record that carries the header already', () => {
  const stamped = plainRecord({
    value: text('s'),
    headers: [{ name: text('snowflake_id'), value: text('7') }],
  });
  const with_ = (existing: 'replace' | 'keep' | 'reject'): Scene => {
    const scene = new Scene({ route: { stamp: { header: 'snowflake_id', existing, value: undefined } } });
    put(scene, plainRecord({ value: text('a') }), stamped, plainRecord({ value: text('z') }));
    return scene;
  };

  it('reject: dead-lettered', async () => {
    const scene = with_('reject');
    await committed(scene, 3);
    expect([scene.values(), scene.values('dlq')]).toEqual([['a', 'z'], ['s']]);
  });

  it('keep: leaves with the ID it came with, and the carried ID is the last one given (rules 9, 10)', async () => {
    const scene = with_('keep');
    await committed(scene, 3);
    expect(scene.values()).toEqual(['a', 's', 'z']);
    expect(scene.ids()[1]).toBe(7n);
    expect(scene.world.committed.get('in-0')!.metadata).toBe(`v1:${scene.ids()[2]}:2`);
  });

  it('replace: leaves with one of ours', async () => {
    const scene = with_('replace');
    await committed(scene, 3);
    expect(scene.ids()[1]).not.toBe(7n);
  });
});

describe('a batch that cannot be read (P7)', () => {
  /** Two good batches, one whose checksum is wrong, one more good one: all in one answer. */
  const broken = (): Scene => {
    const scene = new Scene();
    const log = scene.world.log('in');
    for (const from of [0, 3, 6, 9]) log.put(numbers(from, from + 3));
    log.stored[2]!.bytes[80]! ^= 1;
    return scene;
  };

  it('stops the partition once what lies before it is committed; nothing behind it goes out', async () => {
    const scene = broken();
    await stopped(scene);
    expect(scene.values()).toEqual(numbers(0, 6));
    expect(scene.committedOffset()).toBe(6);
    expect(scene.of('stopped')).toMatchObject([{ code: 'BATCH_CORRUPT' }]);
  });
});
