import { describe, expect, it } from '@jest/globals';
import { hex, latin1, settings, stampedOrCode } from './value-drive.ts';

const flat = settings({ format: 'avro' });
const stamped = (value: typeof flat, body: string, id: bigint): string =>
  Buffer.from(stampedOrCode(value, hex(body), { id }), 'latin1').toString('hex');

describe('an Avro value', () => {
  // Longs as in the specification's own table and at every border of a byte.
  it.each([
    [0n, '00'],
    [1n, '02'],
    [63n, '7e'],
    [64n, '8001'],
    [8_191n, 'fe7f'],
    [8_192n, '808001'],
    [2n ** 31n - 1n, 'feffffff0f'],
    [2n ** 31n, '8080808010'],
    [2n ** 32n - 1n, 'feffffff1f'],
    [2n ** 32n, '8080808020'],
    [2n ** 55n - 1n, 'feffffffffffff7f'],
    [2n ** 55n, '808080808080808001'],
    [2n ** 62n - 1n, 'feffffffffffffff7f'],
    [2n ** 62n, '80808080808080808001'],
    [2n ** 63n - 1n, 'feffffffffffffffff01'],
  ])('begins with the ID as zig-zag long: %d', (id, long) => {
    expect(stamped(flat, '0474657374', id)).toBe(`${long}0474657374`);
  });

  it('nullable: the branch of the union stands before it', () => {
    expect(stamped(settings({ format: 'avro', nullable: true }), '04', 1n)).toBe('020204');
  });

  it('flat and envelope are the same bytes', () => {
    expect(stamped(settings({ format: 'avro', shape: 'envelope' }), 'abcd', 300n)).toBe(
      stamped(flat, 'abcd', 300n),
    );
  });

  it('a record without a byte in it is a record: all its fields may be null', () => {
    expect(stampedOrCode(flat, '', { id: 2n })).toBe('\x04');
  });

  it('the rest of the value is not looked at: bare Avro says nothing about itself', () => {
    const noise = Uint8Array.from({ length: 300 }, (_, i) => (i * 37) & 255);
    expect(stampedOrCode(flat, noise, { id: 1n })).toBe(`\x02${latin1(noise)}`);
  });
});
