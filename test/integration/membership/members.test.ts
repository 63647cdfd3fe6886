import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { provideKafka, type KafkaBackend } from '../../../deploy/local/backends.ts';
import { systemClock } from '../../../src/clock.ts';
import { leaveGroup } from '../../../src/kafka/wire/leave-group.ts';
import { balanced, createTopic, uniqueName, until, withAdmin, Worker } from './support.ts';

let kafka: KafkaBackend;
beforeAll(async () => {
  kafka = await provideKafka();
}, 120_000);
afterAll(async () => {
  await kafka[Symbol.asyncDispose]();
});

describe('members of one group on a real broker', () => {
  it('join and leave: tokens of kept partitions survive, only moved ones are drained (rule 11)', async () => {
    const topic = await createTopic(kafka, 6);
    const group = { groupId: uniqueName(), topics: [topic] };
    await using first = new Worker(kafka, group);
    await first.holds(6);
    expect(first.membership.identity()).toMatchObject({ groupId: group.groupId, groupInstanceId: null });
    const original = [...first.held];

    await using second = new Worker(kafka, group);
    await balanced(6, first, second);
    expect(first.revoked).toHaveLength(3);
    expect(original.filter((token) => token.alive)).toEqual(first.held);

    await using third = new Worker(kafka, group);
    await balanced(6, first, second, third);
    expect([first.revoked.length, second.revoked.length]).toEqual([4, 1]);
    const kept = [...first.held, ...second.held];

    await third.stop();
    await balanced(6, first, second);
    expect(kept.every((token) => token.alive)).toBe(true);
    expect([first, second, third].flatMap((worker) => worker.lost)).toEqual([]);
    expect(third.factsNamed('left')).toEqual([{ fact: 'left', acknowledged: true }]);
  }, 60_000);

  it('shares several topics of different sizes, also with different subscriptions', async () => {
    const [large, small] = [await createTopic(kafka, 5), await createTopic(kafka, 2)];
    const groupId = uniqueName();
    await using both = new Worker(kafka, { groupId, topics: [large, small] });
    await both.holds(7);
    await using one = new Worker(kafka, { groupId, topics: [large] });
    await balanced(7, both, one);
    expect(one.held.every((token) => token.topic === large)).toBe(true);
    one.membership.subscribe([small]);
    await until(
      'the small topic changes hands',
      () => one.held.length > 0 && one.held.every((t) => t.topic === small),
    );
    await until('the large one is taken over', () => both.held.length + one.held.length === 7);
  }, 60_000);

  it('heartbeats carry a drain longer than the session (pitfall 9, rule 11)', async () => {
    const topic = await createTopic(kafka, 4);
    const group = { groupId: uniqueName(), topics: [topic], sessionTimeoutMs: 1_000 };
    await using first = new Worker(kafka, group);
    await first.holds(4);
    first.drain = () => systemClock.sleep(2_500);
    await using second = new Worker(kafka, group);
    await balanced(4, first, second);
    expect(first.lost).toEqual([]);
    expect(first.factsNamed('drained')).toEqual([{ fact: 'drained', partitions: 2, overdue: false }]);
  }, 60_000);

  it('a drain that does not end is cut off at its bound and the group moves on', async () => {
    const topic = await createTopic(kafka, 4);
    const group = { groupId: uniqueName(), topics: [topic], drainBoundMs: 500 };
    await using first = new Worker(kafka, group);
    await first.holds(4);
    first.drain = () => new Promise(() => undefined);
    await using second = new Worker(kafka, group);
    await balanced(4, first, second);
    expect(first.factsNamed('drained')).toEqual([{ fact: 'drained', partitions: 2, overdue: true }]);
  }, 60_000);

  it('a member the coordinator no longer knows (25) loses all and comes back as another', async () => {
    const topic = await createTopic(kafka, 2);
    const group = { groupId: uniqueName(), topics: [topic] };
    await using worker = new Worker(kafka, group);
    await worker.holds(2);
    const memberId = worker.membership.identity()?.memberId ?? '';
    const original = [...worker.held];
    await expel(worker, group.groupId, memberId);
    await until('all is lost', () => worker.lost.length === 2);
    expect(original.some((token) => token.alive)).toBe(false);
    await worker.holds(2);
    expect(worker.membership.identity()?.memberId).not.toBe(memberId);
  }, 60_000);

  it('a member that vanished is replaced after its session', async () => {
    const topic = await createTopic(kafka, 4);
    const group = { groupId: uniqueName(), topics: [topic], sessionTimeoutMs: 1_500 };
    await using first = new Worker(kafka, group);
    await using second = new Worker(kafka, group);
    await balanced(4, first, second);
    const kept = [...first.held];
    await second.vanish();
    await first.holds(4);
    expect(kept.every((token) => token.alive)).toBe(true);
  }, 60_000);

  it('topics that appear or grow are taken up without a restart', async () => {
    const [present, later] = [await createTopic(kafka, 2), uniqueName()];
    const group = { groupId: uniqueName(), topics: [present, later], metadataRefreshMs: 500 };
    await using first = new Worker(kafka, group);
    await using second = new Worker(kafka, group);
    await balanced(2, first, second);
    const original = [...first.held, ...second.held];
    await createTopic(kafka, 2, later);
    await balanced(4, first, second);
    await withAdmin(kafka, (admin) =>
      admin.createPartitions({ topicPartitions: [{ topic: later, count: 4 }] }),
    );
    await balanced(6, first, second);
    expect(original.every((token) => token.alive)).toBe(true);
  }, 60_000);

  it('runs again after it was stopped, and only then', async () => {
    const topic = await createTopic(kafka, 2);
    await using worker = new Worker(kafka, { groupId: uniqueName(), topics: [topic] });
    await worker.holds(2);
    const original = [...worker.held];
    await expect(worker.membership.run(new AbortController().signal)).rejects.toThrow('running already');
    await worker.again();
    expect(original.some((token) => token.alive)).toBe(false);
    await worker.holds(2);
    expect(worker.revoked).toEqual(original);
  }, 60_000);
});

