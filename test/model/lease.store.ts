import type {
  Answer,
  Compare,
  Entry,
  Operation,
  Transaction,
  TransactionResult,
} from '../../src/lease/store.ts';
import { DOMAIN, KEYS } from './lease.bounds.ts';
import { encodeWindow } from '../../src/lease/values.ts';

interface Stored {
  readonly value: string;
  readonly createRevision: number;
  readonly leaseId?: string | undefined;
}

/** etcd as a value: every transaction makes a new one. The revision counts creations: only those are ever compared. */
export interface Store {
  readonly revision: number;
  readonly leases: readonly string[];
  readonly entries: Readonly<Record<string, Stored>>;
}

/** After `snowstamp init`: one node, never held. */
export const INITIAL_STORE: Store = {
  revision: 1,
  leases: [],
  entries: {
    [KEYS.domain]: { value: DOMAIN, createRevision: 1 },
    [KEYS.window(0)]: { value: encodeWindow({ untilMs: 0, held: false }), createRevision: 1 },
  },
};

/** The beacon is compared by clocks only: what is written to it is forgotten at once. */
const isForgotten = (key: string): boolean => key === KEYS.beacon;

export interface Executed {
  readonly store: Store;
  readonly answer: Answer<TransactionResult>;
}

export function execute(store: Store, transaction: Transaction): Executed {
  const succeeded = transaction.when.every((compare) => holds(store, compare));
  const operations = succeeded ? transaction.then : transaction.otherwise;
  const isDead = (op: Operation): boolean =>
    op.do === 'put' && op.leaseId !== undefined && !store.leases.includes(op.leaseId);
  if (operations.some(isDead)) return { store, answer: { at: 'lease-gone' } };
  const revision = operations.some((op) => creates(store, op)) ? store.revision + 1 : store.revision;
  const found: Entry[][] = [];
  let after: Store = { ...store, revision };
  for (const operation of operations) {
    found.push(read(after, operation));
    after = write(after, operation);
  }
  return {
    store: after,
    answer: { at: 'answered', value: { succeeded, revision: String(revision), found } },
  };
}

function creates({ entries }: Store, operation: Operation): boolean {
  return operation.do === 'put' && !isForgotten(operation.key) && !(operation.key in entries);
}

function holds({ entries }: Store, compare: Compare): boolean {
  const entry = entries[compare.key];
  switch (compare.is) {
    case 'absent':
      return entry === undefined;
    case 'present':
      return entry !== undefined;
    case 'created-at':
      return entry !== undefined && String(entry.createRevision) === compare.revision;
    case 'equal':
      return entry?.value === compare.value;
    case 'below':
      return entry !== undefined && entry.value < compare.value;
  }
}

function read({ entries }: Store, operation: Operation): Entry[] {
  const limit = operation.do === 'list' ? operation.limit : undefined;
  const keys = Object.keys(entries).filter((key) => {
    if (operation.do === 'list') return key.startsWith(operation.prefix);
    return operation.do === 'get' && key === operation.key;
  });
  return keys
    .toSorted()
    .slice(0, limit)
    .map((key) => {
      const { value, createRevision } = entries[key]!;
      return { key, value, createRevision: String(createRevision) };
    });
}

function write(store: Store, operation: Operation): Store {
  if (operation.do === 'delete') return without(store, [operation.key]);
  if (operation.do !== 'put' || isForgotten(operation.key)) return store;
  const { key, value, leaseId } = operation;
  const createRevision = store.entries[key]?.createRevision ?? store.revision;
  return { ...store, entries: { ...store.entries, [key]: { value, createRevision, leaseId } } };
}

function without(store: Store, keys: readonly string[]): Store {
  const entries = Object.entries(store.entries).filter(([key]) => !keys.includes(key));
  return { ...store, entries: Object.fromEntries(entries) };
}

export function openLease(store: Store, leaseId: string): Store {
  return { ...store, leases: [...store.leases, leaseId].sort() };
}

/** The lease is gone, and what hangs on it. */
export function expire(store: Store, leaseId: string): Store {
  const leases = store.leases.filter((id) => id !== leaseId);
  const hanging = Object.keys(store.entries).filter((key) => store.entries[key]!.leaseId === leaseId);
  return without({ ...store, leases }, hanging);
}

/** Whether a request can never change anything again: leases do not come back, and no revision is given out twice. */
export function isHopeless(store: Store, { when, then }: Transaction): boolean {
  const isPast = (compare: Compare): boolean => compare.is === 'created-at' && !holds(store, compare);
  const isDead = (op: Operation): boolean =>
    op.do === 'put' && op.leaseId !== undefined && !store.leases.includes(op.leaseId);
  return when.some(isPast) || then.some(isDead);
}

/** Leases nothing hangs on and no request names: whether they still run makes no difference. */
export function withoutIdleLeases(store: Store, requests: readonly Transaction[]): Store {
  const named = requests.flatMap(({ then }) => then.map((op) => (op.do === 'put' ? op.leaseId : undefined)));
  const held = Object.values(store.entries).map(({ leaseId }) => leaseId);
  const leases = store.leases.filter((id) => named.includes(id) || held.includes(id));
  return leases.length === store.leases.length ? store : { ...store, leases };
}
