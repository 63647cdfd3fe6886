/** Payloads to fuzz with: events, events with bytes changed, cut short or joined, and noise in the format's own alphabet. */
import protobuf from 'protobufjs';
import type { Random } from '../schemas/random.ts';

export const FORMATS = ['json', 'avro', 'protobuf'] as const;
export type Format = (typeof FORMATS)[number];
export const FIELD = 'snowflake_id';

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const JSON_NOISE = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ':',
  ',',
  '\\',
  '\\u00',
  '0',
  '-1',
  'true',
  'null',
  ' ',
  '\n',
  'é',
];

/** Any JSON value, with the ID's name among the members now and then, spelt plainly or escaped. */
function anyJson(random: Random, depth: number): unknown {
  if (depth === 0 || random.chance(0.4))
    return random.pick<unknown>([null, true, 0, -1.5e300, 12, random.text(), random.text(), '']);
  if (random.chance(0.3)) return random.many(4, () => anyJson(random, depth - 1));
  return jsonObject(random, depth - 1);
}

function jsonObject(random: Random, depth: number): object {
  const names = random.many(5, (i) => (random.chance(0.06) ? FIELD : `${random.text()}${i}`));
  return Object.fromEntries(names.map((name) => [name, anyJson(random, depth)]));
}

function json(random: Random): Uint8Array {
  if (random.chance(0.1)) return bytesOf(random.many(12, () => random.pick(JSON_NOISE)).join(''));
  const text = JSON.stringify(
    random.chance(0.85) ? jsonObject(random, 3) : anyJson(random, 2),
    null,
    random.pick([0, 0, 1, '\t']),
  );
  const spelt = random.chance(0.02) ? text.replace('snowflake_id', 'snowflake\\u005fid') : text;
  const twice = random.chance(0.01) ? spelt.replace('{', `{"${FIELD}":1,`) : spelt;
  const around = random.chance(0.1)
    ? `${random.pick(['\ufeff', ' ', '\r\n'])}${twice}${random.pick(['', ' '])}`
    : twice;
  return random.chance(0.01) ? new Uint8Array(Buffer.from(around, 'utf16le')) : bytesOf(around);
}

function proto(random: Random): Uint8Array {
  const writer = protobuf.Writer.create();
  for (let left = random.below(7); left > 0; left--) {
    const number = random.chance(0.04) ? 2_047 : 1 + random.below(random.chance(0.2) ? 2 ** 29 - 1 : 30);
    const wire = random.pick([0, 1, 2, 2, 5, random.chance(0.05) ? 3 + random.below(5) : 0]);
    writer.uint32(((number << 3) | wire) >>> 0);
    if (wire === 0) writer.int64(Number(BigInt.asIntN(50, random.long())));
    else if (wire === 1) writer.fixed64(random.below(2 ** 32));
    else if (wire === 2) writer.bytes(random.bytes(random.below(random.chance(0.1) ? 200 : 12)));
    else if (wire === 5) writer.fixed32(random.below(2 ** 32));
  }
  return new Uint8Array(writer.finish());
}

const fresh = (format: Format, random: Random): Uint8Array => {
  if (random.chance(0.08)) return new Uint8Array(random.bytes(random.below(40)));
  if (format === 'json') return json(random);
  return format === 'protobuf' ? proto(random) : new Uint8Array(random.bytes(random.below(300)));
};

/** One payload; about half are whole events, the rest damaged in one way or two. */
export function payload(format: Format, random: Random): Uint8Array {
  let bytes = fresh(format, random);
  for (let damage = random.pick([0, 0, 1, 2]); damage > 0; damage--) {
    const at = random.below(bytes.length + 1);
    const kind = random.below(4);
    if (kind === 0) bytes = bytes.slice(0, at);
    else if (kind === 1 && at < bytes.length) {
      bytes = bytes.slice();
      bytes[at] = random.below(256);
    } else if (kind === 2)
      bytes = Uint8Array.from([
        ...bytes.subarray(0, at),
        ...random.bytes(1 + random.below(3)),
        ...bytes.subarray(at),
      ]);
    else if (bytes.length < 2_000) bytes = Uint8Array.from([...bytes, ...fresh(format, random)]);
  }
  return bytes;
}

/** Confluent's prefix, whole or not: magic byte, schema ID, Protobuf's indexes. */
export function prefixed(format: Format, body: Uint8Array, known: number, random: Random): Uint8Array {
  const prefix = Buffer.alloc(5);
  if (random.chance(0.03)) prefix[0] = random.below(256);
  prefix.writeInt32BE(random.chance(0.95) ? known : random.below(2 ** 32) - 2 ** 31, 1);
  const indexes = format !== 'protobuf' ? [] : random.chance(0.9) ? [0] : [...random.bytes(random.below(6))];
  const whole = Uint8Array.from([...prefix, ...indexes, ...body]);
  return random.chance(0.03) ? whole.slice(0, random.below(8)) : whole;
}
