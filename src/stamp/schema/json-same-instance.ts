import { refused, type Refused, type SchemaRefusal } from './derived.ts';
import { targetOf } from './json-references.ts';
import { insert, type Edit, type JsonNode, type JsonObject } from './json-text.ts';

/** What stays the same while one schema is walked. */
export interface Context {
  readonly root: JsonObject;
  readonly text: string;
  /** Name of the new member. */
  readonly field: string;
  /** Name and schema of it, as inserted. */
  readonly property: string;
}

export type Walked =
  | {
      readonly kind: 'edits';
      readonly edits: readonly Edit[];
      /** The schemas that change. */
      readonly touched: readonly JsonObject[];
    }
  | Refused;

/** Keywords that look at the whole object, at its members' names or at itself, and so would see the new member. */
const OPAQUE: Readonly<Record<string, SchemaRefusal>> = {
  propertyNames: 'SCHEMA_PROPERTY_NAMES',
  not: 'SCHEMA_CONDITION',
  if: 'SCHEMA_CONDITION',
  then: 'SCHEMA_CONDITION',
  else: 'SCHEMA_CONDITION',
  const: 'SCHEMA_CONSTANT',
  enum: 'SCHEMA_CONSTANT',
  dependentSchemas: 'SCHEMA_DEPENDENCY',
  $dynamicRef: 'SCHEMA_REFERENCE',
  $recursiveRef: 'SCHEMA_REFERENCE',
  extends: 'SCHEMA_DIALECT',
};
const CLOSING = ['additionalProperties', 'unevaluatedProperties'];
const BRANCHES = ['allOf', 'anyOf', 'oneOf'];

/**
 * The edits that let the new member into `schema`, which is about the event itself, and into every branch of it that is about the same
 * object. `describe`: the member is described even where the schema would let anything in.
 */
export function sameInstance(schema: JsonObject, context: Context, describe: boolean): Walked {
  const trap =
    opaque(schema) ??
    malformed(schema) ??
    taken(schema, context.field) ??
    patterns(schema, context.field) ??
    reference(schema, context, []);
  if (trap !== undefined) return trap;
  const edits: Edit[] = [...limits(schema, context.text)];
  if (describe || isClosed(schema)) edits.push(property(schema, context.property));
  const touched = edits.length === 0 ? [] : [schema];
  for (const branch of branchesOf(schema)) {
    if (branch.kind !== 'object') continue;
    const inside = sameInstance(branch, context, false);
    if (inside.kind === 'refused') return inside;
    edits.push(...inside.edits);
    touched.push(...inside.touched);
  }
  return { kind: 'edits', edits, touched };
}

function opaque(schema: JsonObject): Refused | undefined {
  for (const [keyword, code] of Object.entries(OPAQUE)) {
    if (schema.members.has(keyword)) {
      return refused(code, `${keyword} would see the new member: use the envelope shape`);
    }
  }
  const dependencies = schema.members.get('dependencies');
  const byArray = dependencies === undefined || [...valuesOf(dependencies)].every((d) => d.kind === 'array');
  return byArray
    ? undefined
    : refused(
        'SCHEMA_DEPENDENCY',
        'a schema in dependencies would see the new member: use the envelope shape',
      );
}

function malformed(schema: JsonObject): Refused | undefined {
  const { members } = schema;
  const wrong = (keyword: string): Refused =>
    refused('SCHEMA_UNREADABLE', `not a JSON Schema: ${keyword} is of the wrong type`);
  for (const keyword of ['properties', 'patternProperties', 'dependencies', 'dependentRequired']) {
    if (members.has(keyword) && members.get(keyword)?.kind !== 'object') return wrong(keyword);
  }
  for (const keyword of [...BRANCHES, 'required']) {
    if (members.has(keyword) && members.get(keyword)?.kind !== 'array') return wrong(keyword);
  }
  return undefined;
}

