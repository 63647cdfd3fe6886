import type { Clock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import { CATALOGUE, SnowstampError } from '../errors.ts';
import { createCluster } from '../kafka/cluster/cluster.ts';
import { asKnown } from '../kafka/cluster/known-error.ts';
import type { ClusterOptions } from '../kafka/cluster/options.ts';
import type { Cluster } from '../kafka/cluster/port.ts';
import { createMembership } from '../kafka/membership/loop.ts';
import { createProducer } from '../kafka/transaction/producer.ts';
import { Ownership } from '../redrive/ownership.ts';
import type { Hands, RedrivePlan, RedriveReport } from '../redrive/port.ts';
import { Redrive } from '../redrive/redrive.ts';
import type { OptionLine } from './line.ts';
import { createProgress } from './progress.ts';
import { kafkaOptionsOf, type ReadFile } from './worker-settings.ts';

/** Options of the command line, by their names there. */
export interface RedriveRequest {
  /** Dead-letter topic; left out: the only one there is. */
  readonly topic?: string;
  readonly route?: string;
  readonly code?: readonly string[];
  readonly partition?: number;
  /** Unix ms. */
  readonly from?: number;
  readonly to?: number;
  readonly max?: number;
  readonly rate?: number;
  readonly discard?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export const REDRIVE_OPTIONS: readonly OptionLine[] = [
  ['--topic <name>', 'dead-letter topic, when there are several'],
  ['--route <name>', 'letters of one route'],
  ['--code <code...>', 'letters with these codes'],
  ['--partition <number>', 'letters from this partition of the input', 'whole'],
  ['--from <time>', 'events from this time on', 'time'],
  ['--to <time>', 'events before this time', 'time'],
  ['--max <number>', 'so many at the most', 'atLeastOne'],
  ['--rate <number>', 'so many a second at the most', 'atLeastOne'],
  ['--discard', 'resubmit nothing, and count them as dealt with'],
  ['--dry-run', 'say what would be done, change nothing'],
  ['--json', 'print the report as JSON'],
];

export interface RedriveCommand {
  readonly config: Config;
  readonly request: RedriveRequest;
  readonly clock: Clock;
  readonly readFile: ReadFile;
  readonly terminal: NodeJS.WriteStream;
  readonly stop: AbortSignal;
  readonly out: (line: string) => void;
}

/** What there is to redrive, in the configuration's words. @throws SnowstampError USAGE */
export function planOf({ routes }: Config, request: RedriveRequest): RedrivePlan {
  const named = routes.filter(({ name }) => request.route === undefined || name === request.route);
  if (named.length === 0)
    throw new SnowstampError(
      'USAGE',
      `no route is named ${request.route ?? ''}: there are ${routes.map(({ name }) => name).join(', ')}`,
    );
  const deadLetters = [...new Set(named.flatMap(({ deadLetter = [] }) => deadLetter))];
  const topic = request.topic ?? (deadLetters.length === 1 ? deadLetters[0]! : undefined);
  if (topic === undefined || !deadLetters.includes(topic))
    throw new SnowstampError(
      'USAGE',
      deadLetters.length === 0
        ? 'no such route has a dead-letter topic'
        : `say with --topic which of ${deadLetters.join(', ')} is meant`,
    );
  const { code: codes, partition, from: fromMs, to: toMs, max: most, rate, discard = false } = request;
  const topics = new Set(named.filter(({ deadLetter }) => deadLetter === topic).map(({ input }) => input));
  return { topic, selection: { codes, topics, partition, fromMs, toMs }, most, rate, discard };
}

/** `snowstamp redrive`: takes dead letters back to the topic they came from. Returns the exit code. */
export async function redriveCommand(command: RedriveCommand): Promise<number> {
  const { config, request, clock, readFile, terminal, out } = command;
  const options: ClusterOptions = { ...kafkaOptionsOf(config, readFile), clock, log: () => undefined };
  const cluster = createCluster(options);
  const progress = createProgress(terminal, 'redrive');
  try {
    const plan = planOf(config, request);
    await find(cluster, plan);
    const redrive = new Redrive({
      ...{ plan, cluster, clock, stop: command.stop, requestTimeoutMs: config.kafka.requestTimeoutMs },
      groupId: `${config.kafka.groupId}-redrive`,
      expect: (letters) => {
        progress.expect(letters);
      },
      progress: (letters) => {
        progress.done(letters);
      },
    });
    const failure = await (
      request.dryRun === true ? redrive.look() : underway(command, options, cluster, redrive)
    ).then(
      () => undefined,
      (error: unknown) => asKnown(error),
    );
    progress.end();
    for (const line of told(redrive.report, plan, request)) out(line);
    if (failure !== undefined) out(failure.message);
    if (failure !== undefined) return CATALOGUE[failure.code].exit;
    return redrive.report.refused === 0 ? 0 : CATALOGUE.LETTERS_LEFT.exit;
  } catch (error) {
    progress.end();
    const known = asKnown(error);
    out(known.message);
    return CATALOGUE[known.code].exit;
  } finally {
    await cluster.close();
  }
}

async function find(cluster: Cluster, { topic, selection }: RedrivePlan): Promise<void> {
  cluster.watch([topic, ...selection.topics]);
  await cluster.refresh();
  for (const name of [topic, ...selection.topics])
    if (cluster.topic(name)?.error !== 0)
      throw new SnowstampError('TOPIC_MISSING', `topic ${name} does not exist`);
}

/** As a member of a group of its own, under a transactional ID that whoever runs next takes over. */
async function underway(
  { config, clock }: RedriveCommand,
  options: ClusterOptions,
  cluster: Cluster,
  redrive: Redrive,
): Promise<void> {
  const { sessionTimeoutMs, heartbeatMs, rebalanceTimeoutMs, transactionTimeoutMs, requestTimeoutMs } =
    config.kafka;
  const { groupId, plan } = redrive.target;
  const groupCluster = createCluster({ ...options, requestTimeoutMs: Math.floor(sessionTimeoutMs / 3) });
  const ownership = new Ownership();
  const over = new AbortController();
  const membership = createMembership({
    ...{ cluster: groupCluster, clock, groupId, groupInstanceId: null },
    ...{ sessionTimeoutMs, heartbeatMs, rebalanceTimeoutMs, topics: [plan.topic], listener: ownership },
    drainBoundMs: Math.min(transactionTimeoutMs, rebalanceTimeoutMs / 2),
    observe: () => undefined,
  });
  const producer = createProducer({
    ...{ cluster, clock, transactionTimeoutMs, requestTimeoutMs, observe: () => undefined },
    transactionalId: `snowstamp.redrive.${groupId}.${plan.topic}`,
    permitted: () => true, // nobody leases anything here: the group and the transactional ID are the fences
  });
  const hands: Hands = { membership, ownership, producer };
  const member = membership.run(over.signal);
  try {
    await Promise.race([redrive.run(hands), member]);
  } finally {
    await producer.close();
    over.abort();
    await member.catch(() => undefined);
    await groupCluster.close();
  }
}

function told(
  report: RedriveReport,
  plan: RedrivePlan,
  { json = false, dryRun = false }: RedriveRequest,
): string[] {
  const did = plan.discard ? 'discarded' : 'redriven';
  if (json) return [JSON.stringify({ topic: plan.topic, dryRun, discard: plan.discard, ...report }, null, 2)];
  const { redriven, leftOut, foreign, refused, byCode, refusals } = report;
  return [
    `${plan.topic}: ${redriven} ${dryRun ? `would be ${did}` : did}, ${leftOut} left out, ${refused} refused, ${foreign} of others`,
    ...Object.entries(byCode).map(([code, count]) => `  ${code}  ${count}`),
    ...refusals,
  ];
}
