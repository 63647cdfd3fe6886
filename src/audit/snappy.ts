const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const XERIAL_HEADER_BYTES = 16;

/** Raw snappy, or the block framing Java's library writes ("xerial"). */
export function unsnappy(data: Buffer): Buffer {
  if (!data.subarray(0, 8).equals(XERIAL)) return block(data);
  const blocks: Buffer[] = [];
  for (let at = XERIAL_HEADER_BYTES; at < data.length;) {
    const length = data.readInt32BE(at);
    blocks.push(block(data.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return Buffer.concat(blocks);
}

/** One block of the snappy format description. */
function block(data: Buffer): Buffer {
  let at = 0;
  let size = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = data.readUInt8(at++);
    size |= (byte & 127) << shift;
    if (byte < 128) break;
  }
  const out = Buffer.alloc(size);
  let end = 0;
  while (at < data.length) {
    const tag = data.readUInt8(at++);
    if ((tag & 3) === 0) {
      let length = tag >> 2;
      if (length >= 60) {
        const width = length - 59;
        length = data.readUIntLE(at, width);
        at += width;
      }
      length++;
      end += data.copy(out, end, at, at + length);
      at += length;
      continue;
    }
    const [length, offset, width] = copyOf(tag, data, at);
    at += width;
    if (offset === 0 || offset > end) throw new RangeError('a snappy copy from before the start');
    for (let i = 0; i < length; i++, end++) out[end] = out[end - offset]!;
  }
  if (end !== size) throw new RangeError('a snappy block of another size than it says');
  return out;
}

function copyOf(tag: number, data: Buffer, at: number): [length: number, offset: number, width: number] {
  switch (tag & 3) {
    case 1:
      return [((tag >> 2) & 7) + 4, ((tag & 0xe0) << 3) | data.readUInt8(at), 1];
    case 2:
      return [(tag >> 2) + 1, data.readUInt16LE(at), 2];
    default:
      return [(tag >> 2) + 1, data.readUInt32LE(at), 4];
  }
}
