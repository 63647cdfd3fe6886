import { describe, expect, it } from '@jest/globals';
import { LinkError } from '../../../src/kafka/cluster/port.ts';
import type { Purpose } from '../../../src/kafka/cluster/port.ts';
import { heartbeat } from '../../../src/kafka/wire/heartbeat.ts';
import { clusterOf } from './clusters.ts';
import { API, FakeBroker, heartbeatAnswer, metadataAnswer, SILENT, versionsAnswer } from './fake-broker.ts';
import { beat, failureOf } from './links.ts';
import { ManualClock, turn } from './manual-clock.ts';

const failureAndMessage = (promise: Promise<unknown>): Promise<unknown> =>
  promise.catch((error: unknown) => (error instanceof LinkError ? [error.failure, error.message] : error));

const WITHIN = { timeoutMs: 1_000 };

describe('one connection per node and purpose', () => {
  it('purposes never share a socket; asking again for the same one gives the same link', async () => {
    await using broker = await FakeBroker.start();
    const cluster = clusterOf([broker]);
    const purposes: Purpose[] = ['data', 'fetch', 'transaction', 'heartbeat', 'join', 'metadata'];
    const links = await Promise.all(purposes.map((purpose) => cluster.link(-1, purpose)));
    expect(new Set(links).size).toBe(purposes.length);
    expect(broker.sockets).toHaveLength(purposes.length);
    expect(await cluster.link(-1, 'data')).toBe(links[0]);
    expect(broker.sockets).toHaveLength(purposes.length);
  });

  it('a request that waits on one purpose does not hold up another; control: on its own it does', async () => {
    await using broker = await FakeBroker.start();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    broker.on(API.heartbeat, async ({ body }) => {
      body.compactString();
      body.int32();
      if (body.compactString() === 'slow') await held;
      return heartbeatAnswer();
    });
    const cluster = clusterOf([broker]);
    const join = await cluster.link(-1, 'join');
    const order: string[] = [];
    const slow = join.send(heartbeat, beat('slow'), WITHIN).then(() => order.push('slow'));
    const behind = join.send(heartbeat, beat('behind'), WITHIN).then(() => order.push('behind'));
    const other = await cluster.link(-1, 'heartbeat');
    await other.send(heartbeat, beat('other'), WITHIN).then(() => order.push('other'));
    release();
    await Promise.all([slow, behind]);
    expect(order).toEqual(['other', 'slow', 'behind']);
  });

  it('a frozen node does not hold up another, not even the dial to it', async () => {
    await using frozen = await FakeBroker.start();
    await using well = await FakeBroker.start();
    frozen.on(API.apiVersions, SILENT);
    well.on(API.heartbeat, () => heartbeatAnswer());
    const clock = new ManualClock();
    const cluster = clusterOf([frozen, well], { clock });
    const waiting = failureAndMessage(cluster.link(-1, 'data'));
    await frozen.until(() => frozen.count(API.apiVersions) === 1);
    const link = await cluster.link(-2, 'data');
    await expect(link.send(heartbeat, beat('m'), WITHIN)).resolves.toMatchObject({ errorCode: 0 });
    await clock.advance(1_000);
    await expect(waiting).resolves.toMatchObject([
      'unreachable',
      expect.stringContaining('no answer within 1000 ms'),
    ]);
  });

  it('callers who ask while it is being made share one attempt, and its failure', async () => {
    await using broker = await FakeBroker.start();
    const cluster = clusterOf([broker]);
    const [first, second] = await Promise.all([cluster.link(-1, 'data'), cluster.link(-1, 'data')]);
    expect(first).toBe(second);
    expect(broker.sockets).toHaveLength(1);
  });

  it('after a failure the next caller gets a fresh connection', async () => {
    await using broker = await FakeBroker.start();
    broker.on(API.heartbeat, ({ connection, socket }) => {
      if (connection > 0) return heartbeatAnswer();
      socket.destroy();
      return undefined;
    });
    const cluster = clusterOf([broker]);
    const dead = await cluster.link(-1, 'data');
    await expect(failureOf(dead.send(heartbeat, beat('m'), WITHIN))).resolves.toBe('closed');
    const fresh = await cluster.link(-1, 'data');
    await expect(fresh.send(heartbeat, beat('m'), WITHIN)).resolves.toMatchObject({ errorCode: 0 });
  });

  it('a node that moved is dialled at its new address', async () => {
    await using old = await FakeBroker.start();
    await using moved = await FakeBroker.start();
    let port = old.port;
    old.on(API.metadata, () => metadataAnswer([{ nodeId: 1, port }]));
    const cluster = clusterOf([old]);
    await cluster.refresh();
    const before = await cluster.link(1, 'data');
    port = moved.port;
    await cluster.refresh();
    expect(await cluster.link(1, 'data')).not.toBe(before);
    expect(moved.sockets).toHaveLength(1);
    await expect(failureOf(before.send(heartbeat, beat('m'), WITHIN))).resolves.toBe('closed');
  });
});

