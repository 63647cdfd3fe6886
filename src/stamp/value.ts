import type { RecordCursor } from '../kafka/records/cursor.ts';
import type { BatchWriter } from '../kafka/records/writer.ts';
import { AvroFormat } from './avro.ts';
import { copyWhole } from './body.ts';
import { Cut, type ValueFormat } from './cut.ts';
import { stampHeader, type HeaderPolicy } from './header.ts';
import { JsonEnvelopeFormat, JsonFormat } from './json.ts';
import { countNamed } from './named-headers.ts';
import { ProtobufFormat } from './protobuf.ts';
import type { ValueRefusal } from './refusal.ts';
import type { RecordStamp, Refusal, StampId, StampResult } from './result.ts';
import type { Proof, SchemaBook, SchemaWanted } from './schema-book.ts';
import { Splicer } from './splice.ts';
import type { ValueSettings } from './value-settings.ts';
import { WirePrefix } from './wire-prefix.ts';

/** Where newer Confluent serializers put the schema's GUID; the value then has no prefix, and its schema cannot be changed there. */
const SCHEMA_HEADER = new TextEncoder().encode('__value_schema_id');

export function formatOf({ format, shape, field, fieldNumber, nullable }: ValueSettings): ValueFormat {
  switch (format) {
    case 'avro':
      return new AvroFormat(nullable);
    case 'json':
      return shape === 'flat' ? new JsonFormat(field) : new JsonEnvelopeFormat(field);
    case 'protobuf':
      return new ProtobufFormat(fieldNumber);
  }
}

/**
 * The ID in the value, by splicing. Null values (tombstones) get the header: they must stay null. The header policy holds here as well: with
 * `replace` headers of that name go, since they would name another ID than the value. `book`: for the Confluent wire format, else undefined.
 */
export class ValueStamp implements RecordStamp {
  readonly watch: Uint8Array;
  refusal: Refusal | undefined;
  wanted: SchemaWanted | undefined;

  readonly #header: HeaderPolicy;
  readonly #format: ValueFormat;
  readonly #prefix: WirePrefix | undefined;
  readonly #book: SchemaBook | undefined;
  readonly #refusedGetHeader: boolean;
  readonly #cut = new Cut();
  readonly #splicer: Splicer;

  constructor(
    settings: ValueSettings,
    header: HeaderPolicy,
    rest: { readonly book: SchemaBook | undefined; readonly refused: 'tell' | 'header' },
  ) {
    this.#header = header;
    this.watch = header.name;
    this.#format = formatOf(settings);
    this.#prefix = settings.wire === 'confluent' ? new WirePrefix(settings.format === 'protobuf') : undefined;
    this.#book = rest.book;
    this.#refusedGetHeader = rest.refused === 'header';
    this.#splicer = new Splicer(header.name);
  }

  apply(cursor: RecordCursor, section: Uint8Array, ids: StampId, writer: BatchWriter): StampResult {
    if (cursor.malformed !== null || cursor.bytes !== section) return 'malformed';
    if (cursor.valueStart < 0) return stampHeader(cursor, section, ids, writer, this.#header);
    if (cursor.headerCount > 0) {
      const occurrences = countNamed(cursor, this.#header.name);
      this.#splicer.occurrences = occurrences;
      if (occurrences > 0 && this.#header.existing !== 'replace') return this.#present(cursor, writer);
      if (cursor.headerCount > occurrences && countNamed(cursor, SCHEMA_HEADER) > 0)
        return this.#refuse(cursor, ids, writer, 'VALUE_SCHEMA_IN_HEADER');
    } else this.#splicer.occurrences = 0;
    return this.#prefix === undefined
      ? this.#stamp(cursor, ids, writer, cursor.valueStart, undefined)
      : this.#stampWithSchema(cursor, ids, writer, this.#prefix);
  }

  #stampWithSchema(cursor: RecordCursor, ids: StampId, writer: BatchWriter, prefix: WirePrefix): StampResult {
    const fault = prefix.read(cursor.bytes, cursor.valueStart, cursor.valueEnd);
    if (fault !== undefined) return this.#refuse(cursor, ids, writer, fault);
    const { schemaId, messagePath } = prefix;
    const entry = this.#book?.lookup(schemaId, messagePath);
    if (entry === undefined) {
      this.wanted = { schemaId, messagePath };
      return 'schema-wanted';
    }
    if (entry.at === 'refused') {
      return this.#refuse(cursor, ids, writer, entry.code, `schema ${schemaId}: ${entry.message}`);
    }
    this.#splicer.newSchemaId = entry.newSchemaId;
    return this.#stamp(cursor, ids, writer, prefix.payloadStart, entry.proof);
  }

  #stamp(
    cursor: RecordCursor,
    ids: StampId,
    writer: BatchWriter,
    payloadStart: number,
    proof: Proof | undefined,
  ): StampResult {
    const cut = this.#cut;
    const fault = this.#format.place(cursor.bytes, payloadStart, cursor.valueEnd, ids, cut);
    if (fault !== undefined)
      return this.#refuse(cursor, ids, writer, fault, `at byte ${cut.faultAt - cursor.valueStart}`);
    if (cut.replaces && this.#header.existing !== 'replace') return this.#present(cursor, writer);
    const end = this.#splicer.open(cursor, cut, writer);
    if (end < 0) return 'full';
    if (proof !== undefined) {
      const difference = this.#prove(cursor, ids, writer, proof);
      if (difference !== undefined) return this.#refuse(cursor, ids, writer, 'VALUE_NOT_PROVEN', difference);
    }
    writer.close(end);
    return 'stamped';
  }

  #prove(cursor: RecordCursor, ids: StampId, writer: BatchWriter, proof: Proof): string | undefined {
    const { valueStart, valueEnd } = this.#splicer;
    return proof(
      cursor.bytes.subarray(cursor.valueStart, cursor.valueEnd),
      writer.buffer.bytes.subarray(valueStart, valueEnd),
      BigInt(ids.hi) * 2n ** 32n + BigInt(ids.lo),
    );
  }

  /** The record carries an ID already, and the policy does not replace those. */
  #present(cursor: RecordCursor, writer: BatchWriter): StampResult {
    return this.#header.existing === 'keep' ? copyWhole(cursor, writer) : 'already-stamped';
  }

  /** A record opened before and not closed is as if it had never been. */
  #refuse(
    cursor: RecordCursor,
    ids: StampId,
    writer: BatchWriter,
    code: ValueRefusal,
    detail = '',
  ): StampResult {
    if (this.#refusedGetHeader) {
      const result = stampHeader(cursor, cursor.bytes, ids, writer, this.#header);
      return result === 'stamped' ? 'header-only' : result;
    }
    this.refusal = { code, detail };
    return 'refused';
  }
}
