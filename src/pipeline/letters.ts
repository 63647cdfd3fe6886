import type { ErrorCode } from '../errors.ts';
import type { RecordCursor } from '../kafka/records/cursor.ts';
import type { Piece } from '../kafka/records/fetched.ts';
import { BatchWriter, type BufferPool } from '../kafka/records/writer.ts';
import { writeDeadLetter } from '../stamp/dead-letter.ts';
import type { Draft, LetterBatch, Part } from './draft.ts';

const USUAL_BYTES = 262_144;
/** More than the added headers ever take. */
const HEADERS_BYTES = 8_192;

/**
 * Dead letters leave in the same transaction as everything else (P7): original bytes, original headers, plus what was
 * wrong and where it came from. Dead-letter partition = input partition mod count (rule 15).
 */
export class LetterWriter {
  readonly #pool: BufferPool;
  readonly #partitionsOf: (topic: string) => number;
  readonly #maxMessageBytes: (topic: string) => number;
  readonly #nowMs: () => number;

  constructor(deps: {
    pool: BufferPool;
    partitionsOf: (topic: string) => number;
    maxMessageBytes: (topic: string) => number;
    nowMs: () => number;
  }) {
    this.#pool = deps.pool;
    this.#partitionsOf = deps.partitionsOf;
    this.#maxMessageBytes = deps.maxMessageBytes;
    this.#nowMs = deps.nowMs;
  }

  /** `full`: not in this draft any more; `missing`: once the topic is there; `refused`: never, or not before the topic changes. */
  write(
    draft: Draft,
    part: Part,
    cursor: RecordCursor,
    piece: Extract<Piece, { kind: 'data' }>,
    fault: { readonly code: ErrorCode; readonly message: string; readonly restamped: boolean },
  ): 'written' | 'full' | 'missing' | 'refused' {
    const { route, token } = part.partition;
    if (route.deadLetter === undefined) return 'refused';
    const batch = this.#batch(draft, route.deadLetter, token.partition, cursor.end - cursor.bodyStart);
    if (batch === undefined) return 'missing';
    const before = batch.writer.length;
    const letter = {
      code: fault.code,
      message: fault.message,
      route: route.name,
      topic: token.topic,
      partition: token.partition,
      offset: cursor.offset,
      timestampType: piece.header.timestampType,
      restampMs: fault.restamped ? this.#nowMs() : undefined,
    };
    const fits = writeDeadLetter(cursor, piece.records, batch.writer, letter, route.deadLetterHeaders);
    if (!fits) return batch.letters.length === 0 ? 'refused' : 'full';
    batch.letters.push({ part, offset: cursor.offset, code: fault.code, message: fault.message });
    draft.bytes += batch.writer.length - before;
    return 'written';
  }

  /** A letter that finds its batch too small for it is the first one of the next. */
  #batch(draft: Draft, topic: string, inputPartition: number, recordBytes: number): LetterBatch | undefined {
    const count = this.#partitionsOf(topic);
    if (count === 0) return undefined;
    const partition = inputPartition % count;
    const key = `${topic}/${partition}`;
    const existing = draft.letters.get(key);
    if (existing !== undefined) return existing;
    const writer = new BatchWriter(this.#pool);
    const wanted = Math.max(USUAL_BYTES, recordBytes + HEADERS_BYTES);
    writer.begin(Math.min(wanted, this.#maxMessageBytes(topic)));
    const batch: LetterBatch = { topic, partition, writer, letters: [] };
    draft.letters.set(key, batch);
    return batch;
  }
}
