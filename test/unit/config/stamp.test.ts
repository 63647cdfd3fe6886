import { describe, expect, it } from '@jest/globals';
import { valueStampOf } from '../../../src/config/derived.ts';
import type { Config } from '../../../src/config/schema.ts';
import { configOf, LEAST, mistakesOf } from './fixture.ts';

const REGISTRY = { url: 'https://registry:8443/apis/ccompat/v7' };
const withRoute = (route: object, registry?: object): object => ({
  ...LEAST,
  routes: [{ ...LEAST.routes[0], ...route }],
  ...(registry === undefined ? {} : { registry }),
});

const wrong = (route: object, registry?: object, files = {}): string[] =>
  mistakesOf({ file: withRoute(route, registry), files }).map(({ path }) => path.replace('routes[0].', ''));

describe('rules of a stamp', () => {
  it('control: these are right', () => {
    for (const stamp of [
      { in: 'header', header: 'id', existing: 'reject' },
      { in: 'value', format: 'json', shape: 'envelope', field: 'ce.snowflake-id' },
      { in: 'value', format: 'avro', nullable: true, field: '_id' },
      { in: 'value', format: 'protobuf', fieldNumber: 18_999 },
      { in: 'value', format: 'protobuf', fieldNumber: 20_000, field: 'id' },
    ])
      expect([stamp, wrong({ stamp })]).toEqual([stamp, []]);
    for (const format of ['avro', 'json', 'protobuf'])
      expect(wrong({ stamp: { in: 'value', format, wire: 'confluent' } }, REGISTRY)).toEqual([]);
    expect(wrong({ stamp: { in: 'value', format: 'json' }, onError: 'header' })).toEqual([]);
  });

  it('keys of a value stamp mean nothing beside in: header, all told at once', () => {
    const stamp = {
      ...{ format: 'avro', wire: 'none', shape: 'flat', field: 'a', fieldNumber: 1 },
      nullable: false,
    };
    expect(wrong({ stamp, onError: 'header' })).toEqual([
      'onError',
      ...Object.keys(stamp).map((key) => `stamp.${key}`),
    ]);
  });

  it.each([
    [{ in: 'value' }, ['stamp.format']],
    [{ in: 'value', format: 'protobuf', shape: 'envelope' }, ['stamp.shape']],
    [{ in: 'value', format: 'protobuf', nullable: true }, ['stamp.nullable']],
    [
      { in: 'value', format: 'json', fieldNumber: 5, nullable: true },
      ['stamp.fieldNumber', 'stamp.nullable'],
    ],
    [{ in: 'value', format: 'avro', shape: 'envelope', nullable: true }, ['stamp.nullable']],
    [{ in: 'value', format: 'avro', field: 'snowflake-id' }, ['stamp.field']],
    [{ in: 'value', format: 'protobuf', field: '_id' }, ['stamp.field']],
    [{ in: 'value', format: 'json', field: 'a"b' }, ['stamp.field']],
    [{ in: 'value', format: 'json', field: 'ïd' }, ['stamp.field']],
    [{ in: 'value', format: 'json', field: 'event', shape: 'envelope' }, ['stamp.field']],
    [{ in: 'value', format: 'protobuf', fieldNumber: 19_000 }, ['stamp.fieldNumber']],
    [{ in: 'value', format: 'protobuf', fieldNumber: 19_999 }, ['stamp.fieldNumber']],
    [{ in: 'value', format: 'protobuf', fieldNumber: 0 }, ['stamp.fieldNumber']],
    [{ in: 'value', format: 'protobuf', fieldNumber: 2 ** 29 }, ['stamp.fieldNumber']],
    [{ in: 'value', format: 'avro', wire: 'confluent' }, ['stamp.wire']],
    [{ in: 'value', format: 'xml' }, ['stamp.format']],
  ])('%j is wrong', (stamp, paths) => {
    expect(wrong({ stamp })).toEqual(paths);
  });

  it('a flat stamp under RecordName would land in the subject of the plain events', () => {
    const registry = { ...REGISTRY, subjectStrategy: 'record' };
    const stamp = { in: 'value', format: 'avro', wire: 'confluent' };
    expect(wrong({ stamp }, registry)).toEqual(['stamp.shape']);
    expect(wrong({ stamp: { ...stamp, format: 'json' } }, registry)).toEqual(['stamp.shape']);
    expect(wrong({ stamp: { ...stamp, format: 'protobuf' } }, registry)).toEqual(['stamp.shape']);
    for (const way of [{ nullable: true }, { shape: 'envelope' }])
      expect([way, wrong({ stamp: { ...stamp, ...way } }, registry)]).toEqual([way, []]);
  });
});

describe('rules of a mapping', () => {
  it('its topic is its own, and where the legacy ID stands has a name unless it is the key', () => {
    const mapping = (topic: string, legacy: object): string[] =>
      wrong({ deadLetter: 'dlq', mapping: { topic, legacy } });
    expect(mapping('m', { from: 'header', name: 'h' })).toEqual([]);
    expect(mapping('m', { from: 'key' })).toEqual([]);
    expect(mapping('orders', { from: 'key', name: 'k' })).toEqual(['mapping.topic', 'mapping.legacy.name']);
    expect(mapping('orders-stamped', { from: 'header' })).toEqual(['mapping.topic', 'mapping.legacy.name']);
    expect(mapping('dlq', { from: 'key' })).toEqual(['mapping.topic']);
  });
});

describe('rules of the registry', () => {
  it('every mistake of the connection is told, and no secret', () => {
    const registry = {
      url: 'http://user:hunter2@registry/path?x=1',
      username: 'u',
      token: 't',
      tls: { certFile: '/cert' },
    };
    const mistakes = mistakesOf({ file: withRoute({}, registry), files: { '/cert': 'PEM' } });
    expect(JSON.stringify(mistakes)).not.toContain('hunter2');
    expect(wrong({}, registry, { '/cert': 'PEM' })).toEqual([
      'registry.url',
      'registry.url',
      'registry.username',
      'registry.token',
      'registry.tls',
      'registry.tls',
    ]);
  });

  it('secrets come from files, and files that are not there are told', () => {
    const registry = { ...REGISTRY, username: 'u', passwordFile: '/p', tls: { caFile: '/ca' } };
    expect(wrong({}, registry)).toEqual(['registry.tls.caFile', 'registry.passwordFile']);
    expect(wrong({}, registry, { '/p': 'secret', '/ca': 'PEM' })).toEqual([]);
    expect(wrong({}, { ...REGISTRY, tokenFile: '/t' }, { '/t': 'token' })).toEqual([]);
  });
});

describe('what is left out of a value stamp', () => {
  const filled = (stamp: Partial<Config['routes'][number]['stamp']>): unknown =>
    valueStampOf({ stamp: { ...configOf().routes[0]!.stamp, ...stamp } });

  it('is filled in', () => {
    expect(filled({ in: 'value', format: 'avro' })).toEqual({
      ...{ format: 'avro', wire: 'none', shape: 'flat', field: 'snowflake_id' },
      ...{ fieldNumber: 2_047, nullable: false },
    });
  });

  it('a header stamp has none', () => {
    expect(filled({})).toBeUndefined();
  });
});
