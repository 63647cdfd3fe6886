import type { RecordCursor } from '../../src/kafka/records/cursor.ts';
import type { BatchWriter } from '../../src/kafka/records/writer.ts';
import { copyFrom } from '../../src/stamp/body.ts';

/** Stands in for src/stamp/header.ts in the pass-through run: every record leaves as it came, an ID is minted and thrown away. */
export function stampHeader(
  cursor: RecordCursor,
  _section: Uint8Array,
  _ids: unknown,
  writer: BatchWriter,
): 'stamped' | 'full' {
  const at = writer.openLike(cursor, cursor.end - cursor.bodyStart);
  if (at < 0) return 'full';
  writer.close(copyFrom(cursor, cursor.bodyStart, cursor.end, writer, at));
  return 'stamped';
}

export { headerPolicy } from '../../src/stamp/header.ts';
