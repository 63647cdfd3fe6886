import { legacyText, type Legacy } from './legacy.ts';
import { prefixOf } from './wire-prefix.ts';

/** How the field is read from events of one schema; `none`: they have no such ID; `unknown`: nobody could be asked. */
export type AvroReader = ((payload: Uint8Array) => string | undefined) | 'none' | 'unknown';

export type AvroReaders = (schemaId: number) => Promise<AvroReader>;

/** Legacy IDs in a field of Avro, by the schema that each event names before itself. */
export class AvroLegacy {
  readonly #readers: AvroReaders;
  readonly #known = new Map<number, AvroReader>();

  constructor(readers: AvroReaders) {
    this.#readers = readers;
  }

  /** A promise for the first event of a schema only. */
  of(value: Buffer | null): Legacy | Promise<Legacy> {
    const prefix = value === null ? undefined : prefixOf(value, 'avro');
    if (value === null || prefix === undefined) return { at: 'none' };
    const payload = value.subarray(prefix.bytes);
    const known = this.#known.get(prefix.schemaId);
    if (known !== undefined) return read(known, payload);
    return this.#readers(prefix.schemaId).then((reader) => {
      this.#known.set(prefix.schemaId, reader);
      return read(reader, payload);
    });
  }
}

function read(reader: AvroReader, payload: Uint8Array): Legacy {
  if (typeof reader === 'string') return { at: reader };
  const text = reader(payload);
  return text === undefined ? { at: 'none' } : legacyText(Buffer.from(text));
}
