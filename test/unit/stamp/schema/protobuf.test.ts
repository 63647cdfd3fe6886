import { describe, expect, it } from '@jest/globals';
import protobuf from 'protobufjs';
import { deriveProtobuf } from '../../../../src/stamp/schema/protobuf.ts';
import { ENVELOPE, FLAT, outcome } from './placement.ts';

const flat = (text: string, path: readonly number[] = [0], change = {}): string =>
  outcome(deriveProtobuf(text, path, { ...FLAT, ...change }));
const message = (body: string): string => `syntax = "proto3"; message A {${body}}`;
const FIELD = '\n  sfixed64 snowflake_id = 2047;';

describe('the derived Protobuf schema, trap by trap (formats.md §2)', () => {
  it('puts the field behind the opening brace and leaves the rest', () => {
    expect(flat(message(' // the first\n string a = 1; '))).toBe(
      message(`${FIELD} // the first\n string a = 1; `),
    );
  });

  it('has a label in proto2 only, also where the syntax is not named', () => {
    const proto2 = 'message A { required string a = 1; extensions 100 to max; }'.replace(
      '100 to max',
      '4000 to 5000',
    );
    expect(flat(proto2)).toContain('{\n  optional sfixed64 snowflake_id = 2047;');
    expect(flat(`edition = "2023"; message A { }`)).toContain(`{${FIELD}`);
  });

  it('braces, keywords and quotes in comments and strings are only text', () => {
    const text = `/* message Z { */ syntax = 'proto3';
      option java_package = "a}{"; ;
      // message Y {
      service S { rpc M (A) returns (stream .p.B) { option (http) = { get: "/x{id}" body: <a: 1> }; } }
      extend .google.protobuf.MessageOptions { string note = 50001; }
      message A { option (note) = "}{"; string message = 1 [(x) = { a: "}" }, json_name = "m"]; enum E { Z = 0 [(y) = "}"]; } }
      message B { message C { A a = 1; } map<string, .p.A> m = 0x02; oneof k { option (z) = 1; string s = 3; } }`;
    expect(flat(text, [1])).toBe(text.replace('message B {', `message B {${FIELD}`));
    expect(flat(text, [1, 0])).toBe(text.replace('message C {', `message C {${FIELD}`));
  });

  it.each([
    ['taken', 'string a = 2047;', 'SCHEMA_NUMBER_TAKEN'],
    ['taken in a oneof', 'oneof k { string a = 2047; }', 'SCHEMA_NUMBER_TAKEN'],
    ['taken by a map', 'map<string, string> a = 0x7ff;', 'SCHEMA_NUMBER_TAKEN'],
    ['reserved', 'reserved 7, 2000 to 2100;', 'SCHEMA_NUMBER_RESERVED'],
    ['reserved to the end', 'reserved 100 to max;', 'SCHEMA_NUMBER_RESERVED'],
    [
      'in an extension range',
      'extensions 1000 to 4000 [verification = UNVERIFIED];',
      'SCHEMA_NUMBER_RESERVED',
    ],
  ])('the number is %s', (_, body, code) => {
    expect(flat(message(body))).toBe(code);
    expect(flat(message(body), [0], { fieldNumber: 5 })).toContain('sfixed64 snowflake_id = 5;');
  });

  it.each([0, 19_000, 19_999, 536_870_912])('%d is no number of a field', (fieldNumber) => {
    expect(flat(message(''), [0], { fieldNumber })).toBe('SCHEMA_NUMBER_RESERVED');
  });

  it.each([
    ['a field', 'string snowflake_id = 1;'],
    ['the JSON name of a field', 'string snowflakeId = 1;'],
    ['a stated JSON name', 'string a = 1 [deprecated = true, json_name = "snowflakeId"];'],
    ['a JSON name that is our own name', 'string a = 1 [json_name = "snowflake_id"];'],
    ['a oneof', 'oneof snowflake_id { string a = 1; }'],
    ['an enum value', 'enum E { snowflake_id = 0; }'],
    ['a message', 'message snowflake_id {}'],
    ['an extension', 'extend B { string snowflake_id = 7; }'],
    ['a reserved name', 'reserved "x", "snowflake_id";'],
  ])('the name is that of %s', (_, body) => {
    expect(flat(message(body))).toBe('SCHEMA_FIELD_TAKEN');
  });

  it('refuses groups, message sets, envelopes and messages that are not there', () => {
    expect(flat('message A { repeated group G = 1 { optional string a = 1; } }')).toBe('SCHEMA_GROUP');
    expect(flat('message A { option message_set_wire_format = true; extensions 4 to 5; }')).toBe(
      'SCHEMA_MESSAGE_SET',
    );
    expect(outcome(deriveProtobuf(message(''), [0], ENVELOPE))).toBe('SCHEMA_NO_ENVELOPE');
    expect(flat(message(''), [1])).toBe('SCHEMA_NO_SUCH_MESSAGE');
    expect(flat(message(''), [0, 0])).toBe('SCHEMA_NO_SUCH_MESSAGE');
    expect(flat(message(''), [])).toBe('SCHEMA_NO_SUCH_MESSAGE');
  });

  it('an index behind a map field or a group is counted differently by serializers', () => {
    const text = message('message B {} map<string, int32> m = 1; message C {}');
    expect(flat(text, [0, 0])).toContain(`message B {${FIELD}`);
    expect(flat(text, [0, 1])).toBe('SCHEMA_INDEX_AMBIGUOUS');
  });

  it.each([
    '',
    'Cgp0ZXN0LnByb3Rv',
    '{"type":"record"}',
    'message A {',
    'message A { string a }',
    'message A } {',
    'message A { string a = x; }',
    'message A { "',
  ])('refuses what it cannot read: %j', (text) => {
    expect(flat(text)).toMatch(/^SCHEMA_(?:UNREADABLE|NO_SUCH_MESSAGE)$/);
  });

  it('names the message for subject strategies', () => {
    const text = 'package com.acme; message A { message B {} }';
    expect(deriveProtobuf(text, [0, 0], FLAT)).toMatchObject({ name: 'com.acme.A.B', nameIsUpstreams: true });
    expect(deriveProtobuf(message(''), [0], FLAT)).toMatchObject({ name: 'A' });
  });

  it('appended, the last value wins: an event stamped again has the new ID (control: prepended, the old one)', () => {
    const type = protobuf.parse(flat(message('string a = 1;')), { keepCase: true }).root.lookupType('A');
    const stamp = (id: number): Buffer => Buffer.from([0xf9, 0x7f, id, 0, 0, 0, 0, 0, 0, 0]);
    const old = Buffer.concat([type.encode({ a: 'x' }).finish(), stamp(1)]);
    const read = (bytes: Buffer): unknown =>
      type.toObject(type.decode(bytes), { longs: Number })['snowflake_id'];
    expect(read(Buffer.concat([old, stamp(2)]))).toBe(2);
    expect(read(Buffer.concat([stamp(2), old]))).toBe(1);
  });
});
