import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { provideKafka, type KafkaBackend } from '../../../deploy/local/backends.ts';
import { systemClock } from '../../../src/clock.ts';
import type { GroupIdentity } from '../../../src/kafka/membership/port.ts';
import { balanced, createTopic, uniqueName, until, Worker } from './support.ts';

let kafka: KafkaBackend;
beforeAll(async () => {
  kafka = await provideKafka();
}, 120_000);
afterAll(async () => {
  await kafka[Symbol.asyncDispose]();
});

function identityOf(worker: Worker): GroupIdentity {
  const identity = worker.membership.identity();
  if (identity === undefined) throw new Error('no member');
  return identity;
}

describe('static membership (KIP-345)', () => {
  it('a member that returns keeps its generation and partitions; nobody rebalances', async () => {
    const topic = await createTopic(kafka, 4);
    const group = { groupId: uniqueName(), topics: [topic] };
    const named = (groupInstanceId: string) => new Worker(kafka, { ...group, groupInstanceId });
    await using first = named('a');
    await first.holds(4);
    const second = named('b');
    await balanced(4, first, second);
    const generation = identityOf(first).generationId;
    const keys = second.keys;
    const rounds = first.factsNamed('joined').length;

    expect(await second.stop()).toBeUndefined();
    await using again = named('b');
    await again.holds(2);
    expect(again.keys).toEqual(keys);
    expect(identityOf(again)).toMatchObject({ generationId: generation, groupInstanceId: 'b' });
    expect(first.factsNamed('joined')).toHaveLength(rounds);
  }, 60_000);

  it('a leader that returns assigns nothing anew and still watches the metadata', async () => {
    const topic = await createTopic(kafka, 4);
    const group = { groupId: uniqueName(), topics: [topic] };
    const leader = new Worker(kafka, { ...group, groupInstanceId: 'a' });
    await leader.holds(4);
    await using other = new Worker(kafka, { ...group, groupInstanceId: 'b' });
    await balanced(4, leader, other);
    const keys = leader.keys;
    await leader.vanish();
    await using again = new Worker(kafka, { ...group, groupInstanceId: 'a' });
    await again.holds(2);
    expect(again.keys).toEqual(keys);
    expect(again.factsNamed('joined')).toEqual([expect.objectContaining({ leader: true })]);
    expect(other.lost).toEqual([]);
  }, 60_000);

  it('a twin fences the older process for good (82)', async () => {
    const topic = await createTopic(kafka, 2);
    const options = { groupId: uniqueName(), topics: [topic], groupInstanceId: 'a' };
    await using older = new Worker(kafka, options);
    await older.holds(2);
    const tokens = [...older.held];
    await using twin = new Worker(kafka, options);
    await twin.holds(2);
    expect(await older.ended).toMatchObject({ code: 'INSTANCE_FENCED' });
    expect(tokens.some((token) => token.alive)).toBe(false);
    expect(older.membership.identity()).toBeUndefined();
  }, 60_000);
});

describe('the identity of commits (data-path rule 7)', () => {
  it('a refused identity has a successor while its tokens live, and none once one was given up', async () => {
    const topic = await createTopic(kafka, 4);
    const group = { groupId: uniqueName(), topics: [topic], heartbeatMs: 2_000 };
    await using first = new Worker(kafka, group);
    await first.holds(4);
    const refused = identityOf(first);
    const tokens = [...first.held];
    let endDrain: () => void = () => undefined;
    first.drain = () => new Promise((resolve) => (endDrain = resolve));

    await using second = new Worker(kafka, group);
    await until('the second member asks to join', () => second.factsNamed('coordinator-changed').length > 0);
    const successor = await askUntilRefused(first, refused, tokens);
    expect(successor).toEqual(identityOf(first));
    expect(successor.memberId).toBe(refused.memberId);
    expect(successor.generationId).not.toBe(refused.generationId);

    await until('the drain began', () => first.revoked.length === 2);
    endDrain();
    await balanced(4, first, second);
    expect(await first.membership.successor(refused, tokens, 1_000)).toBeUndefined();
    expect(await first.membership.successor(refused, first.held, 1_000)).toEqual(identityOf(first));
  }, 60_000);

  it('there is none while the generation stands, after the time given', async () => {
    const topic = await createTopic(kafka, 1);
    await using only = new Worker(kafka, { groupId: uniqueName(), topics: [topic] });
    await only.holds(1);
    const before = systemClock.now().monotonicMs;
    expect(await only.membership.successor(identityOf(only), only.held, 300)).toBeUndefined();
    expect(systemClock.now().monotonicMs - before).toBeGreaterThanOrEqual(295);
  }, 60_000);
});

/** As the data path does on 22: the answer also makes the member look, long before its next heartbeat is due. */
async function askUntilRefused(worker: Worker, refused: GroupIdentity, tokens: Worker['held']) {
  for (;;) {
    const successor = await worker.membership.successor(refused, tokens, 500);
    if (successor !== undefined) return successor;
  }
}
