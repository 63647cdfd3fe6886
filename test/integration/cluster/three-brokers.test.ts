import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { provideKafka } from '../../../deploy/local/backends.ts';
import type { BackendNode, KafkaBackend } from '../../../deploy/local/types.ts';
import { systemClock } from '../../../src/clock.ts';
import { createCluster } from '../../../src/kafka/cluster/cluster.ts';
import { LinkError } from '../../../src/kafka/cluster/port.ts';
import type { Cluster } from '../../../src/kafka/cluster/port.ts';
import { metadata } from '../../../src/kafka/wire/metadata.ts';

const NOTHING = { topics: [], allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false };

let kafka: KafkaBackend;
let cluster: Cluster;

beforeAll(async () => {
  kafka = await provideKafka({ brokers: 3, fresh: true });
  cluster = createCluster({
    bootstrap: kafka.bootstrap,
    clientId: 'three-test',
    requestTimeoutMs: 5_000,
    log: () => undefined,
    clock: systemClock,
  });
  await cluster.refresh();
}, 240_000);

afterAll(async () => {
  await cluster.close();
  await kafka[Symbol.asyncDispose]();
});

async function tookMs(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'answered',
    (error: unknown) => (error instanceof LinkError ? error.failure : error),
  );

/** The node whose metadata link is in use: the hardest one to lose. */
const first = (): BackendNode => kafka.nodes[0] as BackendNode;

describe('one of three brokers frozen', () => {
  it('costs metadata and coordinator look-ups a fraction of a second each, not a timeout, and the others nothing', async () => {
    const healthy = cluster.nodes().filter(({ port }) => port !== first().port);
    const links = await Promise.all(healthy.map(({ nodeId }) => cluster.link(nodeId, 'data')));
    first().signal('SIGSTOP');
    try {
      expect(await tookMs(() => cluster.refresh())).toBeLessThan(1_000);
      expect(await tookMs(() => cluster.coordinator('group', 'frozen', { timeoutMs: 20_000 }))).toBeLessThan(
        1_000,
      );
      const frozenId = cluster.nodes().find(({ port }) => port === first().port)?.nodeId ?? -1;
      const stuck = failureOf(cluster.link(frozenId, 'data'));
      for (const link of links) {
        expect(await tookMs(() => link.send(metadata, NOTHING, { timeoutMs: 2_000 }))).toBeLessThan(1_000);
      }
      await expect(stuck).resolves.toBe('unreachable');
    } finally {
      first().signal('SIGCONT');
    }
  }, 60_000);
});

describe('one of three brokers killed', () => {
  it('what was in flight fails with closed at once; metadata is had from the others', async () => {
    const killed = cluster.nodes().find(({ port }) => port === first().port);
    const link = await cluster.link(killed?.nodeId ?? -1, 'data');
    first().signal('SIGKILL');
    const failures: unknown[] = [];
    while (failures.at(-1) !== 'closed') {
      failures.push(await failureOf(link.send(metadata, NOTHING, { timeoutMs: 5_000 })));
      if (failures.length > 100_000) throw new Error(`no end: ${String(failures.at(-1))}`);
    }
    await expect(failureOf(cluster.link(killed?.nodeId ?? -1, 'data'))).resolves.toBe('unreachable');
    expect(await tookMs(() => cluster.refresh())).toBeLessThan(2_000);
    expect(cluster.nodes().length).toBeGreaterThanOrEqual(2);
  }, 60_000);
});
