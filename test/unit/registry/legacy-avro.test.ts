import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { legacyReader } from '../../../src/registry/legacy-avro.ts';
import { answered } from '../../../src/registry/port.ts';
import { avroType, zigzag } from '../../support/schemas/avro-types.ts';
import { fetched, framed, NEW_ID, ORDER, Scene } from './scene.ts';

const schemaOf = (type: unknown, more: readonly object[] = []): string =>
  JSON.stringify({
    ...{ type: 'record', name: 'Order', namespace: 'a.b' },
    fields: [
      { name: 'before', type: { type: 'array', items: 'string' } },
      { name: 'id', type },
      { name: 'after', type: ['null', { type: 'map', values: 'long' }] },
      ...more,
    ],
  });
/** As avsc reads it back by a projection; the event is written by the whole schema. */
function read(type: unknown, id: unknown): string | undefined {
  const text = schemaOf(type);
  const event = { before: ['x', 'y'], id, after: { map: { a: 2n ** 62n } } };
  return legacyReader({ text, referenced: [] }, 'id')?.(avroType(text).toBuffer(event));
}

describe('a legacy ID in Avro', () => {
  it.each<[string, unknown, unknown, string | undefined]>([
    ['a string', 'string', 'A-7 é', 'A-7 é'],
    ['an empty one', 'string', '', ''],
    ['an int', 'int', -7, '-7'],
    ['a long beyond 2^53', 'long', 9_007_199_254_740_993n, '9007199254740993'],
    ['the least long', 'long', -(2n ** 63n), String(-(2n ** 63n))],
    ['a uuid', { type: 'string', logicalType: 'uuid' }, 'c0ffee', 'c0ffee'],
    ['an optional string', ['null', 'string'], { string: 'A-7' }, 'A-7'],
    ['an optional long', ['null', 'long'], { long: 5n }, '5'],
    ['one of several', ['null', 'string', 'int'], { int: 5 }, '5'],
    ['null', ['null', 'string'], null, undefined],
    ['a double, which is no ID', 'double', 1, undefined],
    ['bytes, which are none', 'bytes', Buffer.of(65), undefined],
    ['an enum, which is none', { type: 'enum', name: 'N', symbols: ['A'] }, 'A', undefined],
    ['a union with bytes, which are none', ['string', 'bytes'], { string: 'A' }, undefined],
    ['a record, which is none', { type: 'record', name: 'R', fields: [] }, {}, undefined],
  ])('%s', (_, type, id, expected) => {
    expect(read(type, id)).toBe(expected);
  });

  it('any string and any long come back as they were', () => {
    const text = fc.string({ unit: 'grapheme' }).filter((s) => !s.includes('\ufffd'));
    fc.assert(
      fc.property(text, (id) => {
        expect(read('string', id)).toBe(id);
      }),
    );
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), (id) => {
        expect(read('long', id)).toBe(String(id));
      }),
    );
  });

  it('is none in an event cut short before it, in broken text, in a schema without the field or that is no record', () => {
    const reader = legacyReader({ text: schemaOf('string'), referenced: [] }, 'id')!;
    expect([reader(Buffer.of(2, 2)), reader(Buffer.of(0, 20, 65)), reader(Buffer.of())]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(reader(Buffer.of(0, 4, 65, 0xff, 0))).toBeUndefined();
    expect(legacyReader({ text: schemaOf('string'), referenced: [] }, 'ID')).toBeUndefined();
    expect(legacyReader({ text: '"string"', referenced: [] }, 'id')).toBeUndefined();
  });

  it('whatever the bytes are, nothing throws', () => {
    const reader = legacyReader({ text: schemaOf(['null', 'string']), referenced: [] }, 'id')!;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(['string', 'undefined']).toContain(typeof reader(bytes));
      }),
      { numRuns: 5_000 },
    );
  });

  it('a forged count of items, with bytes or without, takes no time', () => {
    const forged = [...zigzag(2n ** 62n)];
    const before = (items: object | string): string =>
      JSON.stringify({
        ...{ type: 'record', name: 'O' },
        fields: [
          { name: 'a', type: { type: 'array', items } },
          { name: 'id', type: 'string' },
        ],
      });
    const of = (items: object | string, ...bytes: number[]): string | undefined =>
      legacyReader({ text: before(items), referenced: [] }, 'id')!(Uint8Array.from(bytes));
    expect(of('string', ...forged, 2, 65)).toBeUndefined();
    expect(of('null', ...forged, 0, 2, 65)).toBe('A');
    expect(of({ type: 'record', name: 'Empty', fields: [] }, ...forged, 0, 2, 65)).toBe('A');
  });

  it('a block that says its length is passed over by it; a schema that refers to itself ends', () => {
    const fields = [
      { name: 'kids', type: { type: 'array', items: 'Node' } },
      { name: 'next', type: ['null', 'Node'] },
      { name: 'id', type: 'string' },
    ];
    const text = JSON.stringify({ type: 'record', name: 'Node', fields });
    const reader = legacyReader({ text, referenced: [] }, 'id')!;
    expect(reader(Uint8Array.of(1, 6, 9, 9, 9, 0, 0, 2, 65))).toBe('A');
    expect(reader(Uint8Array.of(2, 0, 0, 2, 66, 0, 2, 0, 0, 2, 67, 2, 68))).toBe('D');
    expect(reader(new Uint8Array(1_000).fill(2))).toBeUndefined();
    const endless =
      '{"type":"record","name":"E","fields":[{"name":"e","type":"E"},{"name":"id","type":"string"}]}';
    expect(legacyReader({ text: endless, referenced: [] }, 'id')!(Uint8Array.of(2, 65))).toBeUndefined();
  });

  it('types of another schema are looked up there', () => {
    const referenced = [
      { name: 'c', text: '{"type":"record","name":"c.Money","fields":[{"name":"n","type":"long"}]}' },
    ];
    const text =
      '{"type":"record","name":"O","fields":[{"name":"m","type":"c.Money"},{"name":"id","type":"string"}]}';
    expect(legacyReader({ text, referenced }, 'id')!(Buffer.of(2, 4, 65, 66))).toBe('AB');
  });
});

