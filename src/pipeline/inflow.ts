import { AT, LENGTH_BASE } from '../kafka/records/batch.ts';
import { viewOf } from '../kafka/records/copy.ts';
import { walkFetched, type AbortedTransaction, type Piece } from '../kafka/records/fetched.ts';
import { scanSet } from '../kafka/records/scan.ts';

interface FetchedSet {
  readonly records: Uint8Array;
  /** Records in it, as the batch headers count them. */
  readonly recordCount: number;
  readonly arrivedMs: number;
  readonly fetchOffset: number;
  readonly aborted: readonly AbortedTransaction[];
}

interface Held {
  readonly piece: Piece;
  readonly leaderEpoch: number;
  readonly bytes: number;
  readonly records: number;
  readonly arrivedMs: number;
}

/**
 * What one partition fetched and has not committed, in offset order. Batches are walked (checked, inflated) only when the
 * composer reaches them, so that inflation stays within one batch's cap; they are held until `settle`, so that an aborted
 * transaction can be composed again from the same bytes (`rewind`) without fetching.
 *
 * Invariant: pieces cover exactly [settled position, fetchOffset) without a gap. A piece that cannot be read is never let
 * go, only forgotten by `reset`: else what lies behind it would be taken as if it followed (rule 8).
 */
export class Inflow {
  /** Where the next fetch begins. */
  fetchOffset = -1;
  /**
   * The headers of the last set name no place to go on from: nothing further is asked for until it is walked, and so checked. A
   * position that followed them would leave the log, and blame the position instead of the batch (rule 8).
   */
  unsure = false;
  /** Leader epoch of the last batch fetched, −1 when none was; goes into Fetch 12 (KIP-320). */
  lastFetchedEpoch = -1;
  /** Bytes held: as fetched, plus what was inflated. */
  bytes = 0;
  /** Records held, as the batch headers count them. */
  records = 0;
  /** Answers in a row that held bytes but not one whole batch. */
  truncated = 0;
  /** How large the batch says it is that came truncated; 0 when not even that is known. */
  needBytes = 0;

  #sets: FetchedSet[] = [];
  #walk: Iterator<Piece> | undefined;
  /** The set being walked, and where in it the next piece's batch begins: every piece but a problem is one batch. */
  #walked = viewOf(new Uint8Array(0));
  #walkedTo = 0;
  #walkArrivedMs = 0;
  /** Bytes and records of the set being walked that no piece accounts for yet. */
  #unwalked = { bytes: 0, records: 0 };
  /** End of what was walked. */
  #reached = -1;
  #held: Held[] = [];
  #at = 0;
  readonly #inflateCapBytes: number;

  constructor(inflateCapBytes: number) {
    this.#inflateCapBytes = inflateCapBytes;
  }

  /** Forgets everything and starts over at `position`. */
  reset(position: number, leaderEpoch: number): void {
    this.fetchOffset = position;
    this.lastFetchedEpoch = leaderEpoch;
    this.bytes = 0;
    this.records = 0;
    this.#sets = [];
    this.#walk = undefined;
    this.#held = [];
    this.#at = 0;
    this.truncated = 0;
    this.needBytes = 0;
    this.unsure = false;
    this.#reached = position;
  }

