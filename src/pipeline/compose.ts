import { CATALOGUE, SnowstampError, type ErrorCode } from '../errors.ts';
import { RecordCursor } from '../kafka/records/cursor.ts';
import { BatchWriter, type BufferPool } from '../kafka/records/writer.ts';
import type { Piece } from '../kafka/records/fetched.ts';
import type { RecordStamp, StampResult } from '../stamp/result.ts';
import type { SchemaWanted } from '../stamp/schema-book.ts';
import { newDraft, partOf, type Draft, type Part } from './draft.ts';
import type { IdSource } from './ids.ts';
import type { LetterWriter } from './letters.ts';
import type { Partition, Poison } from './partition.ts';
import type { PipelineSettings } from './port.ts';

/**
 * Why filling a draft from one partition ended. `drained`: nothing more was fetched; `full`: its batch is complete;
 * `budget`: the draft is; `ids`: none to be had right now; `schema`: one is not known yet, and was asked for; `fault`: a
 * record or batch stops the partition once what lies before it is committed.
 */
export type FillEnd = 'drained' | 'full' | 'budget' | 'ids' | 'schema' | 'fault';

type Data = Extract<Piece, { kind: 'data' }>;

/** Where the composer stands. */
interface Place {
  readonly draft: Draft;
  readonly part: Part;
  readonly piece: Data;
  readonly way: Way;
}

/** One route's stamp, and a cursor that looks for its header while it checks a record. */
interface Way {
  readonly stamp: RecordStamp;
  readonly cursor: RecordCursor;
}

/** Smallest buffer asked for; below it sizes are not worth telling apart. */
const LEAST_CAPACITY_BYTES = 65_536;
/** Room for a stamp and for varints that grow, per record, in the estimate of a batch's size. */
const GROWTH_BYTES = 48;

const handled = (part: Part): number => part.stamped + part.kept + part.deadLettered;

/**
 * Fills transactions: *mint* and *stamp*, synchronously, before anything is begun at the broker (rule 1). Mutates only
 * the draft, the inflow's reading mark and the ID source; `rewind` on the partitions undoes it, IDs excepted (burnt).
 */
export class Composer {
  readonly #ids: IdSource;
  readonly #letters: LetterWriter;
  readonly #pool: BufferPool;
  readonly #settings: PipelineSettings;
  readonly #maxMessageBytes: (topic: string) => number;
  readonly #sideline: (partition: Partition, why: string) => void;
  readonly #wantSchema: (partition: Partition, wanted: SchemaWanted) => void;
  readonly #ways: ReadonlyMap<string, Way>;

