import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Entry } from './entry.ts';

/** Its tables are of no use to another version. */
const VERSION = 1;

/** Where the topic was read to. */
export interface Position {
  readonly topicId: string;
  /** Next offset to be read, by partition. */
  readonly offsets: ReadonlyMap<number, number>;
}

/**
 * The mappings of one topic, last one wins, as SQLite table on disk or in memory. What was read and how far are written together, so a store
 * that was killed goes on where it stood. Synchronous: one look-up takes microseconds.
 */
export class MappingStore {
  readonly #db: DatabaseSync;
  readonly #put: StatementSync;
  readonly #drop: StatementSync;
  readonly #get: StatementSync;
  readonly #count: StatementSync;
  readonly #move: StatementSync;

  /** `file`: a path, or `:memory:`. A store of another topic is emptied. */
  constructor(file: string, topic: string) {
    this.#db = new DatabaseSync(file);
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    this.#prepare(topic);
    this.#put = this.#db.prepare(
      'INSERT INTO mapping (legacy, id) VALUES (?, ?) ON CONFLICT (legacy) DO UPDATE SET id = excluded.id',
    );
    this.#drop = this.#db.prepare('DELETE FROM mapping WHERE legacy = ?');
    this.#get = this.#db.prepare('SELECT id FROM mapping WHERE legacy = ?');
    this.#get.setReadBigInts(true);
    this.#count = this.#db.prepare('SELECT count(*) AS count FROM mapping');
    this.#move = this.#db.prepare(
      'INSERT INTO position (part, next) VALUES (?, ?) ON CONFLICT (part) DO UPDATE SET next = excluded.next',
    );
  }

  #prepare(topic: string): void {
    this.#db.exec(`
      CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, said TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS mapping (legacy BLOB PRIMARY KEY, id INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS position (part INTEGER PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;
    `);
    const mine = `${VERSION} ${topic}`;
    if (this.#about('of') !== mine) this.#forget(mine, '');
  }

  get position(): Position {
    const rows = this.#db.prepare('SELECT part, next FROM position').all();
    return {
      topicId: this.#about('topic-id'),
      offsets: new Map(rows.map(({ part, next }) => [Number(part), Number(next)])),
    };
  }

  /** Empties it, for a topic that was made anew. */
  restart(topicId: string): void {
    this.#forget(this.#about('of'), topicId);
  }

  /** All or nothing. */
  apply(partition: number, entries: readonly Entry[], nextOffset: number): void {
    this.#whole(() => {
      for (const { key, id } of entries) {
        if (id === undefined) this.#drop.run(key);
        else this.#put.run(key, id);
      }
      this.#move.run(partition, nextOffset);
    });
  }

  find(legacyId: string): bigint | undefined {
    const row = this.#get.get(new TextEncoder().encode(legacyId));
    return row === undefined ? undefined : (row['id'] as bigint);
  }

  get size(): number {
    return Number(this.#count.get()!['count']);
  }

  close(): void {
    this.#db.close();
  }

  #about(name: string): string {
    return String(this.#db.prepare('SELECT said FROM about WHERE name = ?').get(name)?.['said'] ?? '');
  }

  #forget(of: string, topicId: string): void {
    const say = this.#db.prepare(
      'INSERT INTO about (name, said) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET said = excluded.said',
    );
    this.#whole(() => {
      this.#db.exec('DELETE FROM mapping; DELETE FROM position;');
      say.run('of', of);
      say.run('topic-id', topicId);
    });
  }

  #whole(work: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#db.exec('ROLLBACK');
      throw error;
    }
  }
}
