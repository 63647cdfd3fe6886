import { expect, it } from '@jest/globals';
import type { Answer, LeaseStore } from '../../../src/lease/store.ts';

/** What every LeaseStore promises; run on the fake and on etcd, so that the fake may stand for it. */
export function storeContract(open: () => Promise<{ store: LeaseStore; prefix: string }>): void {
  const value = <T>(answer: Answer<T>): T => {
    if (answer.at !== 'answered') throw new Error(`expected an answer, got ${JSON.stringify(answer)}`);
    return answer.value;
  };

  it('applies `then` when all conditions hold and `otherwise` when one does not', async () => {
    const { store, prefix } = await open();
    const key = `${prefix}/a`;
    const create = {
      when: [{ key, is: 'absent' as const }],
      then: [{ do: 'put' as const, key, value: '1' }],
    };
    const first = value(await store.transact({ ...create, otherwise: [{ do: 'get', key }] }));
    const second = value(await store.transact({ ...create, otherwise: [{ do: 'get', key }] }));
    expect(first).toMatchObject({ succeeded: true, found: [[]] });
    expect(second).toMatchObject({ succeeded: false, found: [[{ key, value: '1' }]] });
    expect(second.found[0]![0]!.createRevision).toBe(first.revision);
  });

  it('compares bytewise, and `below` is false for an absent key', async () => {
    const { store, prefix } = await open();
    const key = `${prefix}/window/1`;
    const below = async (bound: string): Promise<boolean> =>
      value(await store.transact({ when: [{ key, is: 'below', value: bound }], then: [], otherwise: [] }))
        .succeeded;
    expect(await below('9')).toBe(false);
    await store.transact({ when: [], then: [{ do: 'put', key, value: '00010;held' }], otherwise: [] });
    expect([await below('00010'), await below('00011'), await below('00009')]).toEqual([false, true, false]);
  });

  it('gives the old value to a read placed before a write', async () => {
    const { store, prefix } = await open();
    const key = `${prefix}/b`;
    const write = (text: string) => ({ do: 'put' as const, key, value: text });
    await store.transact({ when: [], then: [write('old')], otherwise: [] });
    const result = value(
      await store.transact({ when: [], then: [{ do: 'get', key }, write('new')], otherwise: [] }),
    );
    expect(result.found).toEqual([[expect.objectContaining({ value: 'old' })], []]);
  });

  it('lists a prefix and nothing beside it', async () => {
    const { store, prefix } = await open();
    const puts = ['claim/1', 'claim/2', 'claim0', 'clain'].map((name) => ({
      do: 'put' as const,
      key: `${prefix}/${name}`,
      value: name,
    }));
    await store.transact({ when: [], then: puts, otherwise: [] });
    const { found } = value(await store.look([{ do: 'list', prefix: `${prefix}/claim/` }]));
    expect(found[0]!.map((entry) => entry.value).toSorted()).toEqual(['claim/1', 'claim/2']);
    const first = value(await store.look([{ do: 'list', prefix: `${prefix}/claim/`, limit: 1 }]));
    expect(first.found[0]!.map((entry) => entry.value)).toEqual(['claim/1']);
  });

  it('deletes what hangs on a lease with the lease, and says that it is gone', async () => {
    const { store, prefix } = await open();
    const key = `${prefix}/c`;
    const { leaseId, ttlMs } = value(await store.openLease(5));
    expect(ttlMs).toBeGreaterThanOrEqual(5_000);
    const put = { when: [], then: [{ do: 'put' as const, key, value: 'x', leaseId }], otherwise: [] };
    await store.transact(put);
    expect(value(await store.renewLease(leaseId)).ttlMs).toBeGreaterThanOrEqual(5_000);
    value(await store.closeLease(leaseId));
    expect(value(await store.look([{ do: 'get', key }])).found).toEqual([[]]);
    expect(value(await store.renewLease(leaseId)).ttlMs).toBe(0);
    expect(await store.transact(put)).toEqual({ at: 'lease-gone' });
    expect(await store.closeLease(leaseId)).toEqual({ at: 'lease-gone' });
  });
}
