/** What `bench:splice` measures: an order of about 200 B in each format, and the ways to put an ID into it with the format's library. */
import avro, { type Type } from 'avsc';
import protobuf from 'protobufjs';
import { avroType } from '../support/schemas/avro-types.ts';

export const EVENTS = 4_000;
export const FIRST_ID = 7_321_987_654_321_098_765n;

/** One way to decode an event, put the ID in and encode it again. */
export interface Peer {
  readonly name: string;
  readonly again: (value: Buffer) => Uint8Array;
}

export interface Lane {
  readonly format: 'avro' | 'json' | 'protobuf';
  /** ≥ this many times less CPU than the fastest of the other ways. */
  readonly target: number;
  /** Of the plain event. */
  readonly schema: string;
  readonly values: readonly Uint8Array[];
  readonly peers: readonly Peer[];
}

interface Order {
  [name: string]: unknown;
}

const text = (seed: number, length: number): string =>
  Array.from({ length }, (_, i) => String.fromCharCode(97 + ((seed * 31 + i * 7) % 26))).join('');
const order = (i: number, extra: number): Order => ({
  orderId: `order-${i}`,
  customer: text(i, 24 + extra),
  street: text(i + 1, 30 + extra),
  city: text(i + 2, 20 + extra),
  placedMs: 1_790_000_000_000 + i,
  updatedMs: 1_790_000_500_000 + i,
  priceCents: 129_900 + i,
  quantity: i % 50,
  tags: [text(i, 12 + extra), text(i + 3, 12)],
});
const orders = (extra: number, encode: (event: Order) => Uint8Array): Uint8Array[] =>
  Array.from({ length: EVENTS }, (_, i) => new Uint8Array(encode(order(i, extra))));

const FIELDS = [
  ...['orderId', 'customer', 'street', 'city'].map((name) => ({ name, type: 'string' })),
  ...['placedMs', 'updatedMs', 'priceCents'].map((name) => ({ name, type: 'long' })),
  { name: 'quantity', type: 'int' },
  { name: 'tags', type: { type: 'array', items: 'string' } },
];
const ID_FIELD = { name: 'snowflake_id', type: 'long' };
const schemaOf = (fields: readonly object[]): string =>
  JSON.stringify({ type: 'record', name: 'Order', fields });

/** Longs as avsc has them by default, numbers; only the ID, which is the first field, as a BigInt. */
function withBigId(): Type {
  const bigLong = avroType('"long"');
  let isFirst = true;
  return avro.Type.forSchema(JSON.parse(schemaOf([ID_FIELD, ...FIELDS])) as avro.Schema, {
    typeHook: (schema) => {
      if (schema !== 'long' || !isFirst) return undefined;
      isFirst = false;
      return bigLong;
    },
  });
}

function avroLane(pad: number): Lane {
  const numbers = avro.Type.forSchema(JSON.parse(schemaOf(FIELDS)) as avro.Schema);
  const numbersAndId = withBigId();
  const bigs = avroType(schemaOf(FIELDS));
  const bigsAndId = avroType(schemaOf([ID_FIELD, ...FIELDS]));
  const by =
    (reader: Type, writer: Type) =>
    (value: Buffer): Uint8Array => {
      const event = reader.fromBuffer(value) as Order;
      event['snowflake_id'] = FIRST_ID;
      return writer.toBuffer(event);
    };
  return {
    format: 'avro',
    target: 20,
    schema: schemaOf(FIELDS),
    values: orders(pad + 17, (event) => numbers.toBuffer(event)),
    peers: [
      { name: 'avsc, longs as numbers, the ID alone a BigInt', again: by(numbers, numbersAndId) },
      { name: 'avsc, every long a BigInt', again: by(bigs, bigsAndId) },
    ],
  };
}

const PROTO = (id: string): string => `syntax = "proto3"; message Order { ${id}
  string orderId = 1; string customer = 2; string street = 3; string city = 4; int64 placedMs = 5; int64 updatedMs = 6;
  int64 priceCents = 7; int32 quantity = 8; repeated string tags = 9; }`;
const protoOf = (id: string): protobuf.Type =>
  protobuf.parse(PROTO(id), { keepCase: true }).root.lookupType('Order');

function protobufLane(pad: number): Lane {
  const plain = protoOf('');
  const stamped = protoOf('sfixed64 snowflake_id = 2047;');
  const halves = [Number(BigInt.asUintN(32, FIRST_ID)), Number(FIRST_ID >> 32n)] as const;
  const id = new protobuf.util.LongBits(...halves).toLong(false);
  return {
    format: 'protobuf',
    target: 25,
    schema: PROTO(''),
    values: orders(pad + 15, (event) => plain.encode(event).finish()),
    peers: [
      {
        name: 'protobufjs, reflection compiled to code, the ID set on the message',
        again: (value) => {
          const event = stamped.decode(value);
          Object.assign(event, { snowflake_id: id });
          return stamped.encode(event).finish();
        },
      },
    ],
  };
}

const JSON_TYPES: Readonly<Record<string, string>> = { long: 'integer', int: 'integer', string: 'string' };
const JSON_SCHEMA = JSON.stringify({
  type: 'object',
  properties: Object.fromEntries(
    FIELDS.map(({ name, type }) => [name, { type: typeof type === 'string' ? JSON_TYPES[type] : 'array' }]),
  ),
});

function jsonLane(pad: number): Lane {
  const id = FIRST_ID.toString();
  return {
    format: 'json',
    target: 6,
    schema: JSON_SCHEMA,
    values: orders(pad / 1.1 - 14, (event) => Buffer.from(JSON.stringify(event))),
    peers: [
      {
        name: 'JSON.parse, the ID set on the object, JSON.stringify',
        again: (value) => {
          const event = JSON.parse(value.toString()) as Order;
          event['snowflake_id'] = id;
          return Buffer.from(JSON.stringify(event));
        },
      },
    ],
  };
}

/** `pad` makes an event about five times as many bytes longer. The peers are given the ID as they like it best, made beforehand. */
export const lanes = (pad: number): readonly Lane[] => [avroLane(pad), protobufLane(pad), jsonLane(pad)];
