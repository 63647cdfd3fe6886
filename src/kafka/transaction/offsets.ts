import type { Clock } from '../../clock.ts';
import { LinkError, type Cluster } from '../cluster/port.ts';
import { describeError, ERROR } from '../wire/errors.ts';
import { offsetFetch, type OffsetFetchAnswer } from '../wire/offset-fetch.ts';
import { linkTo } from './messenger.ts';
import type { TransactionFact } from './port.ts';
import { byTopic } from './requests.ts';
import { partitionKey } from './sequences.ts';

/** Where the group stands in one partition. */
export interface CommittedOffset {
  readonly topic: string;
  readonly partition: number;
  /** The next offset to read; −1 when nothing was ever committed. */
  readonly offset: number;
  /** −1 when unknown. */
  readonly leaderEpoch: number;
  readonly metadata: string | null;
}

export type CommittedOutcome =
  /** One entry per partition asked for, in the same order. */
  | { readonly result: 'ok'; readonly offsets: readonly CommittedOffset[] }
  /** Not to be had within the time given: a transaction still holds an offset (88), or no coordinator answers. */
  | { readonly result: 'later'; readonly errorCode: number; readonly why: string }
  | { readonly result: 'stopped' }
  | { readonly result: 'fatal'; readonly errorCode: number; readonly why: string };

export interface FetchCommittedOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** No try begins after this. A dead owner's transaction holds its offsets for at most its transaction timeout. */
  readonly timeoutMs: number;
  /** For one try, the last one included: cut short, it would close the link for nothing. Default 2,000. */
  readonly requestTimeoutMs?: number;
  observe?(fact: Extract<TransactionFact, { fact: 'retried' }>): void;
}

interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

const REQUEST_TIMEOUT_MS = 2_000;
const LOST_LINK_MS = 50;

/** Milliseconds before the next try; a code that is neither here nor fatal waits like a lost link. */
const BACKOFF_MS: ReadonlyMap<number, number> = new Map([
  [ERROR.UNSTABLE_OFFSET_COMMIT, 10],
  [ERROR.COORDINATOR_LOAD_IN_PROGRESS, 50],
  [ERROR.COORDINATOR_NOT_AVAILABLE, 20],
  [ERROR.NOT_COORDINATOR, 20],
]);

const FATAL: ReadonlySet<number> = new Set([
  ERROR.GROUP_AUTHORIZATION_FAILED,
  ERROR.TOPIC_AUTHORIZATION_FAILED,
  ERROR.INVALID_GROUP_ID,
  ERROR.UNSUPPORTED_VERSION,
  ERROR.SASL_AUTHENTICATION_FAILED,
]);

type Try =
  | { readonly offsets: readonly CommittedOffset[] }
  | { readonly errorCode: number; readonly why: string; readonly forget: boolean };

const failure = (errorCode: number, why: string, forget: boolean): Try => ({ errorCode, why, forget });

/** What one answer says: every partition asked for, or the first trouble. PURE. */
export function readCommitted(partitions: readonly TopicPartition[], answer: OffsetFetchAnswer): Try {
  const rows = answer.topics.flatMap(({ topic, partitions }) => partitions.map((row) => ({ topic, ...row })));
  const codes = [answer.errorCode, ...rows.map(({ errorCode }) => errorCode)].filter((code) => code !== 0);
  const errorCode = codes.find((code) => FATAL.has(code)) ?? codes[0];
  if (errorCode !== undefined) {
    const moved = errorCode === ERROR.NOT_COORDINATOR || errorCode === ERROR.COORDINATOR_NOT_AVAILABLE;
    return failure(errorCode, `OffsetFetch answered ${describeError(errorCode).name}`, moved);
  }
  const byKey = new Map(rows.map((row) => [partitionKey(row.topic, row.partition), row]));
  const offsets: CommittedOffset[] = [];
  for (const { topic, partition } of partitions) {
    const row = byKey.get(partitionKey(topic, partition));
    if (row === undefined) return failure(0, `OffsetFetch left out ${topic}/${partition}`, false);
    const { committedOffset, committedLeaderEpoch, metadata } = row;
    offsets.push({ topic, partition, offset: committedOffset, leaderEpoch: committedLeaderEpoch, metadata });
  }
  return { offsets };
}

/** Not over the link of the transactions: an OffsetFetch that times out closes its link, and with it what is in flight there. */
async function attempt(
  access: { readonly cluster: Cluster; readonly clock: Clock },
  groupId: string,
  partitions: readonly TopicPartition[],
  reach: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Try> {
  try {
    const link = await linkTo(access, ['group', groupId], reach, 'metadata');
    const topics = byTopic(partitions, ({ partition }) => partition);
    return readCommitted(
      partitions,
      await link.send(offsetFetch, { groupId, topics, requireStable: true }, reach),
    );
  } catch (error) {
    if (!(error instanceof LinkError)) throw error;
    if (error.failure === 'refused') return failure(ERROR.SASL_AUTHENTICATION_FAILED, error.message, true);
    if (error.failure === 'unsupported') return failure(ERROR.UNSUPPORTED_VERSION, error.message, true);
    return failure(ERROR.NETWORK_EXCEPTION, error.message, true);
  }
}

/**
 * Committed offsets that no open transaction can still change (OffsetFetch 7 with `require_stable`, KIP-447; data-path rule 6).
 * Reading sooner is how records get stamped twice: the offset of a commit that is still being completed is not visible yet.
 */
export async function fetchCommitted(
  cluster: Cluster,
  groupId: string,
  partitions: readonly TopicPartition[],
  options: FetchCommittedOptions,
): Promise<CommittedOutcome> {
  if (partitions.length === 0) return { result: 'ok', offsets: [] };
  const { clock, signal, timeoutMs, requestTimeoutMs = REQUEST_TIMEOUT_MS } = options;
  const deadlineMs = clock.now().monotonicMs + timeoutMs;
  let last = { errorCode: 0, why: 'no time was given' };
  for (let tries = 1; !signal.aborted; tries += 1) {
    if (clock.now().monotonicMs >= deadlineMs) return { result: 'later', ...last };
    const tried = await attempt({ cluster, clock }, groupId, partitions, {
      timeoutMs: requestTimeoutMs,
      signal,
    });
    if ('offsets' in tried) return { result: 'ok', offsets: tried.offsets };
    const { errorCode, why, forget } = tried;
    if (forget) cluster.forget('group', groupId);
    if (FATAL.has(errorCode)) return { result: 'fatal', errorCode, why };
    last = { errorCode, why };
    options.observe?.({ fact: 'retried', request: 'OffsetFetch', errorCode, attempt: tries });
    await clock.sleep(BACKOFF_MS.get(errorCode) ?? LOST_LINK_MS, signal);
  }
  return { result: 'stopped' };
}
