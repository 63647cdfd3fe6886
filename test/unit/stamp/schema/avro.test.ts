import { describe, expect, it } from '@jest/globals';
import { deriveAvro } from '../../../../src/stamp/schema/avro.ts';
import { avroType, zigzag } from '../../../support/schemas/avro-types.ts';
import { ENVELOPE, FLAT, outcome } from './placement.ts';

const flat = (text: string, change = {}): string => outcome(deriveAvro(text, { ...FLAT, ...change }));
const envelope = (text: string): string => outcome(deriveAvro(text, ENVELOPE));
const record = (fields: string, more = ''): string =>
  `{"type":"record","name":"Order"${more},"fields":[${fields}]}`;
const ID = '{"name":"snowflake_id","type":"long"}';

describe('the derived Avro schema, trap by trap (formats.md §2)', () => {
  it.each([
    ['a union', '["null","string"]'],
    ['a primitive', '"string"'],
    ['a primitive with attributes', '{"type":"long","logicalType":"timestamp-millis"}'],
    ['an array', '{"type":"array","items":"int"}'],
    ['a map', '{"type":"map","values":"int"}'],
    ['an enum', '{"type":"enum","name":"E","symbols":["A"]}'],
    ['a bare reference, as a topic of several types has it', '"com.acme.Order"'],
    ['a type within a type', `{"type":${record('')}}`],
  ])('1: %s has no fields; an envelope holds it', (_, text) => {
    expect(flat(text)).toBe('SCHEMA_NOT_A_RECORD');
    expect(envelope(text)).toContain(`{"name":"event","type":${text}}`);
  });

  it.each([
    ['by its name', record('{"name":"next","type":["null","Order"]}')],
    ['by its full name', record('{"name":"next","type":["null","a.Order"]}', ',"namespace":"a"')],
    [
      'by its bare name in its namespace',
      record('{"name":"n","type":{"type":"array","items":"Order"}}', ',"namespace":"a"'),
    ],
    [
      'from a record within it',
      record(
        `{"name":"x","type":{"type":"record","name":"X","fields":[{"name":"up","type":{"type":"map","values":"Order"}}]}}`,
      ),
    ],
    [
      'by a name in the null namespace',
      record(
        '{"name":"x","type":{"type":"record","name":"b.X","fields":[{"name":"up","type":["null","Order"]}]}}',
      ),
    ],
  ])('2: a record that holds itself %s is refused flat', (_, text) => {
    expect(flat(text)).toBe('SCHEMA_RECURSIVE');
    expect(envelope(text)).toContain('OrderStamped');
  });

  it('2, control: the naive way makes bytes that cannot be read', () => {
    const text = record('{"name":"next","type":["null","Order"]},{"name":"s","type":"string"}');
    const old = avroType(text);
    const naive = avroType(text.replace('"fields":[', `"fields":[${ID},`));
    const body = old.toBuffer({ next: { Order: { next: null, s: 'in' } }, s: 'out' });
    expect(() => {
      naive.fromBuffer(Buffer.concat([zigzag(1n << 60n), body]));
    }).toThrow();
  });

  it('2: another record of that simple name, or one that holds itself within, is no matter', () => {
    expect(
      flat(
        record(
          '{"name":"x","type":{"type":"record","name":"a.Order","fields":[{"name":"x","type":["null","a.Order"]}]}}',
        ),
      ),
    ).toContain(ID);
  });

  it.each([
    ['a field', '{"name":"snowflake_id","type":"string"}'],
    ['an alias', '{"name":"old","aliases":["x","snowflake_id"],"type":"string"}'],
    ['a name in escapes', '{"name":"\\u0073nowflake_id","type":"string"}'],
  ])('3: %s of that name is refused; another name is configured', (_, field) => {
    expect(flat(record(field))).toBe('SCHEMA_FIELD_TAKEN');
    expect(flat(record(field), { field: 'event_id' })).toContain('"event_id"');
  });

  it('3: an envelope may hold an event with such a field, and has names of its own to keep', () => {
    expect(envelope(record('{"name":"snowflake_id","type":"string"}'))).toContain('OrderStamped');
    expect(outcome(deriveAvro(record(''), { ...ENVELOPE, field: 'event' }))).toBe('SCHEMA_FIELD_TAKEN');
    const named = record('{"name":"x","type":{"type":"enum","name":"OrderStamped","symbols":["A"]}}');
    expect(envelope(named)).toBe('SCHEMA_NAME_TAKEN');
  });

  it('4: inserts text: defaults beyond 2^53, order, white space, attributes and look-alikes stay', () => {
    const text = `{ "doc" : "\\"fields\\": [", "x": {"fields": [1.0]},\n "type":"record","name":"Order", "fields" : [\n  {"name":"a","type":"long","default":9223372036854775807}\n] }`;
    expect(flat(text)).toBe(text.replace('"fields" : [', `"fields" : [${ID},`));
    expect(flat(record(''))).toBe(record(ID));
    // Control: the other way loses the default.
    expect(JSON.stringify(JSON.parse(text))).toContain('9223372036854776000');
  });

  it('5: an envelope takes the namespace of its event, or none', () => {
    const bare = record('{"name":"x","type":{"type":"enum","name":"X","symbols":["A"]}}');
    expect(envelope(bare)).toBe(
      `{"type":"record","name":"OrderStamped","fields":[${ID},{"name":"event","type":${bare}}]}`,
    );
    const inside = record('', ',"namespace":"com.acme"');
    expect(envelope(inside)).toMatch(/^\{"type":"record","name":"OrderStamped","namespace":"com\.acme",/);
    expect(envelope('[{"type":"fixed","name":"a.F","size":1},"int"]')).toMatch(
      /^\{"type":"record","name":"EventStamped","fields"/,
    );
  });

  it('6: the text is what it was in the first release', () => {
    expect(flat(record('{"name":"a","type":"int"}'))).toBe(record(`${ID},{"name":"a","type":"int"}`));
    expect(flat(record(''), { nullable: true })).toBe(
      record('{"name":"snowflake_id","type":["null","long"],"default":null}'),
    );
  });

  it.each([
    ['not JSON', '{'],
    ['JSON with an end too many', `${record('')}]`],
    [
      'a member twice: readers differ about which counts',
      '{"type":"record","name":"A","fields":[],"fields":[]}',
    ],
    ['no type', '{"name":"A"}'],
    ['no name', '{"type":"record","fields":[]}'],
    ['no fields', '{"type":"record","name":"A"}'],
    ['fields that are none', '{"type":"record","name":"A","fields":["a"]}'],
    ['a field without a type', record('{"name":"a"}')],
    ['a number for a type', record('{"name":"a","type":7}')],
    ['an array without items', record('{"name":"a","type":{"type":"array"}}')],
    ['nesting without end', `${'['.repeat(5_000)}${']'.repeat(5_000)}`],
  ])('refuses what it cannot read: %s', (_, text) => {
    expect(flat(text)).toBe('SCHEMA_UNREADABLE');
    expect(envelope(text)).toBe('SCHEMA_UNREADABLE');
  });

  it('names the record for subject strategies', () => {
    const text = record('', ',"namespace":"a.b"');
    expect(deriveAvro(text, FLAT)).toMatchObject({ name: 'a.b.Order', nameIsUpstreams: true });
    expect(deriveAvro(text, ENVELOPE)).toMatchObject({ name: 'a.b.OrderStamped', nameIsUpstreams: false });
    expect(deriveAvro('{"type":"record","name":"x.Y","namespace":"z","fields":[]}', FLAT)).toMatchObject({
      name: 'x.Y',
    });
  });
});

describe('unstamped → stamped in one subject (the table of formats.md §2)', () => {
  const old = record('{"name":"a","type":"int"}');
  const canRead = (reader: string, writer: string): boolean => {
    try {
      avroType(reader).createResolver(avroType(writer));
      return true;
    } catch {
      return false;
    }
  };

  it('a long without default can be read by old readers only; nullable works both ways', () => {
    const stamped = flat(old);
    expect([canRead(stamped, old), canRead(old, stamped)]).toEqual([false, true]);
    const nullable = flat(old, { nullable: true });
    expect([canRead(nullable, old), canRead(old, nullable)]).toEqual([true, true]);
  });

  it('control: with a default of 0 every unstamped event reads as ID 0', () => {
    const zero = avroType(
      old.replace('"fields":[', '"fields":[{"name":"snowflake_id","type":"long","default":0},'),
    );
    const writer = avroType(old);
    expect(zero.fromBuffer(writer.toBuffer({ a: 1 }), zero.createResolver(writer))).toMatchObject({
      snowflake_id: 0n,
    });
  });
});
