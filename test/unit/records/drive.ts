/** Runs the room end to end in memory: one Fetch answer in, sealed outgoing batches out. */
import { BufferPool } from '../../../src/kafka/records/buffer-pool.ts';
import type { Compression } from '../../../src/kafka/records/codecs.ts';
import { RecordCursor } from '../../../src/kafka/records/cursor.ts';
import { walkFetched, type AbortedTransaction, type Piece } from '../../../src/kafka/records/fetched.ts';
import { BatchWriter, sealBatch } from '../../../src/kafka/records/writer.ts';
import { HeaderStamp, type HeaderPolicy } from '../../../src/stamp/header.ts';
import type { RecordStamp, StampId, StampResult } from '../../../src/stamp/result.ts';
import { text } from './plain-codec.ts';

export const OPTIONS = { inflateCapBytes: 1 << 24, verifyCrc: true } as const;
export const PRODUCER = { producerId: 4_711n, producerEpoch: 3, baseSequence: 12 };

export const walk = (
  answer: Uint8Array,
  fetchOffset = 0,
  aborted: readonly AbortedTransaction[] = [],
): Piece[] => [...walkFetched(answer, fetchOffset, aborted, OPTIONS)];

export function idDigits(id: bigint): StampId {
  // Not at 0, as the ID cursor's need not be either.
  const digits = text(`..${id}.`);
  return {
    digits,
    start: 2,
    end: digits.length - 1,
    hi: Number(id >> 32n),
    lo: Number(BigInt.asUintN(32, id)),
  };
}

export interface Rewritten {
  readonly batches: Uint8Array[];
  readonly results: StampResult[];
  readonly offsets: number[];
  readonly pieces: Piece[];
  readonly malformed: string | null;
}

export interface Drive {
  readonly fetchOffset?: number;
  readonly aborted?: readonly AbortedTransaction[];
  readonly capacityBytes?: number;
  readonly compression?: Compression;
  readonly firstId?: bigint;
  /** Whether the cursor counts the header itself or the stamper has to look for it. */
  readonly watch?: boolean;
}

export const rewrite = (answer: Uint8Array, policy: HeaderPolicy, drive: Drive = {}): Rewritten =>
  rewriteWith(answer, new HeaderStamp(policy), drive);

export function rewriteWith(answer: Uint8Array, stamp: RecordStamp, drive: Drive = {}): Rewritten {
  const pool = new BufferPool(1 << 22);
  const writer = new BatchWriter(pool);
  const cursor = new RecordCursor(drive.watch === false ? undefined : stamp.watch);
  const out: { batches: Uint8Array[]; results: StampResult[]; offsets: number[] } = {
    batches: [],
    results: [],
    offsets: [],
  };
  let id = drive.firstId ?? 1n;
  let malformed: string | null = null;
  const flush = (): void => {
    if (writer.recordCount === 0) return;
    const batch = writer.finish({ compression: drive.compression ?? 'none', transactional: true });
    sealBatch(batch, PRODUCER);
    out.batches.push(batch.bytes.slice());
    batch.release();
  };
  const begin = (): void => {
    writer.begin(drive.capacityBytes ?? 1 << 20);
  };
  begin();
  const pieces = walk(answer, drive.fetchOffset ?? 0, drive.aborted ?? []);
  for (const piece of pieces) {
    if (piece.kind !== 'data') continue;
    cursor.load(piece.records, piece.header);
    while (cursor.next()) {
      if (cursor.offset < piece.skipBefore) continue;
      let result = stamp.apply(cursor, piece.records, idDigits(id), writer);
      if (result === 'full' && writer.recordCount > 0) {
        flush();
        begin();
        result = stamp.apply(cursor, piece.records, idDigits(id), writer);
      }
      if (result === 'stamped' || result === 'header-only') id++;
      out.results.push(result);
      out.offsets.push(cursor.offset);
    }
    malformed ??= cursor.malformed;
  }
  flush();
  return { ...out, pieces, malformed };
}