describe('no connection', () => {
  it('nobody listens: unreachable, at once', async () => {
    const cluster = clusterOf(['127.0.0.1:1']);
    await expect(cluster.link(-1, 'data')).rejects.toMatchObject({ failure: 'unreachable', nodeId: -1 });
  });

  it('an unknown node: unreachable', async () => {
    const cluster = clusterOf(['127.0.0.1:1']);
    await expect(cluster.link(99, 'data')).rejects.toMatchObject({ failure: 'unreachable', nodeId: 99 });
  });

  it('a frozen broker, whose kernel accepts but which never answers: unreachable after connectionTimeoutMs', async () => {
    await using frozen = await FakeBroker.start();
    frozen.on(API.apiVersions, SILENT);
    const clock = new ManualClock();
    const cluster = clusterOf([frozen], { clock, connectionTimeoutMs: 700 });
    const linked = failureAndMessage(cluster.link(-1, 'data'));
    await frozen.until(() => frozen.count(API.apiVersions) === 1);
    await clock.advance(699);
    expect(clock.sleeping).toBe(1);
    await clock.advance(1);
    await expect(linked).resolves.toEqual([
      'unreachable',
      `node -1 (${frozen.bootstrap}) data: no answer within 700 ms`,
    ]);
    expect(clock.sleeping).toBe(0);
  });

  it('a broker that lacks a version: unsupported, saying which, and nothing stays open', async () => {
    await using broker = await FakeBroker.start();
    broker.on(API.apiVersions, () => versionsAnswer({ 1: { min: 0, max: 11 }, 24: null }));
    const cluster = clusterOf([broker]);
    const error: unknown = await cluster.link(-1, 'data').catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(LinkError);
    expect(error).toMatchObject({ failure: 'unsupported' });
    expect((error as LinkError).message).toContain('Fetch (API 1) version 12: the broker speaks 0 to 11');
    expect((error as LinkError).message).toContain(
      'AddPartitionsToTxn (API 24) version 3: the broker does not know it',
    );
    await new Promise((resolve) => broker.sockets[0]?.once('close', resolve));
  });
});

describe('close', () => {
  it('ends what is in flight, what is being dialled and what is asked later with closed; no timer stays', async () => {
    await using broker = await FakeBroker.start();
    const clock = new ManualClock();
    const cluster = clusterOf([broker], { clock });
    const link = await cluster.link(-1, 'data');
    const inFlight = failureOf(link.send(heartbeat, beat('m'), WITHIN));
    await broker.until(() => broker.count(API.heartbeat) === 1);
    broker.on(API.apiVersions, () => undefined);
    const dialling = failureOf(cluster.link(-1, 'fetch'));
    await broker.until(() => broker.count(API.apiVersions) === 2);
    await cluster.close();
    await expect(Promise.all([inFlight, dialling])).resolves.toEqual(['closed', 'closed']);
    await expect(failureOf(cluster.link(-1, 'join'))).resolves.toBe('closed');
    await expect(failureOf(cluster.refresh())).resolves.toBe('closed');
    await turn();
    expect(clock.sleeping).toBe(0);
  });
});
