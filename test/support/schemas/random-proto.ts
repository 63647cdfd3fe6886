import type { Random } from './random.ts';

/** A .proto file, and where its messages are. */
export interface RandomProto {
  readonly text: string;
  /** The messages an event can be, with a way to make a value protobufjs encodes. */
  readonly messages: readonly { readonly path: readonly number[]; readonly fullName: string }[];
  readonly proto3: boolean;
}

interface Message {
  readonly name: string;
  readonly fields: Field[];
  readonly inner: Message[];
}
interface Field {
  readonly name: string;
  readonly type: string;
  readonly label: '' | 'optional ' | 'repeated ';
  readonly number: number;
  readonly oneof: boolean;
}

/** The number the tests give the ID; that a field of it is refused has a test of its own. */
const ID_FIELD = 2_047;
const SCALARS = [
  'int32',
  'int64',
  'uint64',
  'sint64',
  'fixed64',
  'sfixed32',
  'bool',
  'string',
  'bytes',
  'double',
];
const COMMENTS = [
  ' // message Fake { sfixed64 snowflake_id = 2047; }\n',
  ' /* } message { */ ',
  ' ',
  '\n',
  '  ',
];

/** Messages within messages, maps, oneofs, enums, options, reserved numbers, and braces where they are only text. */
export function randomProto(random: Random): RandomProto {
  const proto3 = random.chance(0.6);
  const maker = new Maker(random, proto3);
  const messages = [maker.message(2), ...random.many(3, () => maker.message(2))];
  const packageName = random.pick(['', 'com.acme.events', 'p']);
  const gap = (): string => random.pick(COMMENTS);
  const head = [
    `${gap()}syntax = "${proto3 ? 'proto3' : 'proto2'}";`,
    packageName === '' ? '' : `package ${packageName};`,
    'option java_package = "a{b";',
    'enum Colour { COLOUR_NONE = 0; RED = 1; }',
  ];
  const text = [...head, ...messages.map((message) => maker.write(message, gap))].join(gap());
  const at = (list: readonly Message[], path: readonly number[], outer: string): RandomProto['messages'] =>
    list.flatMap(({ name, inner }, index) => [
      { path: [...path, index], fullName: `${outer}${name}` },
      ...at(inner, [...path, index], `${outer}${name}.`),
    ]);
  return { text, proto3, messages: at(messages, [], packageName === '' ? '' : `${packageName}.`) };
}

/** A value for protobufjs, of a message as it reflects it; unset fields are left out. */
export interface Reflected {
  readonly fieldsArray: readonly {
    readonly name: string;
    readonly type: string;
    readonly repeated: boolean;
    readonly map: boolean;
    readonly resolvedType: unknown;
    readonly partOf: unknown;
  }[];
}

export function randomMessage(type: Reflected, random: Random, depth = 2): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  const oneofs = new Set<unknown>();
  for (const field of type.fieldsArray) {
    if (random.chance(0.4) || (field.partOf !== null && oneofs.has(field.partOf))) continue;
    if (field.partOf !== null) oneofs.add(field.partOf);
    const one = (): unknown => fieldValue(field.type, field.resolvedType, random, depth);
    if (isMessage(field.resolvedType) && depth === 0) continue;
    if (field.map) value[field.name] = { k: one(), '': one() };
    else value[field.name] = field.repeated ? [one(), one()] : one();
  }
  return value;
}

const isMessage = (type: unknown): type is Reflected =>
  typeof type === 'object' && type !== null && 'fieldsArray' in type;

function fieldValue(type: string, resolved: unknown, random: Random, depth: number): unknown {
  if (isMessage(resolved)) return randomMessage(resolved, random, depth - 1);
  if (resolved !== null && resolved !== undefined) return 1;
  if (type.endsWith('64'))
    return (type.startsWith('u') || type === 'fixed64' ? random.id() : random.long()).toString();
  if (type === 'bool') return random.chance(0.5);
  if (type === 'string') return random.text();
  if (type === 'bytes') return random.bytes();
  return type === 'double' ? random.share() * 1e9 : random.below(2 ** 31);
}

class Maker {
  readonly #random: Random;
  readonly #proto3: boolean;
  #count = 0;

  constructor(random: Random, proto3: boolean) {
    this.#random = random;
    this.#proto3 = proto3;
  }

  message(depth: number): Message {
    const random = this.#random;
    const name = `M${this.#count++}`;
    const inner = depth > 0 ? random.many(2, () => this.message(depth - 1)) : [];
    const types = [...SCALARS, ...SCALARS, 'Colour', name, ...inner.map((message) => message.name)];
    let number = 0;
    const fields = random.many(6, (index): Field => {
      number += 1 + random.below(random.chance(0.2) ? 900 : 3);
      if (number === ID_FIELD) number++;
      const optional = this.#proto3 ? random.pick(['', 'optional '] as const) : 'optional ';
      const map = random.chance(0.15);
      const oneof = !map && random.chance(0.2);
      const label = map || oneof ? '' : random.chance(0.2) ? 'repeated ' : optional;
      const type = map ? `map<string, ${random.pick(types)}>` : random.pick(types);
      return { name: random.pick([`f_${index}`, `camelCase${index}`]), type, label, number, oneof };
    });
    return { name, fields, inner };
  }

  write(message: Message, gap: () => string): string {
    const random = this.#random;
    const fields = message.fields.map(({ label, type, name, number, oneof }) => {
      const options = random.chance(0.2) ? ` [json_name = "${name}}J", deprecated = true]` : '';
      const field = `${label}${type} ${name} = ${number}${options};`;
      return oneof ? `oneof o${number} { ${gap()}${field} }` : field;
    });
    const extra = random.pick([
      '',
      'reserved 13000 to 13010, 14000;',
      'reserved "was", "here";',
      'enum E { E_NONE = 0; option deprecated = true; E_ONE = 1; }'.replaceAll('E_', `E${message.name}_`),
    ]);
    const inner = message.inner.map((one) => this.write(one, gap));
    return [`message ${message.name}${gap()}{`, ...inner, ...fields, extra, '}'].join(gap());
  }
}
