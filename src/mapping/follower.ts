import type { Clock } from '../clock.ts';
import { SnowstampError } from '../errors.ts';
import { LinkError, type Cluster } from '../kafka/cluster/port.ts';
import { NotYet, type LogReader } from '../pipeline/log-reader.ts';
import { entryOf, type Entry } from './entry.ts';
import type { MappingStore } from './store.ts';

const POLL_MS = 250;
const MOST_ENTRIES = 10_000;
const NO_HEADER = new Uint8Array(0);

/** How a store stands to its topic. */
export interface Standing {
  /** It held everything there was at some moment of this run. */
  readonly complete: boolean;
  /** Milliseconds since it last did; how stale an answer can be. */
  readonly behindMs: number;
  /** Records that are no mappings. */
  readonly ignored: number;
  /** What keeps it from reading on; undefined when nothing does. */
  readonly why: string | undefined;
}

/** Fills a store from its topic and keeps it up to date. */
export class Follower {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #log: LogReader;
  readonly #topic: string;
  readonly #store: MappingStore;
  #completeAtMs = -1;
  #ignored = 0;
  #why: string | undefined;

  constructor(deps: {
    readonly cluster: Cluster;
    readonly clock: Clock;
    readonly log: LogReader;
    readonly topic: string;
    readonly store: MappingStore;
  }) {
    this.#cluster = deps.cluster;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#topic = deps.topic;
    this.#store = deps.store;
  }

  get standing(): Standing {
    const complete = this.#completeAtMs >= 0;
    const behindMs = complete ? this.#clock.now().monotonicMs - this.#completeAtMs : Infinity;
    return { complete, behindMs, ignored: this.#ignored, why: this.#why };
  }

  /** Follows until `signal` aborts; passing faults are waited out. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.catchUp(signal);
        this.#why = undefined;
      } catch (error) {
        if (!(error instanceof NotYet) && !(error instanceof LinkError) && !isMissing(error)) throw error;
        this.#why = (error as Error).message;
        await this.#cluster.refresh().catch(() => undefined);
      }
      await this.#clock.sleep(POLL_MS, signal);
    }
  }

  /** Reads all there is now. @throws NotYet, SnowstampError TOPIC_MISSING */
  async catchUp(signal: AbortSignal): Promise<void> {
    const found = this.#cluster.topic(this.#topic);
    if (found?.error !== 0) throw new SnowstampError('TOPIC_MISSING', `topic ${this.#topic} does not exist`);
    const { topicId } = this.#store.position;
    if (topicId !== found.topicId) this.#store.restart(found.topicId);
    const startedMs = this.#clock.now().monotonicMs;
    for (const { partition } of found.partitions) await this.#read(partition, found.topicId, signal);
    if (!signal.aborted) this.#completeAtMs = startedMs;
  }

  async #read(partition: number, topicId: string, signal: AbortSignal): Promise<void> {
    const at = { topic: this.#topic, partition };
    const [start, end] = [await this.#log.start(at), await this.#log.end(at, 'stable')];
    const known = this.#store.position.offsets.get(partition) ?? 0;
    // The log ends before what was read: it was truncated, so what came from there may be void.
    if (known > end) {
      this.#store.restart(topicId);
      throw new NotYet(`${this.#topic}-${partition} ends at ${end}, below ${known}: everything is read anew`);
    }
    for (let next = Math.max(known, start); next < end && !signal.aborted;) {
      const entries: Entry[] = [];
      let upTo = end;
      await this.#log.scan(at, next, end, 1, NO_HEADER, (cursor) => {
        const entry = entryOf(cursor);
        if (entry === undefined) this.#ignored++;
        else entries.push(entry);
        if (entries.length < MOST_ENTRIES) return false;
        upTo = cursor.offset + 1;
        return true;
      });
      this.#store.apply(partition, entries, upTo);
      next = upTo;
    }
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof SnowstampError && error.code === 'TOPIC_MISSING';
