import { describe, expect, it } from '@jest/globals';
import { produce } from '../../../src/kafka/wire/produce.ts';
import { WireError } from '../../../src/kafka/wire/wire-error.ts';
import { Writer } from '../../../src/kafka/wire/writer.ts';

function written(write: (writer: Writer) => void): string {
  const writer = new Writer();
  write(writer);
  return Buffer.from(writer.toBytes()).toString('hex');
}

describe('Writer', () => {
  it('writes varints as KIP-482 has them', () => {
    expect(
      written((writer) => {
        for (const value of [0, 127, 128, 16_383, 16_384, 4_294_967_295]) writer.uvarint(value);
      }),
    ).toBe('00' + '7f' + '8001' + 'ff7f' + '808001' + 'ffffffff0f');
    expect(
      written((writer) => {
        for (const value of [0, -1, 1, -64, 64, -2_147_483_648]) writer.varint(value);
      }),
    ).toBe('00' + '01' + '02' + '7f' + '8001' + 'ffffffff0f');
  });

  it('counts strings in bytes of UTF-8, not in characters', () => {
    expect(
      written((writer) => {
        writer.string('é€😀');
      }),
    ).toBe('0009c3a9e282acf09f9880');
    expect(
      written((writer) => {
        writer.compactString('é€😀');
      }),
    ).toBe('0ac3a9e282acf09f9880');
  });

  it('writes every type whole wherever the buffer ends', () => {
    for (let before = 240; before <= 260; before += 1) {
      const writer = new Writer();
      for (let index = 0; index < before; index += 1) writer.int8(1);
      writer.int16(2);
      writer.bigint64(3n);
      writer.int64(4);
      writer.uvarint(300);
      writer.int32(5);
      writer.string('six');
      const end = '0002' + '0000000000000003' + '0000000000000004' + 'ac02' + '00000005' + '0003736978';
      expect(Buffer.from(writer.toBytes()).toString('hex')).toBe('01'.repeat(before) + end);
    }
  });

  it('replaces a lone surrogate without losing count', () => {
    expect(
      written((writer) => {
        writer.compactString('a\ud800b');
      }),
    ).toBe('0661efbfbd62');
  });

  it.each([
    [
      'int8',
      (writer: Writer) => {
        writer.int8(128);
      },
    ],
    [
      'int16',
      (writer: Writer) => {
        writer.int16(32_768);
      },
    ],
    [
      'int32',
      (writer: Writer) => {
        writer.int32(2 ** 31);
      },
    ],
    [
      'uint32',
      (writer: Writer) => {
        writer.uint32(-1);
      },
    ],
    [
      'int64',
      (writer: Writer) => {
        writer.int64(2 ** 53);
      },
    ],
    [
      'int64 of a fraction',
      (writer: Writer) => {
        writer.int64(0.5);
      },
    ],
    [
      'int32 of NaN',
      (writer: Writer) => {
        writer.int32(Number.NaN);
      },
    ],
    [
      'bigint64',
      (writer: Writer) => {
        writer.bigint64(2n ** 63n);
      },
    ],
    [
      'uvarint',
      (writer: Writer) => {
        writer.uvarint(2 ** 32);
      },
    ],
    [
      'varint',
      (writer: Writer) => {
        writer.varint(2 ** 31);
      },
    ],
    [
      'string',
      (writer: Writer) => {
        writer.string('x'.repeat(32_768));
      },
    ],
    [
      'uuid',
      (writer: Writer) => {
        writer.uuid('01');
      },
    ],
  ])('refuses a value its %s cannot hold, rather than wrap', (_type, write) => {
    const writer = new Writer();
    expect(() => {
      write(writer);
    }).toThrow(WireError);
    expect(writer.length).toBe(0);
  });

  it('control: the view underneath wraps without a word', () => {
    const view = new DataView(new ArrayBuffer(2));
    view.setInt16(0, 40_000);
    expect(view.getInt16(0)).toBe(-25_536);
  });
});

describe('raw', () => {
  const large = new Uint8Array(1024).fill(7);

  it('refers to 1 KiB and more, copies less', () => {
    const small = new Uint8Array(1023);
    const writer = new Writer();
    writer.int8(1);
    writer.raw(small);
    writer.raw(large);
    writer.int8(2);
    const chunks = writer.chunks();
    expect(chunks.map((chunk) => chunk.byteLength)).toEqual([1024, 1024, 1]);
    expect(chunks[1]).toBe(large);
    expect(chunks.some((chunk) => chunk.buffer === small.buffer)).toBe(false);
    expect(writer.length).toBe(2049);
  });

  it('keeps the order around chunks when the buffer grows on', () => {
    const writer = new Writer();
    const expected: Uint8Array[] = [];
    for (let index = 0; index < 50; index += 1) {
      const text = Buffer.from(`${index}`.repeat(20));
      writer.raw(text);
      writer.raw(large);
      expected.push(text, large);
    }
    const whole = Buffer.concat(expected);
    expect(Buffer.concat(writer.chunks()).equals(whole)).toBe(true);
    expect(Buffer.from(writer.toBytes()).equals(whole)).toBe(true);
    expect(writer.length).toBe(whole.length);
  });

  it('gives no empty chunk', () => {
    const writer = new Writer();
    expect(writer.chunks()).toEqual([]);
    writer.raw(large);
    writer.raw(large);
    expect(writer.chunks()).toEqual([large, large]);
  });

  it('carries the record batches of a Produce request by reference, in place', () => {
    const records = new Uint8Array(100_000).fill(9);
    const writer = new Writer();
    const partitions = [
      { partition: 0, records },
      { partition: 1, records: records.subarray(1) },
    ];
    produce.encode(writer, {
      transactionalId: 't',
      acks: -1,
      timeoutMs: 1,
      topics: [{ topic: 'out', partitions }],
    });
    const carried = writer.chunks().filter((chunk) => chunk.buffer === records.buffer);
    expect(carried).toEqual(partitions.map((partition) => partition.records));
    expect(carried[0]).toBe(records);
    expect(writer.length).toBe(writer.toBytes().byteLength);
  });
});
