import { Bytes, checksum } from './bytes.ts';
import { inflate } from './inflate.ts';

/** A record as a read_committed consumer sees it. */
export interface AuditRecord {
  readonly offset: number;
  readonly timestamp: bigint;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly Header[];
}

export interface Header {
  readonly name: Buffer;
  readonly value: Buffer | null;
}

export interface Aborted {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

export interface Decoded {
  readonly records: readonly AuditRecord[];
  /** Where to read on; the offset asked for when no whole batch came. */
  readonly nextOffset: number;
}

const LOG_OVERHEAD = 12;

/**
 * Decodes a fetched record set, PURE. Control records and records of aborted transactions are not visible (KIP-98): a transaction in
 * `aborted` is open from its first offset to its producer's next abort marker. Throws Error on a corrupt batch.
 */
export function decodeSet(set: Uint8Array, from: number, aborted: readonly Aborted[]): Decoded {
  const data = Buffer.from(set.buffer, set.byteOffset, set.byteLength);
  const waiting = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset);
  const open = new Set<bigint>();
  const records: AuditRecord[] = [];
  let nextOffset = from;
  for (let at = 0; at + LOG_OVERHEAD <= data.length;) {
    const end = at + LOG_OVERHEAD + data.readInt32BE(at + 8);
    if (end > data.length) break;
    const batch = data.subarray(at, end);
    const header = headerOf(batch);
    while (waiting[0] !== undefined && waiting[0].firstOffset <= header.lastOffset)
      open.add(waiting.shift()!.producerId);
    if (header.control) {
      if (isAbort(batch, header)) open.delete(header.producerId);
    } else if (!(header.transactional && open.has(header.producerId))) {
      for (const record of recordsOf(batch, header)) if (record.offset >= from) records.push(record);
    }
    nextOffset = Math.max(nextOffset, header.lastOffset + 1);
    at = end;
  }
  return { records, nextOffset };
}

type BatchHeader = ReturnType<typeof headerOf>;

function headerOf(batch: Buffer) {
  const baseOffset = Number(batch.readBigInt64BE(0));
  const magic = batch.readInt8(16);
  if (magic !== 2) throw new Error(`batch at offset ${baseOffset}: format ${magic} is not supported`);
  if (batch.readUInt32BE(17) !== checksum(batch.subarray(21)))
    throw new Error(`batch at offset ${baseOffset}: checksum does not match`);
  const attributes = batch.readInt16BE(21);
  return {
    baseOffset,
    lastOffset: baseOffset + batch.readInt32BE(23),
    codec: attributes & 7,
    appendTime: (attributes & 8) !== 0,
    transactional: (attributes & 16) !== 0,
    control: (attributes & 32) !== 0,
    baseTimestamp: batch.readBigInt64BE(27),
    maxTimestamp: batch.readBigInt64BE(35),
    producerId: batch.readBigInt64BE(43),
    count: batch.readInt32BE(57),
  };
}

const RECORDS_AT = 61;

/** The key of a control record is (version int16, type int16); type 0 is an abort marker. */
function isAbort(batch: Buffer, header: BatchHeader): boolean {
  const key = recordsOf(batch, header)[0]?.key;
  return key?.length === 4 && key.readInt16BE(2) === 0;
}

function recordsOf(batch: Buffer, header: BatchHeader): AuditRecord[] {
  if (header.count === 0) return [];
  const bytes = new Bytes(inflate(header.codec, batch.subarray(RECORDS_AT)));
  return Array.from({ length: header.count }, () => recordOf(bytes, header));
}

function recordOf(bytes: Bytes, header: BatchHeader): AuditRecord {
  const length = bytes.varint();
  const end = bytes.at + length;
  bytes.at++; // attributes, unused
  const delta = bytes.varlong();
  const offset = header.baseOffset + bytes.varint();
  const key = bytes.take(bytes.varint());
  const value = bytes.take(bytes.varint());
  const headers: Header[] = [];
  for (let left = bytes.varint(); left > 0; left--) {
    const name = bytes.take(bytes.varint());
    if (name === null) throw new Error(`record at offset ${offset}: a header without a name`);
    headers.push({ name, value: bytes.take(bytes.varint()) });
  }
  if (bytes.at !== end) throw new Error(`record at offset ${offset}: its parts do not fill its length`);
  const timestamp = header.appendTime ? header.maxTimestamp : BigInt.asIntN(64, header.baseTimestamp + delta);
  return { offset, timestamp, key, value, headers };
}
