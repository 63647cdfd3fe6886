import { describe, expect, it } from '@jest/globals';
import { CATALOGUE } from '../../../src/errors.ts';
import type { Proof, SchemaBook } from '../../../src/stamp/schema-book.ts';
import { rewriteWith } from '../records/drive.ts';
import { decodeBatch, encodeBatch, plainRecord, text, type PlainHeader } from '../records/plain-codec.ts';
import {
  bookOf,
  HEADER,
  hex,
  ID,
  latin1,
  ready,
  settings,
  stampedOrCode,
  stampOf,
  through,
  valued,
  type Way,
} from './value-drive.ts';

const json = settings({ format: 'json' });
const avro = settings({ format: 'avro', wire: 'confluent' });
const protobuf = settings({ format: 'protobuf', wire: 'confluent' });
const idHeader = (id: bigint): PlainHeader => ({ name: text(HEADER), value: text(String(id)) });
const OTHER: PlainHeader = { name: text('traceparent'), value: null };

describe('a record whose value is stamped', () => {
  it('keeps its key, timestamp and headers, and gets no header (P4)', () => {
    const record = { ...valued('{"a":1}', [OTHER, OTHER]), timestamp: -5n };
    expect(through(json, record).record).toEqual({
      ...record,
      value: text(`{"snowflake_id":"${ID}","a":1}`),
      offsetDelta: 0,
      attributes: 0,
    });
  });

  it.each([1, 30, 31, 32, 33, 63, 64, 8_157, 8_158, 8_159, 8_160, 70_000])(
    'a value of %i bytes: its length’s varint grows with it',
    (bytes) => {
      const value = new Uint8Array(bytes).fill(7);
      const { record } = through(settings({ format: 'avro' }), valued(value, [OTHER]), { id: 1n });
      expect(Buffer.compare(record!.value!, Buffer.concat([hex('02'), value]))).toBe(0);
      expect(record!.headers).toEqual([OTHER]);
    },
  );

  it('a null value stays null and gets the header', () => {
    const { result, record } = through(avro, plainRecord({ key: text('k'), headers: [OTHER] }));
    expect([result, record!.value, record!.headers]).toEqual(['stamped', null, [OTHER, idHeader(ID)]]);
  });

  it('does not fit: nothing is written, and it goes into the next batch with the same ID', () => {
    const records = [1, 2, 3].map((n) => valued(`{"n":${n},"x":"${'x'.repeat(60)}"}`));
    const { results, batches } = rewriteWith(encodeBatch({ records }), stampOf(json), {
      capacityBytes: 250,
      firstId: 5n,
    });
    expect(results).toEqual(['stamped', 'stamped', 'stamped']);
    const written = batches.map((batch) =>
      decodeBatch(batch).records.map(({ value }) => latin1(value!).slice(0, 26)),
    );
    expect(written).toEqual([
      ['{"snowflake_id":"5","n":1,'],
      ['{"snowflake_id":"6","n":2,'],
      ['{"snowflake_id":"7","n":3,'],
    ]);
  });
});

describe('a record that carries the header already', () => {
  const both = valued('{"a":1}', [idHeader(1n), OTHER, idHeader(2n)]);

  it('replace: those headers go, since they would name another ID than the value', () => {
    const { record } = through(json, both);
    expect([latin1(record!.value!), record!.headers]).toEqual([`{"snowflake_id":"${ID}","a":1}`, [OTHER]]);
  });

  it('keep: it leaves as it came; reject: it does not leave', () => {
    const kept = through(json, both, { existing: 'keep' });
    expect([kept.result, latin1(kept.record!.value!), kept.record!.headers]).toEqual([
      'kept',
      '{"a":1}',
      both.headers,
    ]);
    expect(through(json, both, { existing: 'reject' })).toMatchObject({
      result: 'already-stamped',
      record: undefined,
    });
  });
});

