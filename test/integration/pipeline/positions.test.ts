import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  provideEtcd,
  provideKafka,
  type EtcdBackend,
  type KafkaBackend,
} from '../../../deploy/local/backends.ts';
import { compose, DEFAULT_LAYOUT } from '../../../src/snowflake/layout.ts';
import { factsOf, isCommit, isStop, type WorkerProcess } from '../../support/fleet.ts';
import { Scene } from '../../support/fleet-scene.ts';
import { innocent } from '../../support/judge.ts';
import { Operator, randomName } from '../../support/topics.ts';
import { leavePosition } from '../../support/topics-position.ts';
import { some, Writer } from '../../support/topics-writer.ts';

const stopsOf = (worker: WorkerProcess): [number, string][] =>
  factsOf(worker, 'pipeline').flatMap(({ fact }) =>
    fact.fact === 'stopped' ? [[fact.partition, fact.code]] : [],
  );

const isOpened = ({ room, fact }: WorkerProcess['told'][number]): boolean =>
  room === 'pipeline' && fact.fact === 'opened';

describe('positions and topics that are not as they were left (rule 8: no silent jump, ever)', () => {
  let kafka: KafkaBackend;
  let etcd: EtcdBackend;
  let operator: Operator;
  let writer: Writer;

  beforeAll(async () => {
    [kafka, etcd] = await Promise.all([provideKafka(), provideEtcd()]);
    [operator, writer] = await Promise.all([Operator.at(kafka.bootstrap), Writer.at(kafka.bootstrap)]);
  }, 120_000);
  afterAll(async () => {
    await writer[Symbol.asyncDispose]();
    await operator[Symbol.asyncDispose]();
    await kafka[Symbol.asyncDispose]();
    await etcd[Symbol.asyncDispose]();
  });

  const open = (partitions = 2): Promise<Scene> => Scene.open({ kafka, etcd, partitions });

  /** Commits a position as an earlier owner would have left it. */
  const leave = (scene: Scene, offset: number, metadata: string): Promise<void> => {
    const { groupId, input: topic } = scene;
    return leavePosition(kafka.bootstrap, { groupId, topic, partition: 0, offset, metadata });
  };

  const idAt = (timestampMs: number): bigint =>
    compose(DEFAULT_LAYOUT, { timestampMs, node: 1, sequence: 0 });

  it('a missing output topic is waited for; records flow once it is made', async () => {
    const input = randomName('early');
    await operator.create({ topic: input, partitions: 2 });
    await writer.write(input, ...some(0, 20), ...some(1, 20));
    await using scene = await Scene.open({
      kafka,
      etcd,
      routes: [{ name: 'early', input, output: `${input}-stamped` }],
    });
    const worker = await scene.join('worker');
    await worker.seen(
      'it to say so',
      ({ room, fact }) =>
        room === 'pipeline' && fact.fact === 'retried' && fact.why.includes(`${input}-stamped`),
    );
    await operator.create({ topic: `${input}-stamped`, partitions: 2 });
    await scene.caughtUp();
    expect(await worker.stop()).toBe(0);
    expect(await scene.judge()).toMatchObject(innocent(40));
  }, 90_000);

  it('offsets that are gone: a partition whose output holds records stops (POSITION_UNKNOWN), one whose output never did starts at the earliest', async () => {
    await using scene = await open();
    await writer.write(scene.input, ...some(0, 20));
    const before = await scene.join('before');
    await scene.caughtUp();
    expect(await before.stop()).toBe(0);
    await operator.admin.deleteGroups([scene.groupId]);
    await writer.write(scene.input, ...some(0, 20), ...some(1, 20));
    const after = await scene.join('after');
    await after.seen('the partition to stop', isStop('POSITION_UNKNOWN'));
    await scene.operator.caughtUp(scene.groupId, [scene.input], { except: [0] });
    expect(stopsOf(after)).toEqual([[0, 'POSITION_UNKNOWN']]);
    expect(await after.stop()).toBe(0);
    expect(await scene.judge()).toMatchObject({
      inputs: 60,
      outputs: 40,
      missing: 20,
      extra: 0,
      duplicateIds: 0,
    });
  }, 90_000);

  it('records deleted beyond the committed offset: the partition stops (POSITION_OUT_OF_RANGE), the other flows', async () => {
    await using scene = await open();
    await writer.write(scene.input, ...some(0, 20), ...some(1, 20));
    const before = await scene.join('before');
    await scene.caughtUp();
    expect(await before.stop()).toBe(0);
    await writer.write(scene.input, ...some(0, 20), ...some(1, 20));
    await scene.operator.admin.deleteTopicRecords({
      topic: scene.input,
      partitions: [{ partition: 0, offset: '30' }],
    });
    const after = await scene.join('after');
    await after.seen('the partition to stop', isStop('POSITION_OUT_OF_RANGE'));
    await scene.operator.caughtUp(scene.groupId, [scene.input], { except: [0] });
    expect(stopsOf(after)).toEqual([[0, 'POSITION_OUT_OF_RANGE']]);
    const committed = await scene.operator.committed(scene.groupId, scene.input);
    expect(committed.get(0)?.offset).toBe(20);
    expect(await after.stop()).toBe(0);
  }, 90_000);

  it('records deleted under a running worker that lags: it stops as well, without a jump', async () => {
    await using scene = await open(1);
    await writer.write(scene.input, ...some(0, 20));
    const worker = await scene.join('worker');
    await scene.caughtUp();
    worker.signal('SIGSTOP');
    await writer.write(scene.input, ...some(0, 20)); // answers the fetch that waits at the broker, at most
    await writer.write(scene.input, ...some(0, 20));
    await scene.operator.admin.deleteTopicRecords({
      topic: scene.input,
      partitions: [{ partition: 0, offset: '60' }],
    });
    await writer.write(scene.input, ...some(0, 20));
    worker.signal('SIGCONT');
    await worker.seen('the partition to stop', isStop('POSITION_OUT_OF_RANGE'));
    expect([20, 40]).toContain((await scene.operator.committed(scene.groupId, scene.input)).get(0)?.offset);
    expect(await worker.stop()).toBe(0);
  }, 90_000);

  it('the input topic made anew under the same name: its partitions stop (TOPIC_RECREATED)', async () => {
    await using scene = await open();
    await writer.write(scene.input, ...some(0, 20), ...some(1, 20));
    const worker = await scene.join('worker');
    await scene.caughtUp();
    await operator.admin.deleteTopics({ topics: [scene.input] });
    await operator.create({ topic: scene.input, partitions: 2 });
    await writer.write(scene.input, ...some(0, 5), ...some(1, 5));
    await worker.seen('the partitions to stop', isStop('TOPIC_RECREATED'));
    await worker.seen('both', () => stopsOf(worker).length === 2);
    expect(stopsOf(worker).sort()).toEqual([
      [0, 'TOPIC_RECREATED'],
      [1, 'TOPIC_RECREATED'],
    ]);
    expect((await operator.ends(scene.output)).get(0)).toBe(21); // 20 records and one marker: nothing new
    expect(await worker.stop()).toBe(0);
  }, 90_000);

  it('a floor an hour ahead stops the partition (FLOOR_TOO_FAR, rule 9)', async () => {
    await using scene = await open();
    await writer.write(scene.input, ...some(0, 20), ...some(1, 20));
    await leave(scene, 0, `v1:${idAt(Date.now() + 3_600_000)}:-1`);
    const worker = await scene.join('worker');
    await worker.seen('the partition to stop', isStop('FLOOR_TOO_FAR'));
    await scene.operator.caughtUp(scene.groupId, [scene.input], { except: [0] });
    expect(stopsOf(worker)).toEqual([[0, 'FLOOR_TOO_FAR']]);
    expect(await worker.stop()).toBe(0);
  }, 90_000);

  it('a floor a little ahead is waited out: IDs begin above it, the other partition does not wait (P2, rule 9)', async () => {
    await using scene = await Scene.open({
      kafka,
      etcd,
      partitions: 2,
      changes: (settings) => ({ ...settings, pipeline: { ...settings.pipeline, maxFloorWaitMs: 15_000 } }),
    });
    await writer.write(scene.input, ...some(0, 20), ...some(1, 20));
    const floorMs = Date.now() + 10_000;
    await leave(scene, 0, `v1:${idAt(floorMs)}:-1`);
    const worker = await scene.join('worker');
    await worker.seen('it to open', isOpened);
    const first = await worker.seen('the other partition', isCommit);
    await scene.caughtUp();
    const commits = factsOf(worker, 'pipeline').filter(({ fact }) => fact.fact === 'committed');
    expect(await worker.stop()).toBe(0);
    expect(first.t).toBeLessThan(floorMs);
    expect(commits.at(-1)!.t).toBeGreaterThanOrEqual(floorMs);
    const metadata = (await scene.operator.committed(scene.groupId, scene.input)).get(0)?.metadata ?? '';
    expect(BigInt(metadata.split(':')[1]!)).toBeGreaterThan(idAt(floorMs));
    expect(await scene.judge()).toMatchObject(innocent(40));
  }, 90_000);

  it('foreign metadata: the floor comes from the output’s tail (rule 9)', async () => {
    await using scene = await open(1);
    await writer.write(scene.input, ...some(0, 20));
    const before = await scene.join('before');
    await scene.caughtUp();
    expect(await before.stop()).toBe(0);
    const last = (await scene.operator.committed(scene.groupId, scene.input)).get(0)?.metadata?.split(':')[1];
    await leave(scene, 20, 'somebody else’s');
    await writer.write(scene.input, ...some(0, 20));
    const after = await scene.join('after');
    await scene.caughtUp();
    expect(await after.stop()).toBe(0);
    const opened = factsOf(after, 'pipeline').flatMap(({ fact }) => (fact.fact === 'opened' ? [fact] : []));
    expect(opened).toMatchObject([{ offset: 20, source: 'output tail', lastId: last }]);
    expect(await scene.judge()).toMatchObject(innocent(40));
  }, 90_000);

  it('another domain than the one pinned is refused before anything is read (DOMAIN_DIFFERS)', async () => {
    await using scene = await open();
    const worker = scene.start('stranger', {}, (settings) => ({
      ...settings,
      domain: { ...settings.domain, pin: { domainId: '00000000-0000-4000-8000-000000000000' } },
    }));
    await worker.gone;
    expect(worker.ended).toMatchObject({ ended: 'halted', code: 'DOMAIN_DIFFERS' });
    expect(worker.told).toEqual([]);
  }, 60_000);
});
