/**
 * What a code asks for, of the thing it was given for: a code on a partition speaks for that partition, one on top of an
 * answer for all of it. The class says what follows when the request *may* be repeated. Produce and EndTxn may not
 * (data-path rule 4): there everything but `none` and `fenced` ends the transaction.
 *
 * `none`: fine. `retry`: the same again after a pause, bounded. `refresh-metadata`: ask for metadata, then again.
 * `find-coordinator`: forget the coordinator, find it, then again. `rejoin`: the group has moved on (which of lose, keep the
 * member id, keep the partitions: the membership machine's table). `abort`: this attempt is over, nothing is wrong for good.
 * `fenced`: somebody else has our transactional id (rule 3). `fatal`: no repetition helps.
 */
export type ErrorClass =
  'none' | 'retry' | 'refresh-metadata' | 'find-coordinator' | 'rejoin' | 'abort' | 'fenced' | 'fatal';

/** Kafka's `Errors`, as of 4.3: all codes from −1 to 133. What only admin clients, brokers or other kinds of group meet is `fatal`. */
const TABLE = {
  UNKNOWN_SERVER_ERROR: [-1, 'abort'],
  NONE: [0, 'none'],
  OFFSET_OUT_OF_RANGE: [1, 'fatal'],
  CORRUPT_MESSAGE: [2, 'abort'],
  UNKNOWN_TOPIC_OR_PARTITION: [3, 'refresh-metadata'],
  INVALID_FETCH_SIZE: [4, 'fatal'],
  LEADER_NOT_AVAILABLE: [5, 'refresh-metadata'],
  NOT_LEADER_OR_FOLLOWER: [6, 'refresh-metadata'],
  REQUEST_TIMED_OUT: [7, 'retry'],
  BROKER_NOT_AVAILABLE: [8, 'refresh-metadata'],
  REPLICA_NOT_AVAILABLE: [9, 'refresh-metadata'],
  MESSAGE_TOO_LARGE: [10, 'abort'],
  STALE_CONTROLLER_EPOCH: [11, 'fatal'],
  OFFSET_METADATA_TOO_LARGE: [12, 'fatal'],
  NETWORK_EXCEPTION: [13, 'refresh-metadata'],
  COORDINATOR_LOAD_IN_PROGRESS: [14, 'retry'],
  COORDINATOR_NOT_AVAILABLE: [15, 'find-coordinator'],
  NOT_COORDINATOR: [16, 'find-coordinator'],
  INVALID_TOPIC_EXCEPTION: [17, 'fatal'],
  RECORD_LIST_TOO_LARGE: [18, 'abort'],
  NOT_ENOUGH_REPLICAS: [19, 'retry'],
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: [20, 'abort'],
  INVALID_REQUIRED_ACKS: [21, 'fatal'],
  ILLEGAL_GENERATION: [22, 'rejoin'],
  INCONSISTENT_GROUP_PROTOCOL: [23, 'fatal'],
  INVALID_GROUP_ID: [24, 'fatal'],
  UNKNOWN_MEMBER_ID: [25, 'rejoin'],
  INVALID_SESSION_TIMEOUT: [26, 'fatal'],
  REBALANCE_IN_PROGRESS: [27, 'rejoin'],
  INVALID_COMMIT_OFFSET_SIZE: [28, 'fatal'],
  TOPIC_AUTHORIZATION_FAILED: [29, 'fatal'],
  GROUP_AUTHORIZATION_FAILED: [30, 'fatal'],
  CLUSTER_AUTHORIZATION_FAILED: [31, 'fatal'],
  INVALID_TIMESTAMP: [32, 'abort'],
  UNSUPPORTED_SASL_MECHANISM: [33, 'fatal'],
  ILLEGAL_SASL_STATE: [34, 'fatal'],
  UNSUPPORTED_VERSION: [35, 'fatal'],
  TOPIC_ALREADY_EXISTS: [36, 'fatal'],
  INVALID_PARTITIONS: [37, 'fatal'],
  INVALID_REPLICATION_FACTOR: [38, 'fatal'],
  INVALID_REPLICA_ASSIGNMENT: [39, 'fatal'],
  INVALID_CONFIG: [40, 'fatal'],
  NOT_CONTROLLER: [41, 'refresh-metadata'],
  INVALID_REQUEST: [42, 'fatal'],
  UNSUPPORTED_FOR_MESSAGE_FORMAT: [43, 'fatal'],
  POLICY_VIOLATION: [44, 'fatal'],
  OUT_OF_ORDER_SEQUENCE_NUMBER: [45, 'abort'],
  DUPLICATE_SEQUENCE_NUMBER: [46, 'abort'],
  INVALID_PRODUCER_EPOCH: [47, 'fenced'],
  INVALID_TXN_STATE: [48, 'abort'],
  INVALID_PRODUCER_ID_MAPPING: [49, 'abort'],
  INVALID_TRANSACTION_TIMEOUT: [50, 'fatal'],
  CONCURRENT_TRANSACTIONS: [51, 'retry'],
  TRANSACTION_COORDINATOR_FENCED: [52, 'abort'],
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: [53, 'fatal'],
  SECURITY_DISABLED: [54, 'fatal'],
  OPERATION_NOT_ATTEMPTED: [55, 'abort'],
  KAFKA_STORAGE_ERROR: [56, 'refresh-metadata'],
  LOG_DIR_NOT_FOUND: [57, 'fatal'],
  SASL_AUTHENTICATION_FAILED: [58, 'fatal'],
  UNKNOWN_PRODUCER_ID: [59, 'abort'],
  REASSIGNMENT_IN_PROGRESS: [60, 'retry'],
  DELEGATION_TOKEN_AUTH_DISABLED: [61, 'fatal'],
  DELEGATION_TOKEN_NOT_FOUND: [62, 'fatal'],
  DELEGATION_TOKEN_OWNER_MISMATCH: [63, 'fatal'],
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: [64, 'fatal'],
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: [65, 'fatal'],
  DELEGATION_TOKEN_EXPIRED: [66, 'fatal'],
  INVALID_PRINCIPAL_TYPE: [67, 'fatal'],
  NON_EMPTY_GROUP: [68, 'fatal'],
  GROUP_ID_NOT_FOUND: [69, 'rejoin'],
  FETCH_SESSION_ID_NOT_FOUND: [70, 'retry'],
  INVALID_FETCH_SESSION_EPOCH: [71, 'retry'],
  LISTENER_NOT_FOUND: [72, 'refresh-metadata'],
  TOPIC_DELETION_DISABLED: [73, 'fatal'],
  FENCED_LEADER_EPOCH: [74, 'refresh-metadata'],
  UNKNOWN_LEADER_EPOCH: [75, 'refresh-metadata'],
  UNSUPPORTED_COMPRESSION_TYPE: [76, 'fatal'],
  STALE_BROKER_EPOCH: [77, 'fatal'],
  OFFSET_NOT_AVAILABLE: [78, 'retry'],
  MEMBER_ID_REQUIRED: [79, 'rejoin'],
  PREFERRED_LEADER_NOT_AVAILABLE: [80, 'refresh-metadata'],
  GROUP_MAX_SIZE_REACHED: [81, 'fatal'],
  FENCED_INSTANCE_ID: [82, 'fatal'],
  ELIGIBLE_LEADERS_NOT_AVAILABLE: [83, 'refresh-metadata'],
  ELECTION_NOT_NEEDED: [84, 'fatal'],
  NO_REASSIGNMENT_IN_PROGRESS: [85, 'fatal'],
  GROUP_SUBSCRIBED_TO_TOPIC: [86, 'fatal'],
  INVALID_RECORD: [87, 'abort'],
  UNSTABLE_OFFSET_COMMIT: [88, 'retry'],
  THROTTLING_QUOTA_EXCEEDED: [89, 'retry'],
  PRODUCER_FENCED: [90, 'fenced'],
  RESOURCE_NOT_FOUND: [91, 'fatal'],
  DUPLICATE_RESOURCE: [92, 'fatal'],
  UNACCEPTABLE_CREDENTIAL: [93, 'fatal'],
  INCONSISTENT_VOTER_SET: [94, 'fatal'],
  INVALID_UPDATE_VERSION: [95, 'fatal'],
  FEATURE_UPDATE_FAILED: [96, 'fatal'],
  PRINCIPAL_DESERIALIZATION_FAILURE: [97, 'fatal'],
  SNAPSHOT_NOT_FOUND: [98, 'fatal'],
  POSITION_OUT_OF_RANGE: [99, 'fatal'],
  UNKNOWN_TOPIC_ID: [100, 'refresh-metadata'],
  DUPLICATE_BROKER_REGISTRATION: [101, 'fatal'],
  BROKER_ID_NOT_REGISTERED: [102, 'fatal'],
  INCONSISTENT_TOPIC_ID: [103, 'refresh-metadata'],
  INCONSISTENT_CLUSTER_ID: [104, 'fatal'],
  TRANSACTIONAL_ID_NOT_FOUND: [105, 'fatal'],
  FETCH_SESSION_TOPIC_ID_ERROR: [106, 'refresh-metadata'],
  INELIGIBLE_REPLICA: [107, 'fatal'],
  NEW_LEADER_ELECTED: [108, 'fatal'],
  OFFSET_MOVED_TO_TIERED_STORAGE: [109, 'fatal'],
  FENCED_MEMBER_EPOCH: [110, 'rejoin'],
  UNRELEASED_INSTANCE_ID: [111, 'fatal'],
  UNSUPPORTED_ASSIGNOR: [112, 'fatal'],
  STALE_MEMBER_EPOCH: [113, 'rejoin'],
  MISMATCHED_ENDPOINT_TYPE: [114, 'fatal'],
  UNSUPPORTED_ENDPOINT_TYPE: [115, 'fatal'],
  UNKNOWN_CONTROLLER_ID: [116, 'fatal'],
  UNKNOWN_SUBSCRIPTION_ID: [117, 'fatal'],
  TELEMETRY_TOO_LARGE: [118, 'fatal'],
  INVALID_REGISTRATION: [119, 'fatal'],
  TRANSACTION_ABORTABLE: [120, 'abort'],
  INVALID_RECORD_STATE: [121, 'fatal'],
  SHARE_SESSION_NOT_FOUND: [122, 'fatal'],
  INVALID_SHARE_SESSION_EPOCH: [123, 'fatal'],
  FENCED_STATE_EPOCH: [124, 'fatal'],
  INVALID_VOTER_KEY: [125, 'fatal'],
  DUPLICATE_VOTER: [126, 'fatal'],
  VOTER_NOT_FOUND: [127, 'fatal'],
  INVALID_REGULAR_EXPRESSION: [128, 'fatal'],
  REBOOTSTRAP_REQUIRED: [129, 'refresh-metadata'],
  STREAMS_INVALID_TOPOLOGY: [130, 'fatal'],
  STREAMS_INVALID_TOPOLOGY_EPOCH: [131, 'fatal'],
  STREAMS_TOPOLOGY_FENCED: [132, 'fatal'],
  SHARE_SESSION_LIMIT_REACHED: [133, 'fatal'],
} as const satisfies Record<string, readonly [code: number, action: ErrorClass]>;

export type KafkaErrorName = keyof typeof TABLE;

export interface ErrorDescription {
  readonly code: number;
  /** Kafka's own name, or `UNKNOWN_CODE_<n>` for a code newer than this table. */
  readonly name: string;
  readonly class: ErrorClass;
}

const NAMES = Object.keys(TABLE) as KafkaErrorName[];

/** Kafka's error codes by name. */
export const ERROR = Object.fromEntries(NAMES.map((name) => [name, TABLE[name][0]])) as {
  readonly [Name in KafkaErrorName]: (typeof TABLE)[Name][0];
};

const DESCRIPTIONS: ReadonlyMap<number, ErrorDescription> = new Map(
  NAMES.map((name) => [TABLE[name][0], { code: TABLE[name][0], name, class: TABLE[name][1] }]),
);

/** A code not in the table is taken for UNKNOWN_SERVER_ERROR, as Kafka's own clients do: the attempt ends, the worker does not. */
export function describeError(code: number): ErrorDescription {
  return DESCRIPTIONS.get(code) ?? { code, name: `UNKNOWN_CODE_${code}`, class: 'abort' };
}
