import type { AuditRecord } from './batches.ts';
import type { Legacy } from './legacy.ts';
import { idIn } from './rule.ts';

/** What was found out about one mapping topic. Counts are legacy IDs, but for `withoutLegacy` and `extra`, which are records. */
export interface MappingReport {
  readonly topic: string;
  /** Legacy IDs whose last word is the ID of their last event. */
  mapped: number;
  /** Events without one: nothing to map. */
  withoutLegacy: number;
  /** Without any word, although an event before theirs has one. */
  missing: number;
  /** The last word is an older ID of theirs. */
  stale: number;
  /** Records that map to an ID which no event with that legacy ID has, or that are no mappings. */
  extra: number;
  unproven: number;
  firstDifference: string | undefined;
}

interface Event {
  readonly part: string;
  readonly key: string;
  readonly id: bigint;
}

/** Legacy IDs of committed events against one mapping topic. Holds all of them in memory. */
export class MappingBook {
  readonly report: MappingReport;
  /** Events may be gone, or others may write here as well: a word that leads nowhere is unproven. */
  hasGaps = false;
  /** Words may be gone altogether, not only older ones on a key. */
  losesWords = false;
  /** In the order of their partitions. */
  readonly #events = new Map<string, Event[]>();
  readonly #ofKey = new Map<string, Event[]>();
  /** Events whose legacy ID nobody here can read. */
  readonly #unread = new Set<bigint>();
  readonly #last = new Map<string, { readonly id: bigint | undefined; readonly timestamp: bigint }>();
  readonly #said = new Map<string, Set<bigint>>();
  /** IDs of the key that was asked for last: one may have very many. */
  #asked: { readonly key: string | undefined; readonly ids: ReadonlySet<bigint> } = {
    key: undefined,
    ids: new Set(),
  };
  readonly #strays: { readonly id: bigint; readonly what: string }[] = [];

  readonly #timeOf: ((id: bigint) => bigint) | undefined;

  /** `timeOf`: Unix ms in an ID; undefined: times of records mean nothing. */
  constructor(topic: string, timeOf?: (id: bigint) => bigint) {
    this.#timeOf = timeOf;
    const counts = { mapped: 0, withoutLegacy: 0, missing: 0, stale: 0, extra: 0, unproven: 0 };
    this.report = { topic, ...counts, firstDifference: undefined };
  }

  /** One stamped event of the partition `part`, which are told in their order. */
  event(part: string, prefix: string, legacy: Legacy, id: bigint): void {
    if (legacy.at === 'none') this.report.withoutLegacy++;
    if (legacy.at === 'unknown') this.#unread.add(id);
    if (legacy.at !== 'here') return;
    const event = { part, key: prefix + legacy.text, id };
    append(this.#events, part, event);
    append(this.#ofKey, event.key, event);
  }

  /** One record of the topic; of each partition in its order, once all events were told. */
  word(record: AuditRecord, partition: number): void {
    const { key, value, timestamp, offset } = record;
    const id = idIn(value?.toString('latin1') ?? '');
    const why = this.#noMapping(record, id);
    if (key === null || why !== undefined) {
      this.#wrong('extra', `${this.report.topic}-${partition} offset ${offset}: is no mapping: ${why}`);
      return;
    }
    const name = key.toString('utf8');
    const before = this.#last.get(name);
    // Whoever else writes may choose partitions its own way: the time of the IDs puts their words in order.
    if (before === undefined || timestamp >= before.timestamp) this.#last.set(name, { id, timestamp });
    if (id === undefined) return;
    const said = this.#said.get(name) ?? new Set();
    this.#said.set(name, said.add(id));
    const place = `${this.report.topic}-${partition} offset ${offset}: maps ${JSON.stringify(name)} to ${id}`;
    if (!this.#unread.has(id) && !this.#idsOf(name).has(id)) {
      this.#strays.push({ id, what: `${place}, which no event with that legacy ID has` });
      return;
    }
    const timeMs = this.#timeOf?.(id) ?? timestamp;
    if (timeMs !== timestamp) this.#wrong('extra', `${place} at ${timestamp}, and the ID is of ${timeMs}`);
  }

  /** What speaks against it; a tombstone is somebody's, who takes a mapping back in their own way. */
  #noMapping({ key, value, headers }: AuditRecord, id: bigint | undefined): string | undefined {
    if (key === null) return 'it has no key';
    if (value === null) return undefined;
    if (id === undefined) return 'its value is no ID';
    return headers.length > 0 ? `it has headers: ${headers.length}` : undefined;
  }

  #idsOf(key: string): ReadonlySet<bigint> {
    if (this.#asked.key !== key)
      this.#asked = { key, ids: new Set(this.#ofKey.get(key)?.map((event) => event.id)) };
    return this.#asked.ids;
  }

  /** `goneOnFrom`: IDs above it may belong to events behind what was looked at; undefined: nobody went on. */
  judge(goneOnFrom: bigint | undefined): MappingReport {
    for (const { id, what } of this.#strays) {
      if (goneOnFrom !== undefined && id > goneOnFrom) continue;
      this.#wrong(this.hasGaps ? 'unproven' : 'extra', what);
    }
    if (this.#unread.size > 0)
      this.#wrong('unproven', `${this.#unread.size} events hold their legacy ID where it is not read`);
    const first = new Map([...this.#events].map(([part, events]) => [part, this.#firstSaid(events)]));
    for (const [key, events] of this.#ofKey) this.#judgeKey(key, events, first, goneOnFrom);
    return this.report;
  }

  /** The first event of a partition of which the topic has a word: the route may have had no mapping before. */
  #firstSaid(events: readonly Event[]): bigint | undefined {
    return events.find(({ key, id }) => this.#said.get(key)?.has(id) === true)?.id;
  }

  #judgeKey(
    key: string,
    events: readonly Event[],
    first: ReadonlyMap<string, bigint | undefined>,
    goneOnFrom: bigint | undefined,
  ): void {
    const word = this.#last.get(key);
    const about = `legacy ID ${JSON.stringify(key)}`;
    if (word === undefined) {
      const due = events.some(({ part, id }) => {
        const since = first.get(part);
        return since !== undefined && id >= since;
      });
      const why = due ? '' : ': perhaps its partition had no mapping yet';
      const what = `${about}: no record of ${this.report.topic} maps it to ${events.at(-1)!.id}${why}`;
      this.#wrong(due && !this.losesWords ? 'missing' : 'unproven', what);
      return;
    }
    if (word.id === undefined) {
      this.#wrong('unproven', `${about}: its mapping was taken back`);
      return;
    }
    // Whoever was the last of its partition may have had the last word; partitions have no order among them.
    const latest = new Map(events.map(({ part, id }) => [part, id]));
    if ([...latest.values()].includes(word.id)) this.report.mapped++;
    else if (events.some(({ id }) => id === word.id)) {
      const wanted = [...latest.values()].join(' or ');
      this.#wrong('stale', `${about}: maps to ${word.id}, and its last event has ${wanted}`);
    } else if (goneOnFrom !== undefined && word.id > goneOnFrom) this.report.mapped++;
    // Any other word was counted as a record already.
  }

  #wrong(how: 'missing' | 'stale' | 'extra' | 'unproven', what: string): void {
    this.report[how]++;
    this.report.firstDifference ??= what;
  }
}

function append(to: Map<string, Event[]>, key: string, event: Event): void {
  const known = to.get(key);
  if (known === undefined) to.set(key, [event]);
  else known.push(event);
}

export const verdictOf = ({ missing, stale, extra, unproven }: MappingReport) =>
  missing + stale + extra > 0 ? 'failed' : unproven > 0 ? 'unproven' : 'proven';