function taken(schema: JsonObject, field: string): Refused | undefined {
  const { members } = schema;
  const properties = members.get('properties');
  const lists = [
    members.get('required'),
    ...['dependencies', 'dependentRequired'].flatMap((keyword) => [...valuesOf(members.get(keyword))]),
  ];
  const named =
    (properties?.kind === 'object' && properties.members.has(field)) ||
    lists.some(
      (list) => list?.kind === 'array' && list.items.some((i) => i.kind === 'string' && i.value === field),
    ) ||
    ['dependencies', 'dependentRequired'].some((keyword) => {
      const map = members.get(keyword);
      return map?.kind === 'object' && map.members.has(field);
    });
  return named
    ? refused('SCHEMA_FIELD_TAKEN', `the event has a member ${field} already: configure another name`)
    : undefined;
}

function patterns(schema: JsonObject, field: string): Refused | undefined {
  const map = schema.members.get('patternProperties');
  if (map?.kind !== 'object') return undefined;
  const hit = [...map.members.keys()].find((pattern) => mayMatch(pattern, field));
  return hit === undefined
    ? undefined
    : refused('SCHEMA_PATTERN_PROPERTIES', `patternProperties ${JSON.stringify(hit)} is about ${field} too`);
}

/** Validators differ about the u flag: either reading counts, and a pattern we cannot read might match. */
function mayMatch(pattern: string, field: string): boolean {
  const readings = ['u', ''].map((flags) => {
    try {
      return new RegExp(pattern, flags).test(field);
    } catch {
      return undefined;
    }
  });
  return readings.includes(true) || readings.every((reading) => reading === undefined);
}

/** A reference is passed only where it leads, within this text, to schemas that do not notice one member more. */
function reference(schema: JsonObject, context: Context, seen: readonly JsonNode[]): Refused | undefined {
  if (!schema.members.has('$ref')) return undefined;
  const target = targetOf(schema, context.root);
  if (target !== undefined && isTransparent(target, context, seen)) return undefined;
  return refused(
    'SCHEMA_REFERENCE',
    'a $ref leads to a schema that does not let the new member in, or that is not in this text: use the envelope shape',
  );
}

function isTransparent(schema: JsonNode, context: Context, seen: readonly JsonNode[]): boolean {
  if (schema.kind === 'literal' || seen.includes(schema)) return true;
  if (schema.kind !== 'object' || isClosed(schema)) return false;
  const trap =
    opaque(schema) ?? malformed(schema) ?? taken(schema, context.field) ?? patterns(schema, context.field);
  return (
    trap === undefined &&
    limits(schema, context.text).length === 0 &&
    reference(schema, context, [...seen, schema]) === undefined &&
    branchesOf(schema).every((branch) => isTransparent(branch, context, [...seen, schema]))
  );
}

const isClosed = (schema: JsonObject): boolean =>
  CLOSING.some((keyword) => {
    const value = schema.members.get(keyword);
    return value !== undefined && !(value.kind === 'literal' && value.value === true);
  });

const branchesOf = (schema: JsonObject): JsonNode[] =>
  BRANCHES.flatMap((keyword) => [...valuesOf(schema.members.get(keyword))]);

function valuesOf(node: JsonNode | undefined): Iterable<JsonNode> {
  if (node?.kind === 'array') return node.items;
  return node?.kind === 'object' ? node.members.values() : [];
}

function property(schema: JsonObject, text: string): Edit {
  const properties = schema.members.get('properties');
  if (properties?.kind === 'object') {
    return insert(properties.start + 1, properties.members.size === 0 ? text : `${text},`);
  }
  return insert(schema.start + 1, `"properties":{${text}}${schema.members.size === 0 ? '' : ','}`);
}

/** Limits of the number of members grow with the event. */
function limits(schema: JsonObject, text: string): Edit[] {
  return ['minProperties', 'maxProperties'].flatMap((keyword) => {
    const node = schema.members.get(keyword);
    if (node?.kind !== 'number') return [];
    const limit = Number(text.slice(node.start, node.end));
    return [{ at: node.start, until: node.end, text: String(limit + 1) }];
  });
}