  /** Takes one answer's record set; false when it holds no whole batch. `logEnd`: the high-water mark of the same answer. */
  append(
    records: Uint8Array,
    aborted: readonly AbortedTransaction[],
    nowMs: number,
    logEnd = Infinity,
  ): boolean {
    const scan = scanSet(records);
    if (scan.batches === 0) {
      this.truncated++;
      this.needBytes = scan.needBytes;
      return false;
    }
    this.truncated = this.needBytes = 0;
    this.#sets.push({
      ...{ records, recordCount: scan.records, fetchOffset: this.fetchOffset },
      ...{ aborted, arrivedMs: nowMs },
    });
    this.bytes += records.length;
    this.records += scan.records;
    this.unsure = scan.nextOffset <= this.fetchOffset || scan.nextOffset > logEnd;
    if (!this.unsure) this.fetchOffset = scan.nextOffset;
    this.lastFetchedEpoch = scan.lastLeaderEpoch;
    return true;
  }

  /** The piece at the reading mark, walking on where needed. */
  peek(): Piece | undefined {
    while (this.#at >= this.#held.length) {
      if (!this.#walkOn()) return undefined;
    }
    return this.#held[this.#at]!.piece;
  }

  /** Leader epoch of the batch at the reading mark, markers and aborted ones included; −1 when there is none. */
  get leaderEpoch(): number {
    return this.#held[this.#at]?.leaderEpoch ?? -1;
  }

  advance(): void {
    this.#at++;
  }

  /** Back to the settled position: what was composed since was aborted. */
  rewind(): void {
    this.#at = 0;
  }

  /** Committed up to `position`: what lies wholly below is let go. */
  settle(position: number): void {
    let gone = 0;
    for (const held of this.#held) {
      if (held.piece.kind === 'problem' || held.piece.nextOffset > position) break;
      this.bytes -= held.bytes;
      this.records -= held.records;
      gone++;
    }
    this.#held.splice(0, gone);
    this.#at = 0;
  }

  /** True when something can be composed. */
  get pending(): boolean {
    return this.#at < this.#held.length || this.#walk !== undefined || this.#sets.length > 0;
  }

  /** Arrival of the oldest thing held, on the monotonic clock; Infinity when nothing is. */
  get oldestMs(): number {
    return (
      this.#held[0]?.arrivedMs ??
      (this.#walk === undefined ? (this.#sets[0]?.arrivedMs ?? Infinity) : this.#walkArrivedMs)
    );
  }

  /** Timestamp of the oldest batch held, as its header has it; undefined when nothing was walked. Unix ms. */
  get oldestTimestampMs(): number | undefined {
    for (const { piece } of this.#held)
      if (piece.kind === 'data') return Number(piece.header.baseTimestamp64);
    return undefined;
  }

  /** One piece further; false when nothing is left to walk. */
  #walkOn(): boolean {
    if (this.#walk === undefined) {
      const set = this.#sets.shift();
      if (set === undefined) return false;
      this.#unwalked = { bytes: set.records.length, records: set.recordCount };
      this.#walkArrivedMs = set.arrivedMs;
      this.#walked = viewOf(set.records);
      this.#walkedTo = 0;
      const options = { inflateCapBytes: this.#inflateCapBytes, verifyCrc: true };
      this.#walk = walkFetched(set.records, set.fetchOffset, set.aborted, options)[Symbol.iterator]();
    }
    const step = this.#walk.next();
    if (step.done === true) {
      this.#walk = undefined;
      this.bytes -= this.#unwalked.bytes;
      this.records -= this.#unwalked.records;
      return this.#sets.length > 0 || (this.unsure && this.#ascertain());
    }
    this.#reached = Math.max(this.#reached, step.value.nextOffset);
    this.#hold(step.value);
    return true;
  }

  /** The set that named no credible end was walked without a fault: its checked end holds, if it is one. True: a piece was added. */
  #ascertain(): boolean {
    if (this.#reached > this.fetchOffset) {
      this.fetchOffset = this.#reached;
      this.unsure = false;
      return false;
    }
    const offset = this.fetchOffset;
    const detail = 'the broker answers with what lies before it';
    this.#hold({ kind: 'problem', code: 'BATCH_CORRUPT', offset, detail, nextOffset: offset });
    return true;
  }

  #hold(piece: Piece): void {
    const isBatch = piece.kind === 'data' || piece.kind === 'skipped';
    const at = this.#walkedTo;
    const raw = isBatch ? LENGTH_BASE + this.#walked.getInt32(at + AT.batchLength) : 0;
    const records = isBatch ? this.#walked.getInt32(at + AT.recordCount) : 0;
    const leaderEpoch = isBatch ? this.#walked.getInt32(at + AT.partitionLeaderEpoch) : -1;
    const inflated = piece.kind === 'data' && piece.header.codec !== 0 ? piece.records.length : 0;
    this.#walkedTo += raw;
    this.#unwalked = { bytes: this.#unwalked.bytes - raw, records: this.#unwalked.records - records };
    this.bytes += inflated;
    this.#held.push({
      piece,
      leaderEpoch,
      bytes: raw + inflated,
      records,
      arrivedMs: this.#walkArrivedMs,
    });
  }
}
