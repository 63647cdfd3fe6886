/**
 * The header of a record batch, message format v2 (KIP-98; Kafka's DefaultRecordBatch):
 *
 *   0 baseOffset i64 · 8 batchLength i32 (bytes behind itself) · 12 partitionLeaderEpoch i32 · 16 magic i8 · 17 crc u32
 *   21 attributes i16 · 23 lastOffsetDelta i32 · 27 baseTimestamp i64 · 35 maxTimestamp i64 · 43 producerId i64
 *   51 producerEpoch i16 · 53 baseSequence i32 · 57 recordCount i32 · 61 records
 *
 * The CRC covers everything from the attributes on. Base offset, length, leader epoch and magic lie outside it.
 */

export const HEADER_BYTES = 61;
/** `batchLength` does not count what lies before it, nor itself. */
export const LENGTH_BASE = 12;
/** Bytes needed to know length and magic. */
export const PREAMBLE_BYTES = 17;
export const CRC_START = 21;

export const AT = {
  baseOffset: 0,
  batchLength: 8,
  partitionLeaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
} as const;

/** Bits of `attributes`. */
export const ATTRIBUTE = {
  codec: 7,
  logAppendTime: 8,
  transactional: 16,
  control: 32,
  deleteHorizon: 64,
} as const;

export interface BatchHeader {
  /** Offset of the record with offset delta 0. A number beyond ±(2^53 − 1) is rounded: callers refuse those. */
  readonly baseOffset: number;
  readonly batchLength: number;
  /** −1 when the producer wrote the batch and no leader has touched it. */
  readonly partitionLeaderEpoch: number;
  readonly magic: number;
  readonly crc: number;
  /** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd; 5–7 are not assigned. */
  readonly codec: number;
  /** With `log-append` every record's timestamp is `maxTimestamp`. */
  readonly timestampType: 'create' | 'log-append';
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  /** KIP-534: `baseTimestamp` is then the delete horizon; deltas are still relative to it. */
  readonly hasDeleteHorizon: boolean;
  readonly lastOffsetDelta: number;
  /** Rounded to a number; exact below. */
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  readonly baseTimestamp64: bigint;
  readonly maxTimestamp64: bigint;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordCount: number;
}

/** Reads the header at `at`; the caller has made sure that `HEADER_BYTES` lie there. */
export function readBatchHeader(view: DataView, at: number): BatchHeader {
  const attributes = view.getInt16(at + AT.attributes);
  const baseTimestamp64 = view.getBigInt64(at + AT.baseTimestamp);
  const maxTimestamp64 = view.getBigInt64(at + AT.maxTimestamp);
  return {
    baseOffset: Number(view.getBigInt64(at + AT.baseOffset)),
    batchLength: view.getInt32(at + AT.batchLength),
    partitionLeaderEpoch: view.getInt32(at + AT.partitionLeaderEpoch),
    magic: view.getInt8(at + AT.magic),
    crc: view.getUint32(at + AT.crc),
    codec: attributes & ATTRIBUTE.codec,
    timestampType: (attributes & ATTRIBUTE.logAppendTime) === 0 ? 'create' : 'log-append',
    isTransactional: (attributes & ATTRIBUTE.transactional) !== 0,
    isControl: (attributes & ATTRIBUTE.control) !== 0,
    hasDeleteHorizon: (attributes & ATTRIBUTE.deleteHorizon) !== 0,
    lastOffsetDelta: view.getInt32(at + AT.lastOffsetDelta),
    baseTimestamp: Number(baseTimestamp64),
    maxTimestamp: Number(maxTimestamp64),
    baseTimestamp64,
    maxTimestamp64,
    producerId: view.getBigInt64(at + AT.producerId),
    producerEpoch: view.getInt16(at + AT.producerEpoch),
    baseSequence: view.getInt32(at + AT.baseSequence),
    recordCount: view.getInt32(at + AT.recordCount),
  };
}

/** What of an outgoing header the batch itself decides. */
export interface OutgoingHeader {
  /** Size of the whole batch, header included. */
  readonly batchBytes: number;
  readonly attributes: number;
  readonly baseTimestamp: bigint;
  readonly maxTimestamp: bigint;
  readonly recordCount: number;
}

/** Writes the header of a fresh batch at 0: base offset 0, no leader epoch, no producer yet (−1), no checksum yet. */
export function writeBatchHeader(view: DataView, header: OutgoingHeader): void {
  view.setBigInt64(AT.baseOffset, 0n);
  view.setInt32(AT.batchLength, header.batchBytes - LENGTH_BASE);
  view.setInt32(AT.partitionLeaderEpoch, -1);
  view.setInt8(AT.magic, 2);
  view.setUint32(AT.crc, 0);
  view.setInt16(AT.attributes, header.attributes);
  view.setInt32(AT.lastOffsetDelta, header.recordCount - 1);
  view.setBigInt64(AT.baseTimestamp, header.baseTimestamp);
  view.setBigInt64(AT.maxTimestamp, header.maxTimestamp);
  view.setBigInt64(AT.producerId, -1n);
  view.setInt16(AT.producerEpoch, -1);
  view.setInt32(AT.baseSequence, -1);
  view.setInt32(AT.recordCount, header.recordCount);
}
