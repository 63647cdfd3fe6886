import { AbortedFilter, type AbortedTransaction } from './aborted.ts';
import {
  CRC_START,
  HEADER_BYTES,
  LENGTH_BASE,
  PREAMBLE_BYTES,
  AT,
  readBatchHeader,
  type BatchHeader,
} from './batch.ts';
import { inflate, type InflateProblem } from './codecs.ts';
import { viewOf } from './copy.ts';
import { crc32c } from './crc32c.ts';
import { RecordCursor } from './cursor.ts';

export type { AbortedTransaction } from './aborted.ts';

export interface WalkOptions {
  /** A batch that inflates to more than this stops the walk (data-path rule 13). */
  readonly inflateCapBytes: number;
  readonly verifyCrc: boolean;
}

/** `nextOffset`: where the next fetch begins once this piece is dealt with; it counts markers and aborted batches too (raw-lane pitfall 5). */
export type Piece =
  | {
      readonly kind: 'data';
      readonly header: BatchHeader;
      /** The inflated record section, for RecordCursor: a view into the answer when the batch was not compressed. */
      readonly records: Uint8Array;
      /** Records below this offset were dealt with before: skip them. */
      readonly skipBefore: number;
      readonly nextOffset: number;
    }
  | { readonly kind: 'skipped'; readonly why: SkipReason; readonly nextOffset: number }
  /** Always last: the answer holds bytes, but not one whole batch. Fetch again with room for `needBytes` (0: not even its length is known). */
  | { readonly kind: 'too-small'; readonly needBytes: number; readonly nextOffset: number }
  /** Always last: the partition cannot go on past `offset`. */
  | {
      readonly kind: 'problem';
      readonly code: InflateProblem;
      readonly offset: number;
      readonly detail: string;
      readonly nextOffset: number;
    };

export type SkipReason = 'control' | 'aborted' | 'empty' | 'old';

/** Kafka's control record types, second int16 of the key: 0 abort, 1 commit; others are skipped alike. */
const ABORT_MARKER = 0;

/**
 * Walks the record set of one Fetch answer under read_committed, batch by batch; never throws. `aborted` is the answer's own list, in any
 * order. A truncated batch at the end is left for the next fetch.
 */
export function* walkFetched(
  answer: Uint8Array,
  fetchOffset: number,
  aborted: readonly AbortedTransaction[],
  options: WalkOptions,
): Generator<Piece, void, undefined> {
  const walk = new Walk(answer, fetchOffset, aborted, options);
  for (let at = 0; at < answer.length;) {
    const size = walk.sizeAt(at);
    if (size === 'truncated') {
      if (at === 0) yield walk.tooSmall();
      return;
    }
    const piece = typeof size === 'number' ? walk.batch(at, size) : size;
    yield piece;
    if (piece.kind === 'problem') return;
    at += size as number;
  }
}

class Walk {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly fetchOffset: number;
  private readonly filter: AbortedFilter;
  private readonly options: WalkOptions;
  private nextOffset: number;
  private lowest = 0;

  constructor(
    answer: Uint8Array,
    fetchOffset: number,
    aborted: readonly AbortedTransaction[],
    options: WalkOptions,
  ) {
    this.bytes = new Uint8Array(answer.buffer, answer.byteOffset, answer.byteLength);
    this.view = viewOf(this.bytes);
    this.fetchOffset = this.nextOffset = fetchOffset;
    this.filter = new AbortedFilter(aborted);
    this.options = options;
  }

  /** Whole size of the batch at `at`. The format's version is looked at first: older ones have other headers. */
  sizeAt(at: number): number | 'truncated' | Piece {
    const left = this.bytes.length - at;
    if (left < PREAMBLE_BYTES) return 'truncated';
    const magic = this.view.getInt8(at + AT.magic);
    if (magic !== 2) {
      const why =
        magic === 0 || magic === 1
          ? 'an old format: rewrite the topic with a current client'
          : 'not a known format';
      return this.problem('BATCH_UNSUPPORTED', `record batch with magic ${magic}, ${why}`);
    }
    const size = LENGTH_BASE + this.view.getInt32(at + AT.batchLength);
    if (size < HEADER_BYTES) return this.problem('BATCH_CORRUPT', `a batch of ${size} bytes cannot be`);
    return size > left ? 'truncated' : size;
  }

