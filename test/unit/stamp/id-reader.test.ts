import { describe, expect, it } from '@jest/globals';
import { readBatchHeader } from '../../../src/kafka/records/batch.ts';
import { viewOf } from '../../../src/kafka/records/copy.ts';
import { RecordCursor } from '../../../src/kafka/records/cursor.ts';
import { IdReader } from '../../../src/stamp/id-reader.ts';
import type { ValueSettings } from '../../../src/stamp/value-settings.ts';
import { walk } from '../records/drive.ts';
import { encodeBatch, plainRecord, text, type PlainRecord } from '../records/plain-codec.ts';
import { bookOf, HEADER, hex, latin1, ready, settings, through, valued } from './value-drive.ts';

const read = (value: ValueSettings | undefined, record: PlainRecord): bigint | undefined => {
  const reader = new IdReader({ header: HEADER, value });
  const bytes = encodeBatch({ records: [record] });
  const [piece] = walk(bytes);
  if (piece?.kind !== 'data') throw new Error('no data');
  const cursor = new RecordCursor(reader.watch);
  cursor.load(piece.records, readBatchHeader(viewOf(bytes), 0));
  expect(cursor.next()).toBe(true);
  return reader.idOf(cursor);
};

const IDS = [0n, 1n, 127n, 2n ** 31n, 2n ** 53n + 1n, 2n ** 62n, 2n ** 63n - 1n];
const book = bookOf({ '7': ready(8), '7/0': ready(8), '7/1.0': ready(8) });

describe('reading the ID of a stamped record', () => {
  it.each([
    ['json', settings({ format: 'json' }), '{"a":1}'],
    ['json over another ID', settings({ format: 'json' }), '{"snowflake\\u005fid":"7"}'],
    ['json envelope', settings({ format: 'json', shape: 'envelope' }), '{"snowflake_id":"7"}'],
    ['avro', settings({ format: 'avro' }), 'xx'],
    ['avro nullable', settings({ format: 'avro', nullable: true }), 'xx'],
    ['avro with a prefix', settings({ format: 'avro', wire: 'confluent' }), '\0\0\0\0\x07xx'],
    ['protobuf', settings({ format: 'protobuf' }), '\x08\x01'],
    ['protobuf over another ID', settings({ format: 'protobuf', fieldNumber: 1 }), '\x09aaaaaaa\0'],
    ['protobuf with a prefix', settings({ format: 'protobuf', wire: 'confluent' }), '\0\0\0\0\x07\0\x08\x01'],
    [
      'protobuf with a path',
      settings({ format: 'protobuf', wire: 'confluent' }),
      '\0\0\0\0\x07\x04\x02\0\x08\x01',
    ],
  ])('what was stamped is read back: %s', (_, value, before) => {
    for (const id of IDS) {
      const { record } = through(value, valued(before), { id, book });
      expect([latin1(record!.value!), read(value, record!)]).toEqual([expect.anything(), id]);
    }
  });

  it('the header counts, the last one, where the value has none or is null', () => {
    const headers = ['1', 'x', '2'].map((value) => ({ name: text(HEADER), value: text(value) }));
    for (const value of [undefined, settings({ format: 'json' })])
      for (const bytes of [null, text('[]')])
        expect(read(value, plainRecord({ value: bytes, headers }))).toBe(2n);
  });

  it.each([
    ['json', settings({ format: 'json' }), '7b7d'],
    ['json as a number', settings({ format: 'json' }), Buffer.from('{"snowflake_id":7}').toString('hex')],
    [
      'json twice',
      settings({ format: 'json' }),
      Buffer.from('{"snowflake_id":"1","snowflake_id":"2"}').toString('hex'),
    ],
    ['avro negative', settings({ format: 'avro' }), '01'],
    ['avro cut short', settings({ format: 'avro' }), '80'],
    ['avro null', settings({ format: 'avro', nullable: true }), '00'],
    ['protobuf without', settings({ format: 'protobuf' }), '0801'],
    ['protobuf cut short', settings({ format: 'protobuf' }), 'f97f00'],
    ['protobuf negative', settings({ format: 'protobuf' }), 'f97fffffffffffffffff'],
    ['no prefix', settings({ format: 'avro', wire: 'confluent' }), '02'],
    ['nothing', settings({ format: 'avro' }), ''],
  ])('what is no ID is none: %s', (_, value, bytes) => {
    expect(read(value, plainRecord({ value: hex(bytes) }))).toBeUndefined();
  });

  it('a null value without a header has none', () => {
    expect(read(settings({ format: 'json' }), plainRecord())).toBeUndefined();
  });
});
