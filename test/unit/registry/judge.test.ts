import { describe, expect, it } from '@jest/globals';
import { judgeOf } from '../../../src/registry/judge.ts';
import type { Verdict } from '../../../src/registry/verdict.ts';
import { derive, type SchemaType } from '../../../src/stamp/schema/derive.ts';
import type { Placement } from '../../../src/stamp/schema/derived.ts';
import { zigzag } from '../../support/schemas/avro-types.ts';
import { ENVELOPE, FLAT } from '../stamp/schema/placement.ts';

const ID = 2n ** 62n + 1n;
type Judged = (original: Uint8Array, stamped: Uint8Array) => Verdict['at'];

/** The judge of a schema and what is derived from it, or from `stamped` if it is planted. */
function judgeFor(
  type: SchemaType,
  text: string,
  placement: Placement = FLAT,
  more: { path?: number[]; stamped?: string } = {},
): Judged {
  const path = more.path ?? [0];
  const derived = derive(type, text, path, placement);
  if (derived.kind === 'refused') throw new Error(derived.message);
  const stamped = more.stamped ?? derived.text;
  const judge = judgeOf({ type, original: text, stamped, referenced: [], path, placement });
  return (original, after) => judge(original, after, ID).at;
}
const bytes = (...parts: (Uint8Array | readonly number[] | string)[]): Buffer =>
  Buffer.concat(parts.map((part) => Buffer.from(part as Uint8Array)));

describe('the judge of Avro events', () => {
  const text =
    '{"type":"record","name":"A","fields":[{"name":"n","type":{"type":"long","logicalType":"timestamp-micros"}},{"name":"u","type":["null","long"]}]}';
  const event = bytes(zigzag(2n ** 63n - 1n), [2], zigzag(-(2n ** 63n)));

  it('flat, nullable and envelope, longs to the last bit', () => {
    expect(judgeFor('AVRO', text)(event, bytes(zigzag(ID), event))).toBe('proven');
    const nullable = judgeFor('AVRO', text, { ...FLAT, nullable: true });
    expect(nullable(event, bytes([2], zigzag(ID), event))).toBe('proven');
    expect(nullable(event, bytes([0], event))).toBe('differs');
    expect(judgeFor('AVRO', text, ENVELOPE)(event, bytes(zigzag(ID), event))).toBe('proven');
    expect(judgeFor('AVRO', '["long","string"]', ENVELOPE)(bytes([0, 6]), bytes(zigzag(ID), [0, 6]))).toBe(
      'proven',
    );
  });

  it('blocks as other writers cut them are the same event', () => {
    const array = judgeFor(
      'AVRO',
      '{"type":"record","name":"A","fields":[{"name":"l","type":{"type":"array","items":"int"}}]}',
    );
    const blocks = bytes([1, 2, 4], [2, 6], [0]);
    expect(array(blocks, bytes(zigzag(ID), blocks))).toBe('proven');
  });

  it('finds an ID off by one, a changed value, a lost byte, an unreadable event', () => {
    const judge = judgeFor('AVRO', text);
    expect(judge(event, bytes(zigzag(ID - 1n), event))).toBe('differs');
    expect(judge(event, bytes(zigzag(ID), zigzag(1n), [2], zigzag(5n)))).toBe('differs');
    expect(judge(event, bytes(zigzag(ID), event.subarray(1)))).toBe('differs');
    expect(judge(event.subarray(1, 3), bytes(zigzag(ID), event))).toBe('unreadable');
  });

  it('finds a derived schema that is wrong: the naive one of a record that holds itself (trap 2)', () => {
    const recursive =
      '{"type":"record","name":"A","fields":[{"name":"next","type":["null","A"]},{"name":"s","type":"string"}]}';
    const naive = recursive.replace('"fields":[', '"fields":[{"name":"snowflake_id","type":"long"},');
    const judge = judgeFor('AVRO', recursive, ENVELOPE);
    const planted = judgeOf({
      type: 'AVRO',
      original: recursive,
      stamped: naive,
      referenced: [],
      path: [],
      placement: FLAT,
    });
    const nested = bytes([2, 0, 2, 0x61, 2, 0x62]);
    expect(judge(nested, bytes(zigzag(ID), nested))).toBe('proven');
    expect(planted(nested, bytes(zigzag(ID), nested), ID).at).toBe('differs');
  });
});

