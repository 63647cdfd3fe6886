import type { Timestamped } from '../kafka/records/writer.ts';

/**
 * In whose words a dead letter says what went wrong. `connect`: Kafka Connect (KIP-298, DeadLetterQueueReporter). `streams`: Kafka Streams
 * (KIP-1034, ExceptionHandlerUtils). `spring`: Spring for Apache Kafka (DeadLetterPublishingRecoverer), whose numbers are big-endian bytes.
 */
export type ErrorHeaderSet = 'snowstamp' | 'connect' | 'streams' | 'spring';

/** Why a record could not be stamped and where it came from. */
export interface DeadLetter {
  /** A code of src/errors.ts. */
  readonly code: string;
  /** For people; cut to MESSAGE_CHARACTERS. */
  readonly message: string;
  readonly route: string;
  /** Input topic, partition and offset. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestampType: 'create' | 'log-append';
  /**
   * Unix ms to give the record instead of its own timestamp, for a dead letter that was refused for its timestamp (data-path rule 15).
   * Undefined: the record keeps its own.
   */
  readonly restampMs: number | undefined;
}

/** Longest message kept, so that a dead letter outgrows its record by a bounded number of bytes. */
export const MESSAGE_CHARACTERS = 500;

/**
 * The names of a set, in the order in which they are written: the first one is always there, so its last occurrence is where the set begins.
 * `timestamp` of ours stands in sets that have no name for it.
 */
export const ERROR_HEADERS = {
  snowstamp: {
    code: 'snowstamp.error.code',
    message: 'snowstamp.error.message',
    route: 'snowstamp.error.route',
    topic: 'snowstamp.error.topic',
    partition: 'snowstamp.error.partition',
    offset: 'snowstamp.error.offset',
    timestamp: 'snowstamp.error.timestamp',
  },
  connect: {
    topic: '__connect.errors.topic',
    partition: '__connect.errors.partition',
    offset: '__connect.errors.offset',
    route: '__connect.errors.connector.name',
    task: '__connect.errors.task.id',
    stage: '__connect.errors.stage',
    executor: '__connect.errors.class.name',
    code: '__connect.errors.exception.class.name',
    message: '__connect.errors.exception.message',
    trace: '__connect.errors.exception.stacktrace',
    timestamp: 'snowstamp.error.timestamp',
  },
  streams: {
    trouble: '__streams.errors.exception',
    message: '__streams.errors.message',
    trace: '__streams.errors.stacktrace',
    topic: '__streams.errors.topic',
    partition: '__streams.errors.partition',
    offset: '__streams.errors.offset',
    timestamp: 'snowstamp.error.timestamp',
  },
  spring: {
    code: 'kafka_dlt-exception-fqcn',
    message: 'kafka_dlt-exception-message',
    trace: 'kafka_dlt-exception-stacktrace',
    topic: 'kafka_dlt-original-topic',
    partition: 'kafka_dlt-original-partition',
    offset: 'kafka_dlt-original-offset',
    timestamp: 'kafka_dlt-original-timestamp',
    timestampType: 'kafka_dlt-original-timestamp-type',
  },
} as const satisfies Record<ErrorHeaderSet, Readonly<Record<string, string>>>;

/** What the names of all sets can stand for; `trouble` is code and message in one. */
export type ErrorField = {
  [Set in ErrorHeaderSet]: keyof (typeof ERROR_HEADERS)[Set];
}[ErrorHeaderSet];

const encoder = new TextEncoder();

/**
 * Names and values in turn, in UTF-8. No set has room for code, route and all that another has: the code stands where an exception's class is
 * expected, the route for a connector; a stack trace is the one line there is.
 */
export function errorHeaders(set: ErrorHeaderSet, letter: DeadLetter, original: Timestamped): Uint8Array[] {
  const message = letter.message.slice(0, MESSAGE_CHARACTERS);
  const timestamp = original.wideTimestamp ? original.timestamp64 : BigInt(original.timestamp);
  const trouble = `${letter.code}: ${message}`;
  const binary = set === 'spring';
  const named = set === 'spring' || set === 'snowstamp' || letter.restampMs !== undefined;
  const values: Readonly<Record<ErrorField, string | Uint8Array | undefined>> = {
    ...{ code: letter.code, message, trouble, trace: trouble },
    ...{ route: letter.route, task: '0', stage: 'TRANSFORMATION', executor: 'snowstamp' },
    topic: letter.topic,
    partition: binary ? bigEndian(4, BigInt(letter.partition)) : String(letter.partition),
    offset: binary ? bigEndian(8, BigInt(letter.offset)) : String(letter.offset),
    timestamp: !named ? undefined : binary ? bigEndian(8, timestamp) : String(timestamp),
    timestampType: letter.timestampType === 'create' ? 'CreateTime' : 'LogAppendTime',
  };
  return Object.entries(ERROR_HEADERS[set]).flatMap(([field, name]) => {
    const value = values[field as ErrorField];
    if (value === undefined) return [];
    return [encoder.encode(name), typeof value === 'string' ? encoder.encode(value) : value];
  });
}

function bigEndian(length: 4 | 8, value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, value);
  return bytes.subarray(8 - length);
}
