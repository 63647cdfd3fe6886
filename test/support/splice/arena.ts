/** Many values through a value stamp, as the product does it: record section in, outgoing batch out, no copy in between. */
import { BufferPool } from '../../../src/kafka/records/buffer-pool.ts';
import type { BatchHeader } from '../../../src/kafka/records/batch.ts';
import { RecordCursor } from '../../../src/kafka/records/cursor.ts';
import { BatchWriter } from '../../../src/kafka/records/writer.ts';
import type { RecordStamp, StampId, StampResult } from '../../../src/stamp/result.ts';

const NO_KEY_NO_HEADERS_BYTES = 24;
const CAPACITY_BYTES = 1 << 22;
const SPARE_BYTES = 256;

/** Records of a batch without key and headers, written by hand: nothing of the product is used to make its input. */
export function sectionOf(values: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(
    values.reduce((sum, value) => sum + value.length + NO_KEY_NO_HEADERS_BYTES, SPARE_BYTES),
  );
  let at = 0;
  const varint = (value: number): void => {
    let left = value * 2;
    for (; left > 127; left = Math.floor(left / 128)) bytes[at++] = (left % 128) | 128;
    bytes[at++] = left;
  };
  for (const [index, value] of values.entries()) {
    const fixed = 1 + 1 + sizeOf(index) + 1 + sizeOf(value.length) + value.length + 1;
    varint(fixed);
    bytes[at++] = 0; // attributes
    bytes[at++] = 0; // timestamp delta
    varint(index);
    bytes[at++] = 1; // key length −1
    varint(value.length);
    bytes.set(value, at);
    at += value.length;
    bytes[at++] = 0; // headers
  }
  return bytes.slice(0, at);
}

const sizeOf = (value: number): number => (value < 64 ? 1 : 1 + sizeOf(Math.floor(value / 128)));

/** An ID as the stamp wants it, changed in place. */
export class FixedId implements StampId {
  digits = new Uint8Array(20);
  start = 0;
  end = 0;
  hi = 0;
  lo = 0;

  set(id: bigint): void {
    const text = id.toString();
    this.end = 20;
    this.start = 20 - text.length;
    for (let i = 0; i < text.length; i++) this.digits[this.start + i] = text.charCodeAt(i);
    this.hi = Number(id >> 32n);
    this.lo = Number(BigInt.asUintN(32, id));
  }
}

export interface Spliced {
  readonly result: StampResult;
  /** The value as it stands in the outgoing batch; undefined when none was written. Valid until the next `run`. */
  readonly value: Uint8Array | undefined;
}

export class SpliceArena {
  readonly stamp: RecordStamp;
  readonly #cursor: RecordCursor;
  readonly #writer = new BatchWriter(new BufferPool(CAPACITY_BYTES * 2));
  readonly #id = new FixedId();

  constructor(stamp: RecordStamp) {
    this.stamp = stamp;
    this.#cursor = new RecordCursor(stamp.watch);
  }

  /** `told` hears of each record in order, while `stamp.refusal` still speaks of it.  */
  run(
    values: readonly Uint8Array[],
    idOf: (index: number) => bigint,
    told: (index: number, spliced: Spliced) => void,
  ): void {
    const section = sectionOf(values);
    this.#writer.begin(CAPACITY_BYTES);
    this.#cursor.load(section, headerOf(values.length));
    for (let index = 0; this.#cursor.next(); index++) {
      const before = this.#writer.length;
      this.#id.set(idOf(index));
      const result = this.stamp.apply(this.#cursor, section, this.#id, this.#writer);
      const wrote = result === 'stamped' || result === 'header-only' || result === 'kept';
      if (!wrote && this.#writer.length !== before) throw new Error(`${result} wrote something`);
      told(index, { result, value: wrote ? valueAt(this.#writer.buffer.bytes, before) : undefined });
    }
    if (this.#cursor.malformed !== null) throw new Error(this.#cursor.malformed);
    this.#writer.release();
  }
}

/** The value of the record at `at`, read by hand. */
function valueAt(bytes: Uint8Array, at: number): Uint8Array {
  let pos = at;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[pos++]!;
      value += (byte & 127) * factor;
      if (byte < 128) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
  };
  varint();
  pos++;
  varint();
  varint();
  const key = varint();
  if (key > 0) pos += key;
  const length = varint();
  return bytes.subarray(pos, pos + length);
}

export const headerOf = (recordCount: number): BatchHeader => ({
  ...{ baseOffset: 0, batchLength: 0, partitionLeaderEpoch: 0, magic: 2, crc: 0, codec: 0 },
  ...{ timestampType: 'create', isTransactional: false, isControl: false, hasDeleteHorizon: false },
  ...{ lastOffsetDelta: recordCount - 1, baseTimestamp: 0, maxTimestamp: 0 },
  ...{ baseTimestamp64: 0n, maxTimestamp64: 0n, producerId: -1n, producerEpoch: -1, baseSequence: -1 },
  recordCount,
});
