import { describe, expect, it } from '@jest/globals';
import { Bytes, copyBytes } from '../../../src/kafka/records/copy.ts';

const LONGEST = 700;
const LEFT = 0xee;
const source = new Bytes(Uint8Array.from({ length: LONGEST + 16 }, (_, i) => (i * 167 + (i >> 8)) & 255));

/** What lies in the target once `length` bytes from `start` are copied to `at`. */
function copied(start: number, at: number, length: number): Uint8Array {
  const to = new Bytes(new Uint8Array(LONGEST + 32).fill(LEFT));
  copyBytes(source, start, to, at, length);
  return to.bytes;
}

function expected(start: number, at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(LONGEST + 32).fill(LEFT);
  for (let i = 0; i < length; i++) bytes[at + i] = source.bytes[start + i]!;
  return bytes;
}

describe('copyBytes', () => {
  it.each([
    [0, 0],
    [3, 5],
    [8, 1],
  ])('of every length from %i to %i: all of it, and nothing beside it', (start, at) => {
    for (let length = 0; length <= LONGEST; length++) {
      const same = Buffer.compare(copied(start, at, length), expected(start, at, length)) === 0;
      expect({ length, same }).toEqual({ length, same: true });
    }
  });

  it('goes to the very ends of both buffers and not beyond, whatever the length', () => {
    for (let length = 0; length <= 400; length++) {
      const whole = new Bytes(source.bytes.slice(0, length));
      const to = new Bytes(new Uint8Array(length));
      copyBytes(whole, 0, to, 0, length);
      expect(Buffer.compare(to.bytes, whole.bytes)).toBe(0);
    }
  });

  it('keeps words that would be signalling NaNs as floats', () => {
    const nan = new Bytes(Uint8Array.from({ length: 64 }, (_, i) => (i % 8 > 5 ? 0xff : i)));
    nan.bytes.fill(0xf4, 6, 7);
    const to = new Bytes(new Uint8Array(64));
    for (let times = 0; times < 1_000; times++) copyBytes(nan, 0, to, 0, 64);
    expect(Buffer.compare(to.bytes, nan.bytes)).toBe(0);
  });
});
