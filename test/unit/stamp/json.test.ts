import { describe, expect, it } from '@jest/globals';
import { rewriteWith } from '../records/drive.ts';
import { decodeBatch, encodeBatch, plainRecord, text } from '../records/plain-codec.ts';
import { HEADER, latin1, settings, stampedOrCode, stampOf, through, valued } from './value-drive.ts';

const flat = settings({ format: 'json' });
const envelope = settings({ format: 'json', shape: 'envelope' });
const MARK = '\xef\xbb\xbf';
const bytesOf = (latin: string): Uint8Array => Uint8Array.from(Buffer.from(latin, 'latin1'));
const stamped = (value: string, existing?: 'keep' | 'reject'): string =>
  stampedOrCode(flat, bytesOf(value), { id: 42n, ...(existing === undefined ? {} : { existing }) });

describe('a JSON object', () => {
  it.each([
    ['{"a":1}', '{"snowflake_id":"42","a":1}'],
    ['{}', '{"snowflake_id":"42"}'],
    [' \t\r\n{ \n } \n', ' \t\r\n{"snowflake_id":"42" \n } \n'],
    ['{ "a" : 1 }\n', '{"snowflake_id":"42", "a" : 1 }\n'],
    [`${MARK}{"a":1}`, `${MARK}{"snowflake_id":"42","a":1}`],
    [
      '{"a":9007199254740993,"a":9007199254740993}',
      '{"snowflake_id":"42","a":9007199254740993,"a":9007199254740993}',
    ],
    ['{"k":"\\\\\\"}{"}', '{"snowflake_id":"42","k":"\\\\\\"}{"}'],
    ['{"ü":"\xc3\xbc"}', '{"snowflake_id":"42","ü":"\xc3\xbc"}'],
  ])('%j: the ID is its first member, every other byte stays', (before, after) => {
    expect(stamped(before)).toBe(after);
  });

  it('the ID is a decimal string in full: as a number it would not survive a double', () => {
    const out = stampedOrCode(flat, '{}', { id: 2n ** 63n - 1n });
    expect(JSON.parse(out)).toEqual({ snowflake_id: '9223372036854775807' });
  });

  it('a field of 63 letters fits', () => {
    const field = 'f'.repeat(63);
    const out = stampedOrCode(settings({ format: 'json', field, shape: 'envelope' }), '1', {
      id: 2n ** 63n - 1n,
    });
    expect(JSON.parse(out)).toEqual({ [field]: '9223372036854775807', event: 1 });
  });
});

describe('what is no JSON object is refused by name', () => {
  it.each([
    ['', 'VALUE_NOT_JSON'],
    [' \n', 'VALUE_NOT_JSON'],
    [MARK, 'VALUE_NOT_JSON'],
    ['[1,{"a":1}]', 'VALUE_NOT_AN_OBJECT'],
    ['"a"', 'VALUE_NOT_AN_OBJECT'],
    ['17', 'VALUE_NOT_AN_OBJECT'],
    ['-1', 'VALUE_NOT_AN_OBJECT'],
    ['null', 'VALUE_NOT_AN_OBJECT'],
    ['true', 'VALUE_NOT_AN_OBJECT'],
    ['false', 'VALUE_NOT_AN_OBJECT'],
    ['a=1', 'VALUE_NOT_JSON'],
    ['{a:1}', 'VALUE_NOT_JSON'],
    ["{'a':1}", 'VALUE_NOT_JSON'],
    ['{1}', 'VALUE_NOT_JSON'],
    ['{} {}', 'VALUE_NOT_JSON'],
    ['{', 'VALUE_TRUNCATED'],
    ['{ ', 'VALUE_TRUNCATED'],
    ['{"a":1', 'VALUE_TRUNCATED'],
    ['{"a":"x', 'VALUE_TRUNCATED'],
    ['{"a":[1', 'VALUE_TRUNCATED'],
    ['\xfe\xff\x00{\x00}', 'VALUE_ENCODING'],
    ['\xff\xfe{\x00}\x00', 'VALUE_ENCODING'],
    ['{\x00"\x00a\x00"\x00', 'VALUE_ENCODING'],
    ['\x00{\x00"\x00a\x00"', 'VALUE_ENCODING'],
    ['\x00\x00\x00{', 'VALUE_ENCODING'],
    ['{\x00\x00\x00', 'VALUE_ENCODING'],
  ])('%j: %s', (value, code) => {
    expect(stamped(value)).toBe(code);
  });

  it('control: with the quick look alone, a text cut short right behind a brace passes, and stays as broken as it was', () => {
    expect(stamped('{"a":{"b":1}')).toBe('{"snowflake_id":"42","a":{"b":1}');
  });

  it('says where', () => {
    const { stamp } = through(flat, valued('  {"a":1'));
    expect(stamp.refusal).toEqual({ code: 'VALUE_TRUNCATED', detail: 'at byte 7' });
  });
});

