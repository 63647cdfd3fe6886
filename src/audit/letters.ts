import type { AuditRecord } from './batches.ts';
import { bytesDiffer, headersDiffer } from './bytes-differ.ts';

/**
 * Names of the headers of a dead letter, by who speaks so: snowstamp, Kafka Connect, Kafka Streams, Spring. Written down a second time, apart
 * from the writer's. The first name begins a set; `binary`: numbers are big-endian bytes.
 */
const SETS = [
  {
    prefix: 'snowstamp.error.',
    names: ['code', 'message', 'route', 'topic', 'partition', 'offset', 'timestamp'],
    ...{ topic: 'topic', partition: 'partition', offset: 'offset', timestamp: 'timestamp' },
    binary: false,
  },
  {
    prefix: '__connect.errors.',
    names: [
      ...['topic', 'partition', 'offset', 'connector.name', 'task.id', 'stage', 'class.name'],
      ...['exception.class.name', 'exception.message', 'exception.stacktrace'],
    ],
    ...{ topic: 'topic', partition: 'partition', offset: 'offset', timestamp: undefined },
    binary: false,
  },
  {
    prefix: '__streams.errors.',
    names: ['exception', 'message', 'stacktrace', 'topic', 'partition', 'offset'],
    ...{ topic: 'topic', partition: 'partition', offset: 'offset', timestamp: undefined },
    binary: false,
  },
  {
    prefix: 'kafka_dlt-',
    names: [
      ...['exception-fqcn', 'exception-message', 'exception-stacktrace', 'original-topic'],
      ...['original-partition', 'original-offset', 'original-timestamp', 'original-timestamp-type'],
    ],
    topic: 'original-topic',
    partition: 'original-partition',
    offset: 'original-offset',
    timestamp: 'original-timestamp',
    binary: true,
  },
] as const;

/** Says the time a letter had, where the set has no name for it. */
const OUR_TIMESTAMP = 'snowstamp.error.timestamp';

/** Where a dead letter says it comes from. */
export interface Source {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Of the record it was made of; undefined when the letter says none, and so has kept its own. */
  readonly timestamp: bigint | undefined;
  /** How many headers it had before. */
  readonly headers: number;
}

/** What the last set of a letter says, whichever it is; undefined for records that carry none. PURE. */
export function sourceOf({ headers }: AuditRecord): Source | undefined {
  const names = headers.map(({ name }) => name.toString('utf8'));
  let set: (typeof SETS)[number] = SETS[0];
  let from = -1;
  for (const one of SETS) {
    const at = names.lastIndexOf(one.prefix + one.names[0]);
    if (at > from) [set, from] = [one, at];
  }
  if (from < 0) return undefined;
  const { prefix, binary } = set;
  const said = (name: string): Buffer | null | undefined => {
    const at = names.lastIndexOf(name);
    return at < from ? undefined : headers[at]!.value;
  };
  const topic = said(prefix + set.topic)?.toString('utf8') ?? '';
  const partition = numberIn(said(prefix + set.partition), binary);
  const offset = numberIn(said(prefix + set.offset), binary);
  const time =
    set.timestamp === undefined
      ? numberIn(said(OUR_TIMESTAMP), false)
      : numberIn(said(prefix + set.timestamp), binary);
  if (topic === '' || partition === undefined || offset === undefined) return undefined;
  return {
    topic,
    partition: Number(partition),
    offset: Number(offset),
    timestamp: time,
    headers: from,
  };
}

function numberIn(value: Buffer | null | undefined, binary: boolean): bigint | undefined {
  if (value === null || value === undefined) return undefined;
  if (!binary)
    return /^-?\d{1,19}$/.test(value.toString('latin1')) ? BigInt(value.toString('latin1')) : undefined;
  if (value.length === 4) return BigInt(value.readInt32BE());
  return value.length === 8 ? value.readBigInt64BE() : undefined;
}

/** P4 for dead letters: original key, value and headers in front of the set, the timestamp in place or in a header. PURE. */
export function compareLetter(input: AuditRecord, letter: AuditRecord): string | undefined {
  const source = sourceOf(letter);
  const timestamp = source?.timestamp ?? letter.timestamp;
  if (timestamp !== input.timestamp) return `timestamp ${input.timestamp} became ${timestamp}`;
  const bytes = bytesDiffer('key', input.key, letter.key) ?? bytesDiffer('value', input.value, letter.value);
  if (bytes !== undefined) return bytes;
  return headersDiffer(input.headers, letter.headers.slice(0, source?.headers ?? 0));
}
