import { refused, type Refused } from './derived.ts';
import { edited, insert, type Edit, type JsonNode, type JsonObject, type JsonString } from './json-text.ts';

/** Values that are data, whatever they look like. */
const DATA = new Set(['const', 'enum', 'default', 'examples', 'example']);
/** Values that are maps from a name to a schema: a keyword's name is just a name there. */
const MAPS = new Set([
  ...['properties', 'patternProperties', 'definitions', '$defs'],
  ...['dependentSchemas', 'dependencies'],
]);

/** `#`, or `#` and a JSON Pointer. */
const LOCAL = /^#(?:\/|$)/;

/** Where a `$ref` of the form `#` or `#/…` leads within `root`; undefined for every other, and where an inner `$id` may change its meaning. */
export function targetOf(schema: JsonObject, root: JsonObject): JsonNode | undefined {
  const ref = schema.members.get('$ref');
  if (ref?.kind !== 'string' || !LOCAL.test(ref.value) || innerIds(root, true)) return undefined;
  return pointedAt(ref.value, root);
}

function pointedAt(ref: string, root: JsonNode): JsonNode | undefined {
  let node: JsonNode | undefined = root;
  for (const part of ref.split('/').slice(1)) {
    const name = decoded(part);
    if (node?.kind === 'object') node = name === undefined ? undefined : node.members.get(name);
    else if (node?.kind === 'array') node = node.items[Number(name)];
    else return undefined;
  }
  return node;
}

/** One part of a JSON Pointer in a URI fragment (RFC 6901 §6). */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
  } catch {
    return undefined;
  }
}

const hasId = (node: JsonObject): boolean =>
  ['$id', 'id'].some((keyword) => node.members.get(keyword)?.kind === 'string');

function innerIds(node: JsonNode, top: boolean): boolean {
  if (node.kind === 'array') return node.items.some((item) => innerIds(item, false));
  if (node.kind !== 'object') return false;
  return (!top && hasId(node)) || [...node.members.values()].some((member) => innerIds(member, false));
}

/** Whether any reference in `root` may lead to one of `nodes`: by pointer, by the root's `$id`, or by an anchor in one of them. */
export function leadsTo(nodes: readonly JsonObject[], root: JsonObject): boolean {
  const anchored = nodes.some((node) => ['$anchor', '$dynamicAnchor'].some((name) => node.members.has(name)));
  const ids = nodes.flatMap((node) => ['$id', 'id'].map((name) => node.members.get(name)));
  const named = ids.flatMap((id) => (id?.kind === 'string' ? [addressOf(id.value, '')] : []));
  const base = named[0] ?? '';
  return references(root, false).some(({ value }) => {
    if (LOCAL.test(value)) {
      const target = pointedAt(value, root);
      return nodes.some((node) => node === target);
    }
    return value.startsWith('#') ? anchored || named.length > 0 : named.includes(addressOf(value, base));
  });
}

/** What a reference names, without its fragment; `http://schema/` stands for a base that is not known. */
function addressOf(reference: string, base: string): string {
  try {
    const url = new URL(reference, base === '' ? 'http://schema/' : base);
    url.hash = '';
    return url.href;
  } catch {
    return reference;
  }
}

/**
 * The schema's text for a place `at` a pointer beneath another root: references to its own root go there too. A schema with an `$id` is
 * a root wherever it stands and is left as it is.
 */
export function rebased(
  text: string,
  root: JsonNode,
  at: string,
): { readonly kind: 'text'; readonly text: string } | Refused {
  const whole = text.slice(root.start, root.end);
  if (root.kind !== 'object') return { kind: 'text', text: whole };
  if (hasId(root)) {
    return root.members.has('$ref')
      ? refused('SCHEMA_REFERENCE', 'the root has an $id beside a $ref, which does not count up to draft 7')
      : { kind: 'text', text: whole };
  }
  const edits = references(root, true).flatMap((ref) =>
    LOCAL.test(ref.value) ? [behindHash(ref, text, at)] : [],
  );
  return {
    kind: 'text',
    text: edited(
      whole,
      edits.map((edit) => ({ ...edit, at: edit.at - root.start, until: edit.until - root.start })),
    ),
  };
}

/** Every reference of the schema, and of the roots within it unless `own`. */
function references(node: JsonNode, own: boolean, isMap = false): JsonString[] {
  if (node.kind === 'array') return node.items.flatMap((item) => references(item, own));
  if (node.kind !== 'object') return [];
  return [...node.members].flatMap(([name, value]) => {
    if (!isMap && (name === '$ref' || name === '$dynamicRef') && value.kind === 'string') return [value];
    if (!isMap && DATA.has(name)) return [];
    // An inner `$id` makes a root of its own.
    if (own && value.kind === 'object' && hasId(value)) return [];
    return references(value, own, !isMap && MAPS.has(name));
  });
}

/** The `#` may be written as an escape. */
function behindHash({ start, end }: JsonNode, text: string, at: string): Edit {
  const raw = text.slice(start, end);
  return insert(start + (raw.startsWith('"#') ? 2 : '"\\u0023'.length), at);
}
