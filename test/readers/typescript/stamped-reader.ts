/** Reads stamped orders: each line of the input is a format, a shape, and a value of the topic in base64. */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import avro from 'avsc';
import protobuf from 'protobufjs';

interface Order {
  readonly order_number: string;
  readonly customer_number: bigint | string;
}
type Event = Order & { readonly snowflake_id: bigint; readonly event: Order };

const [schemas = ''] = process.argv.slice(2);
const avroText = (name: string): string => readFileSync(`${schemas}/avro/order.${name}.avsc`, 'utf8');

// Avro by avsc: it refuses longs above 2^53 unless it is told to make BigInts of them
const long = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(0),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
});
const typeHook = (schema: unknown) =>
  schema === 'long' || (schema as { type?: unknown }).type === 'long' ? long : undefined;
const typeOf = (text: string) => avro.Type.forSchema(JSON.parse(text) as avro.Schema, { typeHook });
const readAvro = (value: Buffer, type: avro.Type) => type.fromBuffer(value.subarray(5)) as Event;
// end

// JSON: the member is a string; JSON.parse keeps it
const readJson = (value: Buffer) => {
  const event = JSON.parse(value.toString('utf8', 5)) as Order & { snowflake_id: string; event: Order };
  return { ...event, snowflake_id: BigInt(event.snowflake_id) };
};
// end

// Protobuf by protobufjs: longs as strings, never as numbers; behind the prefix stands a 0, the index of the first message
const readProtobuf = (value: Buffer, type: protobuf.Type) => {
  const order = type.toObject(type.decode(value.subarray(6)), { longs: String });
  return { ...order, snowflake_id: BigInt(order['snowflake_id'] as string) };
};
// end

const types = { flat: typeOf(avroText('stamped')), envelope: typeOf(avroText('envelope')) };
const proto = readFileSync(`${schemas}/proto/order.stamped.proto`, 'utf8');
const orderType = protobuf.parse(proto, { keepCase: true }).root.lookupType('com.acme.shop.Order');

const readers = {
  avro: (value: Buffer, shape: 'flat' | 'envelope') => readAvro(value, types[shape]),
  json: readJson,
  protobuf: (value: Buffer) => readProtobuf(value, orderType) as unknown as Event,
};

for await (const line of createInterface({ input: process.stdin })) {
  const [format, shape, text] = line.split(' ') as [keyof typeof readers, 'flat' | 'envelope', string];
  const event = readers[format](Buffer.from(text, 'base64'), shape);
  const order = shape === 'flat' ? event : event.event;
  console.log(`${event.snowflake_id} ${order.order_number} ${order.customer_number}`);
}