  constructor(deps: {
    ids: IdSource;
    letters: LetterWriter;
    pool: BufferPool;
    settings: PipelineSettings;
    stamps: ReadonlyMap<string, RecordStamp>;
    maxMessageBytes: (topic: string) => number;
    /** Rule 5: for what passes by itself. */
    sideline: (partition: Partition, why: string) => void;
    /** Called when a fill ends with `schema`. */
    wantSchema: (partition: Partition, wanted: SchemaWanted) => void;
  }) {
    this.#ids = deps.ids;
    this.#letters = deps.letters;
    this.#pool = deps.pool;
    this.#settings = deps.settings;
    this.#ways = new Map(
      [...deps.stamps].map(([route, stamp]) => [route, { stamp, cursor: new RecordCursor(stamp.watch) }]),
    );
    this.#maxMessageBytes = deps.maxMessageBytes;
    this.#sideline = deps.sideline;
    this.#wantSchema = deps.wantSchema;
  }

  begin(): Draft {
    this.#ids.burn();
    return newDraft();
  }

  /** Takes as much of `partition` as the draft holds. May be called again for the same partition (after waiting for IDs). */
  fill(draft: Draft, partition: Partition, budgetBytes: number): FillEnd {
    const part = partOf(draft, partition);
    for (;;) {
      const piece = partition.inflow.peek();
      if (piece === undefined) return 'drained';
      if (piece.kind === 'problem')
        return this.#fault(part, piece.code, `at offset ${piece.offset}: ${piece.detail}`);
      if (piece.kind === 'data') {
        const end = this.#fillFrom(draft, part, piece, budgetBytes);
        if (end !== undefined) return end;
      }
      part.next = piece.nextOffset;
      // Of markers too: the offset behind one of a later epoch lies beyond the end of the epoch before (KIP-320).
      part.nextEpoch = partition.inflow.leaderEpoch;
      partition.inflow.advance();
    }
  }

  /** Walks one batch's records; undefined when all of them were taken. */
  #fillFrom(draft: Draft, part: Part, piece: Data, budgetBytes: number): FillEnd | undefined {
    const { partition } = part;
    const way = this.#ways.get(partition.route.name)!;
    const { cursor, stamp } = way;
    const at: Place = { draft, part, piece, way };
    const from = Math.max(part.next, piece.skipBefore);
    const most = Math.min(
      partition.trialRecords,
      this.#settings.transactionRecords - draft.records + handled(part),
    );
    cursor.load(piece.records, piece.header);
    while (cursor.next()) {
      if (cursor.offset < from) continue;
      if (handled(part) >= most) return 'full';
      const poison = partition.poison.size > 0 ? partition.poison.get(cursor.offset) : undefined;
      if (poison !== undefined) {
        const end = this.#bury(at, poison);
        if (end !== undefined) return end;
        continue;
      }
      if (!this.#ids.take(piece.header.recordCount)) return 'ids';
      const writer = part.writer ?? this.#openWriter(draft, part, budgetBytes);
      if (writer === undefined) return 'budget';
      const before = writer.length;
      const result = stamp.apply(cursor, piece.records, this.#ids.cursor, writer);
      if (result === 'stamped' || result === 'header-only') {
        this.#ids.used();
        part.stamped++;
        if (result === 'header-only') part.headerOnly++;
        part.lastTimestampMs = this.#ids.cursor.timestampMs;
        part.lastSequence = this.#ids.cursor.sequence;
      } else if (result === 'kept') {
        part.kept++;
      } else {
        const end = this.#refused(at, result);
        if (end !== undefined) return end;
        continue;
      }
      draft.bytes += writer.length - before;
      draft.records++;
      part.next = cursor.offset + 1;
      part.nextEpoch = piece.header.partitionLeaderEpoch;
    }
    return cursor.malformed === null ? undefined : this.#fault(part, 'BATCH_CORRUPT', cursor.malformed);
  }

  /** The record under the cursor was not taken by the stamp. */
  #refused(at: Place, result: Exclude<StampResult, 'stamped' | 'header-only' | 'kept'>): FillEnd | undefined {
    const { part, way } = at;
    const { partition } = part;
    const { output } = partition.route;
    switch (result) {
      case 'full':
        if (part.writer!.recordCount > 0) return 'full';
        if (this.#grow(part, way.cursor)) return this.#fillFrom(at.draft, part, at.piece, Infinity);
        return this.#bury(at, {
          code: 'RECORD_TOO_LARGE',
          message: `larger than ${output} takes once stamped`,
          restamped: false,
        });
      case 'already-stamped':
        return this.#bury(at, {
          code: 'RECORD_ALREADY_STAMPED',
          message: 'carries an ID already',
          restamped: false,
        });
      case 'refused': {
        const { code, detail } = way.stamp.refusal!;
        const message = [CATALOGUE[code].means, ...(detail === '' ? [] : [detail])].join(': ');
        return this.#bury(at, { code, message, restamped: false });
      }
      case 'schema-wanted':
        this.#wantSchema(partition, way.stamp.wanted!);
        return 'schema';
      case 'malformed':
        return this.#fault(part, 'BATCH_CORRUPT', `at offset ${way.cursor.offset}: lengths do not add up`);
    }
  }

  /** To the dead letters, or the partition stops, by the route's policy (P7). */
  #bury({ draft, part, piece, way: { cursor } }: Place, fault: Poison): FillEnd | undefined {
    const { route } = part.partition;
    const where = `at offset ${cursor.offset}`;
    if (route.onError === 'stop' || (route.onError === 'header' && route.deadLetter === undefined))
      return this.#fault(part, fault.code, `${where}: ${fault.message}`);
    const written = this.#letters.write(draft, part, cursor, piece, fault);
    if (written === 'full') return 'budget';
    if (written === 'missing') {
      // Passes by itself, so it stops nothing: what lies before goes out first, as with a fault.
      if (part.next === part.from)
        this.#sideline(part.partition, `TOPIC_MISSING: ${route.deadLetter!} is not there`);
      return 'fault';
    }
    if (written === 'refused') {
      return this.#fault(
        part,
        'DEAD_LETTER_REFUSED',
        `${where}: does not fit ${route.deadLetter ?? 'any dead-letter topic'} either`,
      );
    }
    part.deadLettered++;
    draft.records++;
    part.next = cursor.offset + 1;
    part.nextEpoch = piece.header.partitionLeaderEpoch;
    return undefined;
  }

  /** Stops the partition now, or, when the draft already moves it, in the draft after: what lies before goes out first. */
  #fault(part: Part, code: ErrorCode, detail: string): FillEnd {
    if (part.next === part.from) part.partition.stop(code, `${part.partition.name} ${detail}`);
    return 'fault';
  }

  #openWriter(draft: Draft, part: Part, budgetBytes: number): BatchWriter | undefined {
    const left = budgetBytes - draft.bytes;
    if (left <= 0) return undefined;
    const { inflow, route } = part.partition;
    const wanted = Math.max(LEAST_CAPACITY_BYTES, inflow.bytes + inflow.records * GROWTH_BYTES);
    const limit = Math.min(this.#settings.batchBytes, this.#maxMessageBytes(route.output));
    part.writer = new BatchWriter(this.#pool);
    part.writer.begin(Math.min(wanted, limit, Math.max(left, LEAST_CAPACITY_BYTES)));
    return part.writer;
  }

  /** Room for a record too large for a batch of usual size, within the output topic's limit; false when it had that already. */
  #grow(part: Part, { bodyStart, end }: RecordCursor): boolean {
    const most = this.#maxMessageBytes(part.partition.route.output);
    const hard = Math.min(most, end - bodyStart + LEAST_CAPACITY_BYTES);
    const writer = part.writer;
    if (writer === undefined)
      throw new SnowstampError('INTERNAL', 'a record did not fit a batch that was never begun');
    if (writer.capacityBytes >= hard) return false;
    writer.release();
    writer.begin(hard);
    return true;
  }
}
