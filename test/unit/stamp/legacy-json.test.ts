import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Bytes } from '../../../src/kafka/records/copy.ts';
import { LEGACY_ID_BYTES, LegacyId } from '../../../src/stamp/legacy-id.ts';
import { legacyInJson } from '../../../src/stamp/legacy-json.ts';

const encoder = new TextEncoder();

/** The ID in the text, which stands in the middle of other bytes; undefined when there is none. */
function find(json: string | Uint8Array, name = 'id'): string | undefined {
  const text = typeof json === 'string' ? encoder.encode(json) : json;
  const bytes = new Uint8Array(text.length + 8).fill(0x22);
  bytes.set(text, 4);
  const id = new LegacyId();
  if (!legacyInJson(new Bytes(bytes), 4, 4 + text.length, name, id)) return undefined;
  return new TextDecoder().decode(id.source.bytes.subarray(id.start, id.end));
}

describe('a legacy ID in JSON', () => {
  it.each([
    ['{"id":"A-7"}', 'A-7'],
    ['\uFEFF {"a":{"id":"inner"},"b":["id",{"id":1}], "id" : "outer" , "c":1e5} \n', 'outer'],
    ['{"id":9007199254740993}', '9007199254740993'],
    ['{"id":-0.5e+3}', '-0.5e+3'],
    ['{"id":"first","id":"last"}', 'last'],
    ['{"i\\u0064":"spelt \\u00e9\\n"}', 'spelt é\n'],
    ['{"x":"\\\\","id":"behind a backslash"}', 'behind a backslash'],
    ['{"x":"},{\\"id\\":1","id":"2"}', '2'],
    ['{"id":"00123"}', '00123'],
  ])('%s', (json, wanted) => {
    expect(find(json)).toBe(wanted);
  });

  it.each([
    ...[
      '{}',
      '[]',
      '"id"',
      '',
      '{',
      '{"id"',
      '{"id":',
      '{"id":"x',
      '{"id":"x"',
      '{"id":"x"}x',
      '{"id":"x",}',
    ],
    ...['{"id":null}', '{"id":true}', '{"id":{}}', '{"id":["x"]}', '{"id":""}', '{"id":01}', '{"id":+1}'],
    ...['{"id":"\\q"}', '{"ID":"x"}', '{"id":NaN}', '{"other":1}', '{"id":"x","b":}', '{"id" "x"}'],
  ])('none in %s', (json) => {
    expect(find(json)).toBeUndefined();
  });

  it('none that is too long, or no UTF-8', () => {
    expect(find(`{"id":"${'x'.repeat(LEGACY_ID_BYTES)}"}`)).toBe('x'.repeat(LEGACY_ID_BYTES));
    expect(find(`{"id":"${'x'.repeat(LEGACY_ID_BYTES + 1)}"}`)).toBeUndefined();
    expect(find(`{"id":"${'\\n'.repeat(LEGACY_ID_BYTES + 1)}"}`)).toBeUndefined();
    expect(
      find(Uint8Array.from([...encoder.encode('{"id":"'), 0xff, ...encoder.encode('"}')])),
    ).toBeUndefined();
  });

  it('finds what JSON.parse finds, in any object, however it is written', () => {
    const member = fc.tuple(fc.oneof(fc.constant('id'), fc.string()), fc.jsonValue());
    fc.assert(
      fc.property(fc.array(member, { maxLength: 6 }), fc.constantFrom('', ' ', '\n\t'), (members, space) => {
        const one = ([name, value]: readonly [string, unknown]): string =>
          `${JSON.stringify(name)}${space}:${space}${JSON.stringify(value, null, space)}`;
        const text = `{${space}${members.map(one).join(`${space},${space}`)}${space}}`;
        const wanted = (JSON.parse(text) as Record<string, unknown>)['id'];
        const isId = typeof wanted === 'string' && wanted !== '' && wanted.isWellFormed();
        if (typeof wanted === 'number') expect(Number(find(text))).toBe(wanted);
        else expect(find(text)).toBe(isId ? wanted : undefined);
      }),
      { numRuns: 2_000 },
    );
  });

  it('never throws', () => {
    const pieces = fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '\\', '"id"', '1', ' ', '\\u0069', 'é');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (text) => {
        expect(() => find(text.join(''))).not.toThrow();
      }),
      { numRuns: 5_000 },
    );
  });
});
