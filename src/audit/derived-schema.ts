import { stampedProto } from './derived-proto.ts';
import type { ValueRule } from './rule.ts';

/** A schema as the registry holds it. */
export interface SchemaText {
  readonly type: string;
  readonly text: string;
  /** Names, subjects and versions, as JSON. */
  readonly references: string;
}

type Json = string | boolean | null | Json[] | Exact | { readonly [key: string]: Json };

/** A number as it is written: 2^63 − 1 is not 2^63. */
class Exact {
  readonly digits: string;

  constructor(digits: string) {
    this.digits = digits;
  }
}

const EVENT = 'event';
const ID_PATTERN = '^(0|[1-9][0-9]{0,18})$';
const TYPES = { avro: 'AVRO', json: 'JSON', protobuf: 'PROTOBUF' } as const;

/** Is `stamped` the schema of `original`'s events with the ID in them? Undefined: yes; else what speaks against it. PURE. */
export function whyNotStamped(
  original: SchemaText,
  stamped: SchemaText,
  rule: ValueRule,
  messagePath: string,
): string | undefined {
  const type = TYPES[rule.format];
  if (original.type !== type || stamped.type !== type)
    return `one is ${original.type}, the other ${stamped.type}, and the route stamps ${rule.format}`;
  if (original.references !== stamped.references) return 'they refer to different schemas';
  if (rule.format === 'protobuf') return stampedProto(original.text, stamped.text, rule, messagePath);
  const [before, after] = [parsed(original.text), parsed(stamped.text)];
  if (before === undefined || after === undefined) return 'one of them is not JSON';
  return rule.format === 'avro' ? stampedAvro(before, after, rule) : stampedJson(before, after, rule);
}

function stampedAvro(before: Json, after: Json, { field, nullable, shape }: ValueRule): string | undefined {
  const fields = member(after, 'fields');
  if (member(after, 'type') !== 'record' || !Array.isArray(fields)) return 'the stamped one is no record';
  const [id, ...rest] = fields;
  const type = member(id, 'type');
  const isLong = nullable ? same(type, ['null', 'long']) : type === 'long';
  if (member(id, 'name') !== field || !isLong) return `its first field is not ${field}`;
  if (shape === 'flat')
    return same({ ...(after as object), fields: rest }, before)
      ? undefined
      : 'they differ in more than the ID';
  const event = rest[0];
  return rest.length === 1 && member(event, 'name') === EVENT && same(member(event, 'type'), before)
    ? undefined
    : `its second field is not the ${EVENT} as it was`;
}

function stampedJson(before: Json, after: Json, { field, shape }: ValueRule): string | undefined {
  const properties = member(after, 'properties');
  const required = member(after, 'required');
  if (!isId(member(properties, field)) || !Array.isArray(required) || !required.includes(field))
    return `it does not require ${field} as a string of digits`;
  if (shape === 'flat') return within(before, after, field) ? undefined : 'they differ in more than the ID';
  return Object.keys(properties as object).length === 2 && inside(before, member(properties, EVENT))
    ? undefined
    : `its ${EVENT} is not the event as it was`;
}

const isId = (schema: Json | undefined): boolean => same(schema, { type: 'string', pattern: ID_PATTERN });

/** The same schema, but that it may let the ID in wherever it is about an object. */
function within(before: Json, after: Json | undefined, field: string): boolean {
  if (Array.isArray(before) && Array.isArray(after))
    return before.length === after.length && before.every((one, i) => within(one, after[i], field));
  if (!isObject(before) || !isObject(after)) return same(before, after);
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].every((key) => {
    const [was, is] = [before[key], after[key]];
    if (key === 'properties' && isObject(is)) {
      const had = isObject(was) ? was : {};
      const names = Object.keys(is).filter((name) => name in had || name !== field || !isId(is[name]));
      return (
        names.length === Object.keys(had).length &&
        names.every((name) => name in had && within(had[name]!, is[name], field))
      );
    }
    if (key === 'required' && Array.isArray(is))
      return same(
        is.filter((name) => name !== field || (Array.isArray(was) && was.includes(name))),
        was ?? [],
      );
    if ((key === 'minProperties' || key === 'maxProperties') && was instanceof Exact && is instanceof Exact)
      return is.digits === was.digits || BigInt(is.digits) === BigInt(was.digits) + 1n;
    return was !== undefined && within(was, is, field);
  });
}

/** The same schema, but that what it refers to by a path lies deeper now. */
function inside(before: Json, after: Json | undefined): boolean {
  if (Array.isArray(before) && Array.isArray(after))
    return before.length === after.length && before.every((one, i) => inside(one, after[i]));
  if (!isObject(before) || !isObject(after)) return same(before, after);
  return (
    Object.keys(before).length === Object.keys(after).length &&
    Object.entries(before).every(([key, was]) => {
      const is = after[key];
      const moved = key.endsWith('ef') && typeof was === 'string' && was.startsWith('#');
      return inside(was, is) || (moved && is === `#/properties/${EVENT}${was.slice(1)}`);
    })
  );
}

const isObject = (json: Json | undefined): json is { readonly [key: string]: Json } =>
  typeof json === 'object' && json !== null && !Array.isArray(json) && !(json instanceof Exact);

const member = (json: Json | undefined, name: string): Json | undefined =>
  isObject(json) ? json[name] : undefined;

/** Whatever the order of members. */
function same(one: Json | undefined, other: Json | undefined): boolean {
  if (one instanceof Exact) return other instanceof Exact && one.digits === other.digits;
  if (Array.isArray(one))
    return (
      Array.isArray(other) && one.length === other.length && one.every((item, i) => same(item, other[i]))
    );
  if (!isObject(one)) return one === other;
  return (
    isObject(other) &&
    Object.keys(one).length === Object.keys(other).length &&
    Object.entries(one).every(([key, value]) => key in other && same(value, other[key]))
  );
}

type Reviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown;

function parsed(text: string): Json | undefined {
  const exact: Reviver = (_key, value, context) =>
    typeof value === 'number' ? new Exact(context.source ?? String(value)) : value;
  try {
    return JSON.parse(text, exact as (key: string, value: unknown) => unknown) as Json;
  } catch {
    // Avro: a name alone, without quotes, as some registries have it.
    return /^[A-Za-z_][\w.]*$/.test(text.trim()) ? text.trim() : undefined;
  }
}
