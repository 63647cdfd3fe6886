import { HeaderWalk } from '../kafka/records/headers.ts';
import type { RecordCursor } from '../kafka/records/cursor.ts';
import { LegacyId } from './legacy-id.ts';
import { legacyInJson } from './legacy-json.ts';
import { legacyInProtobuf, type IntegerKind } from './legacy-protobuf.ts';
import type { SchemaBook } from './schema-book.ts';
import { WirePrefix } from './wire-prefix.ts';

/** Where a route's legacy IDs stand; every default filled in. */
export type LegacySettings =
  | { readonly from: 'header'; readonly name: string }
  | { readonly from: 'key' }
  | {
      readonly from: 'field';
      /** For Protobuf its number, in decimal. */
      readonly name: string;
      readonly format: 'json' | 'avro' | 'protobuf';
      /** Avro: always `confluent`, since only a schema can tell where the field lies. */
      readonly wire: 'none' | 'confluent';
      readonly integers: IntegerKind;
    };

/** `unread`: the value's schema is not known yet, so nothing can be said; the stamp waits for the same schema. */
export type LegacyFound = 'found' | 'missing' | 'unread';

/** One route's way to the legacy ID of a record; `id` is valid after `found`, until the next record. */
export class LegacyFinder {
  readonly id = new LegacyId();
  readonly #find: (cursor: RecordCursor) => LegacyFound;

  /** `book`: for Avro, else of no use. */
  constructor(settings: LegacySettings, book: SchemaBook | undefined) {
    this.#find =
      settings.from === 'key'
        ? (cursor) => this.#told(this.#inKey(cursor))
        : settings.from === 'header'
          ? this.#inHeader(settings.name)
          : settings.format === 'avro'
            ? this.#inAvro(book)
            : this.#inField(settings);
  }

  /** The cursor stands on a whole record. Never throws. */
  find(cursor: RecordCursor): LegacyFound {
    return this.#find(cursor);
  }

  #told(found: boolean): LegacyFound {
    return found ? 'found' : 'missing';
  }

  #inKey({ source, keyStart, keyEnd }: RecordCursor): boolean {
    return keyStart >= 0 && this.id.take(source, keyStart, keyEnd);
  }

  /** Of several headers of that name the last counts, as Kafka's own `lastHeader` has it. */
  #inHeader(name: string): (cursor: RecordCursor) => LegacyFound {
    const wanted = new TextEncoder().encode(name);
    const walk = new HeaderWalk();
    return (cursor) => {
      let [start, end] = [-1, -1];
      walk.load(cursor);
      while (walk.next()) if (walk.nameIs(wanted)) [start, end] = [walk.valueStart, walk.valueEnd];
      return this.#told(start >= 0 && this.id.take(cursor.source, start, end));
    };
  }

  #inField(settings: Extract<LegacySettings, { from: 'field' }>): (cursor: RecordCursor) => LegacyFound {
    const { format, wire, name, integers } = settings;
    const prefix = wire === 'confluent' ? new WirePrefix(format === 'protobuf') : undefined;
    const field = { number: Number(name), kind: integers };
    return ({ bytes, source, valueStart, valueEnd }) => {
      if (valueStart < 0 || prefix?.read(bytes, valueStart, valueEnd) !== undefined) return 'missing';
      const start = prefix?.payloadStart ?? valueStart;
      return this.#told(
        format === 'json'
          ? legacyInJson(source, start, valueEnd, name, this.id)
          : legacyInProtobuf(source, start, valueEnd, field, this.id),
      );
    };
  }

  /** By the projection that the schema's entry holds. */
  #inAvro(book: SchemaBook | undefined): (cursor: RecordCursor) => LegacyFound {
    const prefix = new WirePrefix(false);
    return ({ bytes, valueStart, valueEnd }) => {
      if (valueStart < 0 || prefix.read(bytes, valueStart, valueEnd) !== undefined) return 'missing';
      const entry = book?.lookup(prefix.schemaId, '');
      if (entry === undefined) return 'unread';
      if (entry.at === 'refused') return 'missing';
      const text = entry.legacyId?.(bytes.subarray(prefix.payloadStart, valueEnd));
      return this.#told(text !== undefined && this.id.spell(text));
    };
  }
}