describe('a member of the ID’s name', () => {
  const SPELLINGS = [
    '"snowflake_id"',
    '"snowflake\\u005fid"',
    '"\\u0073\\u006E\\u006f\\u0077\\u0066\\u006c\\u0061\\u006b\\u0065\\u005F\\u0069\\u0064"',
  ];

  it.each(SPELLINGS)('%s: its value is replaced in place', (name) => {
    expect(stamped(`{"a":1, ${name} : {"x":[1,2]} ,"b":2}`)).toBe(`{"a":1, ${name} : "42" ,"b":2}`);
    expect(stamped(`{${name}:null}`)).toBe(`{${name}:"42"}`);
    expect(stamped(`{"z":{${name}:1},${name}:-1.5e+3}`)).toBe(`{"z":{${name}:1},${name}:"42"}`);
  });

  it('control: put first beside it, the ID would lose: readers take the last', () => {
    const naive = '{"snowflake_id":"42","snowflake_id":"1"}';
    expect((JSON.parse(naive) as Record<string, string>)['snowflake_id']).toBe('1');
    expect(JSON.parse(stamped('{"snowflake_id":"1"}'))).toEqual({ snowflake_id: '42' });
  });

  it.each(SPELLINGS)('%s: several of them cannot all be meant', (name) => {
    expect(stamped(`{"snowflake_id":"1","a":2,${name}:"3"}`)).toBe('VALUE_ID_REPEATED');
  });

  it.each(SPELLINGS)('%s: is kept, or rejected, as the policy says', (name) => {
    const value = `{${name}:"1"}`;
    expect(stamped(value, 'keep')).toBe(value);
    expect(stamped(value, 'reject')).toBe('already-stamped');
    expect(stampedOrCode(flat, value, { existing: 'reject', refused: 'header' })).toBe('already-stamped');
  });

  it.each([
    ['a value that looks like it', '{"a":"snowflake_id"}'],
    ['a member further in', '{"a":{"snowflake_id":1},"b":[{"snowflake_id":2}]}'],
    ['a longer name', '{"snowflake_id_":1,"xsnowflake_id":2}'],
    ['a prefix of it', '{"snowflake_i":1,"":2}'],
    ['another case', '{"Snowflake_id":1}'],
    ['an escaped quote before it', '{"a":"\\",\\"snowflake_id\\":\\"1"}'],
    ['another escape', '{"snowflake\\u005eid":1,"snowflake\\u015fid":2,"\\u00e9":"\\u00fc\\b\\f\\/"}'],
    ['an escape cut by its end', '{"snowflake_i\\u0064d":1}'],
  ])('%s is not meant', (_, value) => {
    expect(stamped(value)).toBe(`{"snowflake_id":"42",${value.slice(1)}`);
    expect(stamped(value, 'reject')).toBe(`{"snowflake_id":"42",${value.slice(1)}`);
  });

  it.each([
    ['{"snowflake_id":}', 'VALUE_NOT_JSON'],
    ['{"snowflake_id" 1}', 'VALUE_NOT_JSON'],
    ['{"a":1,}{"snowflake_id":1}', 'VALUE_NOT_JSON'],
    ['{"a":"\\u00"}', 'VALUE_NOT_JSON'],
    ['{"a":"\\u00","snowflake_id":"1}', 'VALUE_NOT_JSON'],
    ['{"a":"snowflake_id","b":{}', 'VALUE_TRUNCATED'],
    ['{"snowflake_id":"1}', 'VALUE_TRUNCATED'],
  ])('once read in full, %j is refused: %s', (value, code) => {
    expect(stamped(value)).toBe(code);
  });

  it('is found in every record of a batch that has one, and in no other', () => {
    const values = [
      '{"a":1}',
      '{"snowflake_id":"5"}',
      '{"b":1}',
      '{"snowflake\\u005fid":"6"}',
      '{"c":"\\u005f"}',
      '{}',
    ];
    const answer = encodeBatch({
      records: values.map((value, i) =>
        plainRecord({ key: text(i === 2 ? HEADER : 'k'), value: text(value) }),
      ),
    });
    const { batches } = rewriteWith(answer, stampOf(flat), { firstId: 10n });
    expect(decodeBatch(batches[0]!).records.map(({ value }) => latin1(value!))).toEqual([
      '{"snowflake_id":"10","a":1}',
      '{"snowflake_id":"11"}',
      '{"snowflake_id":"12","b":1}',
      '{"snowflake\\u005fid":"13"}',
      '{"snowflake_id":"14","c":"\\u005f"}',
      '{"snowflake_id":"15"}',
    ]);
  });
});

