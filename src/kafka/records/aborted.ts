/** One aborted transaction as a Fetch answer lists it. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  /** Offset of its first record in this partition. */
  readonly firstOffset: number;
}

/**
 * Which producers' transactional batches are to be left out, walking the log forwards. Follows Kafka's own CompletedFetch, and
 * avoids three leaks met elsewhere (facts: kafka.md §2): the broker lists aborted transactions in the order of their *markers*, so they are
 * sorted here; a batch opens every entry up to its *last* offset, so a fetch that starts inside two overlapping transactions
 * filters both; and a transaction is closed by an abort marker only, told by its control bit and type, never by a key's bytes.
 */
export class AbortedFilter {
  private readonly waiting: readonly AbortedTransaction[];
  private next = 0;
  private readonly open = new Set<bigint>();

  constructor(aborted: readonly AbortedTransaction[]) {
    this.waiting = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset);
  }

  /** Called for each batch before anything else is decided about it. */
  advance(lastOffset: number): void {
    for (; this.next < this.waiting.length; this.next++) {
      const transaction = this.waiting[this.next]!;
      if (transaction.firstOffset > lastOffset) return;
      this.open.add(transaction.producerId);
    }
  }

  /** An abort marker of this producer was met. */
  close(producerId: bigint): void {
    this.open.delete(producerId);
  }

  /** Whether a batch is part of an aborted transaction. Non-transactional batches of the same producer never are. */
  drops(batch: { readonly isTransactional: boolean; readonly producerId: bigint }): boolean {
    return batch.isTransactional && this.open.size > 0 && this.open.has(batch.producerId);
  }
}
