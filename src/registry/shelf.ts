import type { SchemaEntry, SchemaWanted } from '../stamp/schema-book.ts';

export interface Kept {
  readonly entry: SchemaEntry;
  /** Monotonic ms after which it counts no more; undefined: for good. */
  readonly untilMs: number | undefined;
}

/** Entries by schema ID and message path, at most so many: the one kept longest goes first. Looking up allocates nothing. PURE. */
export class Shelf {
  readonly #most: number;
  readonly #bySchema = new Map<number, Map<string, Kept>>();
  #size = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get(schemaId: number, messagePath: string): Kept | undefined {
    return this.#bySchema.get(schemaId)?.get(messagePath);
  }

  put({ schemaId, messagePath }: SchemaWanted, entry: SchemaEntry, untilMs?: number): void {
    const paths = this.#bySchema.get(schemaId) ?? new Map<string, Kept>();
    if (!paths.has(messagePath)) {
      if (this.#size >= this.#most) this.#dropOldest();
      this.#size++;
    }
    paths.set(messagePath, { entry, untilMs });
    this.#bySchema.set(schemaId, paths);
  }

  /** Maps keep the order in which keys came. A schema goes with all its messages. */
  #dropOldest(): void {
    const [oldest] = this.#bySchema;
    if (oldest === undefined) return;
    this.#bySchema.delete(oldest[0]);
    this.#size -= oldest[1].size;
  }
}