describe('a coordinator that is away', () => {
  it('frozen past the request timeout, or restarted: same generation, every token lives (M5)', async () => {
    await using own = await provideKafka({ fresh: true });
    const [node] = own.nodes;
    if (node === undefined) throw new Error('a Kafka without nodes');
    const topic = await createTopic(own, 2);
    await using worker = new Worker(own, { groupId: uniqueName(), topics: [topic], requestTimeoutMs: 500 });
    await worker.holds(2);
    const identity = worker.membership.identity();
    const tokens = [...worker.held];

    node.signal('SIGSTOP');
    await until('a heartbeat failed', () => worker.factsNamed('heartbeat-failed').length > 0);
    node.signal('SIGCONT');
    await until(
      'the coordinator is back',
      () => worker.factsNamed('coordinator-changed').at(-1)?.to === node.nodeId,
    );
    const before = worker.factsNamed('heartbeat-failed').length;
    await node.stop();
    await until('a heartbeat failed again', () => worker.factsNamed('heartbeat-failed').length > before);
    await node.start();
    await until(
      'it is back again',
      () => worker.factsNamed('coordinator-changed').at(-1)?.to === node.nodeId,
    );

    await worker.membership.successor(identity!, tokens, 1_000);
    expect(worker.membership.identity()).toEqual(identity);
    expect(tokens.every((token) => token.alive)).toBe(true);
    expect(worker.factsNamed('joined')).toHaveLength(1);
  }, 120_000);
});

/** What `kafka-consumer-groups --remove-members` does. */
async function expel(worker: Worker, groupId: string, memberId: string): Promise<void> {
  const node = await worker.cluster.coordinator('group', groupId, { timeoutMs: 5_000 });
  const link = await worker.cluster.link(node, 'metadata');
  const members = [{ memberId, groupInstanceId: null, reason: 'test' }];
  await link.send(leaveGroup, { groupId, members }, { timeoutMs: 5_000 });
}
