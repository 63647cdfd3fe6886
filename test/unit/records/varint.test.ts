import { describe, expect, it } from '@jest/globals';
import {
  sizeOfVarint,
  sizeOfVarint64,
  VarintReader,
  writeVarint,
  writeVarint64,
} from '../../../src/kafka/records/varint.ts';
import { varlong } from './plain-codec.ts';

const EDGES = [
  ...new Set(
    [0, 6, 7, 13, 14, 20, 21, 27, 28, 30, 31, 32, 34, 35, 41, 42, 48, 49, 52, 53].flatMap((bit) => [
      2 ** bit - 1,
      2 ** bit,
      2 ** bit + 1,
    ]),
  ),
]
  .filter((value) => value <= Number.MAX_SAFE_INTEGER)
  .flatMap((value) => (value === 0 ? [0] : [value, -value]));
const EDGES_64 = [
  2n ** 53n,
  2n ** 54n,
  2n ** 55n - 1n,
  2n ** 55n,
  2n ** 56n,
  2n ** 62n,
  2n ** 63n - 1n,
].flatMap((value) => [value, -value, -value - 1n]);

function reader(bytes: readonly number[], limit = bytes.length): VarintReader {
  const made = new VarintReader();
  made.load(Uint8Array.from(bytes), 0, limit);
  return made;
}

describe('varints', () => {
  it('are written and sized as the independent encoder writes them, at every width', () => {
    for (const value of EDGES) {
      const expected = varlong(BigInt(value));
      const bytes = new Uint8Array(12);
      expect(writeVarint(bytes, 1, value)).toBe(1 + expected.length);
      expect([...bytes.subarray(1, 1 + expected.length)]).toEqual(expected);
      expect(sizeOfVarint(value)).toBe(expected.length);
    }
  });

  it('as bigints hold the whole int64', () => {
    for (const value of [...EDGES.map(BigInt), ...EDGES_64.map((v) => BigInt.asIntN(64, v))]) {
      const expected = varlong(value);
      const bytes = new Uint8Array(10);
      expect(writeVarint64(bytes, 0, value)).toBe(expected.length);
      expect([...bytes.subarray(0, expected.length)]).toEqual(expected);
      expect(sizeOfVarint64(value)).toBe(expected.length);
      expect(reader(expected).varlong64()).toBe(value);
    }
  });

  it('are read back exactly to ±(2^53 − 1)', () => {
    for (const value of EDGES) {
      const one = reader(varlong(BigInt(value)));
      expect(one.varlong()).toBe(value);
      expect(one.inexact).toBe(false);
      expect(one.endedAt(varlong(BigInt(value)).length)).toBe(true);
      if (value >= -(2 ** 31) && value < 2 ** 31) expect(reader(varlong(BigInt(value))).varint()).toBe(value);
    }
  });

  it('beyond 2^53 are rounded and say so', () => {
    for (const value of EDGES_64.map((v) => BigInt.asIntN(64, v))) {
      if (Number.isSafeInteger(Number(value))) continue;
      const one = reader(varlong(value));
      expect(one.varlong()).toBe(Number(value));
      expect(one.inexact).toBe(true);
    }
  });

  it('cut off, or longer than their type, fail without moving or reading on', () => {
    for (const value of [64n, 8_192n, 2n ** 31n, 2n ** 40n, 2n ** 62n]) {
      const whole = varlong(value);
      for (let limit = 0; limit < whole.length; limit++) {
        for (const read of ['varlong', 'varlong64', 'varint'] as const) {
          const one = reader(whole, limit);
          one[read]();
          expect([one.failed, one.at]).toEqual([true, 0]);
        }
      }
    }
    const tooLong = reader([255, 255, 255, 255, 16, 0]);
    tooLong.varint();
    expect(tooLong.failed).toBe(true);
    const endless = reader(Array.from({ length: 20 }, () => 255));
    endless.varlong();
    expect(endless.failed).toBe(true);
  });

  it('in more bytes than needed are still read', () => {
    expect(reader([0x82, 0x80, 0x00]).varint()).toBe(1);
    expect(reader([0x81, 0x80, 0x80, 0x80, 0x80, 0x00]).varlong()).toBe(-1);
  });
});
