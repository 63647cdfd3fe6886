/**
 * A second, naive codec, written from Kafka's message schemas without the room's code: it writes answers and reads requests,
 * so that properties can go round. `schemas.ts` holds the schemas.
 */
import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';

type Primitive = keyof typeof PRIMITIVES;
export type Type = Primitive | { readonly array: Type; readonly nullable: boolean } | Struct;
export interface Struct {
  readonly fields: Record<string, Type>;
  /** By tag; in an answer only. */
  readonly tagged: Record<number, readonly [name: string, type: Type]>;
}
/** Extra tagged fields for one struct, as a broker of tomorrow might send them. */
export type Noise = () => readonly Buffer[];

interface Codec {
  readonly put: (value: never) => Buffer;
  readonly get: (cursor: Cursor) => unknown;
  readonly values: Arbitrary<unknown>;
}

export class Cursor {
  #rest: Buffer;
  constructor(bytes: Uint8Array) {
    this.#rest = Buffer.from(bytes);
  }
  get left(): number {
    return this.#rest.length;
  }
  take(length: number): Buffer {
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }
  size(): number {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = BigInt(this.take(1).readUInt8());
      value |= (byte & 0x7fn) << shift;
      if (byte < 0x80n) return Number(value);
    }
  }
}

function size(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number((rest & 0x7fn) | 0x80n));
  return Buffer.from([...bytes, Number(rest)]);
}

const compact = (value: Buffer) => Buffer.concat([size(value.length + 1), value]);
const fixed = (length: number, write: (buffer: Buffer) => void) => {
  const buffer = Buffer.alloc(length);
  write(buffer);
  return buffer;
};
const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const blob = fc.uint8Array({ maxLength: 12 }).map((value) => Buffer.from(value));
const integer = (bits: number): Codec => ({
  put: (value: number) => fixed(bits / 8, (buffer) => buffer.writeIntBE(value, 0, bits / 8)),
  get: (cursor) => cursor.take(bits / 8).readIntBE(0, bits / 8),
  values: fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 }),
});
const nullable = ({ put, get, values }: Codec): Codec => ({
  put: (value) => ((value as unknown) === null ? size(0) : put(value)),
  get,
  values: fc.option(values),
});
const string: Codec = {
  put: (value: string) => compact(Buffer.from(value)),
  get(cursor) {
    const length = cursor.size() - 1;
    return length < 0 ? null : cursor.take(length).toString();
  },
  values: text,
};
const bytes: Codec = {
  put: compact,
  get(cursor) {
    const length = cursor.size() - 1;
    return length < 0 ? null : cursor.take(length);
  },
  values: blob,
};
const bigint64: Codec = {
  put: (value: bigint) => fixed(8, (buffer) => buffer.writeBigInt64BE(value)),
  get: (cursor) => cursor.take(8).readBigInt64BE(),
  values: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
};

const PRIMITIVES = {
  int8: integer(8),
  int16: integer(16),
  int32: integer(32),
  int64: {
    put: (value: number) => bigint64.put(BigInt(value) as never),
    get: (cursor) => Number(bigint64.get(cursor)),
    values: fc.maxSafeInteger(),
  },
  bigint64,
  boolean: {
    put: (value: boolean) => Buffer.from([value ? 1 : 0]),
    get: (cursor) => cursor.take(1).readUInt8() === 1,
    values: fc.boolean(),
  },
  string,
  nullableString: nullable(string),
  bytes,
  nullableBytes: nullable(bytes),
  uuid: {
    put: (value: string) => Buffer.from(value, 'hex'),
    get: (cursor) => cursor.take(16).toString('hex'),
    values: fc
      .uint8Array({ minLength: 16, maxLength: 16 })
      .map((value) => Buffer.from(value).toString('hex')),
  },
} as const satisfies Record<string, Codec>;

export function put(type: Type, value: unknown, noise: Noise): Buffer {
  if (typeof type === 'string') return PRIMITIVES[type].put(value as never);
  if ('fields' in type) return putStruct(type, value as Record<string, unknown>, noise);
  if (value === null) return size(0);
  const items = value as readonly unknown[];
  return Buffer.concat([size(items.length + 1), ...items.map((item) => put(type.array, item, noise))]);
}

function putStruct(type: Struct, value: Record<string, unknown>, noise: Noise): Buffer {
  const fields = Object.entries(type.fields).map(([name, field]) => put(field, value[name], noise));
  const tags = Object.entries(type.tagged)
    .filter(([, [name]]) => value[name] !== null)
    .map(([tag, [name, field]]) =>
      Buffer.concat([size(Number(tag)), compactless(put(field, value[name], noise))]),
    );
  const extra = noise().map((content, index) => Buffer.concat([size(1000 + index), compactless(content)]));
  return Buffer.concat([...fields, size(tags.length + extra.length), ...tags, ...extra]);
}

const compactless = (content: Buffer) => Buffer.concat([size(content.length), content]);

export function get(type: Type, cursor: Cursor): unknown {
  if (typeof type === 'string') return PRIMITIVES[type].get(cursor);
  if ('fields' in type) {
    const value = Object.fromEntries(
      Object.entries(type.fields).map(([name, field]) => [name, get(field, cursor)]),
    );
    if (cursor.size() !== 0) throw new Error('a request of ours has no tagged fields');
    return value;
  }
  const count = cursor.size() - 1;
  return count < 0 ? null : Array.from({ length: count }, () => get(type.array, cursor));
}

/** Any value of the type. A tagged field may be null: then it is not written. */
export function values(type: Type): Arbitrary<unknown> {
  if (typeof type === 'string') return PRIMITIVES[type].values;
  if ('fields' in type) {
    const fields = Object.entries(type.fields).map(([name, field]) => [name, values(field)] as const);
    const tagged = Object.values(type.tagged).map(
      ([name, field]) => [name, fc.option(values(field))] as const,
    );
    return fc.record(Object.fromEntries([...fields, ...tagged]));
  }
  const items = fc.array(values(type.array), { maxLength: 3 });
  return type.nullable ? fc.option(items) : items;
}

export const struct = (fields: Record<string, Type>, tagged: Struct['tagged'] = {}): Struct => ({
  fields,
  tagged,
});
export const array = (of: Type): Type => ({ array: of, nullable: false });
export const nullableArray = (of: Type): Type => ({ array: of, nullable: true });
