import type { RecordCursor } from '../../src/kafka/records/cursor.ts';
import type { BatchWriter } from '../../src/kafka/records/writer.ts';
import { copyWhole } from '../../src/stamp/body.ts';
import type { HeaderPolicy } from '../../src/stamp/header.ts';

/** Stands in for src/stamp/header.ts in the pass-through run: every record leaves as it came, an ID is minted and thrown away. */
export class HeaderStamp {
  readonly watch: Uint8Array;

  constructor(policy: HeaderPolicy) {
    this.watch = policy.name;
  }

  apply(cursor: RecordCursor, _section: Uint8Array, _ids: unknown, writer: BatchWriter): 'stamped' | 'full' {
    return copyWhole(cursor, writer) === 'kept' ? 'stamped' : 'full';
  }
}

export { headerPolicy } from '../../src/stamp/header.ts';
