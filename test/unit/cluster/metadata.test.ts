import { describe, expect, it } from '@jest/globals';
import { clusterOf, whileTimePasses } from './clusters.ts';
import type { Logged } from './clusters.ts';
import { API, coordinatorAnswer, FakeBroker, metadataAnswer, SILENT } from './fake-broker.ts';
import { failureOf } from './links.ts';
import { ManualClock } from './manual-clock.ts';

const ID = 'ab'.repeat(16);

/** Topic names of one Metadata request. */
function asked(broker: FakeBroker, index: number): readonly (string | null)[] {
  const request = broker.received.filter(({ apiKey }) => apiKey === API.metadata)[index];
  return (
    request?.body.compactArray((reader) => {
      reader.uuid();
      const name = reader.compactNullableString();
      reader.tags();
      return name;
    }) ?? []
  );
}

describe('refresh', () => {
  it('learns nodes, cluster id, topic ids, leaders and epochs; a missing topic is remembered with error 3', async () => {
    await using broker = await FakeBroker.start();
    broker.on(API.metadata, () =>
      metadataAnswer(
        [{ nodeId: 4, port: broker.port }],
        [
          {
            topic: 'events',
            topicId: ID,
            partitions: [
              { leader: 4, epoch: 9 },
              { leader: -1, epoch: 2, error: 5 },
            ],
          },
          { topic: 'missing', error: 3 },
        ],
      ),
    );
    const cluster = clusterOf([broker]);
    cluster.watch(['events', 'missing']);
    expect(cluster.topic('events')).toBeUndefined();
    await cluster.refresh();
    expect(cluster.nodes()).toEqual([{ nodeId: 4, host: '127.0.0.1', port: broker.port }]);
    expect(cluster.clusterId()).toBe('cluster-1');
    expect(cluster.topic('events')).toEqual({
      topic: 'events',
      topicId: ID,
      error: 0,
      partitions: [
        { partition: 0, leader: 4, leaderEpoch: 9, error: 0 },
        { partition: 1, leader: -1, leaderEpoch: 2, error: 5 },
      ],
    });
    expect(cluster.topic('missing')).toMatchObject({ error: 3, partitions: [] });
    expect(asked(broker, 0)).toEqual(['events', 'missing']);
  });

  it('never asks the broker to create a topic', async () => {
    await using broker = await FakeBroker.start();
    broker.on(API.metadata, () => metadataAnswer([{ nodeId: 1, port: broker.port }]));
    const cluster = clusterOf([broker]);
    cluster.watch(['events']);
    await cluster.refresh();
    asked(broker, 0);
    expect(broker.received.find(({ apiKey }) => apiKey === API.metadata)?.body.boolean()).toBe(false);
  });

  it('leader epochs outlive a spell in which the topic seemed to be gone', async () => {
    await using broker = await FakeBroker.start();
    const answers = [
      { topic: 't', topicId: ID, partitions: [{ leader: 1, epoch: 5 }] },
      { topic: 't', error: 3 },
      { topic: 't', topicId: ID, partitions: [{ leader: 2, epoch: 4 }] },
    ];
    broker.on(API.metadata, () =>
      metadataAnswer(
        [{ nodeId: 1, port: broker.port }],
        answers.slice(broker.count(API.metadata) - 1).slice(0, 1),
      ),
    );
    const cluster = clusterOf([broker]);
    cluster.watch(['t']);
    await cluster.refresh();
    await cluster.refresh();
    expect(cluster.topic('t')).toMatchObject({ error: 3, partitions: [] });
    await cluster.refresh();
    expect(cluster.topic('t')?.partitions).toMatchObject([{ leader: 1, leaderEpoch: 5 }]);
  });

  it('concurrent callers share one request; a topic watched meanwhile is asked for before its caller goes on', async () => {
    await using broker = await FakeBroker.start();
    broker.on(API.metadata, () =>
      metadataAnswer(
        [{ nodeId: 1, port: broker.port }],
        [{ topic: 'b', topicId: ID, partitions: [{ leader: 1, epoch: 0 }] }],
      ),
    );
    const cluster = clusterOf([broker]);
    cluster.watch(['a']);
    const early = [cluster.refresh(), cluster.refresh()];
    cluster.watch(['b']);
    const late = cluster.refresh().then(() => cluster.topic('b')?.error);
    await Promise.all(early);
    await expect(late).resolves.toBe(0);
    expect(broker.count(API.metadata)).toBe(2);
    expect([asked(broker, 0), asked(broker, 1)]).toEqual([['a'], ['a', 'b']]);
  });

  it('goes on to the next broker at once when one is dead, after 200 ms when one is frozen', async () => {
    await using alive = await FakeBroker.start();
    alive.on(API.metadata, () => metadataAnswer([{ nodeId: 1, port: alive.port }]));
    await clusterOf(['127.0.0.1:1', alive]).refresh();

    await using frozen = await FakeBroker.start();
    frozen.on(API.apiVersions, SILENT);
    const clock = new ManualClock();
    const refreshed = clusterOf([frozen, alive], { clock }).refresh();
    await frozen.until(() => frozen.count(API.apiVersions) === 1);
    await clock.advance(199);
    expect(alive.sockets).toHaveLength(1);
    await clock.advance(1);
    await refreshed;
    expect(alive.sockets).toHaveLength(2);
  });

  it('once nodes are known it asks those, the last that answered first, and bootstrap addresses only beyond them', async () => {
    await using first = await FakeBroker.start();
    await using second = await FakeBroker.start();
    const nodes = [
      { nodeId: 1, port: first.port },
      { nodeId: 2, port: second.port },
    ];
    for (const broker of [first, second]) broker.on(API.metadata, () => metadataAnswer(nodes));
    const cluster = clusterOf([first]);
    for (let times = 0; times < 3; times += 1) await cluster.refresh();
    expect([first.count(API.metadata), second.count(API.metadata)]).toEqual([3, 0]);
    first.on(API.metadata, ({ socket }) => {
      socket.destroy();
      return undefined;
    });
    for (let times = 0; times < 3; times += 1) await cluster.refresh();
    expect([first.count(API.metadata), second.count(API.metadata)]).toEqual([4, 3]);
  });

  it('no broker answers: unreachable, whether nobody listens or nobody speaks', async () => {
    await using broker = await FakeBroker.start();
    await expect(clusterOf(['127.0.0.1:1', '127.0.0.1:2']).refresh()).rejects.toMatchObject({
      failure: 'unreachable',
    });
    const clock = new ManualClock();
    const silent = clusterOf([broker.on(API.metadata, SILENT)], { clock, requestTimeoutMs: 500 });
    await expect(failureOf(whileTimePasses(clock, silent.refresh()))).resolves.toBe('unreachable');
  });

  it('says so when brokers of two clusters answer', async () => {
    await using broker = await FakeBroker.start();
    broker.on(API.metadata, () =>
      metadataAnswer([{ nodeId: 1, port: broker.port }], [], `cluster-${broker.count(API.metadata)}`),
    );
    const lines: Logged[] = [];
    const cluster = clusterOf([broker], {
      log: (level, message, extra) => lines.push({ level, message, extra }),
    });
    await cluster.refresh();
    await cluster.refresh();
    expect(lines.filter(({ level }) => level === 'error')).toEqual([
      {
        level: 'error',
        message: 'brokers of two clusters answer',
        extra: { before: 'cluster-1', now: 'cluster-2' },
      },
    ]);
  });
});