describe('the Confluent wire format', () => {
  const book = bookOf({
    '7': ready(0x01020304),
    '7/0': ready(9),
    '7/1.0': ready(10),
    '7/200': ready(11),
    '7/1.2.3.4': ready(12),
  });
  const out = (value: typeof avro, bytes: string, way: Way = {}): string => {
    const told = stampedOrCode(value, hex(bytes), { book, id: 1n, ...way });
    return /^[A-Z_a-z-]+$/.test(told) ? told : Buffer.from(told, 'latin1').toString('hex');
  };

  it('the new schema’s ID takes the place of the old one', () => {
    expect(out(avro, '0000000007 aabb')).toBe('000102030402aabb');
    expect(out(avro, '0000000007')).toBe('000102030402');
    const value = Buffer.concat([hex('0000000007'), text('{"a":1}')]);
    expect(stampedOrCode({ ...json, wire: 'confluent' }, value, { book, id: 1n })).toBe(
      '\x00\x01\x02\x03\x04{"snowflake_id":"1","a":1}',
    );
  });

  it.each([
    ['a lone 0 stands for the first message', '00', '00000009'],
    ['the same spelt out', '0200', '00000009'],
    ['a message within a message', '040200', '0000000a'],
    ['an index of two bytes', '029003', '0000000b'],
    ['a path of more than four bytes', '0802040608', '0000000c'],
  ])('message indexes stay where they are: %s', (_, indexes, id) => {
    const stamp = `f97f0100000000000000`;
    expect(out(protobuf, `0000000007 ${indexes} 0801`)).toBe(`00${id}${indexes}0801${stamp}`);
    expect(out(protobuf, `0000000007 ${indexes}`)).toBe(`00${id}${indexes}${stamp}`);
  });

  it.each([
    ['', 'VALUE_TOO_SHORT'],
    ['00000007', 'VALUE_TOO_SHORT'],
    ['0100000007aa', 'VALUE_WRONG_MAGIC'],
    ['7b22613a317d', 'VALUE_WRONG_MAGIC'],
    ['000000000000000007aa', 'VALUE_SCHEMA_ID_INVALID'],
    ['0080000000aa', 'VALUE_SCHEMA_ID_INVALID'],
    ['00ffffffffaa', 'VALUE_SCHEMA_ID_INVALID'],
  ])('%j is refused: %s', (bytes, code) => {
    for (const value of [avro, protobuf, { ...json, wire: 'confluent' as const }])
      expect(out(value, bytes)).toBe(code);
  });

  it.each([
    ['none at all', ''],
    ['a count without indexes', '04'],
    ['an index cut short', '0290'],
    ['a negative count', '01'],
    ['a negative index', '0201'],
    ['an index of five bytes', '028080808001'],
    ['more than anybody nests', '8401'.padEnd(300, '0')],
  ])('message indexes that cannot be are refused: %s', (_, indexes) => {
    expect(out(protobuf, `0000000007 ${indexes}`)).toBe('VALUE_INDEXES_INVALID');
  });

  it('a schema that is not known yet is wanted, and nothing is written', () => {
    const { result, record, stamp } = through(protobuf, valued(hex('0000000008 040200 0801')), { book });
    expect([result, record, stamp.wanted]).toEqual([
      'schema-wanted',
      undefined,
      { schemaId: 8, messagePath: '1.0' },
    ]);
    expect(through(avro, valued(hex('0000000009aa')), { book }).stamp.wanted).toEqual({
      schemaId: 9,
      messagePath: '',
    });
  });

  it('a schema that cannot be stamped refuses its values, in the words of the book', () => {
    const refusing = bookOf({ '7': { at: 'refused', code: 'SCHEMA_NOT_STAMPABLE', message: 'is a union' } });
    const { result, stamp } = through(avro, valued(hex('0000000007aa')), { book: refusing });
    expect([result, stamp.refusal]).toEqual([
      'refused',
      { code: 'SCHEMA_NOT_STAMPABLE', detail: 'schema 7: is a union' },
    ]);
  });

  it('a schema ID in a header is refused, with and without a prefix: the value would change under it', () => {
    const headers = [OTHER, { name: text('__value_schema_id'), value: new Uint8Array(17).fill(1) }];
    for (const value of [avro, json]) {
      const { result, stamp } = through(value, valued('{}', headers), { book });
      expect([result, stamp.refusal!.code]).toEqual(['refused', 'VALUE_SCHEMA_IN_HEADER']);
    }
  });

  it('control: the schema ID of a key in a header is none of our business', () => {
    const headers = [{ name: text('__key_schema_id'), value: new Uint8Array(17) }];
    expect(through(json, valued('{}', headers)).result).toBe('stamped');
  });
});

