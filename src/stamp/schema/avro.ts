import { fieldsOf, fullNameOf, Names, namespaceOf, stringOf } from './avro-names.ts';
import { refused, type Derived, type Placement, type Refused } from './derived.ts';
import { edited, insert, readJson, type JsonNode, type JsonObject } from './json-text.ts';

/** Name of the field of an envelope that holds the original event. */
export const EVENT_FIELD = 'event';

/**
 * The schema of the stamped event, from the text the registry holds: everything stays as it stands there, documentation, logical
 * types, attributes and defaults beyond 2^53 included, and the field is put in front (formats.md §2, Avro). Flat and envelope
 * describe the same bytes: the ID, then the event. PURE; the same arguments give the same text for ever.
 */
export function deriveAvro(text: string, placement: Placement): Derived {
  const root = readJson(text);
  if (root.kind === 'wrong') return refused('SCHEMA_UNREADABLE', `not JSON: ${root.why}`);
  const names = new Names();
  names.visit(root, '');
  if (names.wrong !== undefined) return names.wrong;
  return placement.shape === 'flat'
    ? flat(text, root, names, placement)
    : envelope(text, root, names, placement);
}

/** The field as it stands in every derived schema. Frozen: another byte registers a new version of everything (trap 6). */
const fieldText = ({ field, nullable }: Placement): string =>
  `{"name":${JSON.stringify(field)},"type":${nullable ? '["null","long"],"default":null' : '"long"'}}`;

function flat(text: string, root: JsonNode, names: Names, placement: Placement): Derived {
  const fields = root.kind === 'object' ? root.members.get('fields') : undefined;
  if (root.kind !== 'object' || stringOf(root, 'type') !== 'record' || fields?.kind !== 'array') {
    return refused(
      'SCHEMA_NOT_A_RECORD',
      `the event is ${kindOf(root)}, which has no fields: use the envelope shape`,
    );
  }
  const name = fullNameOf(root, '');
  const trap = recursive(name, names) ?? taken(root, name, placement.field);
  if (trap !== undefined) return trap;
  const comma = fields.items.length === 0 ? '' : ',';
  return {
    kind: 'derived',
    text: edited(text, [insert(fields.start + 1, fieldText(placement) + comma)]),
    name,
    nameIsUpstreams: true,
  };
}

/** Trap 2: the nested occurrences of the record would change with the outer one, and its bytes would not be read any more. */
function recursive(name: string, names: Names): Refused | undefined {
  if (!names.used.has(name)) return undefined;
  return refused(
    'SCHEMA_RECURSIVE',
    `${name} holds itself, and a field added to it would be added inside as well: use the envelope shape`,
  );
}

/** Trap 3. Field names are compared as Avro does: exactly. */
function taken(root: JsonObject, name: string, wanted: string): Refused | undefined {
  for (const field of fieldsOf(root) ?? []) {
    const aliases = field.members.get('aliases');
    const alias =
      aliases?.kind === 'array' && aliases.items.some((a) => a.kind === 'string' && a.value === wanted);
    if (stringOf(field, 'name') === wanted || alias) {
      return refused(
        'SCHEMA_FIELD_TAKEN',
        `${name} has a field ${alias ? 'with the alias' : 'named'} ${wanted}: configure another name`,
      );
    }
  }
  return undefined;
}

/**
 * The namespace is the event's own or none: an inner name without one would take over the envelope's (trap 5), except beneath a type
 * that sets its own for everything in it.
 */
function envelope(text: string, root: JsonNode, names: Names, placement: Placement): Derived {
  if (placement.field === EVENT_FIELD) {
    return refused(
      'SCHEMA_FIELD_TAKEN',
      `the envelope has a field named ${EVENT_FIELD}: configure another name`,
    );
  }
  const inner = nameOf(root);
  const namespace = namespaceOf(inner);
  const own = `${inner.slice(namespace === '' ? 0 : namespace.length + 1)}Stamped`;
  const name = namespace === '' ? own : `${namespace}.${own}`;
  if (names.defined.has(name) || names.used.has(name)) {
    return refused('SCHEMA_NAME_TAKEN', `the event holds a type named ${name}, the name of its envelope`);
  }
  const event = `{"name":"${EVENT_FIELD}","type":${text.slice(root.start, root.end)}}`;
  const where = namespace === '' ? '' : `"namespace":${JSON.stringify(namespace)},`;
  return {
    kind: 'derived',
    text: `{"type":"record","name":${JSON.stringify(own)},${where}"fields":[${fieldText(placement)},${event}]}`,
    name,
    nameIsUpstreams: false,
  };
}

const NAMED = new Set(['record', 'error', 'enum', 'fixed']);

/** The event's full name; `Event` where the schema has none of its own. */
function nameOf(root: JsonNode): string {
  if (root.kind === 'string' && root.value.includes('.')) return root.value;
  if (root.kind !== 'object' || !NAMED.has(stringOf(root, 'type') ?? '')) return 'Event';
  return fullNameOf(root, '');
}

function kindOf(root: JsonNode): string {
  if (root.kind === 'array') return 'a union';
  const type =
    root.kind === 'object' ? stringOf(root, 'type') : root.kind === 'string' ? root.value : undefined;
  return type === undefined ? 'a type within a type' : `of type ${type}`;
}
