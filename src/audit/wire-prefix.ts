import { varintAt } from './tags.ts';

/** Confluent's prefix, read a second time: magic 0, schema ID, and for Protobuf the message's indexes. */
export interface Prefix {
  readonly schemaId: number;
  /** "1.0"; empty for other formats. */
  readonly messagePath: string;
  /** Where the payload begins. */
  readonly bytes: number;
}

const MOST_INDEXES = 64n;

/** Undefined when there is none an honest writer would take. PURE. */
export function prefixOf(value: Buffer, format: 'json' | 'avro' | 'protobuf'): Prefix | undefined {
  if (value.length < 5 || value[0] !== 0) return undefined;
  const schemaId = value.readInt32BE(1);
  if (schemaId <= 0) return undefined;
  if (format !== 'protobuf') return { schemaId, messagePath: '', bytes: 5 };
  let at = 5;
  const next = (): bigint | undefined => {
    const read = varintAt(value, at);
    if (read === undefined || read.end - at > 4 || (read.value & 1n) === 1n) return undefined;
    at = read.end;
    return read.value >> 1n;
  };
  const count = next();
  if (count === undefined || count > MOST_INDEXES) return undefined;
  const path: bigint[] = [];
  for (let i = 0n; i < count; i++) {
    const index = next();
    if (index === undefined) return undefined;
    path.push(index);
  }
  return { schemaId, messagePath: path.length === 0 ? '0' : path.join('.'), bytes: at };
}
