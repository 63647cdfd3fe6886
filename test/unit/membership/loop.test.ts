import { describe, expect, it } from '@jest/globals';
import type { OwnershipToken } from '../../../src/kafka/membership/port.ts';
import { assignedTo, broken, joined, never, perform, settled } from './stage.ts';

describe('the shell of the membership', () => {
  it('joins, syncs and heartbeats on links of their own, each with its bound (pitfall 2)', async () => {
    const { clock, cluster, tokens, membership } = perform();
    await clock.advance(1_000);
    expect(cluster.sent.map(({ name, purpose, timeoutMs }) => [name, purpose, timeoutMs])).toEqual([
      ['JoinGroup', 'join', 15_000],
      ['SyncGroup', 'join', 15_000],
      ['Heartbeat', 'heartbeat', 1_000],
    ]);
    expect(tokens.map(({ partition, alive }) => [partition, alive])).toEqual([
      [0, true],
      [1, true],
    ]);
    expect(membership.identity()).toEqual({
      groupId: 'g',
      generationId: 1,
      memberId: 'me',
      groupInstanceId: null,
    });
  });

  it('the identity is the new one before SyncGroup is answered (data-path rule 7)', async () => {
    const { cluster, membership } = perform();
    cluster.replies['SyncGroup'] = never;
    await settled();
    expect(membership.identity()?.generationId).toBe(1);
  });

  it('after the end nothing is asked and nothing sleeps', async () => {
    const { clock, cluster, stop, ended, tokens, told, membership } = perform();
    await clock.advance(1_500);
    stop.abort();
    expect(await ended).toBe('resolved');
    await settled();
    expect(told).toEqual(['revoking 2']);
    expect(tokens.some(({ alive }) => alive)).toBe(false);
    expect(membership.identity()).toBeUndefined();
    expect(cluster.sent.at(-1)?.name).toBe('LeaveGroup');
    expect(clock.sleeping).toBe(0);
  });

  it('a run that is stopped before it starts does nothing', async () => {
    const { cluster, membership, stop, ended } = perform();
    stop.abort();
    await ended;
    const before = cluster.sent.length;
    await membership.run(AbortSignal.abort());
    expect(cluster.sent).toHaveLength(before);
  });

  it('a heartbeat hanging at the old coordinator does not hold up those to the new one', async () => {
    const { clock, cluster } = perform();
    await settled();
    const join = Promise.withResolvers<object>();
    cluster.replies['JoinGroup'] = ({ node }) => (node === 1 ? join.promise : never());
    cluster.replies['Heartbeat'] = () => ({ errorCode: 27 });
    await clock.advance(1_000);
    cluster.replies['Heartbeat'] = ({ node }) => (node === 1 ? never() : { errorCode: 27 });
    await clock.advance(1_000);
    cluster.node = 2;
    join.resolve({ ...joined(2), errorCode: 16 });
    await clock.advance(1_000);
    expect(cluster.named('JoinGroup').map(({ node }) => node)).toEqual([1, 1, 2]);
    expect(cluster.named('Heartbeat').map(({ node }) => node)).toEqual([1, 1, 2]);
  });

  it('a heartbeat in flight is not doubled; one asked for meanwhile follows it', async () => {
    const { clock, cluster, membership } = perform();
    await settled();
    const open = Promise.withResolvers<object>();
    cluster.replies['Heartbeat'] = () => open.promise;
    const identity = membership.identity()!;
    membership.suspect(identity, 25);
    membership.suspect(identity, 25);
    await clock.advance(500);
    expect(cluster.named('Heartbeat')).toHaveLength(1);
    open.resolve({ errorCode: 0 });
    await settled();
    expect(cluster.named('Heartbeat')).toHaveLength(2);
  });

  it('a first JoinGroup at a frozen coordinator is given up when the probe finds it out', async () => {
    const { clock, cluster } = perform();
    cluster.replies['JoinGroup'] = ({ node }) => (node === 1 ? never() : joined(5));
    cluster.replies['FindCoordinator'] = () => broken('timeout');
    await settled();
    cluster.node = 2;
    await clock.advance(1_000);
    expect(cluster.named('JoinGroup').map(({ node }) => node)).toEqual([1, 2]);
  });

  it('a probe that names another node moves there', async () => {
    const { clock, cluster } = perform();
    cluster.replies['JoinGroup'] = ({ node }) => (node === 1 ? never() : joined(5));
    await settled();
    cluster.node = 2;
    await clock.advance(1_000);
    expect(cluster.named('JoinGroup').map(({ node }) => node)).toEqual([1, 2]);
  });

  it('a silent session is told once and costs nothing: the coordinator decides (rule 11)', async () => {
    const { clock, cluster, facts, tokens } = perform();
    await clock.advance(1_000);
    cluster.replies['Heartbeat'] = never;
    await clock.advance(10_000);
    const overdue = facts.filter(({ fact }) => fact === 'session-overdue');
    expect(overdue).toHaveLength(1);
    expect(tokens.every(({ alive }) => alive)).toBe(true);
  });

  it('pauses are spread by the random source: half to one and a half', async () => {
    const { clock, cluster } = perform({ random: () => 0 });
    cluster.replies['JoinGroup'] = () => ({ ...joined(1), errorCode: 14 });
    await settled();
    await clock.advance(24);
    expect(cluster.named('JoinGroup')).toHaveLength(1);
    await clock.advance(1);
    expect(cluster.named('JoinGroup')).toHaveLength(2);
  });

  it('an assignment that makes no sense is asked for again, bounded and told, never guessed', async () => {
    const { clock, cluster, tokens, ended, facts } = perform();
    cluster.replies['SyncGroup'] = () => ({ errorCode: 0, assignment: Uint8Array.of(0, 1, 127, 255) });
    await clock.advance(60_000);
    expect(tokens).toEqual([]);
    expect(await ended).toMatchObject({ code: 'GROUP_FATAL' });
    expect(facts.filter(({ fact }) => fact === 'retried')).toHaveLength(10);
  });

  it('another protocol than ours in the answer is not believed', async () => {
    const { clock, cluster, ended } = perform();
    cluster.replies['JoinGroup'] = () => joined(1, { protocolName: 'range' });
    await clock.advance(60_000);
    expect(await ended).toMatchObject({ code: 'GROUP_FATAL' });
    expect(cluster.named('SyncGroup')).toEqual([]);
  });
});

