import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  provideEtcd,
  provideKafka,
  type EtcdBackend,
  type KafkaBackend,
} from '../../deploy/local/backends.ts';
import { factsOf, isCommit, type Told, type WorkerProcess } from '../support/fleet.ts';
import { SteadyLoad } from '../support/fleet-load.ts';
import { Scene } from '../support/fleet-scene.ts';
import { innocent } from '../support/judge.ts';
import { eventually } from '../support/topics.ts';

/** Node id of the group's coordinator, as the worker sees it now. */
const coordinatorOf = (worker: WorkerProcess): number =>
  factsOf(worker, 'membership')
    .flatMap(({ fact }) => (fact.fact === 'coordinator-changed' && fact.to !== null ? [fact.to] : []))
    .at(-1)!;

const movedFrom =
  (nodeId: number) =>
  ({ room, fact }: Told): boolean =>
    room === 'membership' && fact.fact === 'coordinator-changed' && fact.to !== null && fact.to !== nodeId;

describe('a broker of three goes away', () => {
  let kafka: KafkaBackend;
  let etcd: EtcdBackend;

  beforeAll(async () => {
    [kafka, etcd] = await Promise.all([provideKafka({ brokers: 3, fresh: true }), provideEtcd()]);
  }, 180_000);
  afterAll(async () => {
    await kafka[Symbol.asyncDispose]();
    await etcd[Symbol.asyncDispose]();
  });

  it.each(['stopped in order', 'killed'] as const)(
    'the coordinator is %s: the generation is kept, nothing is lost, nothing twice (P3; rules 4 and 11)',
    async (how) => {
      await using scene = await Scene.open({ kafka, etcd, replicationFactor: 3 });
      const [a, b] = await scene.pair(['a', {}], 'b');
      const load = new SteadyLoad(scene.feeder, [scene.input], { partitions: scene.partitions });
      await Promise.all([a, b].map((worker) => worker.seen('a commit', isCommit)));
      const joins = joinsOf(a, b);
      const nodeId = coordinatorOf(a);
      const node = kafka.nodes.find((candidate) => candidate.nodeId === nodeId)!;
      const marks = [a, b].map(({ told }) => told.length);
      if (how === 'killed') node.signal('SIGKILL');
      else await node.stop();
      await Promise.all(
        [a, b].map((worker, i) => worker.seen('another coordinator', movedFrom(nodeId), { from: marks[i]! })),
      );
      const moved = [a, b].map(({ told }) => told.length);
      const sent = load.sent;
      await eventually('the load to flow again', 60_000, () =>
        Promise.resolve(load.sent >= sent + 1_000 ? undefined : `${load.sent - sent} records`),
      );
      await Promise.all([a, b].map((worker, i) => worker.seen('a commit', isCommit, { from: moved[i]! })));
      await load[Symbol.asyncDispose]();
      await node.start();
      await scene.caughtUp();
      expect(await Promise.all([a.stop(), b.stop()])).toEqual([0, 0]);

      const verdict = await scene.judge();
      expect(verdict).toMatchObject(innocent(verdict.inputs));
      expect(verdict.inputs).toBeGreaterThanOrEqual(load.sent);
      expect(joinsOf(a, b)).toBe(joins);
      expect(
        [a, b].flatMap((worker) => factsOf(worker, 'membership').filter(({ fact }) => fact.fact === 'lost')),
      ).toEqual([]);
    },
    180_000,
  );
});

const joinsOf = (...workers: readonly WorkerProcess[]): number =>
  workers.flatMap((worker) => factsOf(worker, 'membership').filter(({ fact }) => fact.fact === 'joined'))
    .length;
