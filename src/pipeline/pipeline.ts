import type { Clock } from '../clock.ts';
import type { Cluster } from '../kafka/cluster/port.ts';
import { BufferPool } from '../kafka/records/buffer-pool.ts';
import type { Membership, OwnershipListener } from '../kafka/membership/port.ts';
import type { SchemaBook } from '../stamp/schema-book.ts';
import { intakeOf, OPEN, type Admission } from './admission.ts';
import { Composer } from './compose.ts';
import { Fetcher } from './fetcher.ts';
import { IdSource } from './ids.ts';
import { lagOf } from './lag.ts';
import { LetterWriter } from './letters.ts';
import { LogReader } from './log-reader.ts';
import { MappingWriter } from './mappings.ts';
import { Outgoing } from './outgoing.ts';
import { Opener } from './opener.ts';
import { DoorKeeper } from './opening.ts';
import { Owned } from './owned.ts';
import type { Partition } from './partition.ts';
import type { Lag, Observe, PipelineSettings } from './port.ts';
import { Refusals } from './refusals.ts';
import { Settlement } from './settlement.ts';
import type { Spell, SpellEnd } from './publisher.ts';
import { SchemaWaits } from './schema-waits.ts';
import { Stamper } from './stamper.ts';
import { waysOf } from './stamps.ts';
import { TopicWatch } from './topic-watch.ts';
import { Wake } from './wake.ts';

export interface PipelineParts {
  /** For data, fetches, metadata and transactions; membership has a cluster of its own. */
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly settings: PipelineSettings;
  readonly groupId: string;
  /** The topic's max.message.bytes. */
  readonly maxMessageBytes: (topic: string) => number;
  /** By route; a route whose values carry no schema ID has none. */
  readonly books: ReadonlyMap<string, SchemaBook>;
  readonly observe: Observe;
}

/** All routes of one worker. Lives as long as the worker; each spell of holding the lease is one `serve`. */
export class Pipeline {
  readonly #parts: PipelineParts;
  readonly #owned: Owned;
  readonly #wake: Wake;
  readonly #pool: BufferPool;
  readonly #log: LogReader;
  #stamper: Stamper | undefined;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
    this.#wake = new Wake(parts.clock);
    this.#pool = new BufferPool(parts.settings.memoryBytes / 2);
    this.#log = new LogReader(parts.cluster, parts.settings.requestTimeoutMs);
    this.#owned = new Owned({
      routes: parts.settings.routes,
      observe: parts.observe,
      changed: () => {
        this.#wake.ring();
      },
    });
    parts.cluster.watch(this.topics);
  }

  /** Told by the membership. */
  get ownership(): OwnershipListener {
    return this.#owned;
  }

  /** Every topic the routes name. */
  get topics(): readonly string[] {
    return [...new Set([...this.#parts.settings.routes.map(({ input }) => input), ...this.outputs])];
  }

  /** The topics it writes to. */
  get outputs(): readonly string[] {
    const { routes } = this.#parts.settings;
    return [
      ...new Set(
        routes.flatMap(({ output, deadLetter = [], mapping }) =>
          [output, deadLetter, mapping?.topic ?? []].flat(),
        ),
      ),
    ];
  }

  get admission(): Admission {
    return this.#stamper?.admission ?? OPEN;
  }

  lag(): readonly Lag[] {
    const wallMs = this.#parts.clock.now().wallMs;
    return [...this.#owned.all()].map((partition) => lagOf(partition, wallMs));
  }

  /** Bytes in flight: fetched, inflated, outgoing. */
  bytesInFlight(): number {
    let bytes = this.#pool.lentBytes;
    for (const { inflow } of this.#owned.all()) bytes += inflow.bytes;
    return bytes;
  }

  /** Serves under one incarnation of the lease until its intake aborts; see Stamper. */
  async serve(spell: Spell, membership: Membership): Promise<SpellEnd> {
    const over = new AbortController();
    const signal = AbortSignal.any([spell.intake, over.signal]);
    // However the spell ends, nothing it started goes on: fetches and openings end with `over` too.
    this.#stamper = this.#assemble({ ...spell, intake: signal }, membership);
    const { cluster, clock, settings, observe, maxMessageBytes } = this.#parts;
    const rest = { log: this.#log, wake: this.#wake, maxMessageBytes };
    const watch = new TopicWatch({ cluster, clock, settings, observe, ...rest });
    const watching = watch.run(() => this.#owned.all(), signal);
    try {
      return await this.#stamper.serve();
    } finally {
      over.abort();
      await watching;
      this.#stamper = undefined;
    }
  }

  #assemble(spell: Spell, membership: Membership): Stamper {
    const { cluster, clock, settings, groupId, observe, maxMessageBytes, books } = this.#parts;
    const { minter } = spell;
    const owned = this.#owned;
    const wake = this.#wake;
    const pool = this.#pool;
    const ids = new IdSource(minter);
    const partitionsOf = (topic: string): number => cluster.topic(topic)?.partitions.length ?? 0;
    const letters = new LetterWriter({
      pool,
      partitionsOf,
      maxMessageBytes,
      nowMs: () => clock.now().wallMs,
    });
    const { transactionRecords } = settings;
    const ways = waysOf(
      settings.routes,
      books,
      (mapping, book) =>
        new MappingWriter(mapping, { pool, partitionsOf, maxMessageBytes, transactionRecords, book }),
    );
    const outgoing = new Outgoing(pool, settings.batchBytes, maxMessageBytes);
    const sideline = (partition: Partition, why: string): void => {
      partition.sideline(clock.now().monotonicMs, settings.retry, why);
    };
    const changed = (): void => {
      wake.ring();
    };
    const waits = new SchemaWaits({ books, signal: spell.intake, sideline, changed });
    const wantSchema = waits.want.bind(waits);
    const composer = new Composer({
      ids,
      letters,
      outgoing,
      settings,
      ways,
      sideline,
      wantSchema,
    });
    const { maxFloorWaitMs } = settings;
    const door = new DoorKeeper({ cluster, log: this.#log, clock, layout: minter.layout, maxFloorWaitMs });
    const opener = new Opener({ cluster, clock, groupId, door, settings, observe, changed });
    const source = { partitions: () => owned.all(), roomBytes: () => this.#roomBytes(), arrived: changed };
    const fetcher = new Fetcher({ cluster, clock, settings, source, observe });
    const refusals = new Refusals({ clock, settings, observe });
    const settlement = new Settlement({ clock, minter, membership, refusals, settings, observe });
    return new Stamper(spell, {
      clock,
      settings,
      membership,
      owned,
      opener,
      fetcher,
      composer,
      waits,
      ids,
      settlement,
      wake,
      observe,
    });
  }

  #roomBytes(): number {
    if (intakeOf(this.admission).at === 'shut') return 0;
    return this.#parts.settings.memoryBytes - this.bytesInFlight();
  }
}