describe('a JSON envelope', () => {
  const wrapped = (value: string): string => stampedOrCode(envelope, bytesOf(value), { id: 42n });

  it.each(['{"a":1}', '[1,2]', '"x"', '-0.5e-7', 'null', ' true \n', '{"snowflake_id":"1"}', '[[[]],{}]'])(
    '%j stands in it as it came',
    (value) => {
      expect(wrapped(value)).toBe(`{"snowflake_id":"42","event":${value}}`);
      expect(JSON.parse(wrapped(value))).toEqual({ snowflake_id: '42', event: JSON.parse(value) as unknown });
    },
  );

  it('a byte order mark stays in front', () => {
    expect(wrapped(`${MARK}{}`)).toBe(`${MARK}{"snowflake_id":"42","event":{}}`);
  });

  it('what could break out of it is refused', () => {
    const value = '1,"snowflake_id":"1"';
    const naive = `{"snowflake_id":"42","event":${value}}`;
    expect(JSON.parse(naive)).toEqual({ snowflake_id: '1', event: 1 });
    expect(wrapped(value)).toBe('VALUE_NOT_JSON');
  });

  it.each([
    ['', 'VALUE_TRUNCATED'],
    ['{"a":', 'VALUE_TRUNCATED'],
    ['[1', 'VALUE_TRUNCATED'],
    ['[1}', 'VALUE_NOT_JSON'],
    ['{]', 'VALUE_NOT_JSON'],
    ['01', 'VALUE_NOT_JSON'],
    ['1.', 'VALUE_TRUNCATED'],
    ['+1', 'VALUE_NOT_JSON'],
    ['NaN', 'VALUE_NOT_JSON'],
    ['nul', 'VALUE_TRUNCATED'],
    ['"\n"', 'VALUE_NOT_JSON'],
    ['"\\x"', 'VALUE_NOT_JSON'],
    ['\xfe\xff\x00{', 'VALUE_ENCODING'],
    ['\x00{\x00}', 'VALUE_ENCODING'],
  ])('%j: %s', (value, code) => {
    expect(wrapped(value)).toBe(code);
  });

  it('nesting as deep as the value is long is read, and costs no stack', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(wrapped(deep)).toBe(`{"snowflake_id":"42","event":${deep}}`);
  });
});

describe('records with members and with headers of the name', () => {
  it('replace: the value has the ID, and no header names another', () => {
    const headers = [
      { name: text(HEADER), value: text('1') },
      { name: text('b'), value: null },
    ];
    const { result, record } = through(flat, valued('{"a":1}', headers), { id: 42n });
    expect([result, latin1(record!.value!), record!.headers]).toEqual([
      'stamped',
      '{"snowflake_id":"42","a":1}',
      [headers[1]],
    ]);
  });
});
