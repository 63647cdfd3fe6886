import { AT, HEADER_BYTES, LENGTH_BASE, PREAMBLE_BYTES } from './batch.ts';
import { viewOf } from './copy.ts';

/** What the headers of a Fetch answer's whole batches say, unchecked: enough to fetch on before the batches are walked. */
export interface Scan {
  /** Whole batches, counting a first unreadable one, which `walkFetched` then names; 0: nothing here can be used. */
  readonly batches: number;
  /** Records as the headers count them, markers included. */
  readonly records: number;
  /** Behind the last whole batch, markers and aborted ones included; −1 without one. */
  readonly nextOffset: number;
  /** Partition leader epoch of the last whole batch (KIP-320); −1 without one. */
  readonly lastLeaderEpoch: number;
  /** When `batches` is 0: size of the first batch, the least to make room for; 0 when not even that is known. */
  readonly needBytes: number;
}

/** Looks at batch headers only: no checksum, no inflation. Stops where `walkFetched` would stop. */
export function scanSet(answer: Uint8Array): Scan {
  const view = viewOf(answer);
  let batches = 0;
  let records = 0;
  let nextOffset = -1;
  let lastLeaderEpoch = -1;
  let needBytes = 0;
  for (let at = 0; at + PREAMBLE_BYTES <= answer.length; batches++) {
    const size = LENGTH_BASE + view.getInt32(at + AT.batchLength);
    if (view.getInt8(at + AT.magic) !== 2 || size < HEADER_BYTES) {
      batches++;
      break;
    }
    if (at + size > answer.length) {
      needBytes = batches === 0 ? size : 0;
      break;
    }
    records += view.getInt32(at + AT.recordCount);
    nextOffset = Number(view.getBigInt64(at + AT.baseOffset)) + view.getInt32(at + AT.lastOffsetDelta) + 1;
    lastLeaderEpoch = view.getInt32(at + AT.partitionLeaderEpoch);
    at += size;
  }
  return { batches, records, nextOffset, lastLeaderEpoch, needBytes };
}
