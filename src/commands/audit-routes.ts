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
import { ConfluentRegistry } from '../registry/confluent.ts';
import { avroReaders } from './avro-legacy.ts';
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
  const connection =
    config.registry === undefined ? undefined : registryConnectionOf(config.registry, readFile);
  const registry = connection === undefined ? undefined : new ConfluentRegistry(connection);
  const configsOf = (topic: string): Promise<ReadonlyMap<string, string | null>> =>
    admin.describeConfigs(topic);
  const compacts = async (topic: string): Promise<boolean> =>
    ((await configsOf(topic)).get('cleanup.policy') ?? '').includes('compact');
  const auditRoute = async (route: Route): Promise<AuditRoute> => {
    const { name, input, output, deadLetter } = route;
    return {
      ...{ name, input, output, deadLetter },
      rule: ruleOf(route),
      mapping: await mappingOf(route, config, chosen, configsOf, registry),
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
      judge: connection === undefined ? undefined : registryJudge(new SchemaTexts(connection)),
      expect: (records) => {
        watching.expect(records);
      },
      progress: (records) => {
        watching.done(records);
      },
      ...(watching.highest === undefined ? {} : { highest: watching.highest }),
    });
  } finally {
    registry?.close();
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
  { routes, domain, registry: asked }: Config,
  chosen: readonly Route[],
  configsOf: (topic: string) => Promise<ReadonlyMap<string, string | null>>,
  registry: ConfluentRegistry | undefined,
): Promise<AuditRoute['mapping']> {
  if (mapping === undefined) return undefined;
  const { topic, prefix = '', legacy } = mapping;
  const configs = await configsOf(topic);
  const [name, format] = [legacy.name ?? '', stamp.format ?? legacy.format];
  const isInAvro = legacy.from === 'field' && format === 'avro' && registry !== undefined;
  return {
    topic,
    prefix,
    isDeleted: (configs.get('cleanup.policy') ?? '').includes('delete'),
    isShared: routes.some((other) => other.mapping?.topic === topic && !chosen.includes(other)),
    timeOf: configs.get('message.timestamp.type') === 'LogAppendTime' ? undefined : timeIn(domain.layout),
    avro: isInAvro ? avroReaders(registry, name, asked!.timeoutMs) : undefined,
    legacy: {
      ...{ from: legacy.from, name, format },
      integers: legacy.integers ?? 'signed',
      wire: stamp.wire ?? legacy.wire ?? 'none',
    },
  };
}

/** Unix ms in an ID, by the layout alone: an audit asks nobody who mints. */
function timeIn({ timestampBits, epoch }: Config['domain']['layout']): (id: bigint) => bigint {
  const [lowerBits, epochMs] = [BigInt(63 - timestampBits), BigInt(Date.parse(epoch))];
  return (id) => (id >> lowerBits) + epochMs;
}
