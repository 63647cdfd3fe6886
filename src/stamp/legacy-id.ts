import { isUtf8 } from 'node:buffer';
import { Bytes } from '../kafka/records/copy.ts';

/** A longer ID counts as none: the key of a mapping stays bounded. */
export const LEGACY_ID_BYTES = 1_024;

const SCRATCH = new Bytes(new Uint8Array(LEGACY_ID_BYTES));
const encoder = new TextEncoder();

/**
 * The canonical text of one legacy ID, which is the key of its mapping: `start` … `end` of `source`, in UTF-8, not empty. The text a string
 * holds, the digits of a number; so "7" and 7 are the same ID. Valid until the next record is looked at.
 */
export class LegacyId {
  source: Bytes = SCRATCH;
  start = 0;
  end = 0;

  /** Bytes that lie in the record. False when they are no ID. */
  take(source: Bytes, start: number, end: number): boolean {
    if (end <= start || end - start > LEGACY_ID_BYTES) return false;
    if (!isUtf8(source.bytes.subarray(start, end))) return false;
    this.source = source;
    this.start = start;
    this.end = end;
    return true;
  }

  /** Text that does not lie in the record as such. */
  spell(text: string): boolean {
    const { read, written } = encoder.encodeInto(text, SCRATCH.bytes);
    if (read !== text.length || written === 0) return false;
    this.source = SCRATCH;
    this.start = 0;
    this.end = written;
    return true;
  }
}
