import type { AuditRecord } from './batches.ts';
import { AvroLegacy, type AvroReaders } from './legacy-avro.ts';
import { legacyOf, type Legacy, type LegacyRule } from './legacy.ts';
import { MappingBook, type MappingReport } from './mappings.ts';
import { committedAt } from './partition.ts';
import type { Audit, AuditRoute, Committed } from './verify.ts';

export interface MappingRule {
  readonly topic: string;
  /** Stands before the legacy ID in the key. */
  readonly prefix: string;
  readonly legacy: LegacyRule;
  /** For fields of Avro, whose bytes say nothing without their schema; undefined: there is no registry to ask. */
  readonly avro?: AvroReaders | undefined;
  /** Its cleanup.policy holds `delete`: words may be gone. */
  readonly isDeleted: boolean;
  /** Routes that are not looked at write there as well. */
  readonly isShared: boolean;
  /** Unix ms in an ID, which is the time of its record; undefined: the broker sets the times of the topic's records. */
  readonly timeOf: ((id: bigint) => bigint) | undefined;
}

interface Watched {
  readonly route: AuditRoute;
  readonly partition: number;
  readonly committed: Committed;
  /** Last ID that was looked at. */
  last: bigint;
}

/** The mapping topics of all routes: events first, then every word of the topics. */
export class MappingAudit {
  readonly #parts: Audit;
  readonly #books = new Map<string, { readonly book: MappingBook; readonly watched: Watched[] }>();

  constructor(parts: Audit) {
    this.#parts = parts;
  }

  /** What one partition of a route tells; in a route without mapping, nobody. */
  of(
    route: AuditRoute,
    partition: number,
    committed: Committed,
  ): {
    readonly mapped: (input: AuditRecord, id: bigint) => Promise<void> | undefined;
    readonly gap: () => void;
  } {
    const { mapping } = route;
    if (mapping === undefined) return { mapped: () => undefined, gap: () => undefined };
    const { topic, prefix, legacy, avro, timeOf } = mapping;
    const entry = this.#books.get(topic) ?? { book: new MappingBook(topic, timeOf), watched: [] };
    this.#books.set(topic, entry);
    const { book } = entry;
    if (mapping.isShared || route.inputCompacted || route.outputCompacted) book.hasGaps = true;
    if (mapping.isDeleted) book.losesWords = true;
    const watched = { route, partition, committed, last: -1n };
    entry.watched.push(watched);
    const part = `${route.name}-${partition}`;
    const inAvro = avro === undefined ? undefined : new AvroLegacy(avro);
    const told = (found: Legacy, id: bigint): void => {
      watched.last = id;
      book.event(part, prefix, found, id);
    };
    return {
      mapped: (input, id) => {
        const found = inAvro === undefined ? legacyOf(input, legacy) : inAvro.of(input.value);
        if (found instanceof Promise)
          return found.then((late) => {
            told(late, id);
          });
        told(found, id);
        return undefined;
      },
      gap: () => {
        book.hasGaps = true;
      },
    };
  }

  /** Once all events were told. */
  async judge(): Promise<MappingReport[]> {
    const { reader } = this.#parts;
    const reports: MappingReport[] = [];
    for (const [topic, { book, watched }] of this.#books) {
      const count = await reader.partitionCount(topic);
      for (let partition = 0; partition < count; partition++) {
        const [start, end] = [await reader.start(topic, partition), await reader.stableEnd(topic, partition)];
        if (start > 0) book.losesWords = true;
        for await (const records of reader.records(topic, partition, start, end))
          for (const record of records) book.word(record, partition);
      }
      reports.push(book.judge(await this.#goneOnFrom(watched)));
    }
    return reports;
  }

  /** A fleet that runs goes on mapping: the lowest ID after which its partitions did. */
  async #goneOnFrom(watched: readonly Watched[]): Promise<bigint | undefined> {
    let lowest: bigint | undefined;
    for (const { route, partition, committed, last } of watched) {
      const now = await committedAt(this.#parts, route, partition);
      if (now.offset !== committed.offset && (lowest === undefined || last < lowest)) lowest = last;
    }
    return lowest;
  }
}
