/**
 * The store in the lease's own words: a linearizable key-value store with atomic transactions and leases.
 * `etcd.ts` implements it; test/unit/lease/memory-store.ts is the fake; one contract suite runs on both.
 *
 * Nothing here throws for what the outside world does: every method answers with a union and within its deadline.
 */
export interface LeaseStore {
  /**
   * One try, never repeated by the store: without an answer the caller must find out what happened (it may yet be
   * applied). A transaction without conditions and writes is a linearizable read.
   */
  transact(transaction: Transaction): Promise<Answer<TransactionResult>>;
  /** Same, for transactions that only read: goes from endpoint to endpoint until one answers. */
  look(operations: readonly Read[]): Promise<Answer<TransactionResult>>;
  /** A new lease of `ttlS` seconds; the server may give more. One try: a lease nobody heard of runs out by itself. */
  openLease(ttlS: number): Promise<Answer<OpenedLease>>;
  /** Renews on whichever endpoint answers; `ttlMs` 0 means that the lease is gone. */
  renewLease(leaseId: string): Promise<Answer<{ readonly ttlMs: number }>>;
  /** Ends the lease and deletes what hangs on it. Best effort. */
  closeLease(leaseId: string): Promise<Answer<null>>;
  close(): void;
}

export interface OpenedLease {
  readonly leaseId: string;
  readonly ttlMs: number;
}

export type Answer<T> =
  | { readonly at: 'answered'; readonly value: T }
  /** The outcome is unknown: it may have happened, or may happen later. */
  | { readonly at: 'unanswered'; readonly detail: string }
  /** The store takes no writes until space is made (etcd's NOSPACE alarm). Not applied. */
  | { readonly at: 'full'; readonly detail: string }
  /** The lease named in the request does not exist. Not applied. */
  | { readonly at: 'lease-gone' }
  /** Credentials or rights. Not applied. */
  | { readonly at: 'refused'; readonly detail: string }
  /** A linearizable answer from before something already seen: the store was restored or wiped. */
  | { readonly at: 'rolled-back'; readonly detail: string };

export type Compare =
  | { readonly key: string; readonly is: 'absent' | 'present' }
  | { readonly key: string; readonly is: 'created-at'; readonly revision: string }
  /** Bytewise. `below` is false when the key is absent. */
  | { readonly key: string; readonly is: 'equal' | 'below'; readonly value: string };

export type Read =
  | { readonly do: 'get'; readonly key: string }
  /** At most `limit` of them, lowest keys first; all without. */
  | { readonly do: 'list'; readonly prefix: string; readonly limit?: number };

export type Operation =
  | Read
  | { readonly do: 'put'; readonly key: string; readonly value: string; readonly leaseId?: string }
  | { readonly do: 'delete'; readonly key: string };

/** All of `when` true → `then`, else `otherwise`; a read placed before a write returns the old value. */
export interface Transaction {
  readonly when: readonly Compare[];
  readonly then: readonly Operation[];
  readonly otherwise: readonly Operation[];
}

export interface Entry {
  readonly key: string;
  readonly value: string;
  /** Decimal. */
  readonly createRevision: string;
}

export interface TransactionResult {
  readonly succeeded: boolean;
  /** Store revision at which it was applied, decimal; the create_revision of whatever it created. */
  readonly revision: string;
  /** One list per operation of the branch taken; empty for writes and absent keys. */
  readonly found: readonly (readonly Entry[])[];
}
