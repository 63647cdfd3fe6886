import { AT, ATTRIBUTE, CRC_START, HEADER_BYTES, writeBatchHeader } from './batch.ts';
import type { BufferPool, PooledBuffer } from './buffer-pool.ts';
import { CODEC_NUMBER, deflate, type Compression } from './codecs.ts';
import { Bytes, viewOf } from './copy.ts';
import { crc32c } from './crc32c.ts';
import {
  SHORT_LIMIT,
  sizeOfShort,
  sizeOfVarint,
  sizeOfVarint64,
  writeShort,
  writeVarint,
  writeVarint64,
} from './varint.ts';

export { BufferPool } from './buffer-pool.ts';

/** A batch complete but for producer id, epoch, base sequence and CRC: `sealBatch` writes those. */
export interface FinishedBatch {
  /** A view into a pooled buffer: valid until `release`. */
  readonly bytes: Uint8Array;
  readonly recordCount: number;
  /** Gives the buffer back. Call it once the broker has answered (or the connection is gone), never before. */
  release(): void;
}

export interface FinishOptions {
  readonly compression: Compression;
  readonly transactional: boolean;
}

export interface Producer {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** Sequence number of the batch's first record, 0 … 2^31 − 1. */
  readonly baseSequence: number;
}

/** A record's timestamp as RecordCursor gives it: `timestamp64` counts while `wideTimestamp`, else `timestamp`. */
export interface Timestamped {
  readonly timestamp: number;
  readonly wideTimestamp: boolean;
  readonly timestamp64: bigint;
}

/** Numbers within ±2^20 have a short form once they are zig-zag. */
const NEAR = SHORT_LIMIT / 2;
/**
 * Builds one outgoing record batch: base offset 0, CreateTime, offset deltas 0, 1, 2 …, timestamps relative to the first record's.
 * Nothing is copied from an incoming batch's header. A record is written as
 *
 *   at = writer.openLike(cursor, bodyLength)    −1: it does not fit; nothing has changed
 *   … the caller writes exactly bodyLength bytes (key, value, headers) at `at` into `bytes` …
 *   writer.close(at + bodyLength)               only now does the record count
 *
 * An opened record that is never closed is as if it had never been.
 */
export class BatchWriter {
  /** Where the bytes of an opened record go; replaced by `begin`. */
  buffer: PooledBuffer;
  recordCount = 0;
  /** As given to `begin`; 0 outside a batch. */
  capacityBytes = 0;

  private readonly pool: BufferPool;
  private owned = false;

  private used = HEADER_BYTES;
  private openEnd = -1;
  private baseTimestamp = 0;
  private maxTimestamp = 0;
  private openTimestamp = 0;
  /** Set once a timestamp beyond ±(2^53 − 1) came: from then on the batch reckons in int64. */
  private wide: { base: bigint; max: bigint; open: bigint } | null = null;

  constructor(pool: BufferPool) {
    this.pool = pool;
    this.buffer = new Bytes(new Uint8Array(0));
  }

  /** Bytes of the batch as it stands, header included, before compression. */
  get length(): number {
    return this.used;
  }

  /** Starts a batch of at most `capacityBytes` with its header (62 … 2^30), dropping an unfinished one. */
  begin(capacityBytes: number): void {
    this.release();
    this.buffer = this.pool.acquire(capacityBytes);
    this.owned = true;
    this.capacityBytes = capacityBytes;
  }

  /** Drops the unfinished batch and gives its buffer back. */
  release(): void {
    if (this.owned) this.pool.release(this.buffer);
    this.owned = false;
    this.capacityBytes = 0;
    this.used = HEADER_BYTES;
    this.recordCount = 0;
    this.openEnd = -1;
    this.wide = null;
  }

  /**
   * Opens a record with the timestamp of `source` whose key, value and headers take `bodyLength` bytes. Returns where the body goes, or −1
   * when the record does not fit: with `recordCount` 0 it fits no batch of this capacity.
   */
  openLike(source: Timestamped, bodyLength: number): number {
    const index = this.recordCount;
    // Read here, not passed: a number too large for a small integer is boxed when it crosses a call.
    const timestamp = source.timestamp;
    if (index === 0) this.startAt(timestamp);
    const delta = timestamp - this.baseTimestamp;
    const far = delta >= NEAR || delta < -NEAR || index >= NEAR || bodyLength >= NEAR - 16;
    if (far || source.wideTimestamp || this.wide !== null) return this.openFar(source, bodyLength);
    const rawDelta = (delta << 1) ^ (delta >> 31);
    const length = 1 + sizeOfShort(rawDelta) + sizeOfShort(index << 1) + bodyLength;
    const end = this.used + sizeOfShort(length << 1) + length;
    if (end > this.capacityBytes) return -1;
    this.openEnd = end;
    this.openTimestamp = timestamp;
    const { bytes } = this.buffer;
    const at = writeShort(bytes, this.used, length << 1);
    bytes[at] = 0;
    return writeShort(bytes, writeShort(bytes, at + 1, rawDelta), index << 1);
  }

