import type { RecordCursor } from '../kafka/records/cursor.ts';
import { HeaderWalk } from '../kafka/records/headers.ts';
import type { ValueFormat } from './cut.ts';
import type { ValueSettings } from './value-settings.ts';
import { formatOf } from './value.ts';
import { WirePrefix } from './wire-prefix.ts';

const DECIMAL = /^\d{1,19}$/;

/** Reads back the ID of a record in a stamped topic. For the door of a partition, not for the hot path. */
export class IdReader {
  /** Give it to RecordCursor. */
  readonly watch: Uint8Array;
  readonly #format: ValueFormat | undefined;
  readonly #prefix: WirePrefix | undefined;
  readonly #walk = new HeaderWalk();

  constructor({ header, value }: { readonly header: string; readonly value: ValueSettings | undefined }) {
    this.watch = new TextEncoder().encode(header);
    this.#format = value === undefined ? undefined : formatOf(value);
    this.#prefix = value?.wire === 'confluent' ? new WirePrefix(value.format === 'protobuf') : undefined;
  }

  /** The last header of the name, else what stands in the value where the stamp writes; undefined when that is no ID. */
  idOf(cursor: RecordCursor): bigint | undefined {
    return this.#inHeader(cursor) ?? this.#inValue(cursor);
  }

  #inHeader(cursor: RecordCursor): bigint | undefined {
    let id: bigint | undefined;
    this.#walk.load(cursor);
    while (this.#walk.next()) {
      if (!this.#walk.nameIs(this.watch)) continue;
      const { valueStart, valueEnd } = this.#walk;
      const text = new TextDecoder('latin1').decode(
        cursor.bytes.subarray(Math.max(0, valueStart), Math.max(0, valueEnd)),
      );
      if (DECIMAL.test(text)) id = BigInt(text);
    }
    return id;
  }

  #inValue({ bytes, valueStart, valueEnd }: RecordCursor): bigint | undefined {
    if (this.#format === undefined || valueStart < 0) return undefined;
    if (this.#prefix === undefined) return this.#format.read(bytes, valueStart, valueEnd);
    if (this.#prefix.read(bytes, valueStart, valueEnd) !== undefined) return undefined;
    return this.#format.read(bytes, this.#prefix.payloadStart, valueEnd);
  }
}
