import avro, { type Type } from 'avsc';

const LARGEST = 2n ** 63n - 1n;

/** Longs as BigInt, in every form a schema may write them. */
const long = avro.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(0),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  // A default beyond 2^53 comes here as the double next to it, which may be 2^63.
  fromJSON: (value: number | string) => {
    const whole = BigInt(value);
    return whole > LARGEST ? LARGEST : whole;
  },
  toJSON: String,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
});

/** A type by avsc, with BigInt longs and unions wrapped. */
export function avroType(text: string): Type {
  return avro.Type.forSchema(JSON.parse(text) as avro.Schema, {
    wrapUnions: true,
    typeHook: (schema) => {
      const type: unknown = typeof schema === 'string' ? schema : 'type' in schema ? schema.type : undefined;
      return type === 'long' ? long : undefined;
    },
  });
}

/** An ID as the first bytes of a stamped Avro event: zigzag varint. Written again here, so that it can judge the product's. */
export function zigzag(id: bigint): Buffer {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, (id << 1n) ^ (id >> 63n));
  while (left > 0x7fn) {
    bytes.push(Number(left & 0x7fn) | 0x80);
    left >>= 7n;
  }
  return Buffer.from([...bytes, Number(left)]);
}
