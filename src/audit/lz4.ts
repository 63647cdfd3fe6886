const MAGIC = 0x184d2204;

/** An LZ4 frame as Kafka writes it (frame format 1.6.1); checksums are passed over: the batch has its own. */
export function unlz4(data: Buffer): Buffer {
  if (data.readUInt32LE(0) !== MAGIC) throw new RangeError('not an lz4 frame');
  const flags = data.readUInt8(4);
  let at = 6 + ((flags & 8) === 0 ? 0 : 8) + ((flags & 1) === 0 ? 0 : 4) + 1;
  const out = new Output();
  for (;;) {
    const word = data.readUInt32LE(at);
    at += 4;
    if (word === 0) return out.done();
    const length = word & 0x7fffffff;
    const piece = data.subarray(at, at + length);
    if (piece.length !== length) throw new RangeError('an lz4 block reaches past the end');
    if (word >>> 31 === 1) out.append(piece);
    else block(piece, out);
    at += length + ((flags & 16) === 0 ? 0 : 4);
  }
}

class Output {
  bytes = Buffer.alloc(65_536);
  end = 0;

  room(more: number): void {
    while (this.end + more > this.bytes.length)
      this.bytes = Buffer.concat([this.bytes, Buffer.alloc(this.bytes.length)]);
  }

  append(piece: Buffer): void {
    this.room(piece.length);
    this.end += piece.copy(this.bytes, this.end);
  }

  repeat(offset: number, length: number): void {
    if (offset === 0 || offset > this.end) throw new RangeError('an lz4 match from before the start');
    this.room(length);
    for (let i = 0; i < length; i++, this.end++) this.bytes[this.end] = this.bytes[this.end - offset]!;
  }

  done(): Buffer {
    return this.bytes.subarray(0, this.end);
  }
}

/** One block: literals and matches until its end (the last sequence has no match). */
function block(data: Buffer, out: Output): void {
  let at = 0;
  const extended = (first: number): number => {
    let length = first;
    if (first === 15) {
      for (let byte = 255; byte === 255; length += byte) byte = data.readUInt8(at++);
    }
    return length;
  };
  while (at < data.length) {
    const token = data.readUInt8(at++);
    const literals = extended(token >> 4);
    if (at + literals > data.length) throw new RangeError('lz4 literals reach past the end');
    out.append(data.subarray(at, at + literals));
    at += literals;
    if (at >= data.length) return;
    const offset = data.readUInt16LE(at);
    at += 2;
    out.repeat(offset, extended(token & 15) + 4);
  }
}
