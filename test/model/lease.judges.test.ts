import { describe, expect, it } from '@jest/globals';
import type {
  Answer,
  LeaseStore,
  OpenedLease,
  Read,
  Transaction,
  TransactionResult,
} from '../../src/lease/store.ts';
import { storeContract } from '../unit/lease/store-contract.ts';
import { enter } from './lease.log.ts';
import type { Log, Minted, Promises } from './lease.log.ts';
import { Found } from './lease.numbered.ts';
import { execute, expire, INITIAL_STORE, openLease } from './lease.store.ts';

/** The model's etcd as a LeaseStore, to hold it to the contract that etcd itself is held to. */
class StoreOfModel implements LeaseStore {
  #store = INITIAL_STORE;

  transact(transaction: Transaction): Promise<Answer<TransactionResult>> {
    const { store, answer } = execute(this.#store, transaction);
    this.#store = store;
    return Promise.resolve(answer);
  }

  look(operations: readonly Read[]): Promise<Answer<TransactionResult>> {
    return this.transact({ when: [], then: operations, otherwise: [] });
  }

  openLease(ttlS: number): Promise<Answer<OpenedLease>> {
    const leaseId = `L${this.#store.leases.length}`;
    this.#store = openLease(this.#store, leaseId);
    return Promise.resolve({ at: 'answered', value: { leaseId, ttlMs: ttlS * 1_000 } });
  }

  renewLease(leaseId: string): Promise<Answer<{ readonly ttlMs: number }>> {
    const ttlMs = this.#store.leases.includes(leaseId) ? 5_000 : 0;
    return Promise.resolve({ at: 'answered', value: { ttlMs } });
  }

  closeLease(leaseId: string): Promise<Answer<null>> {
    const isOpen = this.#store.leases.includes(leaseId);
    this.#store = expire(this.#store, leaseId);
    return Promise.resolve(isOpen ? { at: 'answered', value: null } : { at: 'lease-gone' });
  }

  close(): void {
    this.#store = INITIAL_STORE;
  }
}

describe('the model’s etcd keeps the contract of LeaseStore', () => {
  storeContract(() => Promise.resolve({ store: new StoreOfModel(), prefix: '/t' }));
});

describe('the joined log finds what is planted', () => {
  const by = (claim: number, floorMs = 0) => ({
    node: 0,
    nonce: `a${claim}`,
    createRevision: String(claim),
    floorMs,
  });
  const ids = (claim: number, ...ms: readonly number[]): Minted => ({
    by: by(claim),
    runs: ms.map((timestampMs) => ({ timestampMs, firstSequence: 0, count: 2 })),
  });
  const joined = (all: readonly Minted[], promises: Promises): Log | string =>
    all.reduce<Log | string>(
      (log, minted) => (typeof log === 'string' ? log : enter(log, minted, promises)),
      [],
    );

  it('passes what rises, and incarnations that overlap in time only', () => {
    expect(joined([ids(1, 0), ids(2, 3), ids(1, 1, 2), ids(2, 4)], 'order')).toHaveLength(2);
  });

  it.each<[string, Promises, readonly Minted[]]>([
    ['duplicate: 1 is minted twice', 'duplicates', [ids(1, 1), ids(2, 1)]],
    ['duplicate: 1 is minted twice', 'duplicates', [ids(1, 1), ids(1, 1)]],
    ['order: 1 follows a higher one', 'order', [ids(1, 2), ids(1, 1)]],
    ['order: 1 is on the wrong side of another incarnation’s', 'order', [ids(1, 2), ids(2, 1)]],
    ['order: 2 is on the wrong side of another incarnation’s', 'order', [ids(2, 1), ids(1, 2)]],
    ['order: 1 is below the floor', 'order', [{ ...ids(1, 1), by: by(1, 2) }]],
  ])('%s', (what, promises, all) => {
    expect(joined(all, promises)).toBe(what);
  });
});

it('states found are counted once each, however many there are', () => {
  const found = new Found();
  const keys = Array.from({ length: 200_000 }, (_, n) => n * 40_000_000_001);
  expect(keys.every((key, n) => found.add(key, n - 1))).toBe(true);
  expect(keys.some((key) => found.add(key, -1))).toBe(false);
  expect(found.size).toBe(keys.length);
  expect(found.pathTo(2)).toEqual(keys.slice(0, 3));
});
