import { SnowstampError } from '../errors.ts';
import type { SchemaBook, SchemaWanted } from '../stamp/schema-book.ts';
import type { Partition } from './partition.ts';

/**
 * Partitions that wait for a schema their stamp does not know yet. The registry is asked here and nowhere else: outside any transaction
 * (rule 1), while the other partitions go on. What came of it is applied by `settle`, between drafts, so that no partition changes its
 * state while one is composed.
 */
export class SchemaWaits {
  readonly #books: ReadonlyMap<string, SchemaBook>;
  readonly #signal: AbortSignal;
  readonly #sideline: (partition: Partition, why: string) => void;
  readonly #changed: () => void;
  readonly #waiting = new Set<Partition>();
  #unavailable: { readonly partition: Partition; readonly why: string }[] = [];
  #broken: { readonly error: unknown } | undefined;

  constructor(deps: {
    /** By route. */
    books: ReadonlyMap<string, SchemaBook>;
    signal: AbortSignal;
    /** Rule 5. */
    sideline: (partition: Partition, why: string) => void;
    /** Something is to be settled, or flows again. */
    changed: () => void;
  }) {
    this.#books = deps.books;
    this.#signal = deps.signal;
    this.#sideline = deps.sideline;
    this.#changed = deps.changed;
  }

  /** Begins to wait; one schema at a time for each partition. */
  want(partition: Partition, wanted: SchemaWanted): void {
    const { name } = partition.route;
    const book = this.#books.get(name);
    if (book === undefined)
      throw new SnowstampError('INTERNAL', `route ${name} has nobody to ask for schemas`);
    this.#waiting.add(partition);
    void this.#resolve(book, partition, wanted);
  }

  /** Not to be composed now. */
  has(partition: Partition): boolean {
    return this.#waiting.has(partition);
  }

  /** Rule 5: where the registry does not answer, the partition waits and the others go on. Throws what a book should not have thrown. */
  settle(): void {
    if (this.#broken !== undefined) throw this.#broken.error;
    const unavailable = this.#unavailable;
    this.#unavailable = [];
    for (const { partition, why } of unavailable) this.#sideline(partition, why);
  }

  async #resolve(book: SchemaBook, partition: Partition, wanted: SchemaWanted): Promise<void> {
    try {
      const resolved = await book.resolve(wanted, this.#signal);
      if (resolved.at === 'unavailable' && !this.#signal.aborted)
        this.#unavailable.push({ partition, why: `schema ${wanted.schemaId}: ${resolved.why}` });
    } catch (error) {
      this.#broken ??= { error };
    }
    this.#waiting.delete(partition);
    this.#changed();
  }
}