  tooSmall(): Piece {
    const known = this.bytes.length >= PREAMBLE_BYTES;
    const needBytes = known ? LENGTH_BASE + this.view.getInt32(AT.batchLength) : 0;
    return { kind: 'too-small', needBytes, nextOffset: this.nextOffset };
  }

  batch(at: number, size: number): Piece {
    const header = readBatchHeader(this.view, at);
    const wrong = this.check(header, at, size);
    if (wrong !== undefined) return this.problem('BATCH_CORRUPT', wrong);
    const lastOffset = header.baseOffset + header.lastOffsetDelta;
    this.lowest = lastOffset + 1;
    this.filter.advance(lastOffset);
    const section = this.bytes.subarray(at + HEADER_BYTES, at + size);
    if (header.isControl) return this.control(header, section, lastOffset);
    if (lastOffset < this.fetchOffset) return this.skipped('old', lastOffset);
    if (this.filter.drops(header)) return this.skipped('aborted', lastOffset);
    if (header.recordCount === 0) return this.skipped('empty', lastOffset);
    const inflated = inflate(header.codec, section, this.options.inflateCapBytes);
    if (!inflated.ok) return this.problem(inflated.code, `batch at ${header.baseOffset}: ${inflated.detail}`);
    this.nextOffset = lastOffset + 1;
    const { nextOffset } = this;
    return { kind: 'data', header, records: inflated.bytes, skipBefore: this.fetchOffset, nextOffset };
  }

  /** What is wrong with a header; the checksum first, since the rest of the header is only as good. */
  private check(header: BatchHeader, at: number, size: number): string | undefined {
    const where = `batch at ${header.baseOffset}`;
    if (this.options.verifyCrc) {
      const crc = crc32c(this.bytes.subarray(at + CRC_START, at + size));
      if (crc !== header.crc) return `${where}: checksum ${crc}, header says ${header.crc}`;
    }
    const safe =
      header.baseOffset >= 0 && header.baseOffset + header.lastOffsetDelta < Number.MAX_SAFE_INTEGER;
    if (!safe || header.lastOffsetDelta < 0 || header.recordCount < 0)
      return `${where}: its counts cannot be`;
    if (header.baseOffset < this.lowest) return `${where}: offsets go back, ${this.lowest} was next`;
    return undefined;
  }

  private control(header: BatchHeader, section: Uint8Array, lastOffset: number): Piece {
    if (header.recordCount > 0) {
      const type = controlType(header, section);
      if (type === undefined)
        return this.problem(
          'BATCH_CORRUPT',
          `control batch at ${header.baseOffset} without a readable marker`,
        );
      if (type === ABORT_MARKER) this.filter.close(header.producerId);
    }
    return this.skipped('control', lastOffset);
  }

  private skipped(why: SkipReason, lastOffset: number): Piece {
    this.nextOffset = Math.max(this.nextOffset, lastOffset + 1);
    return { kind: 'skipped', why, nextOffset: this.nextOffset };
  }

  private problem(code: InflateProblem, detail: string): Piece {
    return { kind: 'problem', code, offset: this.nextOffset, detail, nextOffset: this.nextOffset };
  }
}

/** Key of a control record: version i16, type i16 (Kafka's ControlRecordType). */
function controlType(header: BatchHeader, section: Uint8Array): number | undefined {
  const cursor = new RecordCursor();
  cursor.load(section, header);
  if (!cursor.next() || cursor.keyStart < 0 || cursor.keyEnd - cursor.keyStart < 4) return undefined;
  return cursor.source.view.getInt16(cursor.keyStart + 2);
}
