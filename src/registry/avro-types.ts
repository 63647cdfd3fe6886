import avro, { type Schema, type Type } from 'avsc';
import type { JudgedSchemas } from './verdict.ts';

const LARGEST = 2n ** 63n - 1n;

/** Longs as BigInt: avsc reads none above 2^53 otherwise. */
const long = avro.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(0),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  // A default near the end of the range was rounded by JSON.parse, perhaps to 2^63.
  fromJSON: (value: number | string) => {
    const whole = BigInt(value);
    return whole > LARGEST ? LARGEST : whole;
  },
  toJSON: String,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
});

/**
 * For avsc's `typeHook`: longs in both forms a schema may write them. The option `registry: {long}` would not do: it is shared between
 * schemas, and the second one with a record of the same name fails.
 */
export function longsAsBigInt(schema: Schema): Type | undefined {
  const type: unknown =
    typeof schema === 'object' && 'type' in schema ? (schema as { type: unknown }).type : schema;
  return type === 'long' ? long : undefined;
}

/** @throws Error what avsc has against a schema */
export function avroTypeOf(text: string, referenced: JudgedSchemas['referenced']): Type {
  const options = { registry: {}, typeHook: longsAsBigInt, wrapUnions: true };
  for (const one of referenced) avro.Type.forSchema(JSON.parse(one.text) as Schema, options);
  return avro.Type.forSchema(JSON.parse(text) as Schema, options);
}

/** What lies on the wire for a type; schemas may refer to themselves. Integers and enums are varints, texts are bytes. */
export type AvroShape =
  | { readonly kind: 'varint' | 'bytes' }
  | { readonly kind: 'fixed'; readonly size: number }
  | { readonly kind: 'blocks'; readonly item: readonly AvroShape[] }
  | { readonly kind: 'row'; readonly parts: readonly AvroShape[] }
  | { readonly kind: 'union'; readonly branches: readonly AvroShape[] };

/** A field of a record, and what lies before it. */
export interface AvroField {
  readonly before: readonly AvroShape[];
  readonly shape: AvroShape;
  /** What it, or each branch of its union, is called. */
  readonly types: readonly string[];
}

/** Undefined: the schema is no record, or has no such field. @throws Error what avsc has against a schema */
export function avroFieldOf(
  text: string,
  referenced: JudgedSchemas['referenced'],
  name: string,
): AvroField | undefined {
  const whole = avroTypeOf(text, referenced);
  if (!(whole instanceof avro.types.RecordType)) return undefined;
  const at = whole.fields.findIndex((one) => one.name === name);
  const field = whole.fields[at];
  if (field === undefined) return undefined;
  const known = new Map<Type, AvroShape>();
  return {
    before: whole.fields.slice(0, at).map(({ type }) => shapeOf(type, known)),
    shape: shapeOf(field.type, known),
    types: branchesOf(field.type).map(({ typeName }) => typeName),
  };
}

const branchesOf = (type: Type): readonly Type[] =>
  type instanceof avro.types.WrappedUnionType ? type.types : [type];

const SIZES: Readonly<Record<string, number>> = { null: 0, boolean: 1, float: 4, double: 8 };

/** `known`: what was begun already, so that a schema that refers to itself ends. */
function shapeOf(type: Type, known: Map<Type, AvroShape>): AvroShape {
  const before = known.get(type);
  if (before !== undefined) return before;
  const parts: AvroShape[] = [];
  const begun = (shape: AvroShape, inner: readonly Type[]): AvroShape => {
    known.set(type, shape);
    parts.push(...inner.map((one) => shapeOf(one, known)));
    return shape;
  };
  const { types } = avro;
  if (type instanceof types.RecordType)
    return begun(
      { kind: 'row', parts },
      type.fields.map((field) => field.type),
    );
  if (type instanceof types.WrappedUnionType) return begun({ kind: 'union', branches: parts }, type.types);
  if (type instanceof types.ArrayType) return begun({ kind: 'blocks', item: parts }, [type.itemsType]);
  if (type instanceof types.MapType) {
    parts.push({ kind: 'bytes' });
    return begun({ kind: 'blocks', item: parts }, [type.valuesType]);
  }
  if (type instanceof types.FixedType) return { kind: 'fixed', size: type.size };
  const size = SIZES[type.typeName];
  if (size !== undefined) return { kind: 'fixed', size };
  return { kind: type.typeName === 'string' || type.typeName === 'bytes' ? 'bytes' : 'varint' };
}