describe('drains', () => {
  /** Takes partition 1 away. */
  const rebalance = async ({ clock, cluster }: ReturnType<typeof perform>) => {
    cluster.replies['Heartbeat'] = () => ({ errorCode: 27 });
    cluster.replies['JoinGroup'] = () => joined(2);
    cluster.replies['SyncGroup'] = () => assignedTo(0);
    await clock.advance(1_000);
    cluster.replies['Heartbeat'] = () => ({ errorCode: 0 });
  };

  it('tokens die when the listener is done, heartbeats go on until then, then the member joins again', async () => {
    const drain = Promise.withResolvers<undefined>();
    const asked: OwnershipToken[] = [];
    const revoking = async (list: readonly OwnershipToken[]) => {
      asked.push(...list);
      await drain.promise;
    };
    const stage = perform({
      listener: { added: (list) => added.push(...list), revoking, lost: () => undefined },
    });
    const added: OwnershipToken[] = [];
    await settled();
    await rebalance(stage);
    const beats = stage.cluster.named('Heartbeat').length;
    await stage.clock.advance(1_000);
    expect(stage.cluster.named('Heartbeat').length).toBeGreaterThan(beats);
    expect(asked).toEqual([added[1]]);
    expect(added.map(({ alive }) => alive)).toEqual([true, true]);
    expect(stage.cluster.named('JoinGroup')).toHaveLength(2);
    drain.resolve(undefined);
    await settled();
    expect(added.map(({ alive }) => alive)).toEqual([true, false]);
    expect(stage.cluster.named('JoinGroup')).toHaveLength(3);
  });

  it('tokens die at the bound when the listener is not done (pitfall 9)', async () => {
    const added: OwnershipToken[] = [];
    const stage = perform({
      listener: {
        added: (list) => added.push(...list),
        revoking: () => never() as Promise<void>,
        lost: () => undefined,
      },
    });
    await settled();
    await rebalance(stage);
    await stage.clock.advance(1_999);
    expect(added.map(({ alive }) => alive)).toEqual([true, true]);
    await stage.clock.advance(1);
    expect(added.map(({ alive }) => alive)).toEqual([true, false]);
    expect(stage.facts).toContainEqual({ fact: 'drained', partitions: 1, overdue: true });
  });

  it('a listener that fails ends the run as INTERNAL with every token dead', async () => {
    const added: OwnershipToken[] = [];
    const stage = perform({
      listener: {
        added: (list) => added.push(...list),
        revoking: () => Promise.reject(new Error('bug')),
        lost: () => undefined,
      },
    });
    await settled();
    await rebalance(stage);
    expect(await stage.ended).toMatchObject({ code: 'INTERNAL' });
    expect(added.some(({ alive }) => alive)).toBe(false);
    expect(stage.membership.identity()).toBeUndefined();
    await settled();
    expect(stage.clock.sleeping).toBe(0);
  });
});
