import { SnowstampError } from '../errors.ts';
import { BufferPool } from '../kafka/records/writer.ts';
import { LogReader, patiently } from '../pipeline/log-reader.ts';
import { ledgerOf } from './bounds.ts';
import { gather, type Gathered } from './gather.ts';
import type { Ledger } from './ledger.ts';
import { Resubmitter } from './resubmit.ts';
import type { Hands, RedriveParts, RedriveReport, TopicPartition } from './port.ts';

const MOST_LETTERS = 500;
const MOST_BYTES = 512 * 1_024;
/** So many transactions a second at the most while a rate is set. */
const TRANSACTIONS_PER_SECOND = 5;
const MOST_REFUSALS_TOLD = 10;
const JOIN_MS = 60_000;
const POOL_BYTES = 8 * 2 ** 20;

/** What stays to be done in one partition. */
interface Place {
  readonly at: TopicPartition;
  readonly end: number;
  ledger: Ledger;
  next: number;
  /** Everything before was counted. */
  counted: number;
  readonly refused: Set<number>;
  /** Letters per transaction; 1 after a refusal that named nobody. */
  most: number;
}

/**
 * Takes the letters of a dead-letter topic back to where they came from: each in one transaction with the word that it was dealt with, so that
 * none is lost and none goes back twice, whenever this run or one before it ended.
 */
export class Redrive {
  readonly report: RedriveReport = {
    ...{ redriven: 0, leftOut: 0, foreign: 0, refused: 0 },
    byCode: {},
    refusals: [],
  };
  readonly #parts: RedriveParts;
  readonly #log: LogReader;
  readonly #pool = new BufferPool(POOL_BYTES);
  readonly #startedMs: number;

  constructor(parts: RedriveParts) {
    this.#parts = parts;
    this.#log = new LogReader(parts.cluster, parts.requestTimeoutMs);
    this.#startedMs = parts.clock.now().monotonicMs;
  }

  /** What a run would do: no group is joined, nothing is written. */
  async look(): Promise<void> {
    for (const place of await this.#places()) {
      while (place.next < place.end && this.#left() > 0) {
        const gathered = await this.#gather(place);
        release(gathered);
        this.#count(gathered);
        place.next = place.counted = gathered.next;
      }
    }
  }

  get target(): Pick<RedriveParts, 'groupId' | 'plan'> {
    return this.#parts;
  }

  /** @throws SnowstampError what ends the run; what was counted before is committed */
  async run(hands: Hands): Promise<void> {
    const { cluster, clock, plan, stop } = this.#parts;
    const count = cluster.topic(plan.topic)?.partitions.length ?? 0;
    const resubmitter = new Resubmitter(hands, this.#parts);
    if (!(await hands.ownership.all(count, clock, JOIN_MS, stop))) {
      if (stop.aborted) return;
      throw new SnowstampError(
        'GROUP_NOT_EMPTY',
        `${plan.topic}: its partitions were not given to this run within a minute`,
      );
    }
    await resubmitter.begin(stop);
    for (const place of await this.#places()) await this.#empty(place, resubmitter);
  }

  async #empty(place: Place, resubmitter: Resubmitter): Promise<void> {
    const { stop } = this.#parts;
    while (place.next < place.end && this.#left() > 0) {
      await this.#pace();
      if (stop.aborted) return;
      const gathered = await this.#gather(place);
      const last = gathered.letters.at(-1);
      if (last === undefined) {
        this.#count(gathered);
        return;
      }
      const offsets = gathered.letters.map(({ offset }) => offset);
      const ledger = place.ledger.after(offsets, gathered.keptBack, last.offset + 1);
      const outcome = await resubmitter.send(place.at, gathered, ledger, stop);
      if (outcome.at === 'done') {
        this.#count(gathered);
        place.ledger = ledger;
        place.next = gathered.next;
        place.counted = Math.max(place.counted, place.next);
        place.most = Math.min(MOST_LETTERS, place.most * 2);
      } else if (outcome.at === 'refused') {
        for (const { letter, why } of outcome.blamed) this.#refused(place, letter.offset, why);
        place.most = outcome.blamed.length === 0 ? 1 : place.most;
      } else {
        place.ledger = await ledgerOf(this.#parts, this.#log, place.at);
        place.next = place.ledger.offset;
      }
    }
  }

  async #places(): Promise<Place[]> {
    const { cluster, plan, clock } = this.#parts;
    const places: Place[] = [];
    for (const { partition } of cluster.topic(plan.topic)?.partitions ?? []) {
      const at = { topic: plan.topic, partition };
      const ledger = await ledgerOf(this.#parts, this.#log, at);
      const end = await patiently(clock, () => this.#log.end(at, 'stable'));
      const next = ledger.offset;
      places.push({ at, end, ledger, next, counted: next, refused: new Set(), most: MOST_LETTERS });
      this.#parts.expect(Math.max(0, end - next));
    }
    return places;
  }

  #gather({ at, end, ledger, next, counted, refused, most }: Place): Promise<Gathered> {
    const { clock, plan } = this.#parts;
    const atOnce = plan.rate === undefined ? MOST_LETTERS : Math.ceil(plan.rate / TRANSACTIONS_PER_SECOND);
    const options = {
      ...{ log: this.#log, pool: this.#pool, selection: plan.selection, refused, mostBytes: MOST_BYTES },
      ...{ most: Math.max(1, Math.min(most, atOnce, this.#left())), countFrom: counted },
    };
    return patiently(clock, () => gather(at, [next, end], ledger, options));
  }

  #left(): number {
    return (this.#parts.plan.most ?? Infinity) - this.report.redriven;
  }

  /** Not before the letters sent so far were due at the rate. */
  async #pace(): Promise<void> {
    const { clock, plan, stop } = this.#parts;
    if (plan.rate === undefined) return;
    const dueMs = this.#startedMs + (this.report.redriven / plan.rate) * 1_000;
    const waitMs = dueMs - clock.now().monotonicMs;
    if (waitMs > 0) await clock.sleep(waitMs, stop);
  }

  #count({ letters, counts }: Gathered): void {
    const { report } = this;
    report.redriven += letters.length;
    report.leftOut += counts.leftOut;
    report.foreign += counts.foreign;
    for (const { source } of letters) report.byCode[source.code] = (report.byCode[source.code] ?? 0) + 1;
    this.#parts.progress(letters.length + counts.leftOut + counts.foreign);
  }

  #refused({ at, refused }: Place, offset: number, why: string): void {
    refused.add(offset);
    this.report.refused++;
    if (this.report.refusals.length < MOST_REFUSALS_TOLD)
      this.report.refusals.push(`${at.topic}-${at.partition} at offset ${offset}: ${why}`);
    this.#parts.progress(1);
  }
}

const release = ({ targets }: Gathered): void => {
  for (const { writer } of targets) writer.release();
};
