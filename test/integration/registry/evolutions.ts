import protobuf from 'protobufjs';
import { avroType } from '../../support/schemas/avro-types.ts';

export interface Version {
  readonly schema: string;
  /** Under BACKWARD against the last legal version before it. */
  readonly isLegal: boolean;
}

export interface Evolution {
  readonly format: 'avro' | 'json' | 'protobuf';
  readonly type: string;
  /** The first, six legal changes of it one after another, four illegal ones. */
  readonly versions: readonly Version[];
  readonly event: (schema: string, i: number) => Uint8Array;
}

const versions = (legal: readonly string[], illegal: readonly string[]): Version[] => [
  ...legal.map((schema) => ({ schema, isLegal: true })),
  ...illegal.map((schema) => ({ schema, isLegal: false })),
];

const record = (fields: readonly object[], name = 'Event'): string =>
  JSON.stringify({ type: 'record', name, namespace: 'test', fields });
const enumOf = (...symbols: string[]): object => ({
  name: 'e',
  type: { type: 'enum', name: 'Kind', symbols },
});
const field = (name: string, type: unknown, more: object = {}): object => ({ name, type, ...more });
const [n, s, q] = [field('n', 'int'), field('s', 'string'), field('q', 'int')];
const a = field('a', 'string', { default: '' });
const long = field('q', 'long');
const maybe = field('n', ['int', 'null']);
const b = field('b', 'string', { default: '', aliases: ['a'] });
const kinds = enumOf('A', 'B', 'C');

const avro: Evolution = {
  ...{ format: 'avro', type: 'AVRO' },
  versions: versions(
    [
      record([n, s, enumOf('A', 'B'), q]),
      record([n, s, enumOf('A', 'B'), q, a]), // a field with a default
      record([n, enumOf('A', 'B'), q, a]), // a field less
      record([n, enumOf('A', 'B'), long, a]), // a promotion
      record([n, kinds, long, a]), // a symbol more
      record([maybe, kinds, long, a]), // a union around a type
      record([maybe, kinds, long, b]), // a rename with an alias
    ],
    [
      record([maybe, kinds, long, b, field('z', 'string')]), // a field without a default
      record([maybe, kinds, field('q', 'string'), b]), // another type
      record([maybe, enumOf('B', 'C'), long, b]), // a symbol less
      record([field('n', 'null'), kinds, long, b]), // a branch less
    ],
  ),
  event: (schema, i) => {
    const values: Readonly<Record<string, unknown>> = { n: i, s: 'x', e: 'B', q: 7, a: 'y', b: 'y', z: 'z' };
    const { fields } = JSON.parse(schema) as { fields: { name: string; type: unknown }[] };
    const value = fields.map(({ name, type }): [string, unknown] => {
      if (Array.isArray(type)) return [name, { int: i }];
      if (type === 'long') return [name, 7n];
      if (type === 'null') return [name, null];
      return [name, type === 'string' ? 'text' : values[name]];
    });
    return avroType(schema).toBuffer(Object.fromEntries(value));
  },
};

interface Limits {
  readonly title?: string;
  readonly required?: readonly string[];
  readonly q?: string;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly kinds?: readonly string[];
  readonly s?: string;
}
const object = ({ title, required = [], q: number = 'integer', ...limits }: Limits): string => {
  const { maxLength = 10, minimum = 5, kinds: symbols = ['A', 'B'], s: text = 'string' } = limits;
  return JSON.stringify({
    $schema: 'http://json-schema.org/draft-07/schema#',
    ...(title === undefined ? {} : { title }),
    type: 'object',
    properties: {
      n: { type: 'integer', minimum },
      s: text === 'string' ? { type: 'string', maxLength } : { type: text },
      q: { type: number },
      e: { enum: symbols },
    },
    required,
  });
};
const wide = { title: 'events', q: 'number', maxLength: 20, minimum: 0, kinds: ['A', 'B', 'C'] };

const json: Evolution = {
  ...{ format: 'json', type: 'JSON' },
  versions: versions(
    [
      object({ required: ['n'] }),
      object({ required: ['n'], title: 'events' }), // words
      object({ title: 'events' }), // a member no longer required
      object({ title: 'events', q: 'number' }), // a wider type
      object({ title: 'events', q: 'number', maxLength: 20 }), // a longer text
      object({ title: 'events', q: 'number', maxLength: 20, minimum: 0 }), // a lower bound
      object(wide), // a value more
    ],
    [
      object({ ...wide, required: ['q'] }), // a member required
      object({ ...wide, maxLength: 5 }), // a shorter text
      object({ ...wide, minimum: 3 }), // a higher bound
      object({ ...wide, s: 'integer' }), // another type
    ],
  ),
  event: (_, i) => Buffer.from(JSON.stringify({ n: 5 + i, s: 'x', q: 7, e: 'A' })),
};

const proto = (...body: string[]): string =>
  `syntax = "proto3";\npackage test;\nmessage Event {\n  ${body.join('\n  ')}\n}\n`;
const COLOUR = 'enum Colour { NONE = 0; RED = 1; }';
const INNER = 'message Inner { string text = 1; }';
const [f1, f2, f3, f4] = ['int32 n = 1;', 'string s = 2;', 'int32 q = 3;', 'string a = 4;'];
const [more, c, counts] = ['repeated int64 more = 5;', 'Colour c = 6;', 'map<string, int32> counts = 7;'];
const LAST = [f1, f2, f3, f4, more, COLOUR, c, counts, INNER] as const;
const but = (line: string, instead = ''): string =>
  proto(...LAST.map((one) => (one === line ? instead : one)));

const protobufs: Evolution = {
  ...{ format: 'protobuf', type: 'PROTOBUF' },
  versions: versions(
    [
      proto(f1, f2, f3),
      proto(f1, f2, f3, f4), // a field more
      proto(f1, f2, f3, f4, more), // a list
      proto(f1, f2, f3, f4, more, COLOUR), // a type
      proto(f1, f2, f3, f4, more, COLOUR, c), // a field of it
      proto(f1, f2, f3, f4, more, COLOUR, c, counts), // a map
      proto(...LAST), // a message inside
    ],
    [
      but(f3, 'string q = 3;'), // another type
      but(f1, 'int32 n = 9;'), // another number
      but(f3), // a field less, its number not reserved
      but(f1, 'int32 m = 1;'), // another name
    ],
  ),
  event: (schema, i) => {
    const type = protobuf.parse(schema, { keepCase: true }).root.lookupType('test.Event');
    return type.encode(type.fromObject({ n: i + 1, m: i + 1, q: '7', a: 'x' })).finish();
  },
};

export const EVOLUTIONS: readonly Evolution[] = [avro, json, protobufs];
