import { describe, expect, it } from '@jest/globals';
import { partitionOfKey } from '../../../src/pipeline/key-partition.ts';
import { encodeBatch, plainRecord, text } from '../records/plain-codec.ts';
import { expected, keys, mapped, mappings, put, sorted, through } from './mapping-scene.ts';
import { Scene } from './scene.ts';

describe('legacy ID to new ID (P3)', () => {
  it('each stamped record has its mapping, in the partition Kafka’s producers would choose, with the time of its ID', async () => {
    const scene = await through({ route: mapped(), mappingPartitions: 5 }, keys(0, 200));
    expect(sorted(mappings(scene))).toEqual(sorted(expected(scene)));
    expect(mappings(scene)).toHaveLength(200);
    for (const [partition, log] of scene.world.topics.get('ids')!.logs.entries())
      for (const { key, value, timestamp, headers } of log.visible()) {
        expect(partitionOfKey(text(key), 5)).toBe(partition);
        expect(timestamp).toBe(Number(BigInt(value) >> 22n) + scene.layout.epochMs);
        expect(headers).toEqual({});
      }
    expect(scene.of('committed').reduce((sum, fact) => sum + fact.mapped, 0)).toBe(200);
  });

  it('leaves in the transaction of its record: what is aborted is not seen, and what comes after is mapped anew', async () => {
    const scene = await through({ route: mapped(), fates: ['group', 'lost-aborted'] }, keys(0, 20));
    expect(scene.sent.length).toBeGreaterThan(2);
    for (const batches of scene.sent) {
      const count = (topic: string): number =>
        batches.filter((batch) => batch.topic === topic).reduce((sum, { values }) => sum + values.length, 0);
      expect(count('ids')).toBe(count('out'));
    }
    expect(sorted(mappings(scene))).toEqual(sorted(expected(scene)));
  });

  it('partitions share its batches', async () => {
    const scene = new Scene({
      partitions: 2,
      route: mapped(),
      settings: { lingerMs: 20 },
    });
    put(scene, 0, ...keys(0, 5));
    put(scene, 1, ...keys(3, 9));
    scene.membership.give('in', 0, 1);
    await scene.serveUntil(() => scene.committedOffset(0) === 5 && scene.committedOffset(1) === 6, 'all');
    expect(sorted(mappings(scene))).toEqual(sorted(expected(scene, 2)));
  });

  it('counts in the bounds of a transaction (P6)', async () => {
    const scene = await through({ route: mapped(), settings: { transactionRecords: 10 } }, keys(0, 40));
    const sizes = scene.sent.map((batches) => batches.reduce((sum, { values }) => sum + values.length, 0));
    expect(Math.max(...sizes)).toBe(10);
    expect(mappings(scene)).toHaveLength(40);
  });

  it('a batch of mappings that is full ends the draft, and nothing is lost', async () => {
    const long = keys(0, 60).map((key) => key.padEnd(900, '-'));
    const scene = await through(
      {
        route: mapped(),
        mappingPartitions: 1,
        settings: { transactionRecords: 1_000 },
        maxMessageBytes: { ids: 10_000 },
      },
      long,
    );
    const sizes = scene.sent.flat().flatMap(({ topic, bytes }) => (topic === 'ids' ? [bytes] : []));
    expect(sizes.length).toBeGreaterThan(4);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(10_000);
    expect(sorted(mappings(scene))).toEqual(sorted(expected(scene)));
  });

  it('buffers are given back', async () => {
    const scene = await through({ route: mapped(), fates: ['group'] }, keys(0, 20));
    expect(scene.pipeline.bytesInFlight()).toBe(0);
  });

  it('control: a route without a mapping writes none', async () => {
    const scene = await through({ route: {} }, keys(0, 5));
    expect(new Set(scene.sent.flat().map(({ topic }) => topic))).toEqual(new Set(['out']));
    expect(scene.of('committed')).toMatchObject([{ stamped: 5, mapped: 0, unmapped: 0 }]);
  });

  it('dead letters and records that keep their ID have none', async () => {
    const scene = new Scene({
      route: mapped({}, { stamp: { header: 'snowflake_id', existing: 'keep', value: undefined } }),
      maxMessageBytes: { out: 500 },
    });
    const headers = [{ name: text('snowflake_id'), value: text('7') }];
    const records = [
      plainRecord({ key: text('kept'), value: text('v'), headers }),
      plainRecord({ key: text('large'), value: text('x'.repeat(600)) }),
      plainRecord({ key: text('good'), value: text('v') }),
    ];
    scene.world.log('in', 0).putBytes(encodeBatch({ records }));
    scene.membership.give('in', 0);
    await scene.serveUntil(() => scene.committedOffset() === 3, 'all');
    expect(mappings(scene).map(([key]) => key)).toEqual(['o:good']);
    expect(scene.of('committed').reduce((sum, fact) => sum + fact.unmapped, 0)).toBe(0);
  });
});

describe('a record without a legacy ID', () => {
  const records = ['a', null, 'b'];

  it('skip: stamped, and counted', async () => {
    const scene = await through({ route: mapped() }, records);
    expect(scene.values()).toHaveLength(3);
    expect(
      mappings(scene)
        .map(([key]) => key)
        .sort(),
    ).toEqual(['o:a', 'o:b']);
    expect(scene.of('committed')).toMatchObject([{ stamped: 3, mapped: 2, unmapped: 1 }]);
  });

  it.each(['deadLetter', 'stop'] as const)(
    'deadLetter: goes there with its code, whatever else onError says (%s)',
    async (onError) => {
      const scene = await through({ route: mapped({ missing: 'deadLetter' }, { onError }) }, records);
      expect([scene.values().length, scene.values('dlq').length]).toEqual([2, 1]);
      const [letter] = scene.world.log('dlq').visible();
      expect(letter!.headers).toMatchObject({
        'snowstamp.error.code': 'LEGACY_ID_MISSING',
        'snowstamp.error.offset': '1',
      });
    },
  );

  it('stop: the partition stops at it, once what lies before is out', async () => {
    const scene = new Scene({ route: mapped({ missing: 'stop' }) });
    put(scene, 0, ...records);
    scene.membership.give('in', 0);
    await scene.serveUntil(() => scene.states()[0] === 'stopped:LEGACY_ID_MISSING', 'stopped');
    expect([scene.committedOffset(), mappings(scene).map(([key]) => key)]).toEqual([1, ['o:a']]);
  });

  it('a tombstone has no field to look into: it is stamped under every policy', async () => {
    const legacy = { from: 'field', name: 'n', format: 'json', wire: 'none', integers: 'signed' } as const;
    const scene = new Scene({ route: mapped({ missing: 'stop', legacy }) });
    const values = ['{"n":1}', null, '{"n":"2"}'].map((value) =>
      plainRecord({ value: value === null ? null : text(value) }),
    );
    scene.world.log('in').putBytes(encodeBatch({ records: values }));
    scene.membership.give('in', 0);
    await scene.serveUntil(() => scene.committedOffset() === 3, 'all');
    expect(
      mappings(scene)
        .map(([key]) => key)
        .sort(),
    ).toEqual(['o:1', 'o:2']);
  });
});
