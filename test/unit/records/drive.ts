/** Runs the room end to end in memory: one Fetch answer in, sealed outgoing batches out. */
import { BufferPool } from '../../../src/kafka/records/buffer-pool.ts';
import type { Compression } from '../../../src/kafka/records/codecs.ts';
import { RecordCursor } from '../../../src/kafka/records/cursor.ts';
import { walkFetched, type AbortedTransaction, type Piece } from '../../../src/kafka/records/fetched.ts';
import { BatchWriter, sealBatch } from '../../../src/kafka/records/writer.ts';
import { stampHeader, type HeaderPolicy, type StampResult } from '../../../src/stamp/header.ts';
import { text } from './plain-codec.ts';

export const OPTIONS = { inflateCapBytes: 1 << 24, verifyCrc: true } as const;
export const PRODUCER = { producerId: 4_711n, producerEpoch: 3, baseSequence: 12 };

export const walk = (
  answer: Uint8Array,
  fetchOffset = 0,
  aborted: readonly AbortedTransaction[] = [],
): Piece[] => [...walkFetched(answer, fetchOffset, aborted, OPTIONS)];

export function idDigits(id: bigint): { digits: Uint8Array; start: number; end: number } {
  // Not at 0, as the ID cursor's need not be either.
  const digits = text(`..${id}.`);
  return { digits, start: 2, end: digits.length - 1 };
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

export function rewrite(answer: Uint8Array, policy: HeaderPolicy, drive: Drive = {}): Rewritten {
  const pool = new BufferPool(1 << 22);
  const writer = new BatchWriter(pool);
  const cursor = new RecordCursor(drive.watch === false ? undefined : policy.name);
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
      let result = stampHeader(cursor, piece.records, idDigits(id), writer, policy);
      if (result === 'full' && writer.recordCount > 0) {
        flush();
        begin();
        result = stampHeader(cursor, piece.records, idDigits(id), writer, policy);
      }
      if (result === 'stamped') id++;
      out.results.push(result);
      out.offsets.push(cursor.offset);
    }
    malformed ??= cursor.malformed;
  }
  flush();
  return { ...out, pieces, malformed };
}
