import type { RecordCursor } from '../kafka/records/cursor.ts';
import { BatchWriter, type BufferPool } from '../kafka/records/writer.ts';
import { LegacyFinder } from '../stamp/legacy.ts';
import { MappingRecord, type MappedId } from '../stamp/mapping-record.ts';
import type { SchemaBook } from '../stamp/schema-book.ts';
import type { Draft, MappingBatch, Part } from './draft.ts';
import { partitionOfKey } from './key-partition.ts';
import type { MappingSettings } from './port.ts';

/** Bounds of one batch; one that is full ends the draft. */
const LEAST_BYTES = 16_384;
const MOST_BYTES = 262_144;
/** A usual mapping, doubled: keys do not spread evenly. */
const ENTRY_BYTES = 128;

/**
 * `open`: written, and counts with `close`; `none`: this record has none. The rest, with which nothing was written: `missing`: no legacy
 * ID, and the route does not let that pass; `full`: not in this draft any more; `no-topic`: once the topic is there; `refused`: never, or
 * not before the topic changes.
 */
export type Mapped = 'open' | 'none' | 'missing' | 'full' | 'no-topic' | 'refused';

/**
 * The mappings of one route leave in the same transaction as the stamped records. A mapping is opened before its record is stamped, while
 * it can still be found not to fit, and closed after: an opened one that is not closed is as if it had never been.
 */
export class MappingWriter {
  readonly settings: MappingSettings;
  readonly #pool: BufferPool;
  readonly #partitionsOf: (topic: string) => number;
  readonly #maxMessageBytes: (topic: string) => number;
  readonly #transactionRecords: number;
  readonly #finder: LegacyFinder;
  readonly #record: MappingRecord;
  /** The batches of the draft seen last, by partition: found without spelling a key per record. */
  #draft: Draft | undefined;
  #batches: (MappingBatch | undefined)[] = [];
  #open: { readonly batch: MappingBatch; readonly end: number } | undefined;

  constructor(
    settings: MappingSettings,
    deps: {
      pool: BufferPool;
      partitionsOf: (topic: string) => number;
      maxMessageBytes: (topic: string) => number;
      transactionRecords: number;
      book: SchemaBook | undefined;
    },
  ) {
    this.settings = settings;
    this.#pool = deps.pool;
    this.#partitionsOf = deps.partitionsOf;
    this.#maxMessageBytes = deps.maxMessageBytes;
    this.#transactionRecords = deps.transactionRecords;
    this.#finder = new LegacyFinder(settings.legacy, deps.book);
    this.#record = new MappingRecord(settings.prefix);
  }

  /** Of the record under the cursor, which `id` would be given to. */
  open(draft: Draft, cursor: RecordCursor, id: MappedId): Mapped {
    const found = this.#finder.find(cursor);
    if (found === 'unread') return 'none';
    if (found === 'missing') return this.#mayPass(cursor) ? 'none' : 'missing';
    const { topic } = this.settings;
    const count = this.#partitionsOf(topic);
    if (count === 0) return 'no-topic';
    const batch = this.#batch(draft, partitionOfKey(this.#record.keyOf(this.#finder.id), count), count);
    const end = this.#record.open(id, batch.writer);
    if (end < 0) return batch.writer.recordCount === 0 ? 'refused' : 'full';
    this.#open = { batch, end };
    return 'open';
  }

  /** The record whose mapping was opened was stamped. */
  close(draft: Draft, part: Part, offset: number): void {
    const { batch, end } = this.#open!;
    const before = batch.writer.length;
    batch.writer.close(end);
    batch.parts.push(part);
    batch.offsets.push(offset);
    draft.bytes += batch.writer.length - before;
    draft.mappingRecords++;
    part.mapped++;
  }

  /** A tombstone has no fields, and stamping it is all that can be done with it. */
  #mayPass({ valueStart }: RecordCursor): boolean {
    const { legacy, missing } = this.settings;
    return missing === 'skip' || (legacy.from === 'field' && valueStart < 0);
  }

  #batch(draft: Draft, partition: number, count: number): MappingBatch {
    if (draft !== this.#draft) {
      this.#draft = draft;
      this.#batches = [];
    }
    return (this.#batches[partition] ??= this.#sharedBatch(draft, partition, count));
  }

  /** Routes may share a topic. */
  #sharedBatch(draft: Draft, partition: number, count: number): MappingBatch {
    const { topic } = this.settings;
    const key = `${topic}/${partition}`;
    const existing = draft.mappings.get(key);
    if (existing !== undefined) return existing;
    const usual = Math.ceil((this.#transactionRecords * ENTRY_BYTES) / count);
    const wanted = Math.max(LEAST_BYTES, Math.min(MOST_BYTES, usual));
    const writer = new BatchWriter(this.#pool);
    writer.begin(Math.min(wanted, this.#maxMessageBytes(topic)));
    const batch: MappingBatch = { topic, partition, writer, parts: [], offsets: [] };
    draft.mappings.set(key, batch);
    return batch;
  }
}
