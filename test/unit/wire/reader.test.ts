import { describe, expect, it } from '@jest/globals';
import { Reader, readInt32 } from '../../../src/kafka/wire/reader.ts';
import { WireError } from '../../../src/kafka/wire/wire-error.ts';

const read = (hex: string) => new Reader(Buffer.from(hex, 'hex'));

describe('Reader', () => {
  it('reads numbers at the ends of their ranges', () => {
    expect(read('80').int8()).toBe(-128);
    expect(read('8000').int16()).toBe(-32_768);
    expect(read('80000000').int32()).toBe(-2_147_483_648);
    expect(read('ffffffff').uint32()).toBe(4_294_967_295);
    expect(read('001fffffffffffff').int64()).toBe(Number.MAX_SAFE_INTEGER);
    expect(read('ffe0000000000001').int64()).toBe(Number.MIN_SAFE_INTEGER);
    expect(read('ffffffffffffffff').int64()).toBe(-1);
    expect(read('7fffffffffffffff').bigint64()).toBe(2n ** 63n - 1n);
    expect(read('ffffffff0f').uvarint()).toBe(4_294_967_295);
    expect(read('feffffff0f').varint()).toBe(2_147_483_647);
    expect(read('ffffffff0f').varint()).toBe(-2_147_483_648);
  });

  it('refuses an int64 that a number would round', () => {
    expect(() => read('0020000000000000').int64()).toThrow(WireError);
    expect(() => read('8000000000000000').int64()).toThrow(RangeError);
  });

  it('refuses a varint beyond 32 bits, and one that never ends', () => {
    expect(() => read('ffffffff1f').uvarint()).toThrow(WireError);
    expect(() => read('ffffffffff').uvarint()).toThrow(WireError);
    expect(() => read('8080808080').uvarint()).toThrow(WireError);
  });

  it('takes any byte but 0 for true, as Kafka does', () => {
    expect([read('00').boolean(), read('01').boolean(), read('ff').boolean()]).toEqual([false, true, true]);
  });

  it('tells null from empty', () => {
    expect([read('ffff').nullableString(), read('0000').nullableString()]).toEqual([null, '']);
    expect([read('00').compactNullableString(), read('01').compactNullableString()]).toEqual([null, '']);
    expect([read('ffffffff').nullableBytes(), read('00000000').nullableBytes()]).toEqual([
      null,
      Buffer.alloc(0),
    ]);
    expect([read('00').compactNullableBytes(), read('01').compactNullableBytes()]).toEqual([
      null,
      Buffer.alloc(0),
    ]);
    expect([read('ffffffff').nullableArray(readInt32), read('00000000').nullableArray(readInt32)]).toEqual([
      null,
      [],
    ]);
    expect([read('00').compactNullableArray(readInt32), read('01').compactNullableArray(readInt32)]).toEqual([
      null,
      [],
    ]);
  });

  it.each([
    ['string', 'ffff', (reader: Reader) => reader.string()],
    ['compactString', '00', (reader: Reader) => reader.compactString()],
    ['bytes', 'ffffffff', (reader: Reader) => reader.bytes()],
    ['compactBytes', '00', (reader: Reader) => reader.compactBytes()],
    ['array', 'ffffffff', (reader: Reader) => reader.array(readInt32)],
    ['compactArray', '00', (reader: Reader) => reader.compactArray(readInt32)],
  ])('refuses null where %s must be there', (_type, hex, take) => {
    expect(() => take(read(hex))).toThrow(WireError);
  });

  it('keeps a byte order mark and replaces broken UTF-8, as Java does', () => {
    expect(read('04efbbbf').compactString()).toBe('\ufeff');
    expect(read('02ff').compactString()).toBe('\ufffd');
  });

  it('hands out bytes as views of a window into a larger buffer', () => {
    const pool = Buffer.from('aaaa03beefaaaa', 'hex');
    const reader = new Reader(pool.subarray(2, 5));
    const bytes = reader.compactBytes();
    expect(bytes).toEqual(Buffer.from('beef', 'hex'));
    expect([bytes.buffer, bytes.byteOffset]).toEqual([pool.buffer, pool.byteOffset + 3]);
    expect([reader.offset, reader.remaining]).toEqual([3, 0]);
    expect(() => reader.int8()).toThrow(WireError);
  });

  it('reads a uuid inside a window', () => {
    const pool = Buffer.from(`ff0102030405060708090a0b0c0d0e0f10`, 'hex');
    expect(new Reader(pool.subarray(1)).uuid()).toBe('0102030405060708090a0b0c0d0e0f10');
  });
});

describe('Reader against hostile lengths', () => {
  it.each([
    ['string', '7fff61', (reader: Reader) => reader.string()],
    ['negative string', 'fffe', (reader: Reader) => reader.nullableString()],
    ['compact string', 'ffffffff0f61', (reader: Reader) => reader.compactString()],
    ['bytes', '7fffffff61', (reader: Reader) => reader.bytes()],
    ['negative bytes', '80000000', (reader: Reader) => reader.nullableBytes()],
    ['compact bytes', 'ffffffff0f61', (reader: Reader) => reader.compactBytes()],
    ['array', '7fffffff61', (reader: Reader) => reader.array(() => null)],
    ['negative array', '80000000', (reader: Reader) => reader.nullableArray(() => null)],
    ['compact array', 'ffffffff0f61', (reader: Reader) => reader.compactArray(() => null)],
    [
      'number of tags',
      'ffffffff0f0000',
      (reader: Reader) => {
        reader.tags();
      },
    ],
    [
      'size of a tag',
      '0100ffffffff0f',
      (reader: Reader) => {
        reader.tags();
      },
    ],
  ])('refuses a %s longer than the input before it allocates or loops', (_type, hex, take) => {
    let elements = 0;
    const reader = read(hex);
    expect(() => {
      take(reader);
      elements += 1;
    }).toThrow(WireError);
    expect(elements).toBe(0);
  });

  it('control: without the count check the same array would be read 2^31 − 1 times, or until memory ends', () => {
    const reader = read('7fffffff61');
    const claimed = reader.int32();
    expect(claimed).toBe(2_147_483_647);
    expect(claimed).toBeGreaterThan(reader.remaining);
  });
});

describe('tagged fields', () => {
  it('are skipped where nobody asks', () => {
    const reader = read('020002aabb7f01cc2a');
    reader.tags();
    expect(reader.int8()).toBe(0x2a);
  });

  it('are shown with their own bytes and no more', () => {
    const seen: [number, number][] = [];
    const reader = read('020004000000070500' + '2a');
    reader.tags((tag, field) => {
      seen.push([tag, field.remaining]);
      if (tag === 0) expect(field.int32()).toBe(7);
      else expect(() => field.int8()).toThrow(WireError);
    });
    expect(seen).toEqual([
      [0, 4],
      [5, 0],
    ]);
    expect(reader.int8()).toBe(0x2a);
  });

  it('may be longer than what is known of them (KIP-482)', () => {
    const reader = read('0100050000000799' + '2a');
    reader.tags((_tag, field) => {
      expect(field.int32()).toBe(7);
    });
    expect(reader.int8()).toBe(0x2a);
  });
});
