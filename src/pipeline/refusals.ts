import type { Clock } from '../clock.ts';
import type { ErrorCode } from '../errors.ts';
import type { Refusal } from '../kafka/transaction/port.ts';
import { RecordCursor } from '../kafka/records/cursor.ts';
import { describeError, ERROR } from '../kafka/wire/errors.ts';
import {
  writtenBy,
  type Draft,
  type Letter,
  type LetterBatch,
  type MappingBatch,
  type Part,
} from './draft.ts';
import type { Partition } from './partition.ts';
import type { Observe, PipelineSettings } from './port.ts';

/** The output cannot take it as it is, however often it is sent. */
const ABOUT_THE_RECORD: ReadonlySet<number> = new Set([
  ERROR.CORRUPT_MESSAGE,
  ERROR.MESSAGE_TOO_LARGE,
  ERROR.RECORD_LIST_TOO_LARGE,
  ERROR.INVALID_TIMESTAMP,
  ERROR.INVALID_RECORD,
]);

const TOO_LARGE: ReadonlySet<number> = new Set([ERROR.MESSAGE_TOO_LARGE, ERROR.RECORD_LIST_TOO_LARGE]);

/**
 * What refused batches lead to, once their transaction was aborted (rules 5 and 15). One bad partition does not stop the
 * others: it is sidelined, or the record at fault is found (named by the broker, else by bisection), remembered by offset,
 * and dead-lettered by the next try. Records are never dropped here.
 */
export class Refusals {
  readonly #clock: Clock;
  readonly #settings: PipelineSettings;
  readonly #observe: Observe;

  constructor(deps: { clock: Clock; settings: PipelineSettings; observe: Observe }) {
    this.#clock = deps.clock;
    this.#settings = deps.settings;
    this.#observe = deps.observe;
  }

  apply(draft: Draft, refusals: readonly Refusal[]): void {
    for (const refusal of refusals) {
      const letters = draft.letters.get(`${refusal.topic}/${refusal.partition}`);
      if (letters !== undefined) {
        this.#lettersRefused(letters, refusal);
        continue;
      }
      const mappings = draft.mappings.get(`${refusal.topic}/${refusal.partition}`);
      if (mappings !== undefined) {
        this.#mappingsRefused(mappings, refusal);
        continue;
      }
      for (const part of draft.parts.values()) {
        const { route, token } = part.partition;
        if (route.output === refusal.topic && token.partition === refusal.partition)
          this.#refused(draft, part, refusal);
      }
    }
  }

