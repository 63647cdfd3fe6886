import type { PartitionReport } from '../audit/pairing.ts';
import { registryJudge } from '../audit/registry-judge.ts';
import type { StampRule } from '../audit/rule.ts';
import { SchemaTexts } from '../audit/schema-texts.ts';
import { TopicReader } from '../audit/topic-reader.ts';
import { audit, type AuditRoute, type Report } from '../audit/verify.ts';
import type { Clock } from '../clock.ts';
import { valueStampOf } from '../config/derived.ts';
import type { Config } from '../config/schema.ts';
import { CATALOGUE } from '../errors.ts';
import { createCluster } from '../kafka/cluster/cluster.ts';
import { createAdmin } from '../kafka/cluster/kafkajs.ts';
import { asKnown } from '../kafka/cluster/known-error.ts';
import type { ClusterOptions } from '../kafka/cluster/options.ts';
import { createProgress } from './progress.ts';
import { registryConnectionOf } from './registry-settings.ts';
import { tableOf } from './table.ts';
import { kafkaOptionsOf, type ReadFile } from './worker-settings.ts';

export interface VerifyParts {
  readonly config: Config;
  /** One route only. */
  readonly route: string | undefined;
  readonly json: boolean;
  readonly clock: Clock;
  readonly readFile: ReadFile;
  readonly terminal: NodeJS.WriteStream;
  readonly out: (line: string) => void;
}

/** `snowstamp verify`: 0 proven, 1 failed, 2 not all could be proven; other codes as in the catalogue. */
export async function verifyCommand({
  config,
  route,
  json,
  clock,
  readFile,
  terminal,
  out,
}: VerifyParts): Promise<number> {
  const chosen = config.routes.filter(({ name }) => route === undefined || name === route);
  if (chosen.length === 0) {
    out(
      `USAGE: no route is named ${route ?? ''}: the configuration has ${config.routes.map(({ name }) => name).join(', ')}`,
    );
    return CATALOGUE.USAGE.exit;
  }
  const options: ClusterOptions = { ...kafkaOptionsOf(config, readFile), clock, log: () => undefined };
  const cluster = createCluster(options);
  const admin = createAdmin(options);
  const progress = createProgress(terminal, 'verify');
  try {
    const routes: AuditRoute[] = [];
    const policyOf = async (topic: string): Promise<string> =>
      (await admin.describeConfigs(topic)).get('cleanup.policy') ?? '';
    const compacts = async (topic: string): Promise<boolean> => (await policyOf(topic)).includes('compact');
    for (const route of chosen) {
      const { name, input, output, deadLetter } = route;
      routes.push({
        name,
        input,
        output,
        deadLetter,
        rule: ruleOf(route),
        mapping: await mappingOf(route, config.routes, chosen, policyOf),
        inputCompacted: await compacts(input),
        outputCompacted: await compacts(output),
      });
    }
    const report = await audit({
      reader: new TopicReader(cluster, (ms) => clock.sleep(ms)),
      groupId: config.kafka.groupId,
      routes,
      judge:
        config.registry === undefined
          ? undefined
          : registryJudge(new SchemaTexts(registryConnectionOf(config.registry, readFile))),
      expect: (records) => {
        progress.expect(records);
      },
      progress: (records) => {
        progress.done(records);
      },
    });
    progress.end();
    if (json) out(JSON.stringify(report, null, 2));
    else for (const line of linesOf(report)) out(line);
    return report.verdict === 'proven'
      ? 0
      : CATALOGUE[report.verdict === 'failed' ? 'VERIFY_FAILED' : 'VERIFY_UNPROVEN'].exit;
  } catch (error) {
    progress.end();
    const known = asKnown(error);
    out(known.message);
    return CATALOGUE[known.code].exit;
  } finally {
    await admin.close();
    await cluster.close();
  }
}

function ruleOf(route: Config['routes'][number]): StampRule {
  const { header, existing } = route.stamp;
  const value = valueStampOf(route);
  return {
    header,
    existing,
    value: value === undefined ? undefined : { ...value, orHeader: route.onError === 'header' },
  };
}

type Route = Config['routes'][number];

async function mappingOf(
  { mapping, stamp }: Route,
  routes: readonly Route[],
  chosen: readonly Route[],
  policyOf: (topic: string) => Promise<string>,
): Promise<AuditRoute['mapping']> {
  if (mapping === undefined) return undefined;
  const { topic, prefix = '', legacy } = mapping;
  return {
    topic,
    prefix,
    isDeleted: (await policyOf(topic)).includes('delete'),
    isShared: routes.some((other) => other.mapping?.topic === topic && !chosen.includes(other)),
    legacy: {
      from: legacy.from,
      name: legacy.name ?? '',
      integers: legacy.integers ?? 'signed',
      format: stamp.format,
      wire: stamp.wire ?? 'none',
    },
  };
}

const COLUMNS = [
  'inputs',
  'stamped',
  'inValue',
  'headerOnly',
  'kept',
  'deadLettered',
  'missing',
  'extra',
  'different',
  'outOfOrder',
  'unproven',
] as const;

function linesOf({
  verdict,
  ids,
  duplicateIds,
  firstDuplicate,
  partitions,
  schemas,
  mappings,
}: Report): string[] {
  const title = [
    'route',
    'part',
    'inputs',
    'stamped',
    'value',
    'header-only',
    'kept',
    'dead',
    'missing',
    'extra',
    'differ',
    'order',
    'unproven',
  ];
  const rows = partitions.map((p) => [
    p.route,
    String(p.partition),
    ...COLUMNS.map((name) => String(p[name])),
  ]);
  const total = [
    'total',
    '',
    ...COLUMNS.map((name) => String(partitions.reduce((sum, p) => sum + p[name], 0))),
  ];
  const differences = partitions.flatMap((p: PartitionReport) =>
    p.firstDifference === undefined ? [] : [`${p.route}-${p.partition}: ${p.firstDifference}`],
  );
  const first = firstDuplicate === undefined ? '' : `, the first is ${firstDuplicate}`;
  return [
    ...tableOf([title, ...rows, total], 1),
    `${ids} IDs, ${duplicateIds} duplicates${first}`,
    ...differences,
    ...mappings.flatMap((one) => [
      `mapping ${one.topic}: ${one.mapped} mapped, ${one.withoutLegacy} events without legacy ID, ${one.missing} missing, ${one.stale} stale, ${one.extra} extra, ${one.unproven} unproven`,
      ...(one.firstDifference === undefined ? [] : [one.firstDifference]),
    ]),
    ...schemas.map(
      ({ route, from, to, messagePath, records, verdict: says, why }) =>
        `${route}: schema ${from}${messagePath === '' ? '' : ` message ${messagePath}`} became ${to} in ${records} values: ${says}${why === '' ? '' : `: ${why}`}`,
    ),
    `verdict: ${verdict}`,
  ];
}
