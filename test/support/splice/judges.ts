/**
 * What a stamped payload must be, by readers that are not ours: JSON.parse, protobufjs, and bytes put together here. Undefined: right;
 * else what is wrong. `judgeRefusal` asks the other way round: was it right to refuse this?
 */
import protobuf from 'protobufjs';
import { zigzag } from '../schemas/avro-types.ts';
import { FIELD, type Format } from './inputs.ts';

export interface Stamped {
  readonly format: Format;
  readonly shape: 'flat' | 'envelope';
  readonly original: Uint8Array;
  readonly stamped: Uint8Array;
  readonly id: bigint;
}

const { root } = protobuf.parse(`syntax = "proto3"; message Event { sfixed64 ${FIELD} = 2047; }`, {
  keepCase: true,
});
const Event = root.lookupType('Event');
const BROKEN = Symbol('no JSON');

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
const joined = (...parts: (Uint8Array | string)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));

/** The value, or BROKEN. As Latin-1: bytes that are no UTF-8 within a string do not change where it ends. */
function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.subarray(markBytes(bytes))).toString('latin1')) as unknown;
  } catch {
    return BROKEN;
  }
}

const markBytes = (bytes: Uint8Array): number =>
  bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;

export function judgeStamped(stamped: Stamped): string | undefined {
  if (stamped.format === 'avro') {
    return same(joined(zigzag(stamped.id), stamped.original), stamped.stamped)
      ? undefined
      : 'is not the ID and the original behind it';
  }
  if (stamped.format === 'protobuf') return judgeProtobuf(stamped);
  return stamped.shape === 'flat' ? judgeJson(stamped) : judgeEnvelope(stamped);
}

function judgeProtobuf({ original, stamped, id }: Stamped): string | undefined {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(id);
  if (!same(joined(original, Uint8Array.of(0xf9, 0x7f), bytes), stamped))
    return 'is not the original and the ID behind it';
  const walked = walk(original);
  if (walked !== 'whole') return `is stamped although it is ${walked}`;
  const read = Event.toObject(Event.decode(stamped), { longs: String })[FIELD] as unknown;
  return read === id.toString() ? undefined : `protobufjs reads the ID ${String(read)}`;
}

type Walked = 'whole' | 'broken' | 'with a group' | 'with our number in another type';

/** The top level by hand, in BigInt: protobufjs passes varints of any length, and some that are cut short. */
function walk(bytes: Uint8Array): Walked {
  let at = 0;
  const varint = (mostBytes: number, limit: bigint): bigint | undefined => {
    let value = 0n;
    for (let i = 0; i < mostBytes && at < bytes.length; i++) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 127) << BigInt(7 * i);
      if (byte < 128) return value < limit ? value : undefined;
    }
    return undefined;
  };
  while (at < bytes.length) {
    const tag = varint(5, 2n ** 32n);
    if (tag === undefined || tag < 8n) return 'broken';
    const wire = Number(tag & 7n);
    if (wire === 3 || wire === 4) return 'with a group';
    if (wire > 5) return 'broken';
    if (tag >> 3n === 2_047n && wire !== 1) return 'with our number in another type';
    const value = wire === 0 ? varint(10, 2n ** 70n) : wire === 2 ? varint(5, 2n ** 31n) : 0n;
    if (value === undefined) return 'broken';
    at += wire === 1 ? 8 : wire === 5 ? 4 : wire === 2 ? Number(value) : 0;
  }
  return at === bytes.length ? 'whole' : 'broken';
}

function judgeEnvelope({ original, stamped, id }: Stamped): string | undefined {
  const mark = markBytes(original);
  const wanted = joined(
    original.subarray(0, mark),
    `{"${FIELD}":"${id}","event":`,
    original.subarray(mark),
    '}',
  );
  if (!same(wanted, stamped)) return 'is not the original in its envelope';
  const [inside, outside] = [parsed(original), parsed(stamped)];
  if (inside === BROKEN) return outside === BROKEN ? undefined : 'closes what the original left open';
  return JSON.stringify(outside) === JSON.stringify({ [FIELD]: id.toString(), event: inside })
    ? undefined
    : 'reads otherwise';
}

function judgeJson({ original, stamped, id }: Stamped): string | undefined {
  const before = parsed(original);
  const after = parsed(stamped);
  const at = commonPrefix(original, stamped);
  const tail = commonSuffix(original, stamped, at);
  const grown = Buffer.from(stamped.subarray(at, stamped.length - tail)).toString('latin1');
  if (before === BROKEN) {
    // Broken in its middle: it stays so, and nothing but the member was put in, or one of the name replaced.
    if (at + tail >= original.length && !grown.includes(id.toString()))
      return 'the ID is not in what was put in';
    return after === BROKEN ? undefined : 'is JSON, and the original is none';
  }
  if (typeof before !== 'object' || before === null || Array.isArray(before)) return 'was no object';
  if (after === BROKEN) return 'is no JSON any more';
  if ((after as Record<string, unknown>)[FIELD] !== id.toString()) return 'holds another ID';
  const rest = (object: object): string =>
    JSON.stringify(Object.entries(object).filter(([name]) => name !== FIELD));
  if (rest(before) !== rest(after as object)) return 'another member changed';
  if (FIELD in before) return undefined;
  const inserted = `"${FIELD}":"${id}"${Object.keys(before).length === 0 ? '' : ','}`;
  const open = original.indexOf(0x7b) + 1;
  return same(joined(original.subarray(0, open), inserted, original.subarray(open)), stamped)
    ? undefined
    : 'is not the original with a member put in';
}

function commonPrefix(a: Uint8Array, b: Uint8Array): number {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at++;
  return at;
}

function commonSuffix(a: Uint8Array, b: Uint8Array, from: number): number {
  let n = 0;
  while (a.length - n > from && b.length - n > from && a[a.length - 1 - n] === b[b.length - 1 - n]) n++;
  return n;
}

/** Undefined: there was reason to refuse it. */
export function judgeRefusal(
  format: Format,
  shape: 'flat' | 'envelope',
  original: Uint8Array,
  code: string,
): string | undefined {
  if (format === 'avro') return `${code}: bare Avro cannot be judged`;
  if (format === 'protobuf') return walk(original) === 'whole' ? `${code}: it is whole` : undefined;
  const value = parsed(original);
  if (value === BROKEN || code === 'VALUE_ID_REPEATED') return undefined;
  if (shape === 'envelope') return `${code}: JSON.parse reads it`;
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? `${code}: JSON.parse finds an object` : undefined;
}
