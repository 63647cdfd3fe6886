import type { RecordCursor } from '../kafka/records/cursor.ts';
import { HeaderWalk } from '../kafka/records/headers.ts';
import { sizeOfVarint, writeVarint } from '../kafka/records/varint.ts';
import type { BatchWriter } from '../kafka/records/writer.ts';
import { copyFrom } from './body.ts';
import { ERROR_HEADERS, type ErrorField, type ErrorHeaderSet } from './error-headers.ts';

/** What a dead letter says about itself. */
export interface LetterSource {
  readonly set: ErrorHeaderSet;
  readonly code: string;
  readonly message: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Of the record as it was read, exact int64. */
  readonly timestamp: bigint;
  /** Headers of the letter that the record had before: positions in the cursor's bytes. */
  readonly kept: readonly { readonly start: number; readonly end: number }[];
}

interface Named {
  readonly name: string;
  readonly value: Uint8Array | null;
  readonly start: number;
  readonly end: number;
}

const decoder = new TextDecoder();
const walk = new HeaderWalk();
const SETS = Object.keys(ERROR_HEADERS) as ErrorHeaderSet[];

/** Reads the last set of the record under the cursor; undefined when there is none, or it does not say where the record came from. */
export function letterSource(cursor: RecordCursor): LetterSource | undefined {
  const headers = headersOf(cursor);
  const begins = SETS.map((set) => {
    const first = Object.values(ERROR_HEADERS[set])[0]!;
    return { set, from: headers.findLastIndex(({ name }) => name === first) };
  });
  const { set, from } = begins.reduce((last, one) => (one.from > last.from ? one : last));
  if (from < 0) return undefined;
  const fields = new Map<string, string>(
    Object.entries(ERROR_HEADERS[set]).map(([field, name]) => [name, field]),
  );
  const added = headers.slice(from).filter(({ name }) => fields.has(name));
  const said = new Map(added.map((header) => [fields.get(header.name) as ErrorField, header.value]));
  const text = (field: ErrorField): string => decoder.decode(said.get(field) ?? undefined);
  const number = (field: ErrorField): bigint | undefined => numberOf(set, said.get(field));
  const own = cursor.wideTimestamp ? cursor.timestamp64 : BigInt(cursor.timestamp);
  const [partition, offset] = [Number(number('partition') ?? -1n), Number(number('offset') ?? -1n)];
  const topic = text('topic');
  if (topic === '' || partition < 0 || offset < 0) return undefined;
  return {
    ...{ set, topic, partition, offset },
    code: set === 'streams' ? text('trouble').split(':')[0]! : text('code'),
    message: text('message'),
    timestamp: number('timestamp') ?? own,
    kept: headers.filter((header) => !added.includes(header)),
  };
}

function headersOf(cursor: RecordCursor): Named[] {
  const { bytes } = cursor;
  const found: Named[] = [];
  walk.load(cursor);
  while (walk.next()) {
    const { start, end, nameStart, nameEnd, valueStart, valueEnd } = walk;
    found.push({
      ...{ start, end },
      name: decoder.decode(bytes.subarray(nameStart, nameEnd)),
      value: valueStart < 0 ? null : bytes.subarray(valueStart, valueEnd),
    });
  }
  return found;
}

function numberOf(set: ErrorHeaderSet, value: Uint8Array | null | undefined): bigint | undefined {
  if (value === null || value === undefined) return undefined;
  if (set !== 'spring') {
    const text = decoder.decode(value);
    return /^-?\d{1,19}$/.test(text) ? BigInt(text) : undefined;
  }
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  if (value.length === 4) return BigInt(view.getInt32(0));
  return value.length === 8 ? view.getBigInt64(0) : undefined;
}

/**
 * Writes the record under the cursor as it was before it became a dead letter: key, value, its own headers and timestamp, the set gone.
 * False when it does not fit.
 */
export function writeOriginal(cursor: RecordCursor, writer: BatchWriter, source: LetterSource): boolean {
  const { kept, timestamp } = source;
  const keptBytes = kept.reduce((sum, { start, end }) => sum + end - start, 0);
  const body = cursor.headersAt - cursor.bodyStart + sizeOfVarint(kept.length) + keptBytes;
  let at = writer.openLike(stamped(timestamp), body);
  if (at < 0) return false;
  at = copyFrom(cursor, cursor.bodyStart, cursor.headersAt, writer, at);
  at = writeVarint(writer.buffer.bytes, at, kept.length);
  for (const { start, end } of kept) at = copyFrom(cursor, start, end, writer, at);
  writer.close(at);
  return true;
}

const stamped = (timestamp64: bigint) => ({
  timestamp: Number(timestamp64),
  timestamp64,
  wideTimestamp: !Number.isSafeInteger(Number(timestamp64)),
});