describe('prove on first use', () => {
  const proving = (proof: Proof): SchemaBook => bookOf({ '7': { at: 'ready', newSchemaId: 8, proof } });
  const record = valued(hex('0000000007aabb'), [OTHER]);

  it('is shown both values and the ID', () => {
    const shown: unknown[] = [];
    const proof: Proof = (...both) => {
      shown.push(
        ...both.map((part) => (typeof part === 'bigint' ? part : Buffer.from(part).toString('hex'))),
      );
      return undefined;
    };
    expect(through(avro, record, { book: proving(proof), id: 2n ** 62n + 1n }).result).toBe('stamped');
    expect(shown).toEqual(['0000000007aabb', '000000000882808080808080808001aabb', 2n ** 62n + 1n]);
  });

  it('what does not decode alike is not sent, and the ID stays unused', () => {
    let told = 0;
    const proof: Proof = () => (told++ === 0 ? 'field a: 1 became 2' : undefined);
    const stamp = stampOf(avro, { book: proving(proof) });
    const { results, batches } = rewriteWith(encodeBatch({ records: [record, record] }), stamp, {
      firstId: 1n,
    });
    expect(results).toEqual(['refused', 'stamped']);
    expect(stamp.refusal).toEqual({ code: 'VALUE_NOT_PROVEN', detail: 'field a: 1 became 2' });
    expect(decodeBatch(batches[0]!).records.map(({ value }) => Buffer.from(value!).toString('hex'))).toEqual([
      '000000000802aabb',
    ]);
  });
});

describe('a value that cannot be stamped on a route that then takes the header', () => {
  it.each([
    ['no JSON', json, text('[1]')],
    ['no prefix', avro, text('x')],
    ['a schema that is refused', avro, hex('0000000007aa')],
  ])('%s: the value stays, the header has the ID', (_, value, bytes) => {
    const book = bookOf({ '7': { at: 'refused', code: 'SCHEMA_UNKNOWN', message: '' } });
    const { result, record } = through(value, valued(bytes, [OTHER]), { book, refused: 'header' });
    expect([result, latin1(record!.value!), record!.headers]).toEqual([
      'header-only',
      latin1(bytes),
      [OTHER, idHeader(ID)],
    ]);
  });

  it('a proof that failed leaves nothing behind of the value it saw', () => {
    const book = bookOf({ '7': { at: 'ready', newSchemaId: 8, proof: () => 'differs' } });
    const { result, record } = through(avro, valued(hex('0000000007aa')), { book, refused: 'header' });
    expect([result, Buffer.from(record!.value!).toString('hex')]).toEqual(['header-only', '0000000007aa']);
  });
});

describe('every refusal', () => {
  it('is in the catalogue and stops a partition that has nowhere else to put it', () => {
    const codes = Object.keys(CATALOGUE).filter((code) => /^(?:VALUE|SCHEMA)_/.test(code));
    expect(codes.length).toBeGreaterThan(15);
    for (const code of codes)
      expect(CATALOGUE[code as keyof typeof CATALOGUE]).toMatchObject({ next: 'stop-partition', exit: 65 });
  });
});
