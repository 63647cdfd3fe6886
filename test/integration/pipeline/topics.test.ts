import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import {
  provideEtcd,
  provideKafka,
  type EtcdBackend,
  type KafkaBackend,
} from '../../../deploy/local/backends.ts';
import { factsOf, gained } from '../../support/fleet.ts';
import { Scene } from '../../support/fleet-scene.ts';
import { innocent, judge } from '../../support/judge.ts';
import { produceOddRecords } from '../../support/odd-records.ts';
import { eventually, Operator, randomName } from '../../support/topics.ts';

const routeOf = (name: string): { name: string; input: string; output: string } => {
  const input = randomName(name);
  return { name, input, output: `${input}-stamped` };
};

describe('topics of every kind in one worker', () => {
  let kafka: KafkaBackend;
  let etcd: EtcdBackend;
  let operator: Operator;

  beforeAll(async () => {
    [kafka, etcd] = await Promise.all([provideKafka(), provideEtcd()]);
    operator = await Operator.at(kafka.bootstrap);
  }, 120_000);
  afterAll(async () => {
    await operator[Symbol.asyncDispose]();
    await kafka[Symbol.asyncDispose]();
    await etcd[Symbol.asyncDispose]();
  });

  it('one partition, 24 partitions, transactional, idle and empty topics share a worker; each lag reaches 0 (P3; pitfall 5)', async () => {
    const routes = ['single', 'wide', 'transactional', 'idle', 'empty'].map(routeOf);
    const [single, wide, transactional, idle, empty] = routes as [Route, Route, Route, Route, Route];
    await operator.create(
      ...both(single, 1),
      ...both(wide, 24),
      ...both(transactional, 2),
      ...both(idle, 3),
      ...both(empty, 2),
    );
    await using scene = await Scene.open({ kafka, etcd, routes });
    await scene.feeder.feed(idle.input, 3, 30, 100, 10);
    const worker = await scene.join('all');
    await worker.seen('every partition', gained(32));
    await scene.operator.caughtUp(scene.groupId, [idle.input]);
    const idleAt = await scene.operator.committed(scene.groupId, idle.input);
    const [, , odd] = await Promise.all([
      scene.feeder.feed(single.input, 1, 20_000, 128, 500),
      scene.feeder.feed(wide.input, 24, 48_000, 128, 50),
      produceOddRecords(kafka.bootstrap, transactional.input, { partitions: 2, rounds: 2, seed: 3 }),
    ]);
    await scene.caughtUp();
    expect(await scene.operator.committed(scene.groupId, idle.input)).toEqual(idleAt);
    expect(await worker.stop()).toBe(0);
    expect(await scene.judge()).toMatchObject(innocent(30 + 20_000 + 48_000 + odd.committed));
  }, 180_000);

  it('an input topic that appears later is taken up without a restart, from its first record (rule 8)', async () => {
    const [present, late] = ['present', 'late'].map(routeOf) as [Route, Route];
    await operator.create(...both(present, 2));
    await using scene = await Scene.open({ kafka, etcd, routes: [present, late] });
    const worker = await scene.join('waiting');
    await scene.feeder.feed(present.input, 2, 1_000, 100, 50);
    await scene.operator.caughtUp(scene.groupId, [present.input]);
    await operator.create(...both(late, 3));
    await scene.feeder.feed(late.input, 3, 1_000, 100, 50);
    await scene.caughtUp();
    expect(await worker.stop()).toBe(0);
    expect(await scene.judge()).toMatchObject(innocent(2_000));
  }, 120_000);

  it('an input that grows is followed once its output has grown; until then only the new partitions wait (OUTPUT_TOO_NARROW, rule 8)', async () => {
    const grown = routeOf('grown');
    await operator.create(...both(grown, 2));
    await using scene = await Scene.open({ kafka, etcd, routes: [grown] });
    const worker = await scene.join('growing');
    await scene.feeder.feed(grown.input, 2, 1_000, 100, 50);
    await scene.caughtUp();
    await operator.admin.createPartitions({ topicPartitions: [{ topic: grown.input, count: 4 }] });
    await worker.seen(
      'the new partitions to stop',
      ({ room, fact }) => room === 'pipeline' && fact.fact === 'stopped' && fact.partition === 3,
    );
    expect(
      factsOf(worker, 'pipeline')
        .flatMap(({ fact }) => (fact.fact === 'stopped' ? [[fact.partition, fact.code]] : []))
        .sort(),
    ).toEqual([
      [2, 'OUTPUT_TOO_NARROW'],
      [3, 'OUTPUT_TOO_NARROW'],
    ]);
    await scene.feeder.feed(grown.input, 4, 2_000, 100, 50);
    await scene.operator.caughtUp(scene.groupId, [grown.input], { except: [2, 3] });
    await operator.admin.createPartitions({ topicPartitions: [{ topic: grown.output, count: 4 }] });
    await scene.caughtUp();
    expect(await worker.stop()).toBe(0);
    expect(await scene.judge()).toMatchObject(innocent(3_000));
  }, 120_000);

  it('a compacted input: what is left flows, in order, holes and all; lag reaches 0 (P3, P4; pitfall 4)', async () => {
    const compacted = routeOf('compacted');
    const config = {
      'cleanup.policy': 'compact',
      'segment.ms': '100',
      'min.cleanable.dirty.ratio': '0.01',
      'max.compaction.lag.ms': '200',
      'delete.retention.ms': '100',
    };
    await operator.create(
      { topic: compacted.input, partitions: 1, config },
      { topic: compacted.output, partitions: 1 },
    );
    const producer = new kafkajs.Kafka({
      brokers: kafka.bootstrap,
      logLevel: kafkajs.logLevel.NOTHING,
    }).producer();
    await producer.connect();
    for (let turn = 0; turn < 20; turn++) {
      const messages = Array.from({ length: 50 }, (_, i) => ({
        key: `key-${i % 25}`,
        value: `${turn}/${i}`,
      }));
      await producer.send({ topic: compacted.input, messages });
    }
    await eventually('the cleaner to have been there', 90_000, async () => {
      await producer.send({ topic: compacted.input, messages: [{ key: 'roll', value: 'x' }] }); // rolls the segment
      const { inputs } = await judge({
        bootstrap: kafka.bootstrap,
        routes: [{ ...compacted, output: compacted.output }],
      });
      return inputs < 500 ? undefined : `${inputs} records are left`;
    });
    await producer.disconnect();
    await using scene = await Scene.open({ kafka, etcd, routes: [compacted] });
    const worker = await scene.join('compacted');
    await scene.caughtUp();
    expect(await worker.stop()).toBe(0);
    // The cleaner may go on meanwhile: an output whose input is gone since is no fault.
    const verdict = await scene.judge();
    expect(verdict).toMatchObject({
      missing: 0,
      different: 0,
      outOfOrder: 0,
      badStamps: 0,
      duplicateIds: 0,
      notRising: 0,
      open: 0,
    });
    expect(verdict.outputs).toBeGreaterThanOrEqual(verdict.inputs);
    expect(verdict.outputs).toBeLessThan(1_000);
  }, 180_000);
});

type Route = ReturnType<typeof routeOf>;

const both = ({ input, output }: Route, partitions: number): { topic: string; partitions: number }[] => [
  { topic: input, partitions },
  { topic: output, partitions },
];