  /** A record some number of which is not short. */
  private openFar(source: Timestamped, bodyLength: number): number {
    if (source.wideTimestamp) return this.openWide(source.timestamp64, bodyLength);
    const { timestamp } = source;
    const delta = timestamp - this.baseTimestamp;
    if (this.wide !== null || !Number.isSafeInteger(delta))
      return this.openWide(BigInt(timestamp), bodyLength);
    const at = this.place(1 + sizeOfVarint(delta) + sizeOfVarint(this.recordCount) + bodyLength);
    if (at < 0) return -1;
    this.openTimestamp = timestamp;
    const { bytes } = this.buffer;
    return writeVarint(bytes, writeVarint(bytes, at, delta), this.recordCount);
  }

  /** As `openLike`; `timestamp` is an integer within ±(2^53 − 1). Not for the hot path. */
  open(timestamp: number, bodyLength: number): number {
    return this.openLike({ timestamp, wideTimestamp: false, timestamp64: 0n }, bodyLength);
  }

  /** As `open`, for any int64. Slow and rare. */
  openWide(timestamp: bigint, bodyLength: number): number {
    if (this.recordCount === 0) this.startAt(Number(timestamp));
    const wide = this.widen(timestamp);
    const delta = BigInt.asIntN(64, timestamp - wide.base);
    const at = this.place(1 + sizeOfVarint64(delta) + sizeOfVarint(this.recordCount) + bodyLength);
    if (at < 0) return -1;
    wide.open = timestamp;
    const bytes = this.buffer.bytes;
    return writeVarint(bytes, writeVarint64(bytes, at, delta), this.recordCount);
  }

  /** Counts the opened record. `end` is the position behind its body: anything else is a bug of the caller. */
  close(end: number): void {
    if (end !== this.openEnd) throw new RangeError(`record ends at ${end}, not at ${this.openEnd} as opened`);
    this.used = end;
    this.openEnd = -1;
    this.recordCount++;
    if (this.wide !== null) {
      if (this.wide.open > this.wide.max) this.wide.max = this.wide.open;
    } else if (this.openTimestamp > this.maxTimestamp) {
      this.maxTimestamp = this.openTimestamp;
    }
  }

  /**
   * Ends the batch and hands its buffer over; the writer then needs `begin`. A batch without records is refused by brokers: do not
   * finish one. When compression does not make it smaller it stays uncompressed, so that no batch exceeds its capacity.
   */
  finish(options: FinishOptions): FinishedBatch {
    const buffer = this.buffer;
    const recordCount = this.recordCount;
    const deflated = deflate(options.compression, buffer.bytes.subarray(HEADER_BYTES, this.used));
    let end = this.used;
    let codec: number = CODEC_NUMBER.none;
    if (deflated !== undefined && deflated.length < this.used - HEADER_BYTES) {
      buffer.bytes.set(deflated, HEADER_BYTES);
      end = HEADER_BYTES + deflated.length;
      codec = CODEC_NUMBER[options.compression];
    }
    writeBatchHeader(buffer.view, {
      batchBytes: end,
      attributes: codec | (options.transactional ? ATTRIBUTE.transactional : 0),
      baseTimestamp: this.wide?.base ?? BigInt(this.baseTimestamp),
      maxTimestamp: this.wide?.max ?? BigInt(this.maxTimestamp),
      recordCount,
    });
    this.owned = false;
    this.release();
    return {
      bytes: buffer.bytes.subarray(0, end),
      recordCount,
      release: () => {
        this.pool.release(buffer);
      },
    };
  }

  private startAt(timestamp: number): void {
    this.baseTimestamp = this.maxTimestamp = timestamp;
    this.wide = null;
  }

  private widen(timestamp: bigint): { base: bigint; max: bigint; open: bigint } {
    const first = this.recordCount === 0;
    this.wide ??= {
      base: first ? timestamp : BigInt(this.baseTimestamp),
      max: first ? timestamp : BigInt(this.maxTimestamp),
      open: timestamp,
    };
    return this.wide;
  }

  /** Writes length and attributes of a record of `length` bytes; returns the position behind them, −1 when it does not fit. */
  private place(length: number): number {
    const end = this.used + sizeOfVarint(length) + length;
    if (end > this.capacityBytes) return -1;
    this.openEnd = end;
    const at = writeVarint(this.buffer.bytes, this.used, length);
    this.buffer.bytes[at] = 0;
    return at + 1;
  }
}

/**
 * Writes what only the sender knows, in place, and the CRC over it. May be repeated: producer id, epoch and sequence lie inside
 * the CRC's range, and an epoch may have been bumped since (raw-lane pitfall 2).
 */
export function sealBatch(batch: { readonly bytes: Uint8Array }, producer: Producer): void {
  const view = viewOf(batch.bytes);
  view.setBigInt64(AT.producerId, producer.producerId);
  view.setInt16(AT.producerEpoch, producer.producerEpoch);
  view.setInt32(AT.baseSequence, producer.baseSequence);
  view.setUint32(AT.crc, crc32c(batch.bytes.subarray(CRC_START)));
}
