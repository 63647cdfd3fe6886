/**
 * `npm run bench:splice`: CPU per event of a value stamp beside decode + modify + encode with avsc, protobufjs and JSON in the same run;
 * thread CPU time, best of the rounds, taking turns. `splice`: value to value, as the other side does it, into an arena. `record`: the
 * whole record from the fetched batch into the outgoing one, for which the other side would need as much again.
 * Issue targets at 200 B: Avro ≥ 20 ×, Protobuf ≥ 25 ×, JSON ≥ 6 ×.
 */
import protobuf from 'protobufjs';
import { BufferPool } from '../../src/kafka/records/buffer-pool.ts';
import { Bytes, copyBytes } from '../../src/kafka/records/copy.ts';
import { RecordCursor } from '../../src/kafka/records/cursor.ts';
import { BatchWriter } from '../../src/kafka/records/writer.ts';
import { headerPolicy } from '../../src/stamp/header.ts';
import { Cut } from '../../src/stamp/cut.ts';
import { formatOf, ValueStamp } from '../../src/stamp/value.ts';
import { FixedId, headerOf, sectionOf } from '../support/splice/arena.ts';
import { avroType } from '../support/schemas/avro-types.ts';
import { settings } from '../unit/stamp/value-drive.ts';

const EVENTS = 4_000;
const ROUNDS = 5;
const REPEAT = 40;
const FIRST_ID = 7_321_987_654_321_098_765n;

const AVRO_FIELDS = [
  ...['orderId', 'customer', 'street', 'city'].map((name) => ({ name, type: 'string' })),
  ...['placedMs', 'updatedMs', 'priceCents'].map((name) => ({ name, type: 'long' })),
  { name: 'quantity', type: 'int' },
  { name: 'tags', type: { type: 'array', items: 'string' } },
];
const ID_FIELD = { name: 'snowflake_id', type: 'long' };
const avroOf = (fields: readonly object[]) =>
  avroType(JSON.stringify({ type: 'record', name: 'Order', fields }));
const PROTO = (id: string): string => `syntax = "proto3"; message Order { ${id}
  string orderId = 1; string customer = 2; string street = 3; string city = 4; int64 placedMs = 5; int64 updatedMs = 6;
  int64 priceCents = 7; int32 quantity = 8; repeated string tags = 9; }`;
const protoOf = (id: string): protobuf.Type =>
  protobuf.parse(PROTO(id), { keepCase: true }).root.lookupType('Order');

interface Order {
  readonly [name: string]: unknown;
}
const text = (seed: number, length: number): string =>
  Array.from({ length }, (_, i) => String.fromCharCode(97 + ((seed * 31 + i * 7) % 26))).join('');
/** About 200 B in each format; `extra` makes it longer. */
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

const longOf = (id: bigint): protobuf.Long => {
  const bits = new protobuf.util.LongBits(Number(BigInt.asUintN(32, id)), Number(id >> 32n));
  return bits.toLong(false);
};

interface Lane {
  readonly format: 'avro' | 'json' | 'protobuf';
  /** ≥ this many times less CPU than the other way. */
  readonly target: number;
  readonly values: readonly Uint8Array[];
  /** Decode, put the ID in, encode. */
  readonly again: (value: Buffer, id: bigint) => Uint8Array;
}

function lanes(pad: number): Lane[] {
  const plain = avroOf(AVRO_FIELDS);
  const stamped = avroOf([ID_FIELD, ...AVRO_FIELDS]);
  const big = (event: Order): Order => ({
    ...event,
    ...Object.fromEntries(
      ['placedMs', 'updatedMs', 'priceCents'].map((name) => [name, BigInt(event[name] as number)]),
    ),
  });
  const [proto, protoStamped] = [protoOf(''), protoOf('sfixed64 snowflake_id = 2047;')];
  const many = (padded: number, encode: (event: Order) => Uint8Array): Uint8Array[] =>
    Array.from({ length: EVENTS }, (_, i) => new Uint8Array(encode(order(i, padded))));
  return [
    {
      format: 'avro',
      target: 20,
      values: many(pad + 17, (event) => plain.toBuffer(big(event))),
      again: (value, id) => {
        const event = plain.fromBuffer(value) as Order;
        return stamped.toBuffer({ ...event, snowflake_id: id });
      },
    },
    {
      format: 'protobuf',
      target: 25,
      values: many(pad + 15, (event) => proto.encode(event).finish()),
      again: (value, id) => {
        const event = proto.decode(value) as unknown as Order;
        return protoStamped.encode({ ...event, snowflake_id: longOf(id) }).finish();
      },
    },
    {
      format: 'json',
      target: 6,
      values: many(pad / 1.1 - 14, (event) => Buffer.from(JSON.stringify(event))),
      again: (value, id) => {
        const event = JSON.parse(value.toString()) as Order;
        return Buffer.from(JSON.stringify({ snowflake_id: id.toString(), ...event }));
      },
    },
  ];
}

