import { describe, expect, it } from '@jest/globals';
import { crc32c, crc32cIsNative, crc32cPortable } from '../../../src/kafka/records/crc32c.ts';

const ascii = (text: string) => new TextEncoder().encode(text);
const counting = (length: number, step: number) => Uint8Array.from({ length }, (_, i) => (i * step) & 0xff);

describe('crc32c', () => {
  it('gives the published check value and the test vectors of RFC 3720 B.4', () => {
    for (const checksum of [crc32c, crc32cPortable]) {
      expect(checksum(ascii('123456789'))).toBe(0xe3069283);
      expect(checksum(new Uint8Array(32))).toBe(0x8a9136aa);
      expect(checksum(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
      expect(checksum(counting(32, 1))).toBe(0x46dd794e);
      expect(checksum(new Uint8Array(0))).toBe(0);
    }
  });

  it('runs natively here, so that the comparison below compares two implementations', () => {
    expect(crc32cIsNative).toBe(true);
  });

  it('is the same natively and portably at every length and alignment', () => {
    const bytes = counting(600, 37);
    for (let start = 0; start < 9; start++) {
      for (let end = start; end < bytes.length; end += 1 + (end >> 5)) {
        const part = bytes.subarray(start, end);
        expect(crc32cPortable(part)).toBe(crc32c(part));
      }
    }
  });
});
