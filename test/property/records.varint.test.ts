import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { crc32c, crc32cPortable } from '../../src/kafka/records/crc32c.ts';
import {
  sizeOfVarint,
  sizeOfVarint64,
  VarintReader,
  writeVarint,
  writeVarint64,
} from '../../src/kafka/records/varint.ts';
import { slowCrc, varlong } from '../unit/records/plain-codec.ts';

const bits = fc.integer({ min: 0, max: 63 });
/** Evenly over the widths, not over the values. */
const int64 = fc
  .tuple(bits, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))
  .map(([shift, value]) => value >> BigInt(shift));

describe('varints', () => {
  it('round-trip over int64, sized and written as the independent encoder does', () => {
    fc.assert(
      fc.property(int64, (value) => {
        const expected = varlong(value);
        const bytes = new Uint8Array(10);
        expect(writeVarint64(bytes, 0, value)).toBe(expected.length);
        expect(sizeOfVarint64(value)).toBe(expected.length);
        expect([...bytes.subarray(0, expected.length)]).toEqual(expected);
        const reader = new VarintReader();
        reader.load(bytes, 0, expected.length);
        expect(reader.varlong()).toBe(Number(value));
        expect([reader.at, reader.failed]).toEqual([expected.length, false]);
        if (!Number.isSafeInteger(Number(value))) {
          expect(reader.inexact).toBe(true);
          return;
        }
        expect(reader.inexact).toBe(false);
        expect(writeVarint(bytes, 0, Number(value))).toBe(expected.length);
        expect(sizeOfVarint(Number(value))).toBe(expected.length);
        expect([...bytes.subarray(0, expected.length)]).toEqual(expected);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('crc32c', () => {
  it('is one function in three implementations', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(crc32c(bytes)).toBe(slowCrc(bytes));
        expect(crc32cPortable(bytes)).toBe(slowCrc(bytes));
      }),
    );
  });
});
