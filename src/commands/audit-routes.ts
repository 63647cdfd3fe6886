import { registryJudge } from '../audit/registry-judge.ts';
import type { StampRule } from '../audit/rule.ts';
import { SchemaTexts } from '../audit/schema-texts.ts';
import { TopicReader } from '../audit/topic-reader.ts';
import type { UniqueIds } from '../audit/unique.ts';
import { audit, type AuditRoute, type Report } from '../audit/verify.ts';
import type { Clock } from '../clock.ts';
import { valueStampOf } from '../config/derived.ts';
import type { Config } from '../config/schema.ts';
import { createCluster } from '../kafka/cluster/cluster.ts';
import { createAdmin } from '../kafka/cluster/kafkajs.ts';
import type { ClusterOptions } from '../kafka/cluster/options.ts';
import { registryConnectionOf } from './registry-settings.ts';
import { kafkaOptionsOf, type ReadFile } from './worker-settings.ts';

type Route = Config['routes'][number];

export interface Watching {
  readonly expect: (records: number) => void;
  readonly done: (records: number) => void;
  readonly highest?: (ids: UniqueIds) => void;
}

/** The audit of some routes of the configuration, from its own connection. @throws SnowstampError KAFKA_…, TOPIC_MISSING */
export async function auditRoutes(
  {
    config,
    clock,
    readFile,
  }: { readonly config: Config; readonly clock: Clock; readonly readFile: ReadFile },
  chosen: readonly Route[],
  watching: Watching,
): Promise<Report> {
  const options: ClusterOptions = { ...kafkaOptionsOf(config, readFile), clock, log: () => undefined };
  const cluster = createCluster(options);
  const admin = createAdmin(options);
  const policyOf = async (topic: string): Promise<string> =>
    (await admin.describeConfigs(topic)).get('cleanup.policy') ?? '';
  const compacts = async (topic: string): Promise<boolean> => (await policyOf(topic)).includes('compact');
  const auditRoute = async (route: Route): Promise<AuditRoute> => {
    const { name, input, output, deadLetter } = route;
    return {
      ...{ name, input, output, deadLetter },
      rule: ruleOf(route),
      mapping: await mappingOf(route, config.routes, chosen, policyOf),
      inputCompacted: await compacts(input),
      outputCompacted: await compacts(output),
    };
  };
  try {
    const routes: AuditRoute[] = [];
    for (const route of chosen) routes.push(await auditRoute(route));
    return await audit({
      reader: new TopicReader(cluster, (ms) => clock.sleep(ms)),
      groupId: config.kafka.groupId,
      routes,
      judge:
        config.registry === undefined
          ? undefined
          : registryJudge(new SchemaTexts(registryConnectionOf(config.registry, readFile))),
      expect: (records) => {
        watching.expect(records);
      },
      progress: (records) => {
        watching.done(records);
      },
      ...(watching.highest === undefined ? {} : { highest: watching.highest }),
    });
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
      format: stamp.format ?? legacy.format,
      wire: stamp.wire ?? legacy.wire ?? 'none',
    },
  };
}
