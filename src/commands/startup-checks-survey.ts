import type { Clock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import { SnowstampError } from '../errors.ts';
import type { Admin, Settings } from '../kafka/cluster/admin.ts';
import type { Cluster } from '../kafka/cluster/port.ts';
import type { Log } from '../ops/log.ts';
import { inOrder, type Finding } from './finding.ts';
import { brokerFindings } from './startup-checks-broker.ts';
import { mappingFindings } from './startup-checks-mapping.ts';
import { routeFindings, type TopicFacts } from './startup-checks.ts';

/** Longer than this nobody waits for one answer about settings: a frozen broker must not keep a worker from starting. */
const PATIENCE_MS = 5_000;

export interface SurveyParts {
  readonly config: Config;
  readonly cluster: Cluster;
  readonly admin: Admin;
  readonly clock: Clock;
}

/** Every topic of every route, once. */
export const topicsOf = ({ routes }: Config): readonly string[] => [
  ...new Set(
    routes.flatMap(({ input, output, deadLetter = [], mapping }) =>
      [input, output, deadLetter, mapping?.topic ?? []].flat(),
    ),
  ),
];

/**
 * Asks the brokers about themselves and the topics of every route, and judges the answers (data-path rule 17). What may
 * not be described, or is not answered in time, is a warning. Rejects with LinkError when no broker can be reached at all.
 */
export async function kafkaFindings(parts: SurveyParts): Promise<readonly Finding[]> {
  const { config, cluster } = parts;
  const names = topicsOf(config);
  cluster.watch(names);
  await cluster.refresh();
  const [topics, brokers] = await Promise.all([
    Promise.all(names.map((topic) => topicFacts(parts, topic))),
    Promise.all(cluster.nodes().map(({ nodeId }) => brokerFacts(parts, nodeId))),
  ]);
  const known = new Map(topics.map((facts) => [facts.topic, facts]));
  return inOrder([
    ...brokers.flatMap((broker) => brokerFindings(broker, config.kafka)),
    ...config.routes.flatMap(({ input, output, deadLetter, mapping }) => [
      ...routeFindings({
        input: known.get(input)!,
        output: known.get(output)!,
        deadLetter: deadLetter === undefined ? undefined : known.get(deadLetter),
      }),
      ...(mapping === undefined ? [] : mappingFindings(known.get(mapping.topic)!)),
    ]),
  ]);
}

/**
 * Warnings go to the log; one or more failures refuse the start, all of them told at once.
 * @throws SnowstampError PREFLIGHT_FAILED
 */
export function refuseUnfit(findings: readonly Finding[], log: Log): void {
  for (const { level, subject, found, remedy } of findings)
    if (level === 'warn') log.write('warn', `preflight: ${subject}: ${found}`, { remedy });
  const failed = findings.filter(({ level }) => level === 'fail');
  if (failed.length === 0) return;
  const all = failed.map(({ subject, found, remedy }) => `${subject}: ${found}; ${remedy}`);
  throw new SnowstampError('PREFLIGHT_FAILED', all.join('; '));
}

async function topicFacts({ cluster, admin, clock }: SurveyParts, topic: string): Promise<TopicFacts> {
  const found = cluster.topic(topic);
  // Only what exists is asked about: a question about a topic that does not would have some brokers create it.
  if (found?.error !== 0) return { topic, partitions: undefined, replicas: [], settings: undefined };
  const [settings, replicas] = await Promise.all([
    patiently(clock, admin.describeConfigs(topic)),
    patiently(clock, admin.fetchTopicMetadata(topic)),
  ]);
  return { topic, partitions: found.partitions.length, replicas: replicas ?? [], settings };
}

async function brokerFacts(
  { admin, clock }: SurveyParts,
  nodeId: number,
): Promise<{ nodeId: number; settings: Settings | undefined }> {
  return { nodeId, settings: await patiently(clock, admin.describeBroker(nodeId)) };
}

async function patiently<T>(clock: Clock, answer: Promise<T>): Promise<T | undefined> {
  const answered = new AbortController();
  const late = clock.sleep(PATIENCE_MS, answered.signal).then(() => undefined);
  const known = answer.catch((error: unknown) => {
    if (error instanceof SnowstampError) return undefined;
    throw error;
  });
  try {
    return await Promise.race([known, late]);
  } finally {
    answered.abort();
  }
}