/** Where the ID goes, by the product, and the copies around it, as its record splicer makes them. */
function valueSplicer({ format, values }: Lane): () => number {
  const place = formatOf(settings({ format }));
  const cut = new Cut();
  const section = new Uint8Array(Buffer.concat(values));
  const from = new Bytes(section);
  const arena = new Bytes(new Uint8Array(section.length + EVENTS * 64));
  const id = new FixedId();
  id.set(FIRST_ID);
  return () => {
    let start = 0;
    let to = 0;
    let count = 0;
    for (const { length } of values) {
      const end = start + length;
      if (place.place(section, start, end, id, cut) === undefined) count++;
      copyBytes(from, start, arena, to, cut.at - start);
      to += cut.at - start;
      copyBytes(cut.inserted, 0, arena, to, cut.length);
      to += cut.length;
      copyBytes(from, cut.resume, arena, to, end - cut.resume);
      to += end - cut.resume;
      start = end;
    }
    return count;
  };
}

/** The lane's values through the product's value stamp, section in, batch out. */
function recordSplicer({ format, values }: Lane): () => number {
  const stamp = new ValueStamp(settings({ format }), headerPolicy('snowflake_id', 'replace'), {
    book: undefined,
    refused: 'tell',
  });
  const section = sectionOf(values);
  const header = headerOf(values.length);
  const cursor = new RecordCursor(stamp.watch);
  const writer = new BatchWriter(new BufferPool(1 << 24));
  const id = new FixedId();
  id.set(FIRST_ID);
  return () => {
    writer.begin(1 << 23);
    cursor.load(section, header);
    let count = 0;
    while (cursor.next()) if (stamp.apply(cursor, section, id, writer) === 'stamped') count++;
    writer.release();
    return count;
  };
}

/** Thread CPU nanoseconds an event. */
function nsOf(work: () => number): number {
  const start = process.threadCpuUsage();
  for (let i = 0; i < REPEAT; i++) if (work() !== EVENTS) throw new Error('not every event was stamped');
  const { user, system } = process.threadCpuUsage(start);
  return ((user + system) * 1_000) / (REPEAT * EVENTS);
}

console.log('CPU per event    bytes    splice    record   decode+modify+encode    splice is    target');
for (const [pad, isTarget] of [
  [0, true],
  [210, false],
] as const) {
  for (const lane of lanes(pad)) {
    const buffers = lane.values.map((value) => Buffer.from(value));
    const again = (): number => {
      let bytes = 0;
      for (const value of buffers) bytes += lane.again(value, FIRST_ID).length;
      return bytes > 0 ? EVENTS : 0;
    };
    const sides = [valueSplicer(lane), recordSplicer(lane), again] as const;
    for (const side of sides) nsOf(side);
    const rounds = Array.from({ length: ROUNDS }, () => sides.map(nsOf));
    const [splice, record, other] = sides.map((_, side) => Math.min(...rounds.map((round) => round[side]!)));
    const bytes = lane.values.reduce((sum, { length }) => sum + length, 0) / EVENTS;
    const ratio = other! / splice!;
    const verdict = `≥ ${lane.target} ${ratio >= lane.target ? 'reached' : 'MISSED'}`;
    const ns = (value: number, width: number): string => `${value.toFixed(0)} ns`.padStart(width);
    console.log(
      `${lane.format.padEnd(14)} ${bytes.toFixed(0).padStart(7)} ${ns(splice!, 9)} ${ns(record!, 9)} ${ns(other!, 22)} ${ratio.toFixed(1).padStart(10)} ×    ${isTarget ? verdict : ''}`,
    );
  }
}
