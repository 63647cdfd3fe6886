import { ERROR } from '../wire/errors.ts';

/**
 * What each error code means to the transaction, per request: one table, so that a reviewer sees every
 * decision at once. Sources: KIP-98 (transactions), KIP-360 (epoch bump), KIP-447 (group fencing), Kafka's Errors.java.
 */

export type RequestName =
  'InitProducerId' | 'AddPartitionsToTxn' | 'AddOffsetsToTxn' | 'Produce' | 'TxnOffsetCommit' | 'EndTxn';

export type Meaning =
  | 'done'
  /** Not looked at, because a neighbour in the same request was refused (55). Says nothing about this partition. */
  | 'skipped'
  /** The previous transaction is still being completed (51): ask again at once, then every 10 ms. */
  | 'concurrent'
  /** Same coordinator, a little later (14). */
  | 'loading'
  /** Forget the coordinator, find it, ask again (15, 16). Only where asking twice is asking once. */
  | 'find-coordinator'
  /** This partition, not the others: the transaction aborts and names it (data-path rule 5). */
  | 'refused'
  /** Illegal generation (22): one retry under the successor identity, if there is one (rule 7). */
  | 'generation'
  /** The group no longer knows us: abort. */
  | 'group'
  /** The epoch ends (rule 4). */
  | 'doubt'
  /** Somebody else has our transactional id (rule 3). Nothing is sent after this. */
  | 'fenced'
  /** No retry will help. */
  | 'fatal';

type Table = Readonly<Record<number, Meaning>>;

/** Codes that mean the same to every request. */
const EVERYWHERE: Table = {
  [ERROR.NONE]: 'done',
  [ERROR.CLUSTER_AUTHORIZATION_FAILED]: 'fatal',
  [ERROR.UNSUPPORTED_VERSION]: 'fatal',
  [ERROR.INVALID_REQUEST]: 'fatal',
  [ERROR.INVALID_PRODUCER_EPOCH]: 'fenced',
  [ERROR.INVALID_TXN_STATE]: 'doubt', // the coordinator ended the transaction without us
  [ERROR.INVALID_PRODUCER_ID_MAPPING]: 'doubt', // our id expired or was replaced; Init tells which
  [ERROR.TRANSACTIONAL_ID_AUTHORIZATION_FAILED]: 'fatal',
  [ERROR.SASL_AUTHENTICATION_FAILED]: 'fatal',
  [ERROR.PRODUCER_FENCED]: 'fenced',
};

/** Requests that may be repeated within a transaction: the coordinator's answer says that nothing was done, or doing it twice is doing it once. */
const REPEATABLE: Table = {
  [ERROR.COORDINATOR_LOAD_IN_PROGRESS]: 'loading',
  [ERROR.COORDINATOR_NOT_AVAILABLE]: 'find-coordinator',
  [ERROR.NOT_COORDINATOR]: 'find-coordinator',
  [ERROR.CONCURRENT_TRANSACTIONS]: 'concurrent',
};

/** A topic's or partition's own trouble. */
const PARTITION: Table = {
  [ERROR.UNKNOWN_TOPIC_OR_PARTITION]: 'refused',
  [ERROR.TOPIC_AUTHORIZATION_FAILED]: 'refused',
};

const TABLES: Readonly<Record<RequestName, { readonly rows: Table; readonly otherwise: Meaning }>> = {
  InitProducerId: {
    rows: {
      ...EVERYWHERE,
      ...REPEATABLE,
      [ERROR.UNKNOWN_SERVER_ERROR]: 'loading', // met while a broker starts
      [ERROR.INVALID_TXN_STATE]: 'loading',
      // The id we hold is not the one the coordinator knows: only a new incarnation may ask for one.
      [ERROR.INVALID_PRODUCER_ID_MAPPING]: 'fenced',
      [ERROR.INVALID_TRANSACTION_TIMEOUT]: 'fatal',
      [ERROR.KAFKA_STORAGE_ERROR]: 'loading',
    },
    otherwise: 'fatal',
  },
  AddPartitionsToTxn: {
    rows: { ...EVERYWHERE, ...REPEATABLE, ...PARTITION, [ERROR.OPERATION_NOT_ATTEMPTED]: 'skipped' },
    otherwise: 'doubt',
  },
  AddOffsetsToTxn: {
    rows: {
      ...EVERYWHERE,
      ...REPEATABLE,
      [ERROR.INVALID_GROUP_ID]: 'fatal',
      [ERROR.GROUP_AUTHORIZATION_FAILED]: 'fatal',
    },
    otherwise: 'doubt',
  },
  Produce: {
    // No row of REPEATABLE: a Produce is never sent twice (rule 4). Even NOT_LEADER can follow an append.
    rows: {
      ...EVERYWHERE,
      [ERROR.OUT_OF_ORDER_SEQUENCE_NUMBER]: 'doubt', // our idea of the sequence is wrong, a new epoch starts at 0
      [ERROR.DUPLICATE_SEQUENCE_NUMBER]: 'doubt',
      [ERROR.UNKNOWN_PRODUCER_ID]: 'doubt',
    },
    otherwise: 'refused',
  },
  TxnOffsetCommit: {
    rows: {
      ...EVERYWHERE,
      ...REPEATABLE,
      ...PARTITION,
      [ERROR.OFFSET_METADATA_TOO_LARGE]: 'fatal',
      [ERROR.ILLEGAL_GENERATION]: 'generation',
      [ERROR.INVALID_GROUP_ID]: 'fatal',
      [ERROR.UNKNOWN_MEMBER_ID]: 'group',
      [ERROR.REBALANCE_IN_PROGRESS]: 'group',
      [ERROR.INVALID_COMMIT_OFFSET_SIZE]: 'fatal',
      [ERROR.GROUP_AUTHORIZATION_FAILED]: 'fatal',
      [ERROR.GROUP_ID_NOT_FOUND]: 'group',
      [ERROR.FENCED_INSTANCE_ID]: 'group',
      [ERROR.STALE_MEMBER_EPOCH]: 'group',
    },
    otherwise: 'doubt',
  },
  EndTxn: {
    // Anything but success is ambiguous: a 16 was met although the commit took effect.
    rows: { ...EVERYWHERE },
    otherwise: 'doubt',
  },
};

export function classify(request: RequestName, code: number): Meaning {
  const { rows, otherwise } = TABLES[request];
  return rows[code] ?? otherwise;
}

const GRAVITY: readonly Meaning[] = [
  'done',
  'skipped',
  'concurrent',
  'loading',
  'find-coordinator',
  'refused',
  'generation',
  'group',
  'doubt',
  'fatal',
  'fenced',
];

/** True when `a` decides over `b`, for answers that carry one code per partition. */
export const graver = (a: Meaning, b: Meaning): boolean => GRAVITY.indexOf(a) > GRAVITY.indexOf(b);

/** Milliseconds before retry number `attempt` (from 1); undefined when the meaning is not a retry. */
export function backoffMs(meaning: Meaning, attempt: number): number | undefined {
  switch (meaning) {
    case 'concurrent':
      return attempt <= 1 ? 1 : 10;
    case 'loading':
      return 50;
    case 'find-coordinator':
      return Math.min(100, 20 * 2 ** Math.min(attempt - 1, 3));
    case 'done':
    case 'skipped':
    case 'refused':
    case 'generation':
    case 'group':
    case 'doubt':
    case 'fenced':
    case 'fatal':
      return undefined;
  }
}
