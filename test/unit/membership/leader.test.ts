import { describe, expect, it } from '@jest/globals';
import type { MembershipFact } from '../../../src/kafka/membership/facts.ts';
import { Leader } from '../../../src/kafka/membership/leader.ts';
import { readAssignment, readMembers, subscriptionBytes } from '../../../src/kafka/membership/protocol.ts';
import type { JoinGroupAnswer, JoinGroupMember } from '../../../src/kafka/wire/join-group.ts';
import { Writer } from '../../../src/kafka/wire/writer.ts';
import { tp } from './drive.ts';
import { joined, StagedCluster } from './stage.ts';

const member = (memberId: string, metadata: Uint8Array): JoinGroupMember => ({
  memberId,
  groupInstanceId: null,
  metadata,
});

const answerWith = (members: readonly JoinGroupMember[], more: object = {}): JoinGroupAnswer => ({
  throttleTimeMs: 0,
  protocolType: 'consumer',
  ...joined(3, { ...more, members }),
  members,
});

function stage() {
  const cluster = new StagedCluster();
  const facts: MembershipFact[] = [];
  const leader = new Leader(cluster, (fact) => facts.push(fact));
  return { cluster, facts, leader };
}

const fresh = (memberId: string, ...topics: string[]) =>
  member(memberId, subscriptionBytes(topics, [], null));

describe('the leader', () => {
  it('assigns every partition of every topic anybody subscribes to', async () => {
    const { cluster, leader } = stage();
    cluster.grow('t', 3);
    cluster.grow('u', 1);
    const sync = await leader.assign(answerWith([fresh('a', 't'), fresh('b', 't', 'u')]));
    const shares = sync.map(({ assignment }) => readAssignment(assignment)?.length);
    expect(shares).toEqual([2, 2]);
  });

  it('without any broker answering it assigns from what it knew, and says so', async () => {
    const { cluster, facts, leader } = stage();
    cluster.grow('t', 1);
    cluster.refreshFails = true;
    const [sync] = await leader.assign(answerWith([fresh('a', 't')]));
    expect(readAssignment(sync?.assignment ?? new Uint8Array())).toEqual([tp(0)]);
    expect(facts).toEqual([expect.objectContaining({ fact: 'retried', request: 'metadata' })]);
  });

  it('a member that cannot be read gets nothing and keeps nobody from forming a group', async () => {
    const { cluster, facts, leader } = stage();
    cluster.grow('t', 1);
    const sync = await leader.assign(answerWith([member('odd', Uint8Array.of(0, 3, 127)), fresh('a', 't')]));
    expect(sync.map(({ assignment }) => readAssignment(assignment))).toEqual([[], [tp(0)]]);
    expect(facts).toContainEqual(expect.objectContaining({ why: expect.stringContaining('odd') }));
  });

  it('a static leader that returned sends no assignment, but watches (KIP-814)', async () => {
    const { cluster, leader } = stage();
    cluster.grow('t', 1);
    expect(await leader.assign(answerWith([fresh('a', 't')], { skipAssignment: true }))).toEqual([]);
    cluster.grow('t', 2);
    expect(leader.outdated()).toBe('topic t went from 1 to 2 partitions');
  });

  it('asks for a rebalance when a topic grows or appears, not when metadata lag or another leads', async () => {
    const { cluster, leader } = stage();
    cluster.grow('t', 2);
    await leader.assign(answerWith([fresh('a', 't', 'later')]));
    expect(leader.outdated()).toBeUndefined();
    expect(leader.lacks(['t'])).toBe(true);
    cluster.grow('t', 1);
    expect(leader.outdated()).toBeUndefined();
    cluster.grow('later', 1);
    expect(leader.outdated()).toContain('later');
    leader.follow();
    expect(leader.outdated()).toBeUndefined();
  });
});

describe('subscriptions of others', () => {
  const generationOf = (metadata: Uint8Array) =>
    readMembers(answerWith([member('a', metadata)])).members[0]?.generation;

  it('carry the generation in version 2 and later', () => {
    expect(generationOf(subscriptionBytes(['t'], [tp(0)], 9))).toBe(9);
    expect(generationOf(subscriptionBytes(['t'], [], null))).toBe(-1);
  });

  it('of older Java members carry it in their user data', () => {
    const userData = Uint8Array.of(0, 0, 0, 12);
    expect(generationOf(versionOne(userData))).toBe(12);
    expect(generationOf(versionOne(null))).toBe(-1);
    expect(generationOf(versionOne(Uint8Array.of(1)))).toBe(-1);
  });

  it('ours can be read by those: the generation is in the user data, too', () => {
    const bytes = subscriptionBytes(['t'], [], 258);
    expect(Buffer.from(bytes).includes(Buffer.from([0, 0, 0, 4, 0, 0, 1, 2]))).toBe(true);
  });
});

/** ConsumerProtocolSubscription v1, as Java 2.4 to 3.1 write it. */
function versionOne(userData: Uint8Array | null): Uint8Array {
  const writer = new Writer();
  writer.int16(1);
  writer.array(['t'], (topic) => {
    writer.string(topic);
  });
  writer.nullableBytes(userData);
  writer.array([], () => undefined);
  return writer.toBytes();
}
