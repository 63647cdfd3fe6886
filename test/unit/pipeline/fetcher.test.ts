import { describe, expect, it } from '@jest/globals';
import { LinkError } from '../../../src/kafka/cluster/port.ts';
import { AT } from '../../../src/kafka/records/batch.ts';
import type { FetchAnswer, FetchRequest } from '../../../src/kafka/wire/fetch.ts';
import { numbers, Scene } from './scene.ts';

const partitionsOf = (request: FetchRequest): FetchRequest['topics'][number]['partitions'] =>
  request.topics.filter(({ topic }) => topic === 'in').flatMap(({ partitions }) => partitions);

/** Changes what is answered for one partition. */
function altered(
  scene: Scene,
  request: FetchRequest,
  partition: number,
  change: (records: Uint8Array) => Uint8Array,
): FetchAnswer {
  const answer = scene.world.fetched(request);
  const topics = answer.topics.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map((found) =>
      topic === 'in' && found.partition === partition && found.records !== null
        ? { ...found, records: change(found.records) }
        : found,
    ),
  }));
  return { ...answer, topics };
}

describe('an answer that holds no whole batch', () => {
  it('is asked for again, first of its request and with room for all of it, and then flows', async () => {
    const fetch = { maxBytes: 2 ** 20, partitionMaxBytes: 100, minBytes: 1, maxWaitMs: 20 };
    const scene = new Scene({ partitions: 2, settings: { fetch } });
    scene.world.log('in', 0).put(numbers(0, 2));
    scene.world.log('in', 1).put(numbers(0, 50));
    const asked: { first: number; room: number }[] = [];
    scene.world.onFetch = (request) => {
      const [first] = partitionsOf(request);
      if (first === undefined) return undefined;
      asked.push({ first: first.partition, room: first.partitionMaxBytes });
      // Cut off unless asked for first, as a broker may that has already served another one whole.
      if (first.partition === 1 && first.partitionMaxBytes > 100) return undefined;
      return altered(scene, request, 1, (records) => records.subarray(0, 100));
    };
    scene.membership.give('in', 0, 1);
    const all = (): boolean => scene.committedOffset(0) === 2 && scene.committedOffset(1) === 50;
    await scene.serveUntil(all, 'both flow');
    expect(scene.values('out', 1)).toEqual(numbers(0, 50));
    expect(asked.some(({ first, room }) => first === 1 && room > 500)).toBe(true);
  });

  it('although asked for first is a corrupt length: the partition stops, the others flow, nothing is fetched for ever', async () => {
    const scene = new Scene({ partitions: 2 });
    scene.world.log('in', 0).put(numbers(0, 5));
    scene.world.log('in', 1).put(numbers(0, 5));
    const { bytes } = scene.world.log('in', 1).stored[0]!;
    new DataView(bytes.buffer).setInt32(AT.batchLength, 2 ** 30); // says it is a gibibyte long
    scene.membership.give('in', 0, 1);
    const over = scene.serve();
    await scene.world.until(
      () => scene.of('stopped').length > 0 && scene.committedOffset(0) === 5,
      'stopped',
    );
    expect(scene.of('stopped')).toMatchObject([{ partition: 1, code: 'BATCH_CORRUPT' }]);
    const since = scene.world.asked.length;
    scene.world.log('in', 0).put(numbers(5, 10));
    await scene.world.until(() => scene.committedOffset(0) === 10, 'the other flows on');
    scene.intake.abort();
    await over;
    const later = scene.world.asked.slice(since).filter(({ name }) => name === 'Fetch');
    const partitions = later.flatMap(({ request }) => partitionsOf(request as FetchRequest));
    expect(partitions.filter(({ partition }) => partition === 1)).toEqual([]);
  });
});

describe('memory (P6)', () => {
  it('answers on their way from several brokers count: together they stay within the budget', async () => {
    const brokers = [0, 1, 2, 3];
    const memoryBytes = 2 ** 18;
    const fetch = { maxBytes: 2 ** 18, partitionMaxBytes: 2 ** 18, minBytes: 1, maxWaitMs: 20 };
    const scene = new Scene({ partitions: 4, settings: { memoryBytes, fetch, lingerMs: 100_000 } });
    scene.world.leaderOf = (partition) => partition + 1;
    scene.world.show();
    const value = 'x'.repeat(8_000);
    for (const i of brokers) for (let n = 0; n < 40; n++) scene.world.log('in', i).put([value]);
    scene.membership.give('in', ...brokers);
    scene.membership.current = undefined; // nothing is sent, so nothing is let go
    const over = scene.serve();
    await scene.world.pass(3_000);
    const held = scene.pipeline.bytesInFlight();
    scene.intake.abort();
    await over;
    expect(held).toBeGreaterThan(memoryBytes / 2);
    expect(held).toBeLessThanOrEqual(memoryBytes + 4 * 8_200); // each broker may answer one batch whole
  });
});

describe('fetching', () => {
  it('goes on after links are lost, and after metadata moved the leader; every record is there once', async () => {
    const scene = new Scene();
    scene.world.log('in').put(numbers(0, 5));
    let failures = 3;
    scene.world.onFetch = () => (failures-- > 0 ? new LinkError('closed', 1, 'scripted') : undefined);
    scene.membership.give('in', 0);
    const over = scene.serve();
    await scene.world.until(() => scene.committedOffset() === 5, 'after lost links');
    scene.world.leader = 2;
    scene.world.log('in').put(numbers(5, 10));
    scene.world.show();
    await scene.world.until(() => scene.committedOffset() === 10, 'from the new leader');
    scene.intake.abort();
    await over;
    expect(scene.values()).toEqual(numbers(0, 10));
  });

  it('an answer with what was read already neither doubles records nor takes up room', async () => {
    const scene = new Scene();
    scene.world.log('in').put(numbers(0, 5));
    let late: FetchAnswer | undefined;
    scene.world.onFetch = (request) => {
      const [asked] = partitionsOf(request);
      if (asked === undefined) return undefined;
      late ??= scene.world.fetched(request);
      return asked.fetchOffset === 0 ? undefined : late; // the first answer again and again
    };
    scene.membership.give('in', 0);
    const over = scene.serve();
    await scene.world.until(() => scene.committedOffset() === 5, 'committed');
    await scene.world.pass(10_000);
    scene.intake.abort();
    await over;
    expect(scene.values()).toEqual(numbers(0, 5));
    expect(scene.pipeline.bytesInFlight()).toBeLessThan(10_000);
  });

  it('out of range or diverged: the partition stops with a reason and never jumps (rule 8)', async () => {
    for (const [code, change] of [
      ['POSITION_OUT_OF_RANGE', { errorCode: 1, records: null }],
      ['LOG_DIVERGED', { divergingEpoch: { epoch: 0, endOffset: 3 }, records: null }],
    ] as const) {
      const scene = new Scene();
      scene.world.log('in').put(numbers(0, 5));
      scene.world.onFetch = (request) => {
        const [asked] = partitionsOf(request);
        if (asked?.fetchOffset !== 5) return undefined;
        const answer = scene.world.fetched(request);
        const topics = answer.topics.map(({ topic, partitions }) => ({
          topic,
          partitions: partitions.map((found) => ({ ...found, ...change })),
        }));
        return { ...answer, topics };
      };
      scene.membership.give('in', 0);
      await scene.serveUntil(() => scene.of('stopped').length > 0, code);
      expect(scene.of('stopped')).toMatchObject([{ code }]);
      expect(scene.values()).toEqual(numbers(0, 5));
    }
  });
});