describe('the entry of a schema', () => {
  it('reads the legacy ID before and after its proof', async () => {
    const scene = new Scene({ legacyField: 'n', proveEvents: 1 });
    const read_ = (): string | undefined => {
      const entry = scene.book.lookup(7, '');
      return entry?.at === 'ready' ? entry.legacyId?.(Buffer.of(2, 0x61)) : entry?.at;
    };
    await scene.resolve(7);
    expect(read_()).toBe('a');
    const entry = scene.book.lookup(7, '');
    if (entry?.at !== 'ready') throw new Error('not ready');
    expect(entry.proof?.(framed(7, [2, 0x61]), framed(NEW_ID, zigzag(5n), [2, 0x61]), 5n)).toBeUndefined();
    expect(scene.book.lookup(7, '')).toMatchObject({ proof: undefined });
    expect(read_()).toBe('a');
  });

  it('says so when no event of it can have one', async () => {
    const scene = new Scene({ legacyField: 'other' });
    expect(await scene.resolve(7)).toMatchObject({ at: 'ready', legacyId: undefined });
    expect(scene.facts).toMatchObject([
      { why: 'stamped events have schema 1000; none has a legacy ID in other' },
    ]);
  });

  it('control: a route that maps no field asks for none', async () => {
    const scene = new Scene();
    expect(await scene.resolve(7)).toMatchObject({ at: 'ready', legacyId: undefined });
    expect(scene.facts).toMatchObject([{ why: 'stamped events have schema 1000' }]);
  });

  it('is refused where the schema cannot be compiled and nothing is proven', async () => {
    const scene = new Scene({ legacyField: 'n', proveEvents: 0 });
    scene.registry.onFetch = () => answered(fetched({ text: ORDER.replace('"string"', '"a.Unknown"') }));
    expect(await scene.resolve(7)).toMatchObject({ at: 'refused', code: 'SCHEMA_NOT_STAMPABLE' });
  });
});
