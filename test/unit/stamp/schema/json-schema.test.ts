import { describe, expect, it } from '@jest/globals';
import { deriveJsonSchema } from '../../../../src/stamp/schema/json-schema.ts';
import { jsonValidator } from '../../../support/schemas/json-validator.ts';
import { ENVELOPE, FLAT, outcome } from './placement.ts';

const flat = (schema: object | string, change = {}): string =>
  outcome(
    deriveJsonSchema(typeof schema === 'string' ? schema : JSON.stringify(schema), { ...FLAT, ...change }),
  );
const envelope = (schema: unknown): string => outcome(deriveJsonSchema(JSON.stringify(schema), ENVELOPE));
const PROPERTY = '"snowflake_id":{"type":"string","pattern":"^(0|[1-9][0-9]{0,18})$"}';
const closed = { properties: { a: {} }, additionalProperties: false };

describe('the derived JSON Schema, trap by trap (formats.md §2)', () => {
  it('describes and requires the member, and keeps every other byte', () => {
    expect(flat('{}')).toBe(`{"required":["snowflake_id"],"properties":{${PROPERTY}}}`);
    expect(flat('{ "properties" : {\n"a": {}}, "required": [ "a" ] , "maximum": 9007199254740993 }')).toBe(
      `{ "properties" : {${PROPERTY},\n"a": {}}, "required": ["snowflake_id", "a" ] , "maximum": 9007199254740993 }`,
    );
  });

  it.each(['allOf', 'anyOf', 'oneOf'])(
    'lets the member into a closed branch of %s, and into branches of it',
    (keyword) => {
      const text = flat({ [keyword]: [{ ...closed, anyOf: [closed] }, { properties: { b: {} } }, true] });
      expect(text.match(/"snowflake_id":\{/g)).toHaveLength(3);
      const valid = jsonValidator(text);
      expect(valid({ snowflake_id: '1', a: 1 })).toBe(keyword !== 'oneOf');
      // Control: the root alone does not do.
      const naive = { properties: { snowflake_id: {} }, required: ['snowflake_id'], allOf: [closed] };
      expect(jsonValidator(JSON.stringify(naive))({ snowflake_id: '1', a: 1 })).toBe(false);
    },
  );

  it('limits of the number of members grow by one, in branches too', () => {
    const text = flat({ maxProperties: 2, minProperties: 1, allOf: [{ maxProperties: 7 }] });
    expect(text).toContain('"maxProperties":3,"minProperties":2,"allOf":[{"maxProperties":8}]');
  });

  it.each([
    ['a root $ref', { $ref: '#/definitions/A', definitions: { A: {} } }, 'SCHEMA_REFERENCE'],
    ['a $ref elsewhere', { allOf: [{ $ref: 'https://acme.example/base.json' }] }, 'SCHEMA_REFERENCE'],
    [
      'a $ref to a closed model',
      { allOf: [{ $ref: '#/definitions/A' }], definitions: { A: closed } },
      'SCHEMA_REFERENCE',
    ],
    [
      'a $ref to a limit',
      { allOf: [{ $ref: '#/$defs/A' }], $defs: { A: { maxProperties: 3 } } },
      'SCHEMA_REFERENCE',
    ],
    [
      'a $ref to a $ref to a closed model',
      { allOf: [{ $ref: '#/$defs/A' }], $defs: { A: { $ref: '#/$defs/B' }, B: closed } },
      'SCHEMA_REFERENCE',
    ],
    [
      'a $ref into an inner root',
      { allOf: [{ $id: 'x', $ref: '#/$defs/A' }], $defs: { A: {} } },
      'SCHEMA_REFERENCE',
    ],
    ['a dynamic reference', { allOf: [{ $dynamicRef: '#x' }] }, 'SCHEMA_REFERENCE'],
    ['propertyNames', { propertyNames: { maxLength: 5 } }, 'SCHEMA_PROPERTY_NAMES'],
    [
      'patternProperties that match',
      { patternProperties: { _id$: { type: 'integer' } } },
      'SCHEMA_PATTERN_PROPERTIES',
    ],
    ['patternProperties nobody can read', { patternProperties: { '(': {} } }, 'SCHEMA_PATTERN_PROPERTIES'],
    ['not', { allOf: [{ not: { required: ['a'] } }] }, 'SCHEMA_CONDITION'],
    ['if', { if: closed, then: {} }, 'SCHEMA_CONDITION'],
    ['const', { const: { a: 1 } }, 'SCHEMA_CONSTANT'],
    ['enum', { anyOf: [{ enum: [{ a: 1 }] }] }, 'SCHEMA_CONSTANT'],
    ['dependentSchemas', { dependentSchemas: { a: closed } }, 'SCHEMA_DEPENDENCY'],
    ['a schema in dependencies', { dependencies: { a: closed } }, 'SCHEMA_DEPENDENCY'],
    ['a member of that name', { properties: { snowflake_id: {} } }, 'SCHEMA_FIELD_TAKEN'],
    ['a member of that name in a branch', { oneOf: [{ required: ['snowflake_id'] }] }, 'SCHEMA_FIELD_TAKEN'],
    ['a member others depend on', { dependentRequired: { snowflake_id: ['a'] } }, 'SCHEMA_FIELD_TAKEN'],
    ['an event that is a list', { type: 'array' }, 'SCHEMA_NOT_A_RECORD'],
    ['draft 3', { $schema: 'http://json-schema.org/draft-03/schema#' }, 'SCHEMA_DIALECT'],
    ['draft 3 without saying so', { extends: [{}] }, 'SCHEMA_DIALECT'],
    ['an event that holds itself', { properties: { next: { $ref: '#' } } }, 'SCHEMA_RECURSIVE'],
    [
      'an event that holds itself by its $id',
      { $id: 'https://acme.example/o.json', properties: { next: { $ref: 'o.json#' } } },
      'SCHEMA_RECURSIVE',
    ],
    [
      'an event that holds itself by an anchor',
      { $anchor: 'top', properties: { next: { $ref: '#top' } } },
      'SCHEMA_RECURSIVE',
    ],
    [
      'a member like a branch that changes',
      { allOf: [closed], properties: { x: { $ref: '#/allOf/0' } } },
      'SCHEMA_RECURSIVE',
    ],
    ['a root that is a list', [], 'SCHEMA_UNREADABLE'],
    ['required that is no list', { required: true }, 'SCHEMA_UNREADABLE'],
    ['properties that are no object', { properties: [] }, 'SCHEMA_UNREADABLE'],
  ])('refuses %s', (_, schema, code) => {
    expect(flat(schema)).toBe(code);
  });

  it('a root $ref, control: up to draft 7 what stands beside it does not count', () => {
    const schema = { $ref: '#/definitions/A', definitions: { A: closed }, properties: { snowflake_id: {} } };
    expect(jsonValidator(JSON.stringify(schema))({ snowflake_id: '1', a: 1 })).toBe(false);
  });

  it('sees through what cannot notice: open models by reference, other patterns, lists in dependencies', () => {
    const schema = {
      allOf: [{ $ref: '#/definitions/a~1b' }],
      patternProperties: { '^x-': {} },
      dependencies: { a: ['b'] },
      definitions: { 'a/b': { properties: { a: { $ref: '#/definitions/c' } } }, c: closed },
    };
    expect(flat(schema)).toContain('"required":["snowflake_id"]');
    const again = { allOf: [{ $ref: '#/$defs/A' }], $defs: { A: { anyOf: [{ $ref: '#/$defs/A' }] } } };
    expect(flat(again)).toContain('"required":["snowflake_id"]');
  });

  it('an envelope holds every value and points references at their new place', () => {
    const schema = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      title: 'Order',
      $ref: '#/definitions/A',
      definitions: { A: { properties: { next: { $ref: '#' }, data: { default: { $ref: '#' } } } } },
      examples: [{ $ref: '#/x' }],
    };
    const text = envelope(schema);
    expect(text).toContain('"title":"OrderStamped"');
    expect(text).toContain('{"$ref":"#/properties/event"}');
    expect(text).toContain('"default":{"$ref":"#"}');
    expect(text).toContain('"examples":[{"$ref":"#/x"}]');
    const valid = jsonValidator(text);
    expect(valid({ snowflake_id: '1', event: { next: { next: {} } } })).toBe(true);
    expect(valid({ snowflake_id: '1' })).toBe(false);
    expect(envelope(true)).toContain('"event":true');
    expect(envelope({ properties: { $ref: { type: 'string' } } })).toContain('{"$ref":{"type":"string"}}');
    expect(outcome(deriveJsonSchema('{"$ref":"\\u0023/a"}', ENVELOPE))).toContain(
      '"\\u0023/properties/event/a"',
    );
  });

  it('an envelope leaves an event with an $id as it is', () => {
    const schema = { $id: 'https://acme.example/o.json', properties: { next: { $ref: '#' } } };
    expect(envelope(schema)).toContain(JSON.stringify(schema));
    expect(envelope({ ...schema, $ref: '#/x' })).toBe('SCHEMA_REFERENCE');
    expect(outcome(deriveJsonSchema('{}', { ...ENVELOPE, field: 'event' }))).toBe('SCHEMA_FIELD_TAKEN');
  });
});