describe('the judge of JSON events', () => {
  const text = '{"properties":{"a":{"type":"integer"}},"additionalProperties":false}';
  const id = `"snowflake_id":"${ID}"`;

  it('flat and envelope, also behind a byte order mark or over an earlier stamp', () => {
    const judge = judgeFor('JSON', text);
    expect(judge(bytes('{"a":1}'), bytes(`{${id},"a":1}`))).toBe('proven');
    expect(judge(bytes('\ufeff{}'), bytes(`\ufeff{${id}}`))).toBe('proven');
    expect(judgeFor('JSON', text, ENVELOPE)(bytes('{"a":1}'), bytes(`{${id},"event":{"a":1}}`))).toBe(
      'proven',
    );
    expect(judgeFor('JSON', '{}')(bytes('{"snowflake_id":"7"}'), bytes(`{${id}}`))).toBe('proven');
  });

  it('an event that is not valid proves nothing; one that is no JSON is unreadable', () => {
    const judge = judgeFor('JSON', text);
    expect(judge(bytes('{"b":1}'), bytes(`{${id},"b":1}`))).toBe('no-evidence');
    expect(judge(bytes('{"a":1'), bytes(`{${id},"a":1`))).toBe('unreadable');
    expect(judge(bytes([0x7b, 0xff, 0x7d]), bytes('{}'))).toBe('unreadable');
  });

  it('finds a number for an ID, a changed member, an ID another member hides, a schema that does not let it in', () => {
    const judge = judgeFor('JSON', text);
    expect(judge(bytes('{"a":1}'), bytes(`{"snowflake_id":${ID},"a":1}`))).toBe('differs');
    expect(judge(bytes('{"a":1}'), bytes(`{${id},"a":2}`))).toBe('differs');
    expect(judge(bytes('{"a":1}'), bytes(`{${id},"a":1,"\\u0073nowflake_id":"7"}`))).toBe('differs');
    expect(judge(bytes('{"a":1}'), bytes(`{${id},"a":1`))).toBe('differs');
    const naive = judgeFor('JSON', text, FLAT, { stamped: text });
    expect(naive(bytes('{"a":1}'), bytes(`{${id},"a":1}`))).toBe('differs');
  });

  it.each([
    'http://json-schema.org/draft-07/schema#',
    'https://json-schema.org/draft/2019-09/schema',
    'https://json-schema.org/draft/2020-12/schema',
  ])('reads %s, with words and formats nobody knows', (dialect) => {
    const schema = JSON.stringify({
      $schema: dialect,
      $id: 'https://acme.example/o',
      'connect.type': 'x',
      format: 'nope',
    });
    expect(judgeFor('JSON', schema)(bytes('{}'), bytes(`{${id}}`))).toBe('proven');
    expect(judgeFor('JSON', schema)(bytes('{}'), bytes(`{${id}}`))).toBe('proven');
  });
});

describe('the judge of Protobuf events', () => {
  const text = `syntax = "proto3"; package p; import "google/protobuf/timestamp.proto";
    message A { string s = 1; google.protobuf.Timestamp at = 2; } message B { uint64 n = 1; message C { string s = 1; } }`;
  const stamp = Buffer.alloc(10);
  stamp.set([0xf9, 0x7f]);
  stamp.writeBigInt64LE(ID, 2);
  const event = [0x0a, 1, 0x61, 0x12, 2, 8, 5];

  it('by the message the indexes name, a lone 0 being the first', () => {
    expect(judgeFor('PROTOBUF', text)(bytes([0], event), bytes([0], event, stamp))).toBe('proven');
    expect(judgeFor('PROTOBUF', text)(bytes([2, 0], event), bytes([2, 0], event, stamp))).toBe('proven');
    const nested = judgeFor('PROTOBUF', text, FLAT, { path: [1, 0] });
    expect(nested(bytes([4, 2, 0], [0x0a, 1, 0x61]), bytes([4, 2, 0], [0x0a, 1, 0x61], stamp))).toBe(
      'proven',
    );
    expect(
      judgeFor('PROTOBUF', text, FLAT, { path: [1] })(bytes([2, 2], [8, 7]), bytes([2, 2], [8, 7], stamp)),
    ).toBe('proven');
  });

  it('finds other indexes, another ID, changed and lost bytes, fields it does not know included', () => {
    const judge = judgeFor('PROTOBUF', text);
    expect(judge(bytes([2, 2], event), bytes([2, 2], event, stamp))).toBe('unreadable');
    expect(judge(bytes([0], event), bytes([2, 2], event, stamp))).toBe('differs');
    expect(judge(bytes([0], event), bytes([0], event))).toBe('differs');
    const unknown = [0x98, 6, 1];
    expect(judge(bytes([0], event, unknown), bytes([0], event, unknown, stamp))).toBe('proven');
    expect(judge(bytes([0], event, unknown), bytes([0], event, [0x98, 6, 2], stamp))).toBe('differs');
    expect(judge(bytes([0], event), bytes([0], [0x0a, 1, 0x62, 0x12, 2, 8, 5], stamp))).toBe('differs');
    expect(judge(bytes([0], [0x0a, 9, 0x61]), bytes([0], [0x0a, 9, 0x61], stamp))).toBe('unreadable');
  });

  it('has something against a type nobody knows', () => {
    expect(() => judgeFor('PROTOBUF', 'syntax = "proto3"; message A { not.There x = 1; }')).toThrow(
      'not.There',
    );
  });
});
