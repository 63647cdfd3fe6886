import { AT } from '../../../src/kafka/records/batch.ts';
import {
  decodeBatch,
  encodeBatch,
  marker,
  plainRecord,
  text,
  type PlainBatch,
} from '../records/plain-codec.ts';

interface Stored {
  readonly base: number;
  readonly last: number;
  readonly epoch: number;
  readonly bytes: Uint8Array;
  readonly producerId: bigint | undefined;
}

interface Span {
  readonly producerId: bigint;
  readonly first: number;
  /** Offset of the marker. */
  readonly end: number;
}

/** What a read_committed reader that shares nothing with src sees. */
export interface Seen {
  readonly offset: number;
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timestamp: number;
}

const decoder = new TextDecoder();
const string = (bytes: Uint8Array | null): string => (bytes === null ? '' : decoder.decode(bytes));

/** One partition's log as a broker keeps it: batches, markers, transactions open and ended, leader epochs. */
export class FakeLog {
  start = 0;
  end = 0;
  epoch = 0;
  readonly stored: Stored[] = [];
  readonly #open = new Map<bigint, number>();
  readonly #aborted: Span[] = [];

  /** Appends plain records, one batch. */
  put(values: readonly string[], batch: Partial<PlainBatch> = {}): void {
    this.putBytes(
      encodeBatch({ records: values.map((value) => plainRecord({ value: text(value) })), ...batch }),
    );
  }

  /** Appends a whole batch as the leader does: base offset and epoch are written into it. Returns its base offset. */
  putBytes(given: Uint8Array, producerId?: bigint): number {
    const bytes = given.slice();
    const view = new DataView(bytes.buffer);
    const base = this.end;
    view.setBigInt64(AT.baseOffset, BigInt(base));
    view.setInt32(AT.partitionLeaderEpoch, this.epoch);
    const last = base + view.getInt32(AT.lastOffsetDelta);
    this.stored.push({ base, last, epoch: this.epoch, bytes, producerId });
    if (producerId !== undefined && !this.#open.has(producerId)) this.#open.set(producerId, base);
    this.end = last + 1;
    return base;
  }

  /** Writes the marker of a transaction that wrote here; nothing when it did not. */
  finish(producerId: bigint, committed: boolean): void {
    const first = this.#open.get(producerId);
    if (first === undefined) return;
    this.#open.delete(producerId);
    if (!committed) this.#aborted.push({ producerId, first, end: this.end });
    this.putBytes(marker(committed ? 'commit' : 'abort', producerId, 0));
  }

  get lastStable(): number {
    return Math.min(this.end, ...this.#open.values());
  }

  epochEnd(epoch: number): number {
    const next = this.stored.find((batch) => batch.epoch > epoch);
    return next?.base ?? this.end;
  }

  /** From the batch that holds `offset`; the first one whole, further ones while they fit. */
  read(
    offset: number,
    isolation: 0 | 1,
    maxBytes: number,
  ): { records: Uint8Array; aborted: { producerId: bigint; firstOffset: number }[] } {
    const bound = isolation === 1 ? this.lastStable : this.end;
    const found: Stored[] = [];
    let bytes = 0;
    for (const batch of this.stored) {
      if (batch.last < offset || batch.base >= bound) continue;
      if (found.length > 0 && bytes + batch.bytes.length > maxBytes) break;
      found.push(batch);
      bytes += batch.bytes.length;
    }
    const records = new Uint8Array(bytes);
    let at = 0;
    for (const batch of found) {
      records.set(batch.bytes, at);
      at += batch.bytes.length;
    }
    const upTo = found.at(-1)?.last ?? offset;
    const aborted = this.#aborted
      .filter(({ first, end }) => end >= offset && first <= upTo)
      .map(({ producerId, first }) => ({ producerId, firstOffset: first }));
    return { records, aborted };
  }

  /** Everything a read_committed consumer gets. */
  visible(): Seen[] {
    return this.stored.flatMap((batch) => {
      const isControl = (new DataView(batch.bytes.buffer).getInt16(AT.attributes) & 32) !== 0;
      const dropped =
        batch.producerId !== undefined &&
        (this.#open.has(batch.producerId) && this.#open.get(batch.producerId)! <= batch.base
          ? true
          : this.#aborted.some(
              (span) =>
                span.producerId === batch.producerId && span.first <= batch.base && batch.base < span.end,
            ));
      if (isControl || dropped) return [];
      return decodeBatch(batch.bytes).records.map((record) => ({
        offset: batch.base + record.offsetDelta,
        key: string(record.key),
        value: string(record.value),
        headers: Object.fromEntries(record.headers.map(({ name, value }) => [string(name), string(value)])),
        timestamp: Number(record.timestamp),
      }));
    });
  }
}
