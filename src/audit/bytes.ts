/** A plain reader for the auditor; throws RangeError past the end, which `batches.ts` reports as a corrupt batch. */
export class Bytes {
  at: number;
  readonly data: Buffer;

  constructor(data: Uint8Array, at = 0) {
    this.data = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    this.at = at;
  }

  /** Zig-zag varlong. */
  varlong(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.data.readUInt8(this.at++);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
    }
    throw new RangeError('a varint of more than ten bytes');
  }

  varint(): number {
    return Number(this.varlong());
  }

  /** `length` bytes; null for −1. */
  take(length: number): Buffer | null {
    if (length === -1) return null;
    if (length < 0 || this.at + length > this.data.length)
      throw new RangeError(`a length of ${length} reaches past the end`);
    const taken = this.data.subarray(this.at, this.at + length);
    this.at += length;
    return taken;
  }
}

const TABLE = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc >>> 0;
});

/** CRC32C, one byte at a time. */
export function checksum(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 255]!;
  return (crc ^ 0xffffffff) >>> 0;
}
