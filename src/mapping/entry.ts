import { Buffer } from 'node:buffer';
import type { RecordCursor } from '../kafka/records/cursor.ts';

/** One record of a mapping topic. */
export interface Entry {
  /** Legacy ID, prefix included, UTF-8. A copy. */
  readonly key: Uint8Array;
  /** Undefined: taken back (a tombstone). */
  readonly id: bigint | undefined;
  /** Of the ID, Unix ms. */
  readonly timestamp: number;
}

const ID = /^(?:0|[1-9]\d{0,18})$/;
const MAX_ID = 2n ** 63n - 1n;

/** The record under the cursor; undefined when it is no mapping: no key, or a value that is no decimal ID. PURE. */
export function entryOf({
  bytes,
  keyStart,
  keyEnd,
  valueStart,
  valueEnd,
  timestamp,
}: RecordCursor): Entry | undefined {
  if (keyStart < 0) return undefined;
  const key = bytes.slice(keyStart, keyEnd);
  if (valueStart < 0) return { key, id: undefined, timestamp };
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + valueStart, valueEnd - valueStart).toString(
    'latin1',
  );
  if (!ID.test(text) || BigInt(text) > MAX_ID) return undefined;
  return { key, id: BigInt(text), timestamp };
}
