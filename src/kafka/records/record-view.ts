import { Bytes } from './copy.ts';

const NO_BYTES = new Uint8Array(0);

/**
 * Where the parts of one record lie in `bytes`. Every position was checked against the record's own length, so slices between them are
 * safe. A record is
 *
 *   length · attributes · timestampDelta · offsetDelta · [bodyStart] key · [valueAt] value · [headersAt] count · [headersStart] headers · [end]
 *
 * and what lies between `bodyStart` and `end` can be copied as one region.
 */
export class RecordView {
  bytes: Uint8Array = NO_BYTES;
  source = new Bytes(NO_BYTES);

  offset = 0;
  /** Unix ms by convention; any int64 is legal. Exact unless `wideTimestamp`. */
  timestamp = 0;
  /** The timestamp lies beyond ±(2^53 − 1): `timestamp` is rounded, `timestamp64` is exact. */
  wideTimestamp = false;
  /** Meaningful only while `wideTimestamp`. */
  timestamp64 = 0n;

  bodyStart = 0;
  /** −1 when the key is null. */
  keyStart = -1;
  keyEnd = -1;
  /** Position of the value's length. */
  valueAt = 0;
  /** −1 when the value is null (a tombstone). */
  valueStart = -1;
  valueEnd = -1;
  /** Position of the header count. */
  headersAt = 0;
  headersStart = 0;
  headerCount = 0;
  end = 0;
  /** How many headers carry the watched name. */
  watched = 0;
}
