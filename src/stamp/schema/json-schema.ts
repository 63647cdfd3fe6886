import { refused, type Derived, type Placement } from './derived.ts';
import { leadsTo, rebased } from './json-references.ts';
import { edited, insert, readJson, type Edit, type JsonNode, type JsonObject } from './json-text.ts';
import { sameInstance, type Context } from './json-same-instance.ts';

const EVENT_MEMBER = 'event';
/** The ID as JSON carries it: a string, since numbers lose 64-bit integers. Frozen, as the field of an Avro schema. */
const PROPERTY = '{"type":"string","pattern":"^(0|[1-9][0-9]{0,18})$"}';
/** Draft 3 has another `required` and `extends`. */
const OLD_DIALECT = /json-schema\.org\/draft-0[0-3]\//;

/**
 * The schema of the stamped event, so that an event is valid by the original exactly when the stamped one is valid by this: the member
 * is described and required, schemas that close the same object let it in, limits of its size grow by one (formats.md §2, JSON).
 * What cannot be seen through is refused. PURE; the same arguments give the same text for ever.
 */
export function deriveJsonSchema(text: string, placement: Placement): Derived {
  const root = readJson(text);
  if (root.kind === 'wrong') return refused('SCHEMA_UNREADABLE', `not JSON: ${root.why}`);
  if (root.kind !== 'object' && !(root.kind === 'literal' && root.value !== null)) {
    return refused('SCHEMA_UNREADABLE', 'not a JSON Schema: that is an object, true or false');
  }
  const dialect = textOf(root, '$schema');
  if (OLD_DIALECT.test(dialect ?? '')) {
    return refused('SCHEMA_DIALECT', `${dialect ?? ''} is not supported: draft 4 or newer is`);
  }
  return placement.shape === 'flat' ? flat(text, root, placement) : envelope(text, root, placement);
}

function flat(text: string, root: JsonNode, { field }: Placement): Derived {
  if (root.kind !== 'object' || !mayBeObject(root)) {
    return refused('SCHEMA_NOT_A_RECORD', 'the event need not be an object: use the envelope shape');
  }
  if (root.members.has('$ref')) {
    return refused(
      'SCHEMA_REFERENCE',
      'the root is a $ref, beside which nothing counts up to draft 7: use the envelope shape',
    );
  }
  const context: Context = { root, text, field, property: `${JSON.stringify(field)}:${PROPERTY}` };
  const result = sameInstance(root, context, true);
  if (result.kind === 'refused') return result;
  if (leadsTo(result.touched, root)) {
    return refused(
      'SCHEMA_RECURSIVE',
      'the event holds itself by a $ref, and a member added to it would be added inside as well: use the envelope shape',
    );
  }
  return {
    kind: 'derived',
    text: edited(text, [required(root, field), ...result.edits]),
    name: textOf(root, 'title'),
    nameIsUpstreams: true,
  };
}

/** Where there is no list, something follows: a member that was there, or `properties`, which `sameInstance` inserts. */
function required(root: JsonObject, field: string): Edit {
  const list = root.members.get('required');
  const name = JSON.stringify(field);
  if (list?.kind === 'array') return insert(list.start + 1, list.items.length === 0 ? name : `${name},`);
  return insert(root.start + 1, `"required":[${name}],`);
}

/** Works for every event; references within the original are pointed at its new place. */
function envelope(text: string, root: JsonNode, { field }: Placement): Derived {
  if (field === EVENT_MEMBER) {
    return refused('SCHEMA_FIELD_TAKEN', `the envelope has a member ${EVENT_MEMBER}: configure another name`);
  }
  const event = rebased(text, root, `/properties/${EVENT_MEMBER}`);
  if (event.kind === 'refused') return event;
  const dialect = textOf(root, '$schema');
  const title = textOf(root, 'title');
  const name = title === undefined ? undefined : `${title}Stamped`;
  const head = [
    ...(dialect === undefined ? [] : [`"$schema":${JSON.stringify(dialect)},`]),
    ...(name === undefined ? [] : [`"title":${JSON.stringify(name)},`]),
  ].join('');
  const id = JSON.stringify(field);
  return {
    kind: 'derived',
    text: `{${head}"type":"object","required":[${id},"${EVENT_MEMBER}"],"properties":{${id}:${PROPERTY},"${EVENT_MEMBER}":${event.text}}}`,
    name,
    nameIsUpstreams: false,
  };
}

function mayBeObject(root: JsonObject): boolean {
  const type = root.members.get('type');
  if (type === undefined) return true;
  const types = type.kind === 'array' ? type.items : [type];
  return types.some((one) => one.kind === 'string' && one.value === 'object');
}

function textOf(node: JsonNode, member: string): string | undefined {
  const value = node.kind === 'object' ? node.members.get(member) : undefined;
  return value?.kind === 'string' ? value.value : undefined;
}
