import type { Clock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import { CATALOGUE, SnowstampError } from '../errors.ts';
import { createCluster } from '../kafka/cluster/cluster.ts';
import { asKnown } from '../kafka/cluster/known-error.ts';
import type { Cluster } from '../kafka/cluster/port.ts';
import { fatalError } from '../kafka/transaction/fatal.ts';
import { fetchCommitted, type CommittedOffset } from '../kafka/transaction/offsets.ts';
import { describeError, ERROR } from '../kafka/wire/errors.ts';
import { offsetCommit } from '../kafka/wire/offset-commit.ts';
import { LogReader, NotYet } from '../pipeline/log-reader.ts';
import type { TopicPartition } from '../pipeline/port.ts';
import { parseId } from '../snowflake/layout.ts';
import { planPosition } from './position-plan.ts';
import { kafkaOptionsOf, type ReadFile } from './worker-settings.ts';

/** Options of the command line, by their names there. */
export interface PositionFlags {
  readonly route: string;
  readonly partition: number;
  readonly offset: number;
  readonly lastId?: string;
  readonly giveUpOrder?: boolean;
  /** Say what would be done, and leave it. */
  readonly dryRun?: boolean;
}

export interface PositionParts extends PositionFlags {
  readonly config: Config;
  readonly clock: Clock;
  readonly readFile: ReadFile;
  readonly out: (line: string) => void;
}

/** A stopped worker's transaction holds its offsets for at most its timeout. */
const PATIENCE_MS = 15_000;

/**
 * `snowstamp position`: the operator's word on where a partition goes on that the fleet stopped on, because it never guesses
 * (data-path rule 8). Only while the group is empty: the coordinator itself checks that, in the same request. Returns the exit code.
 */
export async function positionCommand(parts: PositionParts): Promise<number> {
  const { config, out } = parts;
  const route = config.routes.find(({ name }) => name === parts.route);
  if (route === undefined) {
    out(
      `USAGE: no route is named ${parts.route}: there are ${config.routes.map(({ name }) => name).join(', ')}`,
    );
    return CATALOGUE.USAGE.exit;
  }
  const cluster = createCluster({
    ...kafkaOptionsOf(config, parts.readFile),
    clock: parts.clock,
    log: () => undefined,
  });
  try {
    return await state(parts, cluster, { topic: route.input, partition: parts.partition });
  } catch (error) {
    const known = knownAs(error);
    out(known.message);
    return CATALOGUE[known.code].exit;
  } finally {
    await cluster.close();
  }
}

async function state(parts: PositionParts, cluster: Cluster, at: TopicPartition): Promise<number> {
  const { config, offset, lastId, giveUpOrder = false, dryRun = false, out } = parts;
  const { groupId, requestTimeoutMs } = config.kafka;
  await find(cluster, at);
  const committed = await committedAt(parts, cluster, at);
  const log = new LogReader(cluster, requestTimeoutMs);
  const bounds = { start: await log.start(at), end: await log.end(at, 'high-water') };
  const plan = planPosition({ offset, lastId: idOf(lastId), giveUpOrder }, committed, bounds);
  if (plan.at === 'refused') throw new SnowstampError('USAGE', `${at.topic}-${at.partition}: ${plan.why}`);
  for (const line of plan.lines) out(`position: ${line}`);
  if (dryRun) {
    out('position: nothing was changed (--dry-run)');
    return 0;
  }
  await commit(parts, cluster, { ...at, offset: plan.offset, metadata: plan.metadata });
  out(
    `position: group ${groupId} goes on with ${at.topic}-${at.partition} at offset ${plan.offset}; start the fleet again`,
  );
  return 0;
}

function idOf(text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined;
  const parsed = parseId(text);
  if (!parsed.ok) throw new SnowstampError('USAGE', `--last-id: ${JSON.stringify(text)} is no ID`);
  return parsed.id;
}

async function find(cluster: Cluster, { topic, partition }: TopicPartition): Promise<void> {
  cluster.watch([topic]);
  await cluster.refresh();
  const found = cluster.topic(topic);
  if (found?.error !== 0) throw new SnowstampError('TOPIC_MISSING', `topic ${topic} does not exist`);
  if (!found.partitions.some((one) => one.partition === partition))
    throw new SnowstampError('USAGE', `${topic} has partitions 0 to ${found.partitions.length - 1}`);
}

/** Stable: an open transaction of a dead worker could still commit over what is stated here. */
async function committedAt(
  { config, clock }: PositionParts,
  cluster: Cluster,
  at: TopicPartition,
): Promise<CommittedOffset> {
  const outcome = await fetchCommitted(cluster, config.kafka.groupId, [at], {
    clock,
    signal: new AbortController().signal,
    timeoutMs: PATIENCE_MS,
  });
  switch (outcome.result) {
    case 'ok':
      return outcome.offsets[0]!;
    case 'later':
      throw new SnowstampError(
        outcome.errorCode === ERROR.UNSTABLE_OFFSET_COMMIT ? 'GROUP_NOT_EMPTY' : 'KAFKA_UNREACHABLE',
        outcome.why,
      );
    case 'fatal':
      throw fatalError('OffsetFetch', outcome.errorCode, outcome.why);
    case 'stopped':
      throw new SnowstampError('INTERNAL', 'nobody stops this question');
  }
}

async function commit(
  { config, clock }: PositionParts,
  cluster: Cluster,
  stated: TopicPartition & { readonly offset: number; readonly metadata: string },
): Promise<void> {
  const { groupId, requestTimeoutMs } = config.kafka;
  const { topic, partition, offset, metadata } = stated;
  const partitions = [
    { partition, committedOffset: offset, committedLeaderEpoch: -1, committedMetadata: metadata },
  ];
  const request = {
    groupId,
    generationId: -1,
    memberId: '',
    groupInstanceId: null,
    topics: [{ topic, partitions }],
  };
  const deadlineMs = clock.now().monotonicMs + PATIENCE_MS;
  for (;;) {
    const nodeId = await cluster.coordinator('group', groupId, { timeoutMs: PATIENCE_MS });
    const link = await cluster.link(nodeId, 'data');
    const answer = await link.send(offsetCommit, request, { timeoutMs: requestTimeoutMs });
    const errorCode = answer.topics[0]?.partitions[0]?.errorCode ?? ERROR.UNKNOWN_SERVER_ERROR;
    if (errorCode === ERROR.NONE) return;
    const { name, class: kind } = describeError(errorCode);
    if (kind !== 'retry' && kind !== 'find-coordinator') throw refusal(errorCode, groupId, name);
    if (clock.now().monotonicMs > deadlineMs) throw new SnowstampError('KAFKA_UNREACHABLE', name);
    cluster.forget('group', groupId);
    await clock.sleep(100);
  }
}

function refusal(errorCode: number, groupId: string, name: string): SnowstampError {
  if (
    errorCode === ERROR.UNKNOWN_MEMBER_ID ||
    errorCode === ERROR.ILLEGAL_GENERATION ||
    errorCode === ERROR.REBALANCE_IN_PROGRESS
  )
    return new SnowstampError(
      'GROUP_NOT_EMPTY',
      `group ${groupId} has members, nothing was changed: stop every worker, or wait for the session of a dead one to end`,
    );
  return fatalError('OffsetCommit', errorCode, name);
}

/** Repeating the command after a failure is safe: it states the same position again. */
const knownAs = (error: unknown): SnowstampError =>
  error instanceof NotYet ? new SnowstampError('KAFKA_UNREACHABLE', error.message, error) : asKnown(error);