  #refused(draft: Draft, part: Part, refusal: Refusal): void {
    const { partition } = part;
    const name = describeError(refusal.errorCode).name;
    if (
      refusal.errorCode === ERROR.TOPIC_AUTHORIZATION_FAILED ||
      refusal.errorCode === ERROR.INVALID_TOPIC_EXCEPTION
    ) {
      partition.stop(
        'KAFKA_REFUSED',
        `${partition.name}: ${partition.route.output} answers ${name}: grant WRITE, or name another topic`,
      );
      return;
    }
    if (!ABOUT_THE_RECORD.has(refusal.errorCode)) {
      partition.sideline(this.#clock.now().monotonicMs, this.#settings.retry, name);
      return;
    }
    const code: ErrorCode = TOO_LARGE.has(refusal.errorCode) ? 'RECORD_TOO_LARGE' : 'RECORD_REFUSED';
    const message = `${name}${refusal.errorMessage === null ? '' : `: ${refusal.errorMessage}`}`;
    const written = writtenBy(part);
    const indexes = refusal.recordIndexes.length > 0 ? refusal.recordIndexes : written === 1 ? [0] : [];
    if (indexes.length === 0) {
      partition.trialRecords = Math.max(1, Math.floor(written / 2));
      this.#observe({
        fact: 'retried',
        request: 'Produce',
        why: `${name}: halved to ${partition.trialRecords}`,
      });
      return;
    }
    for (const offset of offsetsOf(part, buriedIn(draft, part), indexes))
      this.#poison(partition, offset, code, message, false);
  }

  #lettersRefused(batch: LetterBatch, refusal: Refusal): void {
    const name = describeError(refusal.errorCode).name;
    const blamed: readonly Letter[] =
      refusal.recordIndexes.length > 0
        ? refusal.recordIndexes.flatMap((index) => batch.letters[index] ?? [])
        : batch.letters;
    const partitions = new Set(blamed.map(({ part }) => part.partition));
    const isNamed = refusal.recordIndexes.length > 0;
    // Nobody named among several partitions: each is tried apart, or they would meet in one batch for ever.
    if (!ABOUT_THE_RECORD.has(refusal.errorCode) || (!isNamed && partitions.size > 1)) {
      for (const partition of partitions)
        partition.sideline(this.#clock.now().monotonicMs, this.#settings.retry, `dead letters: ${name}`);
      return;
    }
    if (!isNamed && batch.letters.length > 1) {
      for (const partition of partitions) partition.trialRecords = 1;
      return;
    }
    for (const { part, offset, code, message } of blamed) {
      const { partition } = part;
      const known = partition.poison.get(offset);
      if (refusal.errorCode === ERROR.INVALID_TIMESTAMP && known?.restamped !== true) {
        this.#poison(partition, offset, code, message, true);
      } else {
        partition.stop(
          'DEAD_LETTER_REFUSED',
          `${partition.name} at offset ${offset}: ${batch.topic} answers ${name}: let it take larger messages`,
        );
      }
    }
  }

  /**
   * A mapping cannot be left out and its record cannot go without it: the partition stops at a record that is named, once what lies before
   * it is out. Nobody named: partitions are tried apart, then ever fewer records of the one that is.
   */
  #mappingsRefused({ topic, parts, offsets }: MappingBatch, refusal: Refusal): void {
    const { name } = describeError(refusal.errorCode);
    const about = ABOUT_THE_RECORD.has(refusal.errorCode);
    const all = [...new Set(parts)];
    const indexes = refusal.recordIndexes.length > 0 || parts.length > 1 ? refusal.recordIndexes : [0];
    if (!about || (indexes.length === 0 && all.length > 1)) {
      for (const { partition } of all)
        partition.sideline(this.#clock.now().monotonicMs, this.#settings.retry, `mappings: ${name}`);
      return;
    }
    if (indexes.length === 0) {
      for (const { partition } of all) partition.trialRecords = Math.max(1, Math.floor(parts.length / 2));
      return;
    }
    for (const index of indexes) {
      const [part, offset] = [parts[index], offsets[index]];
      if (part === undefined || offset === undefined) continue;
      if (writtenBy(part) + part.deadLettered > 1) part.partition.trialRecords = 1;
      else
        part.partition.stop(
          'MAPPING_REFUSED',
          `${part.partition.name} at offset ${offset}: ${topic} answers ${name}: let it take larger messages, with times of now`,
        );
    }
  }

  #poison(partition: Partition, offset: number, code: ErrorCode, message: string, restamped: boolean): void {
    partition.poison.set(offset, { code, message, restamped });
    const { topic, partition: index } = partition.token;
    this.#observe({ fact: 'dead-letter', topic, partition: index, offset, code });
  }
}

/** Records of `part` that went to the dead letters in this draft and so hold no place in its batch. */
const buriedIn = (draft: Draft, part: Part): ReadonlySet<number> =>
  new Set(
    [...draft.letters.values()].flatMap(({ letters }) =>
      letters.filter((l) => l.part === part).map((l) => l.offset),
    ),
  );

/** Input offsets of the records at `indexes` of a part's batch: the same walk again, since nothing is noted per record. */
function offsetsOf(part: Part, buried: ReadonlySet<number>, indexes: readonly number[]): number[] {
  const wanted = new Set(indexes);
  const { inflow } = part.partition;
  const cursor = new RecordCursor();
  const found: number[] = [];
  let index = 0;
  inflow.rewind();
  for (let piece = inflow.peek(); piece !== undefined; piece = inflow.peek()) {
    if (piece.kind === 'problem') break;
    if (piece.kind === 'data') {
      cursor.load(piece.records, piece.header);
      while (cursor.next() && cursor.offset < part.next) {
        if (cursor.offset < part.from || buried.has(cursor.offset)) continue;
        if (wanted.has(index)) found.push(cursor.offset);
        index++;
      }
    }
    if (piece.nextOffset >= part.next) break;
    inflow.advance();
  }
  inflow.rewind();
  return found;
}
