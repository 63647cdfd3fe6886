/**
 * The closed catalogue of what can go wrong and what happens next. README.md of src/ lists every code; a test ties
 * both. `retry`: goes on by itself; `stop-partition`: one partition waits for an operator, the rest flow;
 * `suspend`: no minting until well again; `halt`: the process exits non-zero with the code in its last log line;
 * `refuse`: the program does not start, or a command does nothing.
 */
export const CATALOGUE = {
  CONFIG_INVALID: { next: 'refuse', exit: 78, means: 'the configuration has mistakes, all listed' },
  NODE_VERSION: { next: 'refuse', exit: 78, means: 'the program runs on Node.js 24 or newer only' },
  DOMAIN_MISSING: {
    next: 'refuse',
    exit: 66,
    means: 'etcd holds no domain record under this prefix: run snowstamp init',
  },
  DOMAIN_DIFFERS: { next: 'refuse', exit: 78, means: 'the domain record in etcd is not the one configured' },
  DOMAIN_RETIRED: { next: 'halt', exit: 78, means: 'an operator retired the domain: it mints no more' },
  STORE_UNREACHABLE: { next: 'refuse', exit: 69, means: 'etcd did not answer' },
  STORE_ROLLED_BACK: {
    next: 'halt',
    exit: 70,
    means: 'etcd answered with a revision below one seen before: it was restored or wiped',
  },
  STORE_REFUSED: { next: 'halt', exit: 77, means: 'etcd refused our credentials or rights' },
  POOL_EXHAUSTED: { next: 'halt', exit: 75, means: 'every worker ID of the slice is held or resting' },
  LEASE_LOST: { next: 'suspend', exit: 75, means: 'the lease is in doubt or gone; minting has stopped' },
  CLOCK_BACK: { next: 'suspend', exit: 75, means: 'the wall clock went back further than is held' },
  CLOCK_FORWARD: { next: 'suspend', exit: 75, means: 'the wall clock jumped ahead' },
  CLOCK_BEFORE_BUILD: {
    next: 'refuse',
    exit: 75,
    means: 'the wall clock stands before this release was made',
  },
  TIMESTAMP_FULL: { next: 'halt', exit: 70, means: 'the timestamp field is used up: a new domain is needed' },
  DUPLICATE_OWNER: { next: 'halt', exit: 70, means: 'fenced by Kafka repeatedly although the claim is ours' },
  DRAIN_TIMEOUT: { next: 'halt', exit: 75, means: 'the drain deadline passed with work still open' },
  KAFKA_UNREACHABLE: { next: 'refuse', exit: 69, means: 'no Kafka broker answered' },
  KAFKA_REFUSED: { next: 'halt', exit: 77, means: 'Kafka refused our credentials or rights' },
  KAFKA_UNSUPPORTED: { next: 'halt', exit: 69, means: 'the brokers do not speak a message version we need' },
  GROUP_FATAL: { next: 'halt', exit: 70, means: 'the consumer group refused this member for good' },
  INSTANCE_FENCED: { next: 'halt', exit: 70, means: 'another process joined with our static member id' },
  PREFLIGHT_FAILED: {
    next: 'refuse',
    exit: 78,
    means: 'topics or brokers are set so that a promise would be false, all listed: see snowstamp doctor',
  },
  GROUP_NOT_EMPTY: {
    next: 'refuse',
    exit: 75,
    means: 'the consumer group has members or an open transaction: stop the fleet first',
  },
  TOPIC_MISSING: { next: 'retry', exit: 66, means: 'a topic of a route does not exist' },
  OUTPUT_TOO_NARROW: {
    next: 'stop-partition',
    exit: 66,
    means: 'the output topic has fewer partitions than the input',
  },
  POSITION_UNKNOWN: {
    next: 'stop-partition',
    exit: 75,
    means: 'no committed offset although the output holds records: state a position',
  },
  POSITION_OUT_OF_RANGE: {
    next: 'stop-partition',
    exit: 75,
    means: 'the committed offset lies outside the input log',
  },
  LOG_DIVERGED: {
    next: 'stop-partition',
    exit: 75,
    means: 'the input log was truncated below the committed offset',
  },
  TOPIC_RECREATED: {
    next: 'stop-partition',
    exit: 75,
    means: 'the topic id changed under the committed offset',
  },
  OUTPUT_TRUNCATED: {
    next: 'stop-partition',
    exit: 75,
    means: 'the output log ends at or below the last recorded output offset',
  },
  FLOOR_TOO_FAR: {
    next: 'stop-partition',
    exit: 75,
    means: 'the last ID of the partition is further ahead of the clock than is waited for',
  },
  BATCH_CORRUPT: {
    next: 'stop-partition',
    exit: 65,
    means: 'a record batch does not match its checksum or its own lengths',
  },
  BATCH_UNSUPPORTED: {
    next: 'stop-partition',
    exit: 65,
    means: 'a record batch of an unsupported format or codec',
  },
  BATCH_INFLATES_TOO_FAR: {
    next: 'stop-partition',
    exit: 65,
    means: 'a compressed batch inflates beyond the route’s cap',
  },
  RECORD_TOO_LARGE: {
    next: 'stop-partition',
    exit: 65,
    means: 'a record is too large for the output once stamped',
  },
  RECORD_REFUSED: { next: 'stop-partition', exit: 65, means: 'the output topic refuses a record' },
  RECORD_ALREADY_STAMPED: {
    next: 'stop-partition',
    exit: 65,
    means: 'a record carries an ID already and the route rejects those',
  },
  DEAD_LETTER_REFUSED: { next: 'stop-partition', exit: 65, means: 'the dead-letter topic refuses a record' },
  LEGACY_ID_MISSING: {
    next: 'stop-partition',
    exit: 65,
    means: 'a record has no legacy ID and the route’s mapping does not let that pass',
  },
  MAPPING_REFUSED: { next: 'stop-partition', exit: 65, means: 'the mapping topic refuses a record' },
  VALUE_TOO_SHORT: {
    next: 'stop-partition',
    exit: 65,
    means: 'a value is shorter than the wire prefix the route expects',
  },
  VALUE_WRONG_MAGIC: {
    next: 'stop-partition',
    exit: 65,
    means: 'a value does not begin with the magic byte 0 the route expects',
  },
  VALUE_SCHEMA_ID_INVALID: {
    next: 'stop-partition',
    exit: 65,
    means: 'the schema ID in a value is 0 (an 8-byte ID) or above 2^31 − 1',
  },
  VALUE_SCHEMA_IN_HEADER: {
    next: 'stop-partition',
    exit: 65,
    means: 'the schema ID of a value stands in a header, where a changed value would belie it',
  },
  VALUE_INDEXES_INVALID: {
    next: 'stop-partition',
    exit: 65,
    means: 'the message indexes of a Protobuf value are cut short or out of range',
  },
  VALUE_NOT_JSON: { next: 'stop-partition', exit: 65, means: 'a value is no JSON text' },
  VALUE_NOT_AN_OBJECT: {
    next: 'stop-partition',
    exit: 65,
    means: 'a JSON value is an array or a scalar, which has no members',
  },
  VALUE_ENCODING: { next: 'stop-partition', exit: 65, means: 'a JSON value is in UTF-16 or UTF-32' },
  VALUE_TRUNCATED: { next: 'stop-partition', exit: 65, means: 'a value ends before it is complete' },
  VALUE_ID_REPEATED: {
    next: 'stop-partition',
    exit: 65,
    means: 'a JSON value has several members of the ID’s name',
  },
  VALUE_NOT_PROTOBUF: { next: 'stop-partition', exit: 65, means: 'a value is no Protobuf message' },
  VALUE_HAS_GROUP: {
    next: 'stop-partition',
    exit: 65,
    means: 'a Protobuf value has a group at its top level',
  },
  VALUE_WIRE_TYPE: {
    next: 'stop-partition',
    exit: 65,
    means: 'a Protobuf value has another kind of field under the ID’s number',
  },
  VALUE_NOT_PROVEN: {
    next: 'stop-partition',
    exit: 65,
    means: 'the stamped value does not decode to the original and its ID',
  },
  SCHEMA_UNKNOWN: {
    next: 'stop-partition',
    exit: 65,
    means: 'the registry knows no schema of the ID in a value',
  },
  SCHEMA_NOT_STAMPABLE: {
    next: 'stop-partition',
    exit: 65,
    means: 'the schema of a value has no place for the ID in the route’s shape',
  },
  SCHEMA_ENCRYPTED: {
    next: 'stop-partition',
    exit: 65,
    means: 'the schema of a value has encoding rules, so its payload may be ciphertext',
  },
  SCHEMA_NOT_REGISTERED: {
    next: 'stop-partition',
    exit: 65,
    means: 'the stamped schema is not registered and the route may not register it',
  },
  SCHEMA_REFUSED: { next: 'stop-partition', exit: 65, means: 'the registry refuses the stamped schema' },
  LETTERS_LEFT: { next: 'refuse', exit: 65, means: 'redrive could not resubmit every letter it was to' },
  LETTERS_SCATTERED: {
    next: 'refuse',
    exit: 65,
    means: 'more letters lie behind one that is kept back than can be remembered',
  },
  REDRIVE_FENCED: {
    next: 'refuse',
    exit: 75,
    means: 'another redrive of the same dead-letter topic has begun',
  },
  MAPPING_MISSING: { next: 'refuse', exit: 66, means: 'the mapping topic has no such legacy ID' },
  VERIFY_FAILED: { next: 'refuse', exit: 1, means: 'verify found a difference' },
  VERIFY_UNPROVEN: { next: 'refuse', exit: 2, means: 'verify could not pair everything' },
  CATALOG_INVALID: {
    next: 'refuse',
    exit: 65,
    means: 'subjects.json or a file it names is missing or not as described in schemas/README.md',
  },
  SCHEMAS_DIFFER: {
    next: 'refuse',
    exit: 1,
    means:
      'schemas check found a schema that does not follow from its history or its original, or cannot be stamped',
  },
  REGISTRY_UNREACHABLE: {
    next: 'refuse',
    exit: 69,
    means: 'the schema registry did not decide: no answer, or refused rights',
  },
  REGISTRY_REFUSED: { next: 'refuse', exit: 65, means: 'the schema registry refused a schema' },
  USAGE: { next: 'refuse', exit: 64, means: 'the command line is wrong' },
  INTERNAL: { next: 'halt', exit: 70, means: 'an invariant of the program itself is broken' },
} as const satisfies Record<
  string,
  { next: 'retry' | 'stop-partition' | 'suspend' | 'halt' | 'refuse'; exit: number; means: string }
>;

export type ErrorCode = keyof typeof CATALOGUE;

/** The one error class callers branch on: by `code`, never by message. */
export class SnowstampError extends Error {
  readonly code: ErrorCode;
  /** `detail` names what, where and what to do. Never put secrets in it. */
  constructor(code: ErrorCode, detail: string, cause?: unknown) {
    super(`${code}: ${detail}`, { cause });
    this.name = 'SnowstampError';
    this.code = code;
  }
}

/** What is not ours is a broken invariant. */
export const codeOf = (error: unknown): ErrorCode =>
  error instanceof SnowstampError ? error.code : 'INTERNAL';
