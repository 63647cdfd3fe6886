/**
 * Record batches v2 the simple way: bigints, arrays, one byte after the other, written from the protocol's description and sharing
 * nothing with src. The judge of what src reads and writes.
 */

export interface PlainHeader {
  readonly name: Uint8Array;
  readonly value: Uint8Array | null;
}

export interface PlainRecord {
  readonly timestamp: bigint;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly PlainHeader[];
  /** Default: its index. */
  readonly offsetDelta?: number;
}

export interface PlainBatch {
  readonly baseOffset?: number;
  readonly leaderEpoch?: number;
  readonly magic?: number;
  readonly codec?: number;
  readonly logAppendTime?: boolean;
  readonly transactional?: boolean;
  readonly control?: boolean;
  readonly deleteHorizon?: boolean;
  readonly producerId?: bigint;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly baseTimestamp?: bigint;
  readonly maxTimestamp?: bigint;
  readonly lastOffsetDelta?: number;
  readonly records: readonly PlainRecord[];
  /** Applied to the record section; goes with `codec`. */
  readonly compress?: (section: Uint8Array) => Uint8Array;
}

export const text = (value: string): Uint8Array => new TextEncoder().encode(value);
export const plainRecord = (record: Partial<PlainRecord> = {}): PlainRecord => ({
  timestamp: 1_760_000_000_000n,
  key: null,
  value: null,
  headers: [],
  ...record,
});

/** CRC32C a bit at a time. */
export function slowCrc(bytes: Iterable<number>): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

export function varlong(value: bigint): number[] {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  const bytes: number[] = [];
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) + 128);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}

const varint = (value: number): number[] => varlong(BigInt(value));
const fixed = (value: bigint, size: number): number[] =>
  Array.from({ length: size }, (_, i) =>
    Number((BigInt.asUintN(size * 8, value) >> BigInt(8 * (size - 1 - i))) & 255n),
  );
const blob = (bytes: Uint8Array | null): number[] =>
  bytes === null ? [1] : [...varint(bytes.length), ...bytes];

export function encodeRecord(record: PlainRecord, base: bigint, offsetDelta: number): number[] {
  const body = [
    0,
    ...varlong(BigInt.asIntN(64, record.timestamp - base)),
    ...varint(offsetDelta),
    ...blob(record.key),
    ...blob(record.value),
    ...varint(record.headers.length),
  ];
  for (const { name, value } of record.headers)
    for (const byte of [...blob(name), ...blob(value)]) body.push(byte);
  return [...varint(body.length), ...body];
}

/** A record as one string: equal strings, equal records. Comparing thousands of headers as objects takes seconds. */
export const canonical = (record: PlainRecord): string =>
  Buffer.from(encodeRecord(record, 0n, 0)).toString('latin1');

export function encodeBatch(batch: PlainBatch): Uint8Array {
  const { records } = batch;
  const base = batch.baseTimestamp ?? records[0]?.timestamp ?? -1n;
  const max = batch.maxTimestamp ?? records.reduce((m, r) => (r.timestamp > m ? r.timestamp : m), base);
  const raw = Uint8Array.from(records.flatMap((r, i) => encodeRecord(r, base, r.offsetDelta ?? i)));
  const section = batch.compress?.(raw) ?? raw;
  const attributes =
    (batch.codec ?? 0) +
    (batch.logAppendTime === true ? 8 : 0) +
    (batch.transactional === true ? 16 : 0) +
    (batch.control === true ? 32 : 0) +
    (batch.deleteHorizon === true ? 64 : 0);
  const lastDelta = batch.lastOffsetDelta ?? records.at(-1)?.offsetDelta ?? Math.max(0, records.length - 1);
  const covered = [
    ...fixed(BigInt(attributes), 2),
    ...fixed(BigInt(lastDelta), 4),
    ...fixed(base, 8),
    ...fixed(max, 8),
    ...fixed(batch.producerId ?? -1n, 8),
    ...fixed(BigInt(batch.producerEpoch ?? -1), 2),
    ...fixed(BigInt(batch.baseSequence ?? -1), 4),
    ...fixed(BigInt(records.length), 4),
  ];
  const rest = Uint8Array.from([...covered, ...section]);
  return Uint8Array.from([
    ...fixed(BigInt(batch.baseOffset ?? 0), 8),
    ...fixed(BigInt(rest.length + 9), 4),
    ...fixed(BigInt(batch.leaderEpoch ?? 0), 4),
    batch.magic ?? 2,
    ...fixed(BigInt(slowCrc(rest)), 4),
    ...rest,
  ]);
}

