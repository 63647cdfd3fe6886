import { describe, expect, it } from '@jest/globals';
import { RecordCursor } from '../../../src/kafka/records/cursor.ts';
import { walkFetched } from '../../../src/kafka/records/fetched.ts';
import { LegacyFinder, type LegacySettings } from '../../../src/stamp/legacy.ts';
import type { SchemaBook, SchemaEntry } from '../../../src/stamp/schema-book.ts';
import { encodeBatch, plainRecord, text, type PlainRecord } from '../records/plain-codec.ts';
import { bookOf, hex, ready } from './value-drive.ts';

function find(settings: LegacySettings, record: Partial<PlainRecord>, book?: SchemaBook): string {
  const set = encodeBatch({ records: [plainRecord(record)] });
  const [piece] = walkFetched(set, 0, [], { inflateCapBytes: 2 ** 20, verifyCrc: true });
  if (piece?.kind !== 'data') throw new Error('no batch');
  const cursor = new RecordCursor();
  cursor.load(piece.records, piece.header);
  cursor.next();
  const finder = new LegacyFinder(settings, book);
  const found = finder.find(cursor);
  const { source, start, end } = finder.id;
  return found === 'found' ? new TextDecoder().decode(source.bytes.subarray(start, end)) : found;
}

const field = (
  format: 'json' | 'avro' | 'protobuf',
  name: string,
  wire: 'none' | 'confluent' = 'none',
): LegacySettings => ({ from: 'field', name, format, wire, integers: 'signed' });
const header = (name: string, value: string | null): PlainRecord['headers'][number] => ({
  name: text(name),
  value: value === null ? null : text(value),
});
const HEADER: LegacySettings = { from: 'header', name: 'id' };

describe('a legacy ID in a record', () => {
  it.each<[string, LegacySettings, Partial<PlainRecord>, string]>([
    ['the key', { from: 'key' }, { key: text('A-7') }, 'A-7'],
    ['no key', { from: 'key' }, {}, 'missing'],
    ['an empty key', { from: 'key' }, { key: text('') }, 'missing'],
    ['a key that is no text', { from: 'key' }, { key: hex('ff00') }, 'missing'],
    [
      'the last header of that name',
      HEADER,
      { headers: [header('id', '1'), header('x', '3'), header('id', '2')] },
      '2',
    ],
    ['a null header', HEADER, { headers: [header('id', '1'), header('id', null)] }, 'missing'],
    ['no such header', HEADER, { headers: [header('ID', '1')] }, 'missing'],
    ['a member', field('json', 'n'), { value: text('{"n":9007199254740993}') }, '9007199254740993'],
    [
      'a member behind a prefix',
      field('json', 'n', 'confluent'),
      { value: hex('00000000017b226e223a22c3a9227d') },
      'é',
    ],
    ['a prefix that is none', field('json', 'n', 'confluent'), { value: text('{"n":"é"}') }, 'missing'],
    ['no such member', field('json', 'n'), { value: text('{}') }, 'missing'],
    ['a tombstone', field('json', 'n'), {}, 'missing'],
    ['a field', field('protobuf', '3'), { value: hex('1a03412d37') }, 'A-7'],
    [
      'a field behind prefix and indexes',
      field('protobuf', '3', 'confluent'),
      { value: hex('0000000001021a022e2e') },
      'missing',
    ],
    [
      'a field behind prefix and lone 0',
      field('protobuf', '3', 'confluent'),
      { value: hex('0000000001001a026f6b') },
      'ok',
    ],
  ])('%s', (_, settings, record, expected) => {
    expect(find(settings, record)).toBe(expected);
  });

  it('Avro: by what the schema’s entry says', () => {
    const entry = (legacyId: string | undefined): SchemaEntry => ({
      ...(ready(9) as Extract<SchemaEntry, { at: 'ready' }>),
      legacyId: (payload) => (payload.length === 2 ? legacyId : undefined),
    });
    const book = bookOf({
      1: entry('A-7'),
      2: entry(undefined),
      3: ready(9),
      4: { at: 'refused', code: 'SCHEMA_UNKNOWN', message: '' },
    });
    const of = (schemaId: number): string =>
      find(field('avro', 'id', 'confluent'), { value: hex(`000000000${schemaId}aabb`) }, book);
    expect([1, 2, 3, 4, 5].map(of)).toEqual(['A-7', 'missing', 'missing', 'missing', 'unread']);
  });
});
