import { headerPolicy } from '../../../src/stamp/header.ts';
import type { Existing, StampResult } from '../../../src/stamp/result.ts';
import type { SchemaBook, SchemaEntry } from '../../../src/stamp/schema-book.ts';
import type { ValueSettings } from '../../../src/stamp/value-settings.ts';
import { ValueStamp } from '../../../src/stamp/value.ts';
import { rewriteWith } from '../records/drive.ts';
import { decodeBatch, encodeBatch, plainRecord, text, type PlainRecord } from '../records/plain-codec.ts';

export const HEADER = 'snowflake_id';
export const ID = 7_321_987_654_321_098_765n;

export const settings = (given: Partial<ValueSettings> & Pick<ValueSettings, 'format'>): ValueSettings => ({
  wire: 'none',
  shape: 'flat',
  field: 'snowflake_id',
  fieldNumber: 2_047,
  nullable: false,
  ...given,
});

/** Answers from a list, as the real book does once a schema was resolved. */
export const bookOf = (entries: Readonly<Record<string, SchemaEntry>>): SchemaBook => ({
  lookup: (schemaId, messagePath) =>
    entries[messagePath === '' ? String(schemaId) : `${schemaId}/${messagePath}`],
  resolve: () => Promise.resolve({ at: 'known' }),
});

export const ready = (newSchemaId: number): SchemaEntry => ({ at: 'ready', newSchemaId, proof: undefined });

export interface Way {
  readonly existing?: Existing;
  readonly refused?: 'tell' | 'header';
  readonly book?: SchemaBook;
  readonly id?: bigint;
}

export const stampOf = (value: ValueSettings, { existing, refused, book }: Way = {}): ValueStamp =>
  new ValueStamp(value, headerPolicy(HEADER, existing ?? 'replace'), { book, refused: refused ?? 'tell' });

export interface Outcome {
  readonly result: StampResult;
  /** Undefined unless something was written. */
  readonly record: PlainRecord | undefined;
  readonly stamp: ValueStamp;
}

/** One record through a value stamp. */
export function through(value: ValueSettings, record: PlainRecord, way: Way = {}): Outcome {
  const stamp = stampOf(value, way);
  const { results, batches } = rewriteWith(encodeBatch({ records: [record] }), stamp, {
    firstId: way.id ?? ID,
  });
  const written = batches[0] === undefined ? undefined : decodeBatch(batches[0]).records[0];
  return { result: results[0]!, record: written, stamp };
}

export const valued = (value: Uint8Array | string, headers: PlainRecord['headers'] = []): PlainRecord =>
  plainRecord({ key: text('key'), value: typeof value === 'string' ? text(value) : value, headers });

/** The stamped value, or the code it was refused with. */
export function stampedOrCode(value: ValueSettings, bytes: Uint8Array | string, way: Way = {}): string {
  const { result, record, stamp } = through(value, valued(bytes), way);
  if (result === 'refused') return stamp.refusal!.code;
  return record === undefined ? result : Buffer.from(record.value!).toString('latin1');
}

export const hex = (bytes: string): Uint8Array =>
  Uint8Array.from(Buffer.from(bytes.replaceAll(' ', ''), 'hex'));
export const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
