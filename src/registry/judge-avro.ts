import avro, { type Schema, type Type } from 'avsc';
import { differs, eventIn, PROVEN, unreadable, whyOf, type Judge, type JudgedSchemas } from './verdict.ts';

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

/** Reads both with avsc; what it makes of the event within must be what it makes of the event alone. */
export function avroJudge({ original, stamped, referenced, placement }: JudgedSchemas): Judge {
  const plain = avroTypeOf(original, referenced);
  const with_ = avroTypeOf(stamped, referenced);
  const { field, shape } = placement;
  return (originalBytes, stampedBytes, id) => {
    let before: Buffer;
    try {
      before = plain.toBuffer(plain.fromBuffer(Buffer.from(originalBytes)));
    } catch (error) {
      return unreadable(error);
    }
    try {
      const read = with_.fromBuffer(Buffer.from(stampedBytes)) as Record<string, unknown>;
      const given = read[field];
      const number = typeof given === 'object' && given !== null && 'long' in given ? given.long : given;
      if (number !== id) return differs(`${field} is ${String(number)}`);
      const after = plain.toBuffer(eventIn(read, shape));
      return after.equals(before) ? PROVEN : differs('another field changed');
    } catch (error) {
      return differs(whyOf(error));
    }
  };
}
