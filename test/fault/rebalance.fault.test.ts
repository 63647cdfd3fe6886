import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  provideEtcd,
  provideKafka,
  type EtcdBackend,
  type KafkaBackend,
} from '../../deploy/local/backends.ts';
import { factsOf, gained, isCommit, type WorkerProcess } from '../support/fleet.ts';
import { SteadyLoad } from '../support/fleet-load.ts';
import { Scene } from '../support/fleet-scene.ts';
import { innocent } from '../support/judge.ts';
import { Operator, randomName } from '../support/topics.ts';

const LONGEST_PAUSE_MS = 1_000;

/** Six topics of one partition: a `committed` fact names its route, and so its partition. */
async function sixTopics(kafka: KafkaBackend): Promise<{ name: string; input: string; output: string }[]> {
  const name = randomName('kept');
  const routes = Array.from({ length: 6 }, (_, i) => {
    return { name: `route-${i}`, input: `${name}-${i}`, output: `${name}-${i}-stamped` };
  });
  await using operator = await Operator.at(kafka.bootstrap);
  await operator.create(
    ...routes.flatMap(({ input, output }) => [input, output].map((topic) => ({ topic, partitions: 1 }))),
  );
  return routes;
}

interface Gap {
  readonly worker: string;
  readonly route: string;
  readonly ms: number;
  readonly at: number;
  readonly kept: boolean;
}

/**
 * Times between two commits for one route, longest first. `kept`: both of the same worker, none of another in between, so that
 * the partition stayed where it was.
 */
function pauses(workers: readonly WorkerProcess[], until: number): Gap[] {
  const commits = workers
    .flatMap((worker) =>
      factsOf(worker, 'pipeline').flatMap(({ t, fact }) =>
        fact.fact === 'committed' && t <= until ? [{ t, worker: worker.name, route: fact.route }] : [],
      ),
    )
    .sort((a, b) => a.t - b.t);
  const last = new Map<string, { t: number; worker: string }>();
  const gaps: Gap[] = [];
  for (const { t, worker, route } of commits) {
    const before = last.get(route);
    if (before !== undefined)
      gaps.push({ worker, route, ms: t - before.t, at: before.t, kept: before.worker === worker });
    last.set(route, { t, worker });
  }
  return gaps.sort((a, b) => b.ms - a.ms);
}

describe('rebalancing under load never stops what is kept (rule 11)', () => {
  let kafka: KafkaBackend;
  let etcd: EtcdBackend;

  beforeAll(async () => {
    [kafka, etcd] = await Promise.all([provideKafka(), provideEtcd()]);
  }, 120_000);
  afterAll(async () => {
    await kafka[Symbol.asyncDispose]();
    await etcd[Symbol.asyncDispose]();
  });

  it('three workers join and leave: partitions that stay are never paused longer than 1 s; nothing lost, nothing twice (P2, P3)', async () => {
    await using scene = await Scene.open({ kafka, etcd, routes: await sixTopics(kafka) });
    const load = new SteadyLoad(
      scene.feeder,
      scene.routes.map(({ input }) => input),
    );
    const a = await scene.join('a');
    await a.seen('everything', gained(6));
    const b = await scene.join('b');
    await b.seen('its half', gained(3));
    const c = await scene.join('c');
    await c.seen('its third', gained(2));
    await c.seen('a commit', isCommit);
    expect(await b.stop()).toBe(0);
    await Promise.all([a, c].map((worker) => worker.next('a commit', isCommit)));
    const d = await scene.join('d');
    await d.seen('its third', gained(2));
    await d.seen('a commit', isCommit);
    await load[Symbol.asyncDispose]();
    const until = Date.now();
    await scene.caughtUp();
    expect(await Promise.all([a, c, d].map((worker) => worker.stop()))).toEqual([0, 0, 0]);

    const verdict = await scene.judge();
    expect(verdict).toMatchObject(innocent(load.sent));
    const gaps = pauses([a, b, c, d], until).filter(({ kept }) => kept);
    expect(gaps.length).toBeGreaterThan(200);
    console.log(`longest pause of a kept partition, joins and leaves: ${JSON.stringify(gaps[0])}`);
    expect(gaps.filter(({ ms }) => ms > LONGEST_PAUSE_MS)).toEqual([]);
    expect(
      [a, b, c, d].flatMap((worker) =>
        factsOf(worker, 'membership').filter(({ fact }) => fact.fact === 'lost'),
      ),
    ).toEqual([]);
  }, 120_000);

  it('a frozen member (SIGSTOP past its session) does not pause what the others keep', async () => {
    await using scene = await Scene.open({ kafka, etcd, routes: await sixTopics(kafka) });
    const load = new SteadyLoad(
      scene.feeder,
      scene.routes.map(({ input }) => input),
    );
    const a = await scene.join('a');
    await a.seen('everything', gained(6));
    const b = await scene.join('b');
    await b.seen('its half', gained(3));
    const c = await scene.join('c');
    await c.seen('a commit', isCommit);
    const marks = [a, b].map(({ told }) => told.length);
    c.signal('SIGSTOP');
    await Promise.all([a, b].map((worker, i) => worker.seen('its half', gained(1), { from: marks[i]! })));
    await Promise.all([a, b].map((worker) => worker.next('a commit', isCommit)));
    const before = c.told.length;
    c.signal('SIGCONT');
    await c.seen('its third again', gained(2), { from: before });
    await c.next('a commit', isCommit);
    await load[Symbol.asyncDispose]();
    const until = Date.now();
    await scene.caughtUp();
    expect(await Promise.all([a, b, c].map((worker) => worker.stop()))).toEqual([0, 0, 0]);

    expect(await scene.judge()).toMatchObject(innocent(load.sent));
    const all = pauses([a, b, c], until);
    const gaps = all.filter(({ kept, worker }) => kept && worker !== 'c');
    // Control: what the frozen member held did pause, and the measurement sees it.
    expect(Math.max(...all.filter(({ kept }) => !kept).map(({ ms }) => ms))).toBeGreaterThan(
      LONGEST_PAUSE_MS,
    );
    expect(gaps.length).toBeGreaterThan(200);
    console.log(`longest pause of a kept partition, one member frozen: ${JSON.stringify(gaps[0])}`);
    expect(gaps.filter(({ ms }) => ms > LONGEST_PAUSE_MS)).toEqual([]);
  }, 120_000);
});
