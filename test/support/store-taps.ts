import type {
  Answer,
  LeaseStore,
  OpenedLease,
  Read,
  Transaction,
  TransactionResult,
} from '../../src/lease/store.ts';

export type Kind = 'claim' | 'grant' | 'release' | 'other';

export function kindOf({ when, then }: Transaction): Kind {
  if (then.some((step) => step.do === 'delete')) return 'release';
  if (when.some((compare) => compare.is === 'below')) return 'grant';
  return when.some((compare) => compare.is === 'absent') ? 'claim' : 'other';
}

/** A store that does what the one behind it does. */
class Relay implements LeaseStore {
  protected readonly store: LeaseStore;

  constructor(store: LeaseStore) {
    this.store = store;
  }

  transact(transaction: Transaction): Promise<Answer<TransactionResult>> {
    return this.store.transact(transaction);
  }
  look(operations: readonly Read[]): Promise<Answer<TransactionResult>> {
    return this.store.look(operations);
  }
  openLease(ttlS: number): Promise<Answer<OpenedLease>> {
    return this.store.openLease(ttlS);
  }
  renewLease(leaseId: string): Promise<Answer<{ readonly ttlMs: number }>> {
    return this.store.renewLease(leaseId);
  }
  closeLease(leaseId: string): Promise<Answer<null>> {
    return this.store.closeLease(leaseId);
  }
  close(): void {
    this.store.close();
  }
}

/** Calls `before` with each transaction, in the tick in which it is sent. */
export class Tap extends Relay {
  readonly #before: (kind: Kind, transaction: Transaction) => void;

  constructor(store: LeaseStore, before: (kind: Kind, transaction: Transaction) => void) {
    super(store);
    this.#before = before;
  }

  override transact(transaction: Transaction): Promise<Answer<TransactionResult>> {
    this.#before(kindOf(transaction), transaction);
    return super.transact(transaction);
  }
}

/** For controls: takes what went unanswered, or was refused, for done. */
export class Optimist extends Relay {
  readonly #ttlMs: number;

  constructor(store: LeaseStore, ttlMs: number) {
    super(store);
    this.#ttlMs = ttlMs;
  }

  override async transact(transaction: Transaction): Promise<Answer<TransactionResult>> {
    const answer = await super.transact(transaction);
    if (kindOf(transaction) !== 'grant' || (answer.at === 'answered' && answer.value.succeeded))
      return answer;
    return { at: 'answered', value: { succeeded: true, revision: '0', found: [] } };
  }

  override async renewLease(leaseId: string): Promise<Answer<{ readonly ttlMs: number }>> {
    const answer = await super.renewLease(leaseId);
    const renewed = answer.at === 'answered' && answer.value.ttlMs > 0;
    return renewed ? answer : { at: 'answered', value: { ttlMs: this.#ttlMs } };
  }
}

/** Writes down every lease that is opened, so that a test can end them as their time would. */
export class LeaseNotes extends Relay {
  readonly #leaseIds: Set<string>;

  constructor(store: LeaseStore, leaseIds: Set<string>) {
    super(store);
    this.#leaseIds = leaseIds;
  }

  override async openLease(ttlS: number): Promise<Answer<OpenedLease>> {
    const answer = await super.openLease(ttlS);
    if (answer.at === 'answered') this.#leaseIds.add(answer.value.leaseId);
    return answer;
  }
}

/** Requests by kind, and renewals without a good answer. */
export interface Tally {
  requests: number;
  renewals: number;
  renewalsLost: number;
}

/** Counts what is asked of a store; several may share a tally. */
export class Counted extends Relay {
  readonly #tally: Tally;

  constructor(store: LeaseStore, tally: Tally) {
    super(store);
    this.#tally = tally;
  }

  override transact(transaction: Transaction): Promise<Answer<TransactionResult>> {
    this.#tally.requests++;
    return super.transact(transaction);
  }
  override look(operations: readonly Read[]): Promise<Answer<TransactionResult>> {
    this.#tally.requests++;
    return super.look(operations);
  }
  override openLease(ttlS: number): Promise<Answer<OpenedLease>> {
    this.#tally.requests++;
    return super.openLease(ttlS);
  }
  override async renewLease(leaseId: string): Promise<Answer<{ readonly ttlMs: number }>> {
    this.#tally.requests++;
    this.#tally.renewals++;
    const answer = await super.renewLease(leaseId);
    if (answer.at !== 'answered' || answer.value.ttlMs === 0) this.#tally.renewalsLost++;
    return answer;
  }
}

const NO_WINDOW = `${'0'.repeat(20)};released`;

/** For controls: as if windows were not kept. None rests, none is a floor, and a GRANT need not rise above one. */
export class Amnesiac extends Relay {
  override async transact(transaction: Transaction): Promise<Answer<TransactionResult>> {
    const when = transaction.when.filter(({ is }) => is !== 'below');
    return forgotten(await super.transact({ ...transaction, when }));
  }

  override async look(operations: readonly Read[]): Promise<Answer<TransactionResult>> {
    return forgotten(await super.look(operations));
  }
}

function forgotten(answer: Answer<TransactionResult>): Answer<TransactionResult> {
  if (answer.at !== 'answered') return answer;
  const found = answer.value.found.map((entries) =>
    entries.map((entry) => (entry.key.includes('/window/') ? { ...entry, value: NO_WINDOW } : entry)),
  );
  return { at: 'answered', value: { ...answer.value, found } };
}
