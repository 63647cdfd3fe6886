import { CATALOGUE, type ErrorCode } from '../errors.ts';
import type { Piece } from '../kafka/records/fetched.ts';
import type { StampResult } from '../stamp/result.ts';
import type { SchemaWanted } from '../stamp/schema-book.ts';
import { newDraft, partOf, type Draft, type Part } from './draft.ts';
import type { IdSource } from './ids.ts';
import type { LetterWriter } from './letters.ts';
import type { Mapped } from './mappings.ts';
import type { Outgoing } from './outgoing.ts';
import type { Partition, Poison } from './partition.ts';
import type { PipelineSettings } from './port.ts';
import type { Way } from './stamps.ts';

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

const { means: message } = CATALOGUE.LEGACY_ID_MISSING;
const NO_LEGACY_ID: Poison = { code: 'LEGACY_ID_MISSING', message, restamped: false };

const handled = (part: Part): number => part.stamped + part.kept + part.deadLettered;

/**
 * Fills transactions: *mint* and *stamp*, synchronously, before anything is begun at the broker (rule 1). Mutates only
 * the draft, the inflow's reading mark and the ID source; `rewind` on the partitions undoes it, IDs excepted (burnt).
 */
export class Composer {
  readonly #ids: IdSource;
  readonly #letters: LetterWriter;
  readonly #outgoing: Outgoing;
  readonly #settings: PipelineSettings;
  readonly #sideline: (partition: Partition, why: string) => void;
  readonly #wantSchema: (partition: Partition, wanted: SchemaWanted) => void;
  readonly #ways: ReadonlyMap<string, Way>;

  constructor(deps: {
    ids: IdSource;
    letters: LetterWriter;
    outgoing: Outgoing;
    settings: PipelineSettings;
    /** By route. */
    ways: ReadonlyMap<string, Way>;
    /** Rule 5: for what passes by itself. */
    sideline: (partition: Partition, why: string) => void;
    /** Called when a fill ends with `schema`. */
    wantSchema: (partition: Partition, wanted: SchemaWanted) => void;
  }) {
    this.#ids = deps.ids;
    this.#letters = deps.letters;
    this.#outgoing = deps.outgoing;
    this.#settings = deps.settings;
    this.#ways = deps.ways;
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
    const { cursor, stamp, mapping } = way;
    const at: Place = { draft, part, piece, way };
    const { transactionRecords } = this.#settings;
    const from = Math.max(part.next, piece.skipBefore);
    cursor.load(piece.records, piece.header);
    while (cursor.next()) {
      if (cursor.offset < from) continue;
      if (
        handled(part) >= partition.trialRecords ||
        draft.records + draft.mappingRecords >= transactionRecords
      )
        return 'full';
      const poison = partition.poison.size > 0 ? partition.poison.get(cursor.offset) : undefined;
      if (poison !== undefined) {
        const end = this.#bury(at, poison);
        if (end !== undefined) return end;
        continue;
      }
      if (!this.#ids.take(piece.header.recordCount)) return 'ids';
      const writer = part.writer ?? this.#outgoing.open(draft, part, budgetBytes);
      if (writer === undefined) return 'budget';
      const mapped = mapping?.open(draft, cursor, this.#ids.cursor);
      if (mapped !== undefined && mapped !== 'open' && mapped !== 'none') {
        const end = this.#unmapped(at, mapped);
        if (end !== undefined) return end;
        continue;
      }
      const before = writer.length;
      const result = stamp.apply(cursor, piece.records, this.#ids.cursor, writer);
      if (result === 'stamped' || result === 'header-only') {
        this.#ids.used();
        part.stamped++;
        if (result === 'header-only') part.headerOnly++;
        part.lastTimestampMs = this.#ids.cursor.timestampMs;
        part.lastSequence = this.#ids.cursor.sequence;
        if (mapped === 'open') mapping!.close(draft, part, cursor.offset);
        else if (mapped === 'none') part.unmapped++;
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
        if (this.#outgoing.grow(part, way.cursor)) return this.#fillFrom(at.draft, part, at.piece, Infinity);
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

  /** The record under the cursor is not stamped, for what its mapping came to. */
  #unmapped(at: Place, mapped: Exclude<Mapped, 'open' | 'none'>): FillEnd | undefined {
    const { part, way } = at;
    const { topic, missing } = way.mapping!.settings;
    const where = `at offset ${way.cursor.offset}`;
    switch (mapped) {
      case 'missing':
        return missing === 'stop'
          ? this.#fault(part, NO_LEGACY_ID.code, `${where}: ${NO_LEGACY_ID.message}`)
          : this.#writeLetter(at, NO_LEGACY_ID);
      case 'full':
        return 'budget';
      case 'no-topic':
        return this.#waitForTopic(part, topic);
      case 'refused':
        return this.#fault(part, 'MAPPING_REFUSED', `${where}: its mapping does not fit ${topic}`);
    }
  }

  /** To the dead letters, or the partition stops, by the route's policy (P7). */
  #bury(at: Place, fault: Poison): FillEnd | undefined {
    const { route } = at.part.partition;
    return route.onError === 'stop' || (route.onError === 'header' && route.deadLetter === undefined)
      ? this.#fault(at.part, fault.code, `at offset ${at.way.cursor.offset}: ${fault.message}`)
      : this.#writeLetter(at, fault);
  }

  #writeLetter({ draft, part, piece, way: { cursor } }: Place, fault: Poison): FillEnd | undefined {
    const { route } = part.partition;
    const where = `at offset ${cursor.offset}`;
    const written = this.#letters.write(draft, part, cursor, piece, fault);
    if (written === 'full') return 'budget';
    if (written === 'missing') return this.#waitForTopic(part, route.deadLetter!);
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

  /** Passes by itself, so it stops nothing: what lies before goes out first, as with a fault. */
  #waitForTopic(part: Part, topic: string): FillEnd {
    if (part.next === part.from) this.#sideline(part.partition, `TOPIC_MISSING: ${topic} is not there`);
    return 'fault';
  }

  /** Stops the partition now, or, when the draft already moves it, in the draft after: what lies before goes out first. */
  #fault(part: Part, code: ErrorCode, detail: string): FillEnd {
    if (part.next === part.from) part.partition.stop(code, `${part.partition.name} ${detail}`);
    return 'fault';
  }
}