/** A transaction's end as the coordinator writes it: one record whose key is version 0 and the type. */
export const marker = (type: 'abort' | 'commit', producerId: bigint, baseOffset: number): Uint8Array =>
  encodeBatch({
    baseOffset,
    producerId,
    producerEpoch: 0,
    transactional: true,
    control: true,
    records: [
      plainRecord({ key: Uint8Array.of(0, 0, 0, type === 'abort' ? 0 : 1), value: new Uint8Array(6) }),
    ],
  });

export interface DecodedBatch {
  readonly baseOffset: bigint;
  readonly leaderEpoch: bigint;
  readonly attributes: number;
  readonly lastOffsetDelta: bigint;
  readonly baseTimestamp: bigint;
  readonly maxTimestamp: bigint;
  readonly producerId: bigint;
  readonly producerEpoch: bigint;
  readonly baseSequence: bigint;
  readonly crcMatches: boolean;
  readonly records: (PlainRecord & { readonly offsetDelta: number })[];
}

export type DecodedRecord = PlainRecord & { readonly offsetDelta: number; readonly attributes: number };

/** Yields record after record; throws at the first that is not whole. */
export function* plainRecords(
  section: Uint8Array,
  base: bigint,
  count: number,
): Generator<DecodedRecord, number> {
  let at = 0;
  const take = (count: number): Uint8Array => {
    if (count < 0 || at + count > section.length) throw new Error('truncated');
    at += count;
    return section.slice(at - count, at);
  };
  const number = (): bigint => {
    let raw = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = BigInt(take(1)[0]!);
      raw += (byte & 127n) << shift;
      if (byte < 128n) return raw % 2n === 0n ? raw / 2n : -(raw + 1n) / 2n;
    }
  };
  const maybe = (): Uint8Array | null => {
    const length = number();
    return length === -1n ? null : take(Number(length));
  };
  for (let left = count; left > 0; left--) {
    const length = Number(number());
    const end = at + length;
    const attributes = take(1)[0]!;
    const timestamp = BigInt.asIntN(64, base + number());
    const offsetDelta = Number(number());
    const key = maybe();
    const value = maybe();
    const headerCount = Number(number());
    if (headerCount < 0) throw new Error('a negative number of headers');
    const headers = Array.from({ length: headerCount }, () => ({
      name: take(Number(number())),
      value: maybe(),
    }));
    if (at !== end) throw new Error('record length');
    yield { timestamp, offsetDelta, attributes, key, value, headers };
  }
  return at;
}

/** Throws on anything odd. */
export function decodeBatch(
  bytes: Uint8Array,
  decompress: (section: Uint8Array) => Uint8Array = (s) => s,
): DecodedBatch {
  const int = (at: number, size: number): bigint => {
    let value = 0n;
    for (let i = 0; i < size; i++) value = value * 256n + BigInt(bytes[at + i]!);
    return BigInt.asIntN(size * 8, value);
  };
  if (int(8, 4) !== BigInt(bytes.length - 12) || bytes[16] !== 2) throw new Error('length or magic');
  const baseTimestamp = int(27, 8);
  const section = decompress(bytes.subarray(61));
  const records = [...plainRecords(section, baseTimestamp, Number(int(57, 4)))];
  if (records.some(({ attributes }) => attributes !== 0)) throw new Error('record attributes');
  return {
    baseOffset: int(0, 8),
    leaderEpoch: int(12, 4),
    attributes: Number(int(21, 2)),
    lastOffsetDelta: int(23, 4),
    baseTimestamp,
    maxTimestamp: int(35, 8),
    producerId: int(43, 8),
    producerEpoch: int(51, 2),
    baseSequence: int(53, 4),
    crcMatches: BigInt.asUintN(32, int(17, 4)) === BigInt(slowCrc(bytes.subarray(21))),
    records,
  };
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
