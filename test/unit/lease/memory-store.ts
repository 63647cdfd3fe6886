import type { Clock } from '../../../src/clock.ts';
import type {
  Answer,
  Compare,
  Entry,
  LeaseStore,
  OpenedLease,
  Operation,
  Read,
  Transaction,
  TransactionResult,
} from '../../../src/lease/store.ts';

interface Stored extends Entry {
  readonly leaseId: string | undefined;
}

/** What befalls the next calls, one per call: its request is lost, its answer is, or it arrives when `deliver` is called. */
export type Fault = 'none' | 'request-lost' | 'answer-lost' | 'late' | 'full';

/** A store as etcd behaves, in memory: the fake of the keeper's tests. The contract suite runs on both. */
export class MemoryStore implements LeaseStore {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Stored>();
  readonly #leases = new Map<string, { ttlMs: number; endsMs: number }>();
  readonly #late: (() => void)[] = [];
  /** Every transaction that was applied, in order. */
  readonly applied: Transaction[] = [];
  #revision = 1;
  #lastLease = 0;
  /** Faults of the next transactions; reads, renewals and leases fail only while `down`. */
  faults: Fault[] = [];
  down = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  transact(transaction: Transaction): Promise<Answer<TransactionResult>> {
    const fault = this.down ? 'request-lost' : this.faults.shift();
    if (fault === 'full') return answered({ at: 'full', detail: 'no space' });
    if (fault === 'late') this.#late.push(() => this.#apply(transaction));
    if (fault === 'late' || fault === 'request-lost') return unanswered();
    const answer = this.#apply(transaction);
    return fault === 'answer-lost' ? unanswered() : answered(answer);
  }

  look(operations: readonly Read[]): Promise<Answer<TransactionResult>> {
    if (this.down) return unanswered();
    return answered(this.#apply({ when: [], then: operations, otherwise: [] }));
  }

  openLease(ttlS: number): Promise<Answer<OpenedLease>> {
    if (this.down) return unanswered();
    const leaseId = String(++this.#lastLease);
    this.#leases.set(leaseId, { ttlMs: ttlS * 1_000, endsMs: this.#nowMs() + ttlS * 1_000 });
    return answered({ at: 'answered', value: { leaseId, ttlMs: ttlS * 1_000 } });
  }

  renewLease(leaseId: string): Promise<Answer<{ ttlMs: number }>> {
    if (this.down) return unanswered();
    this.#expire();
    const lease = this.#leases.get(leaseId);
    if (lease !== undefined) lease.endsMs = this.#nowMs() + lease.ttlMs;
    return answered({ at: 'answered', value: { ttlMs: lease?.ttlMs ?? 0 } });
  }

  closeLease(leaseId: string): Promise<Answer<null>> {
    if (this.down) return unanswered();
    this.#expire();
    if (!this.#leases.has(leaseId)) return answered({ at: 'lease-gone' });
    this.#end(leaseId);
    return answered({ at: 'answered', value: null });
  }

  close(): void {
    this.down = true;
  }

  /** The late requests arrive now. */
  deliver(): void {
    for (const apply of this.#late.splice(0)) apply();
  }

  /** What stands under a key, as an operator sees it. */
  peek(key: string): string | undefined {
    this.#expire();
    return this.#entries.get(key)?.value;
  }

  /** An operator's hand. */
  put(key: string, value: string | undefined): void {
    this.#apply({
      when: [],
      then: [value === undefined ? { do: 'delete', key } : { do: 'put', key, value }],
      otherwise: [],
    });
  }

  #apply(transaction: Transaction): Answer<TransactionResult> {
    this.#expire();
    const succeeded = transaction.when.every((compare) => this.#holds(compare));
    const operations = succeeded ? transaction.then : transaction.otherwise;
    const dead = operations.some(
      (op) => op.do === 'put' && op.leaseId !== undefined && !this.#leases.has(op.leaseId),
    );
    if (dead) return { at: 'lease-gone' };
    if (operations.some(({ do: what }) => what === 'put' || what === 'delete')) this.#revision++;
    this.applied.push(transaction);
    const found = operations.map((operation) => this.#operate(operation));
    return { at: 'answered', value: { succeeded, revision: String(this.#revision), found } };
  }

  #operate(operation: Operation): Entry[] {
    switch (operation.do) {
      case 'get':
        return [...this.#entries.values()].filter(({ key }) => key === operation.key);
      case 'list':
        return [...this.#entries.values()]
          .filter(({ key }) => key.startsWith(operation.prefix))
          .toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
          .slice(0, operation.limit);
      case 'put': {
        const { key, value, leaseId } = operation;
        const createRevision = this.#entries.get(key)?.createRevision ?? String(this.#revision);
        this.#entries.set(key, { key, value, createRevision, leaseId });
        return [];
      }
      case 'delete':
        this.#entries.delete(operation.key);
        return [];
    }
  }

  #holds(compare: Compare): boolean {
    const entry = this.#entries.get(compare.key);
    switch (compare.is) {
      case 'absent':
        return entry === undefined;
      case 'present':
        return entry !== undefined;
      case 'created-at':
        return entry?.createRevision === compare.revision;
      case 'equal':
        return entry?.value === compare.value;
      case 'below':
        return (
          entry !== undefined && Buffer.compare(Buffer.from(entry.value), Buffer.from(compare.value)) < 0
        );
    }
  }

  #nowMs(): number {
    return this.#clock.now().monotonicMs;
  }

  #expire(): void {
    for (const [leaseId, { endsMs }] of this.#leases) if (this.#nowMs() >= endsMs) this.#end(leaseId);
  }

  #end(leaseId: string): void {
    this.#leases.delete(leaseId);
    this.#revision++;
    for (const [key, entry] of this.#entries) if (entry.leaseId === leaseId) this.#entries.delete(key);
  }
}

const unanswered = (): Promise<{ at: 'unanswered'; detail: string }> =>
  Promise.resolve({ at: 'unanswered', detail: 'no answer' });

const answered = <T>(answer: Answer<T>): Promise<Answer<T>> => Promise.resolve(answer);