describe('coordinator', () => {
  it('is asked for once, kept until forgotten, and its node can be linked to although metadata lacks it', async () => {
    await using broker = await FakeBroker.start();
    broker.on(API.findCoordinator, () => coordinatorAnswer('g', 0, 6, broker.port));
    const cluster = clusterOf([broker]);
    await expect(cluster.coordinator('group', 'g', { timeoutMs: 100 })).resolves.toBe(6);
    await cluster.coordinator('group', 'g', { timeoutMs: 100 });
    expect(broker.count(API.findCoordinator)).toBe(1);
    expect((await cluster.link(6, 'join')).nodeId).toBe(6);
    cluster.forget('group', 'g');
    await cluster.coordinator('group', 'g', { timeoutMs: 100 });
    expect(broker.count(API.findCoordinator)).toBe(2);
  });

  it('asks by kind: 0 for groups, 1 for transactional ids', async () => {
    await using broker = await FakeBroker.start();
    broker.on(API.findCoordinator, () => coordinatorAnswer('k', 0, 6, broker.port));
    const cluster = clusterOf([broker]);
    await cluster.coordinator('group', 'k', { timeoutMs: 100 });
    await cluster.coordinator('transaction', 'k', { timeoutMs: 100 });
    const kinds = broker.received
      .filter(({ apiKey }) => apiKey === API.findCoordinator)
      .map(({ body }) => body.int8());
    expect(kinds).toEqual([0, 1]);
  });

  it('while none is available it asks again after 20 to 100 ms, and gives up as unreachable at its timeout', async () => {
    await using broker = await FakeBroker.start();
    broker.on(API.findCoordinator, () =>
      broker.count(API.findCoordinator) < 4
        ? coordinatorAnswer('g', 15)
        : coordinatorAnswer('g', 0, 6, broker.port),
    );
    const clock = new ManualClock();
    const cluster = clusterOf([broker], { clock });
    await expect(
      whileTimePasses(clock, cluster.coordinator('group', 'g', { timeoutMs: 5_000 })),
    ).resolves.toBe(6);

    broker.on(API.findCoordinator, () => coordinatorAnswer('h', 15));
    const never = cluster.coordinator('group', 'h', { timeoutMs: 300 });
    await expect(whileTimePasses(clock, never)).rejects.toMatchObject({
      failure: 'unreachable',
      message: expect.stringContaining('COORDINATOR_NOT_AVAILABLE'),
    });
    expect(broker.count(API.findCoordinator)).toBeLessThanOrEqual(4 + 2 * 16);
  });

  it('not authorised: refused at once, for time would not help', async () => {
    await using broker = await FakeBroker.start();
    broker.on(API.findCoordinator, () => coordinatorAnswer('g', 30));
    await expect(clusterOf([broker]).coordinator('group', 'g', { timeoutMs: 60_000 })).rejects.toMatchObject({
      failure: 'refused',
    });
  });

  it('ends when its signal aborts, also while a broker is silent', async () => {
    await using broker = await FakeBroker.start();
    broker.on(API.findCoordinator, SILENT);
    const stop = new AbortController();
    const found = clusterOf([broker]).coordinator('group', 'g', { timeoutMs: 60_000, signal: stop.signal });
    await broker.until(() => broker.count(API.findCoordinator) === 1);
    stop.abort();
    await expect(failureOf(found)).resolves.toBe('unreachable');
  });
});
