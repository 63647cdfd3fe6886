import { describe, expect, it } from '@jest/globals';
import type { AuditRecord } from '../../../src/audit/batches.ts';
import { legacyOf, type LegacyRule } from '../../../src/audit/legacy.ts';

const RULE: LegacyRule = { from: 'field', name: 'id', integers: 'signed', format: 'json', wire: 'none' };
const record = (parts: Partial<AuditRecord>): AuditRecord => ({
  ...{ offset: 0, timestamp: 0n, key: null, value: null, headers: [] },
  ...parts,
});
const read = (rule: Partial<LegacyRule>, parts: Partial<AuditRecord>) => {
  const legacy = legacyOf(record(parts), { ...RULE, ...rule });
  return legacy.at === 'here' ? legacy.text : legacy.at;
};
const json = (text: string): string => read({}, { value: Buffer.from(text) });
const proto = (hex: string, integers: LegacyRule['integers'] = 'signed'): string =>
  read({ format: 'protobuf', name: '1', integers }, { value: Buffer.from(hex, 'hex') });

describe('the legacy ID of an event, as the auditor reads it', () => {
  it('key and header: their text; empty, null, no UTF-8 or very long counts as none', () => {
    expect(read({ from: 'key' }, { key: Buffer.from('A-7') })).toBe('A-7');
    for (const key of [null, Buffer.from(''), Buffer.from([0xff]), Buffer.alloc(1_025, 'x')])
      expect(read({ from: 'key' }, { key })).toBe('none');
    const headers = ['first', 'last'].map((value) => ({
      name: Buffer.from('id'),
      value: Buffer.from(value),
    }));
    expect(read({ from: 'header' }, { headers })).toBe('last');
    expect(read({ from: 'header', name: 'other' }, { headers })).toBe('none');
  });

  it.each([
    ['{"id":"A-7"}', 'A-7'],
    ['{"id":9007199254740993}', '9007199254740993'],
    ['{"id":-1.50}', '-1.50'],
    ['{"id":1,"id":"2"}', '2'],
    ['{"a":{"id":1},"b":["]}",{"id":2}],"i\\u0064" : "x\\ny"}', 'x\ny'],
    ['{"id":null}', 'none'],
    ['{"id":{}}', 'none'],
    ['{"id":""}', 'none'],
    ['{}', 'none'],
    ['[1]', 'none'],
    ['{"id":1,,}', 'unknown'],
  ])('JSON %s: %s', (text, wanted) => {
    expect(json(text)).toBe(wanted);
  });

  it('Protobuf: text, and integers as the route says they are', () => {
    expect(proto('0a0341 2d37'.replace(' ', ''))).toBe('A-7');
    expect(proto('0801 0802'.replace(' ', ''))).toBe('2');
    expect(proto('08ffffffffffffffffff01')).toBe('-1');
    expect(proto('08ffffffffffffffffff01', 'unsigned')).toBe(String(2n ** 64n - 1n));
    expect(proto('0803', 'zigzag')).toBe('-2');
    expect(proto('09feffffffffffffff')).toBe('-2');
    expect(proto('0dfeffffff')).toBe('-2');
    expect([proto('1001'), proto('0a05'), proto('')]).toEqual(['none', 'none', 'none']);
  });

  it('behind a wire prefix; not in Avro, nor where the format is not said', () => {
    const value = Buffer.concat([Buffer.from([0, 0, 0, 0, 7]), Buffer.from('{"id":1}')]);
    expect(read({ wire: 'confluent' }, { value })).toBe('1');
    expect(read({ format: 'avro' }, { value })).toBe('unknown');
    expect(read({ format: undefined }, { value })).toBe('unknown');
    expect(read({ format: 'avro' }, { value: null })).toBe('none');
  });
});
