import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import type { Placement } from '../../src/stamp/schema/derived.ts';
import { deriveProtobuf } from '../../src/stamp/schema/protobuf.ts';
import { Random } from '../support/schemas/random.ts';
import { randomMessage, randomProto } from '../support/schemas/random-proto.ts';

const FIELD = 'snowflake_id';
const flat: Placement = { shape: 'flat', field: FIELD, nullable: false, fieldNumber: 2047 };
const EVENTS = 4;

const plain = { longs: String, bytes: String, enums: Number } as const;
function parse(text: string): protobuf.Root {
  const { root } = protobuf.parse(text, { keepCase: true });
  root.resolveAll();
  return root;
}

/** Field 2047 of wire type 1 and eight bytes, as they stand behind a stamped event. */
function stamp(id: bigint): Buffer {
  const bytes = Buffer.alloc(11);
  bytes.set([0xf9, 0x7f]);
  bytes.writeBigInt64LE(id, 2);
  return bytes.subarray(0, 10);
}

/** The message at an index path, as Confluent's wire format counts them. */
function at(root: protobuf.Root, packageName: string, path: readonly number[]): protobuf.Type {
  const [first, ...rest] = path;
  const start = packageName === '' ? root.nestedArray : root.lookup(packageName);
  const messages = (list: readonly protobuf.ReflectionObject[]): protobuf.Type[] =>
    list.filter((one) => one instanceof protobuf.Type);
  const top = Array.isArray(start) ? start : start instanceof protobuf.Namespace ? start.nestedArray : [];
  return rest.reduce((type, index) => messages(type.nestedArray)[index]!, messages(top)[first!]!);
}

describe('a derived Protobuf schema, judged by protobufjs', () => {
  it('the original bytes and the ID behind them are an event of it; old readers read what they read before', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = new Random(seed);
        const { text, messages } = randomProto(random);
        const { path, fullName } = random.pick(messages);
        const derived = deriveProtobuf(text, path, flat);
        if (derived.kind === 'refused') throw new Error(`${derived.code}: ${derived.message}\n${text}`);
        expect(derived.name).toBe(fullName);
        const old = parse(text).lookupType(fullName);
        const packageName = fullName.split('.').slice(0, -path.length).join('.');
        const stamped = at(parse(derived.text), packageName, path);
        expect(stamped.fullName).toBe(`.${fullName}`);
        for (let event = 0; event < EVENTS; event++) {
          const body = old.encode(old.fromObject(randomMessage(old, random))).finish();
          const before = old.toObject(old.decode(body), plain);
          const id = random.id();
          const bytes = Buffer.concat([body, stamp(id)]);
          expect(stamped.toObject(stamped.decode(bytes), plain)).toEqual({
            ...before,
            [FIELD]: id.toString(),
          });
          expect(old.toObject(old.decode(bytes), plain)).toEqual(before);
        }
      }),
      { numRuns: 350 },
    );
  });

  it('nothing moves: every message keeps its index path', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = new Random(seed);
        const { text, messages } = randomProto(random);
        const derived = deriveProtobuf(text, random.pick(messages).path, flat);
        if (derived.kind === 'refused') throw new Error(derived.message);
        const root = parse(derived.text);
        for (const { path, fullName } of messages) {
          const packageName = fullName.split('.').slice(0, -path.length).join('.');
          expect(at(root, packageName, path).fullName).toBe(`.${fullName}`);
        }
      }),
      { numRuns: 200 },
    );
  });
});
