import { describe, expect, it } from '@jest/globals';
import { fetchCommitted, readCommitted } from '../../../src/kafka/transaction/offsets.ts';
import { ScriptedCluster } from './scripted-cluster.ts';
import { VirtualClock } from './virtual-clock.ts';

const PARTITIONS = [
  { topic: 'b', partition: 1 },
  { topic: 'a', partition: 0 },
  { topic: 'b', partition: 0 },
];

function setup(): { clock: VirtualClock; cluster: ScriptedCluster; signal: AbortSignal; codes: number[] } {
  const clock = new VirtualClock();
  return { clock, cluster: new ScriptedCluster(clock), signal: new AbortController().signal, codes: [] };
}

describe('committed offsets, stable (rule 6)', () => {
  it('come in the order asked for, asked of the group coordinator with require_stable', async () => {
    const { clock, cluster, signal } = setup();
    const outcome = await fetchCommitted(cluster, 'g', PARTITIONS, { clock, signal, timeoutMs: 1_000 });
    expect(outcome).toEqual({
      result: 'ok',
      offsets: PARTITIONS.map((where) => ({
        ...where,
        offset: 40 + where.partition,
        leaderEpoch: 3,
        metadata: 'v1:1:2',
      })),
    });
    expect(cluster.sent[0]).toMatchObject({ nodeId: 9, request: { groupId: 'g', requireStable: true } });
  });

  it('are awaited in steps of 10 ms while a transaction holds them (88), and every wait is reported', async () => {
    const { clock, cluster, signal, codes } = setup();
    cluster.script['OffsetFetch'] = [88, 88, 14, 16, 'closed'];
    const startMs = clock.now().monotonicMs;
    const outcome = await fetchCommitted(cluster, 'g', PARTITIONS, {
      clock,
      signal,
      timeoutMs: 1_000,
      observe: ({ errorCode }) => codes.push(errorCode),
    });
    expect(outcome.result).toBe('ok');
    expect(codes).toEqual([88, 88, 14, 16, 13]);
    expect(clock.now().monotonicMs - startMs).toBe(10 + 10 + 50 + 20 + 50);
    expect(cluster.forgotten).toEqual(['group g', 'group g']);
  });

  it('are given up after the time given, with the reason', async () => {
    const { clock, cluster, signal } = setup();
    cluster.script['OffsetFetch'] = Array.from({ length: 500 }, () => 88);
    const startMs = clock.now().monotonicMs;
    expect(await fetchCommitted(cluster, 'g', PARTITIONS, { clock, signal, timeoutMs: 1_000 })).toEqual({
      result: 'later',
      errorCode: 88,
      why: 'OffsetFetch answered UNSTABLE_OFFSET_COMMIT',
    });
    expect(clock.now().monotonicMs - startMs).toBeLessThanOrEqual(1_010);
    // A last try cut short would time out, and close a link that others use.
    expect(new Set(cluster.sent.map((sent) => sent.timeoutMs))).toEqual(new Set([2_000]));
  });

  it.each([30, 29, 'refused', 'unsupported'] as const)('are refused for good by %s', async (fate) => {
    const { clock, cluster, signal } = setup();
    cluster.script['OffsetFetch'] = [fate];
    expect((await fetchCommitted(cluster, 'g', PARTITIONS, { clock, signal, timeoutMs: 1_000 })).result).toBe(
      'fatal',
    );
    expect(cluster.sent).toHaveLength(1);
  });

  it('stop with the signal, and need nothing where nothing is asked', async () => {
    const { clock, cluster } = setup();
    const signal = AbortSignal.abort();
    expect(await fetchCommitted(cluster, 'g', PARTITIONS, { clock, signal, timeoutMs: 1_000 })).toEqual({
      result: 'stopped',
    });
    expect(await fetchCommitted(cluster, 'g', [], { clock, signal, timeoutMs: 1_000 })).toEqual({
      result: 'ok',
      offsets: [],
    });
    expect(cluster.sent).toEqual([]);
  });

  it('are not made up for a partition the answer left out', () => {
    const answer = { throttleTimeMs: 0, errorCode: 0, topics: [] };
    expect(readCommitted([{ topic: 'a', partition: 0 }], answer)).toMatchObject({
      why: 'OffsetFetch left out a/0',
    });
  });

  it('say −1 where nothing was ever committed', () => {
    const row = { partition: 0, committedOffset: -1, committedLeaderEpoch: -1, metadata: '', errorCode: 0 };
    const answer = { throttleTimeMs: 0, errorCode: 0, topics: [{ topic: 'a', partitions: [row] }] };
    expect(readCommitted([{ topic: 'a', partition: 0 }], answer)).toEqual({
      offsets: [{ topic: 'a', partition: 0, offset: -1, leaderEpoch: -1, metadata: '' }],
    });
  });
});
