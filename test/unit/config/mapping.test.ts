import { describe, expect, it } from '@jest/globals';
import { mappingSettingsOf } from '../../../src/config/derived.ts';
import type { Config } from '../../../src/config/schema.ts';
import { configOf, LEAST, pathsOf } from './fixture.ts';

const REGISTRY = { url: 'https://registry:8443/apis/ccompat/v7' };
const JSON_FIELD = { from: 'field', name: 'event_id', format: 'json' };
const wrong = (mapping: object, route: object = {}): string[] =>
  pathsOf({
    file: {
      ...LEAST,
      registry: REGISTRY,
      routes: [
        { ...LEAST.routes[0], ...route, mapping: { topic: 'ids', ...mapping } },
        { name: 'avro', input: 'a', output: 'b', stamp: { in: 'value', format: 'avro', wire: 'confluent' } },
      ],
    },
  }).map((path) => path.replace('routes[0].mapping.', ''));

const inValue = (format: string, rest: object = {}): object => ({ stamp: { in: 'value', format, ...rest } });

describe('rules of a mapping', () => {
  it.each<[string, object, object]>([
    ['a key', { legacy: { from: 'key' } }, {}],
    ['a header', { legacy: { from: 'header', name: 'id' } }, {}],
    ['a field of JSON beside a header stamp', { legacy: JSON_FIELD }, {}],
    ['a field of a stamped value', { legacy: { from: 'field', name: 'a' } }, inValue('json')],
    [
      'a field of Protobuf',
      { legacy: { from: 'field', name: '3', integers: 'zigzag' } },
      inValue('protobuf'),
    ],
    ['a field of Avro', { legacy: { from: 'field', name: 'a' } }, inValue('avro', { wire: 'confluent' })],
    ['dead letters', { legacy: { from: 'key' }, missing: 'deadLetter' }, { deadLetter: 'dead' }],
  ])('control: %s is right', (_, mapping, route) => {
    expect(wrong(mapping, route)).toEqual([]);
  });

  it.each<[string, string, object, object]>([
    ['a key with a name', 'legacy.name', { legacy: { from: 'key', name: 'x' } }, {}],
    ['a header without one', 'legacy.name', { legacy: { from: 'header' } }, {}],
    ['a field of nobody knows what', 'legacy.format', { legacy: { from: 'field', name: 'x' } }, {}],
    ['a format said twice', 'legacy.format', { legacy: JSON_FIELD }, inValue('json')],
    ['a format of a key', 'legacy.format', { legacy: { from: 'key', format: 'json' } }, {}],
    [
      'a Protobuf field by name',
      'legacy.name',
      { legacy: { from: 'field', name: 'x' } },
      inValue('protobuf'),
    ],
    ['a Protobuf field 0', 'legacy.name', { legacy: { from: 'field', name: '0' } }, inValue('protobuf')],
    ['integers of JSON', 'legacy.integers', { legacy: { ...JSON_FIELD, integers: 'signed' } }, {}],
    ['bare Avro', 'legacy.from', { legacy: { from: 'field', name: 'x' } }, inValue('avro')],
    [
      'Avro beside a header stamp',
      'legacy.from',
      { legacy: { ...JSON_FIELD, format: 'avro', wire: 'confluent' } },
      {},
    ],
    ['dead letters without a topic', 'missing', { legacy: { from: 'key' }, missing: 'deadLetter' }, {}],
    ['the output', 'topic', { legacy: { from: 'key' }, topic: LEAST.routes[0]!.output }, {}],
    ['an input', 'topic', { legacy: { from: 'key' }, topic: 'a' }, {}],
  ])('%s is told at %s', (_, path, mapping, route) => {
    expect(wrong(mapping, route)).toContain(path);
  });

  it('two routes that would write the same keys are told, two with prefixes are not', () => {
    const paths = (...prefixes: (string | undefined)[]): string[] =>
      pathsOf({
        file: {
          ...LEAST,
          routes: prefixes.map((prefix, i) => ({
            ...{ name: `r${i}`, input: `in${i}`, output: `out${i}` },
            mapping: { topic: 'ids', legacy: { from: 'key' }, ...(prefix === undefined ? {} : { prefix }) },
          })),
        },
      });
    expect(paths(undefined, undefined)).toEqual(['routes[0].mapping.prefix', 'routes[1].mapping.prefix']);
    expect(paths('a:', 'b:')).toEqual([]);
  });
});

describe('what is left out of a mapping', () => {
  type Given = Pick<Config['routes'][number], 'mapping'> & { readonly stamp?: object };
  const filled = ({ stamp, mapping }: Given): unknown =>
    mappingSettingsOf({ stamp: { ...configOf().routes[0]!.stamp, ...stamp }, mapping });

  it('is filled in, from the stamp where it says it', () => {
    const field = { from: 'field', name: '7' } as const;
    const mapping = { topic: 'ids', missing: 'skip', legacy: field } as const;
    const stamp = { in: 'value', format: 'protobuf', wire: 'confluent' } as const;
    const whole = { topic: 'ids', prefix: '', missing: 'skip' };
    expect(filled({ mapping, stamp })).toEqual({
      ...whole,
      legacy: { ...field, format: 'protobuf', wire: 'confluent', integers: 'signed' },
    });
    expect(filled({ mapping: { ...mapping, legacy: { ...field, format: 'json' } } })).toEqual({
      ...whole,
      legacy: { ...field, format: 'json', wire: 'none', integers: 'signed' },
    });
    expect(filled({ mapping: { ...mapping, legacy: { from: 'key' } } })).toEqual({
      ...whole,
      legacy: { from: 'key' },
    });
  });

  it('a route without one has none', () => {
    expect(filled({})).toBeUndefined();
  });
});
