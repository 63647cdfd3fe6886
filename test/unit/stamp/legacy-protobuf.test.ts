import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Bytes } from '../../../src/kafka/records/copy.ts';
import { LegacyId } from '../../../src/stamp/legacy-id.ts';
import { legacyInProtobuf, type IntegerKind } from '../../../src/stamp/legacy-protobuf.ts';

function find(message: readonly number[], number = 7, kind: IntegerKind = 'signed'): string | undefined {
  const bytes = Uint8Array.from([8, 8, ...message, 8, 8]);
  const id = new LegacyId();
  if (!legacyInProtobuf(new Bytes(bytes), 2, 2 + message.length, { number, kind }, id)) return undefined;
  return new TextDecoder().decode(id.source.bytes.subarray(id.start, id.end));
}

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}
const tag = (number: number, type: number): number[] => varint(BigInt(number * 8 + type));
const text = (number: number, value: string): number[] => {
  const bytes = [...Buffer.from(value)];
  return [...tag(number, 2), ...varint(BigInt(bytes.length)), ...bytes];
};
const fixed = (number: number, bits: 32 | 64, value: bigint): number[] => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt.asIntN(64, value));
  return [...tag(number, bits === 64 ? 1 : 5), ...bytes.subarray(0, bits / 8)];
};

describe('a legacy ID in Protobuf', () => {
  it.each([
    ['a string', text(7, 'A-7 é'), 'A-7 é'],
    ['an int64 beyond 2^53', [...tag(7, 0), ...varint(9_007_199_254_740_993n)], '9007199254740993'],
    ['a negative int64', [...tag(7, 0), ...varint(-5n)], '-5'],
    ['an sfixed64', fixed(7, 64, -(2n ** 63n)), String(-(2n ** 63n))],
    ['an sfixed32', fixed(7, 32, -1n), '-1'],
    ['the last of several', [...text(7, 'first'), ...text(1, 'x'), ...text(7, 'last')], 'last'],
    [
      'one behind a nested message that holds the field too',
      [...text(3, '\u003a\u0001x'), ...text(7, 'outer')],
      'outer',
    ],
    [
      'one behind a group that holds the field too',
      [...tag(3, 3), ...text(7, 'in'), ...tag(3, 4), ...text(7, 'out')],
      'out',
    ],
  ])('%s', (_, message, wanted) => {
    expect(find(message)).toBe(wanted);
  });

  it('an integer is what it is said to be: the bytes do not tell', () => {
    const message = [...tag(7, 0), ...varint(2n ** 64n - 1n)];
    expect(find(message, 7, 'unsigned')).toBe('18446744073709551615');
    expect(find(message, 7, 'signed')).toBe('-1');
    expect(find(message, 7, 'zigzag')).toBe(String(-(2n ** 63n)));
    expect(find(fixed(7, 32, -1n), 7, 'unsigned')).toBe('4294967295');
  });

  it.each([
    ['another field', text(8, 'x')],
    ['nothing', []],
    ['an empty string', text(7, '')],
    ['bytes that are no UTF-8', [...tag(7, 2), 1, 0xff]],
    ['a group', [...tag(7, 3), ...tag(7, 4)]],
    ['the field, then a truncated one', [...text(7, 'x'), ...tag(1, 2), 9]],
    ['the field, then a tag cut short', [...text(7, 'x'), 0x80]],
    ['the field, then field 0', [...text(7, 'x'), 2, 0]],
    ['the field, then a type there is not', [...text(7, 'x'), ...tag(1, 6)]],
    ['the field in a group that never ends', [...text(7, 'x'), ...tag(3, 3), ...text(7, 'y')]],
    ['the field, then an end of no group', [...text(7, 'x'), ...tag(3, 4)]],
  ])('none in %s', (_, message) => {
    expect(find(message)).toBeUndefined();
  });

  it('nesting is bounded, and nothing throws', () => {
    expect(find(Array.from({ length: 5_000 }, () => tag(3, 3)).flat())).toBeUndefined();
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 30 }), (message) => {
        expect(() => find(message, 1)).not.toThrow();
      }),
      { numRuns: 5_000 },
    );
  });
});
