import { isDeepStrictEqual } from 'node:util';
import protobuf from 'protobufjs';
import type { IndexPath } from '../stamp/schema/protobuf.ts';
import { differs, PROVEN, unreadable, whyOf, type Judge, type JudgedSchemas } from './verdict.ts';

const PLAIN = { longs: String, bytes: String, enums: Number } as const;

/**
 * Reads both with protobufjs, by the message at the index path. The message indexes before the payload are read here, in code of its own.
 * The original's unknown fields are compared as bytes: nothing of it may be touched.
 */
export function protobufJudge({ original, stamped, referenced, path, placement }: JudgedSchemas): Judge {
  const plain = protobufTypeOf(original, referenced, path);
  const with_ = protobufTypeOf(stamped, referenced, path);
  return (originalBytes, stampedBytes, id) => {
    let before: Record<string, unknown>;
    try {
      const at = behindIndexes(originalBytes, path);
      walk(originalBytes.subarray(at));
      before = plain.toObject(plain.decode(originalBytes.subarray(at)), PLAIN);
    } catch (error) {
      return unreadable(error);
    }
    try {
      const at = behindIndexes(stampedBytes, path);
      const after = with_.toObject(with_.decode(stampedBytes.subarray(at)), PLAIN);
      if (after[placement.field] !== id.toString())
        return differs(`${placement.field} is ${String(after[placement.field])}`);
      const rest = Object.fromEntries(Object.entries(after).filter(([name]) => name !== placement.field));
      if (!isDeepStrictEqual(rest, before)) return differs('another field changed');
      const kept = Buffer.compare(originalBytes, stampedBytes.subarray(0, originalBytes.length)) === 0;
      return kept ? PROVEN : differs('bytes of the original changed');
    } catch (error) {
      return differs(whyOf(error));
    }
  };
}

/**
 * The message at an index path, the types it needs known.
 * @throws Error what protobufjs has against a schema
 */
function protobufTypeOf(
  text: string,
  referenced: JudgedSchemas['referenced'],
  path: IndexPath,
): protobuf.Type {
  const own = topLevelOf(text, referenced);
  const [first, ...rest] = path;
  let type = first === undefined ? undefined : own[first];
  for (const index of rest) type = type === undefined ? undefined : nested(type)[index];
  if (type === undefined) throw new Error(`there is no message at [${path.join(', ')}]`);
  return type;
}

/** Every message of the file, nested ones included. @throws Error what protobufjs has against a schema */
export function protobufMessagesOf(text: string, referenced: JudgedSchemas['referenced']): protobuf.Type[] {
  const all = (type: protobuf.Type): protobuf.Type[] => [type, ...nested(type).flatMap(all)];
  return topLevelOf(text, referenced).flatMap(all);
}

function topLevelOf(text: string, referenced: JudgedSchemas['referenced']): protobuf.Type[] {
  const root = new protobuf.Root();
  const known = new Set<string>();
  const add = (source: string): protobuf.IParserResult => {
    const parsed = protobuf.parse(source, root, { keepCase: true });
    for (const name of [...(parsed.imports ?? []), ...(parsed.weakImports ?? [])]) {
      // Google's own are part of protobufjs; they may be imported by several files.
      const common = known.has(name) ? null : protobuf.common.get(name);
      known.add(name);
      if (common?.nested !== undefined) root.addJSON(common.nested);
    }
    return parsed;
  };
  for (const one of referenced) add(one.text);
  const before = new Set(messagesOf(root, undefined));
  const { package: packageName } = add(text);
  root.resolveAll();
  return messagesOf(root, packageName).filter((type) => !before.has(type));
}

const nested = (of: protobuf.NamespaceBase): protobuf.Type[] =>
  of.nestedArray.filter((one) => one instanceof protobuf.Type);

/** Top-level messages of a package; undefined: of every package. */
function messagesOf(root: protobuf.Root, packageName: string | undefined): protobuf.Type[] {
  if (packageName !== undefined && packageName !== '') {
    const found = root.lookup(packageName);
    return found instanceof protobuf.Namespace ? nested(found) : [];
  }
  const all = (of: protobuf.NamespaceBase): protobuf.Type[] => [
    ...nested(of),
    ...of.nestedArray.flatMap((one) =>
      one instanceof protobuf.Namespace && !(one instanceof protobuf.Type) ? all(one) : [],
    ),
  ];
  return packageName === '' ? nested(root) : all(root);
}

/** protobufjs reads a text that is cut short without a word; skipping it, it notices. @throws Error for a message that does not end well */
function walk(message: Uint8Array): void {
  const reader = protobuf.Reader.create(message);
  while (reader.pos < reader.len) reader.skipType(reader.uint32() & 7);
}

/** Where the message begins: behind zig-zag varints, their count first; a lone 0 is [0]. @throws Error for another path than `path` */
function behindIndexes(bytes: Uint8Array, path: IndexPath): number {
  const reader = protobuf.Reader.create(bytes);
  const count = reader.sint32();
  const found =
    count === 0 ? [0] : Array.from({ length: Math.min(count, bytes.length) }, () => reader.sint32());
  if (!isDeepStrictEqual(found, [...path])) throw new Error(`message indexes are [${found.join(', ')}]`);
  return reader.pos;
}
