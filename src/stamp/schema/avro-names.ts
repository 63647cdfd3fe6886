import type { JsonNode, JsonObject } from './json-text.ts';
import { refused, type Refused } from './derived.ts';

const PRIMITIVES = new Set(['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string']);
const COMPLEX = new Set(['record', 'error', 'enum', 'fixed', 'array', 'map']);

/** The full name of a named type: a dotted name stands for itself, else the namespace given, else the one around it (Avro 1.12, Names). */
export function fullNameOf(node: JsonObject, around: string): string {
  const name = stringOf(node, 'name') ?? '';
  if (name.includes('.')) return name;
  const namespace = stringOf(node, 'namespace') ?? around;
  return namespace === '' ? name : `${namespace}.${name}`;
}

export const namespaceOf = (fullName: string): string =>
  fullName.slice(0, Math.max(0, fullName.lastIndexOf('.')));

export function stringOf(node: JsonObject, member: string): string | undefined {
  const value = node.members.get(member);
  return value?.kind === 'string' ? value.value : undefined;
}

/** Every name a schema defines and every one it uses, in the order in which a reader meets them. */
export class Names {
  readonly defined = new Set<string>();
  readonly used = new Set<string>();
  /** What a reader of the schema would stumble over. */
  wrong: Refused | undefined;

  /** Looks at the schema at a type position. */
  visit(node: JsonNode, around: string): void {
    if (node.kind === 'string') this.#use(node.value, around);
    else if (node.kind === 'array') for (const branch of node.items) this.visit(branch, around);
    else if (node.kind === 'object') this.#object(node, around);
    else this.#unreadable('a type is a name, an object or a list');
  }

  #object(node: JsonObject, around: string): void {
    const type = node.members.get('type');
    if (type === undefined) this.#unreadable('an object without "type" is no schema');
    else if (type.kind !== 'string' || !COMPLEX.has(type.value)) this.visit(type, around);
    else if (type.value === 'array' || type.value === 'map') this.#element(node, type.value, around);
    else this.#named(node, type.value, around);
  }

  #element(node: JsonObject, type: 'array' | 'map', around: string): void {
    const element = node.members.get(type === 'array' ? 'items' : 'values');
    if (element === undefined) this.#unreadable(`an ${type} without its element type`);
    else this.visit(element, around);
  }

  #named(node: JsonObject, type: string, around: string): void {
    const name = fullNameOf(node, around);
    if (name === '') this.#unreadable(`a nameless ${type}`);
    this.defined.add(name);
    if (type !== 'record' && type !== 'error') return;
    for (const field of fieldsOf(node) ?? []) {
      const fieldType = field.members.get('type');
      if (fieldType === undefined) this.#unreadable(`a field of ${name} without a type`);
      else this.visit(fieldType, namespaceOf(name));
    }
    if (fieldsOf(node) === undefined) this.#unreadable(`${name} has no list of fields`);
  }

  /** A bare name means the namespace around it first and, as Avro for Java reads it, the null namespace then. */
  #use(name: string, around: string): void {
    if (PRIMITIVES.has(name)) return;
    const near = name.includes('.') || around === '' ? name : `${around}.${name}`;
    this.used.add(!this.defined.has(near) && this.defined.has(name) ? name : near);
  }

  #unreadable(why: string): void {
    this.wrong ??= refused('SCHEMA_UNREADABLE', `not an Avro schema: ${why}`);
  }
}

/** The fields of a record; undefined when it has no list of objects there. */
export function fieldsOf(record: JsonObject): readonly JsonObject[] | undefined {
  const fields = record.members.get('fields');
  if (fields?.kind !== 'array') return undefined;
  const objects = fields.items.filter((field) => field.kind === 'object');
  return objects.length === fields.items.length ? objects : undefined;
}
