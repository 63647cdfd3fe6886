import type { RecordCursor } from '../kafka/records/cursor.ts';
import { BatchWriter, type BufferPool } from '../kafka/records/writer.ts';
import type { LogReader } from '../pipeline/log-reader.ts';
import type { TopicPartition } from './port.ts';
import { letterSource, writeOriginal, type LetterSource } from '../stamp/original.ts';
import type { Ledger } from './ledger.ts';
import { choose, type Selection } from './selection.ts';

/** One letter that goes back, and its place among those that go to the same partition. */
export interface Letter {
  /** In the dead-letter partition. */
  readonly offset: number;
  readonly source: LetterSource;
}

/** Letters that go back to one input partition, in their order. */
export interface Target extends TopicPartition {
  readonly writer: BatchWriter;
  readonly letters: Letter[];
}

/** What one transaction does. */
export interface Gathered {
  readonly letters: readonly Letter[];
  readonly targets: readonly Target[];
  /** Due letters before the last one taken that stay. */
  readonly keptBack: readonly number[];
  /** Where to look on; the end when nothing is left. */
  readonly next: number;
  readonly counts: Counts;
}

/** Of the letters looked at that were due. */
export interface Counts {
  readonly leftOut: number;
  readonly foreign: number;
}

export interface GatherOptions {
  readonly log: LogReader;
  readonly pool: BufferPool;
  readonly selection: Selection;
  /** Letters that were refused in this run already: they stay. */
  readonly refused: ReadonlySet<number>;
  /** Most letters and most bytes of a transaction; one letter is taken in any case. */
  readonly most: number;
  readonly mostBytes: number;
  /** Letters before this offset were counted before. */
  readonly countFrom: number;
}

const LEAST_BYTES = 65_536;
const NO_HEADER = new Uint8Array(0);

/** Takes letters from `from` on, in order, until the transaction is full or `end` is reached; what does not go back is passed over. */
export async function gather(
  at: TopicPartition,
  [from, end]: readonly [from: number, end: number],
  ledger: Ledger,
  options: GatherOptions,
): Promise<Gathered> {
  const basket = new Basket(options);
  try {
    await options.log.scan(
      at,
      from,
      end,
      1,
      NO_HEADER,
      (cursor) => ledger.isDue(cursor.offset) && basket.full(cursor),
    );
    return basket.gathered(end);
  } catch (error) {
    basket.drop();
    throw error;
  }
}

class Basket {
  readonly #options: GatherOptions;
  readonly #letters: Letter[] = [];
  readonly #targets = new Map<string, Target>();
  readonly #passed: number[] = [];
  #bytes = 0;
  #leftOut = 0;
  #foreign = 0;
  #next: number | undefined;

  constructor(options: GatherOptions) {
    this.#options = options;
  }

  /** Takes or passes over the letter under the cursor; true when it is for the next transaction. */
  full(cursor: RecordCursor): boolean {
    const { selection, refused, most, mostBytes } = this.#options;
    const source = letterSource(cursor);
    const choice = choose(selection, source);
    if (source === undefined || choice !== 'selected' || refused.has(cursor.offset)) {
      this.#passed.push(cursor.offset);
      const counts = cursor.offset >= this.#options.countFrom;
      if (counts && choice === 'left-out') this.#leftOut++;
      if (counts && choice === 'foreign') this.#foreign++;
      return false;
    }
    const bytes = cursor.end - cursor.bodyStart;
    const isFull = this.#letters.length >= most || this.#bytes + bytes > mostBytes;
    if (this.#letters.length > 0 && isFull) {
      this.#next = cursor.offset;
      return true;
    }
    this.#take(cursor, source, bytes);
    return false;
  }

  #take(cursor: RecordCursor, source: LetterSource, bytes: number): void {
    const key = `${source.topic}/${source.partition}`;
    const { pool, mostBytes } = this.#options;
    let target = this.#targets.get(key);
    if (target === undefined) {
      const { topic, partition } = source;
      target = { topic, partition, writer: new BatchWriter(pool), letters: [] };
      // The bound counts bodies; no record has more than LEAST_BYTES / most bytes around its body.
      target.writer.begin(Math.max(mostBytes, bytes) + LEAST_BYTES);
      this.#targets.set(key, target);
    }
    if (!writeOriginal(cursor, target.writer, source))
      throw new RangeError(`the letter at offset ${cursor.offset} did not fit a batch made for it`);
    const letter = { offset: cursor.offset, source };
    target.letters.push(letter);
    this.#letters.push(letter);
    this.#bytes += bytes;
  }

  drop(): void {
    for (const { writer } of this.#targets.values()) writer.release();
  }

  gathered(end: number): Gathered {
    const last = this.#letters.at(-1)?.offset ?? -1;
    return {
      letters: this.#letters,
      targets: [...this.#targets.values()],
      keptBack: this.#passed.filter((offset) => offset < last),
      next: this.#next ?? end,
      counts: { leftOut: this.#leftOut, foreign: this.#foreign },
    };
  }
}
