import type { Clock } from '../clock.ts';
import { guardRulesOf } from '../config/derived.ts';
import type { Config } from '../config/schema.ts';
import type { ErrorCode } from '../errors.ts';
import { createCluster } from '../kafka/cluster/cluster.ts';
import { createAdmin } from '../kafka/cluster/kafkajs.ts';
import { asKnown } from '../kafka/cluster/known-error.ts';
import type { ClusterOptions } from '../kafka/cluster/options.ts';
import type { Cluster } from '../kafka/cluster/port.ts';
import { expectAnswer, openDomain } from '../lease/domain-handle.ts';
import type { EtcdSettings } from '../lease/endpoints.ts';
import { EtcdStore } from '../lease/etcd.ts';
import { yearsLeft } from '../snowflake/layout.ts';
import { clockFindings } from './clock-findings.ts';
import { inOrder, linesOf, type Finding } from './finding.ts';
import { clockFinding } from './release.ts';
import { kafkaFindings } from './startup-checks-survey.ts';
import { workerSettingsOf, type ReadFile } from './worker-settings.ts';

export interface DoctorParts {
  readonly config: Config;
  readonly json: boolean;
  readonly clock: Clock;
  readonly hostName: string;
  readonly readFile: ReadFile;
  readonly out: (line: string) => void;
}

/** `snowstamp doctor`: looks at everything `run` stands on and changes nothing. Returns 0, or 1 when something would not work. */
export async function doctorCommand(parts: DoctorParts): Promise<number> {
  const { config, clock, json, out } = parts;
  const { etcd, domain, kafka, clockSources } = workerSettingsOf(config, parts.hostName, parts.readFile);
  const findings = [
    clockFinding(clock.now().wallMs),
    ...(await Promise.all([
      etcdFindings(etcd, domain.prefix, clock),
      domainFindings(etcd, domain, clock),
      clockFindings(clockSources, guardRulesOf(config), clock),
      brokersAndTopics({ ...kafka, clock, log: () => undefined }, parts),
    ]).then((each) => each.flat())),
  ];
  const sorted = inOrder(findings);
  const count = (level: Finding['level']): number =>
    sorted.filter((finding) => finding.level === level).length;
  if (json) out(JSON.stringify(sorted, null, 2));
  else
    for (const line of [
      ...linesOf(sorted),
      `${count('ok')} ok, ${count('warn')} warnings, ${count('fail')} failures`,
    ])
      out(line);
  return count('fail') === 0 ? 0 : 1;
}

/** Each endpoint by itself: a fleet with one of three misspelt works until the day it matters. */
async function etcdFindings(etcd: EtcdSettings, prefix: string, clock: Clock): Promise<Finding[]> {
  return Promise.all(
    etcd.endpoints.map((endpoint) =>
      finding(`etcd ${endpoint}`, async () => {
        const store = new EtcdStore({ ...etcd, endpoints: [endpoint] }, clock);
        try {
          const before = clock.now().monotonicMs;
          expectAnswer(await store.look([{ do: 'get', key: `${prefix}/domain` }]));
          return `answers within ${Math.ceil(clock.now().monotonicMs - before)} ms`;
        } finally {
          store.close();
        }
      }),
    ),
  );
}

async function domainFindings(
  etcd: EtcdSettings,
  { prefix, pin }: ReturnType<typeof workerSettingsOf>['domain'],
  clock: Clock,
): Promise<Finding[]> {
  const one = await finding(`domain ${prefix}`, async () => {
    const store = new EtcdStore(etcd, clock);
    try {
      const { record } = await openDomain(store, prefix, pin);
      const years = yearsLeft(record.layout, clock.now().wallMs);
      return `${record.domainId}, as configured; ${years.toFixed(1)} years of timestamps left`;
    } finally {
      store.close();
    }
  });
  return [one];
}

async function brokersAndTopics(options: ClusterOptions, parts: DoctorParts): Promise<readonly Finding[]> {
  const cluster = createCluster(options);
  const admin = createAdmin(options);
  try {
    await cluster.refresh();
    const reached = await Promise.all([
      ...cluster.nodes().map((node) =>
        finding(`broker ${node.nodeId}`, async () => {
          // Every required API version is checked when a connection is made.
          await cluster.link(node.nodeId, 'metadata');
          return `${node.host}:${node.port} answers and speaks every version we need`;
        }),
      ),
      coordinator(cluster, parts.config),
    ]);
    return [...reached, ...(await kafkaFindings({ ...parts, cluster, admin }))];
  } catch (error) {
    return [failed('kafka', error)];
  } finally {
    await admin.close();
    await cluster.close();
  }
}

function coordinator(cluster: Cluster, { kafka }: Config): Promise<Finding> {
  return finding(`group ${kafka.groupId}`, async () => {
    const nodeId = await cluster.coordinator('group', kafka.groupId, { timeoutMs: kafka.requestTimeoutMs });
    return `coordinated by broker ${nodeId}`;
  });
}

async function finding(subject: string, look: () => Promise<string>): Promise<Finding> {
  try {
    return { level: 'ok', subject, found: await look(), remedy: '' };
  } catch (error) {
    return failed(subject, error);
  }
}

const REMEDIES: Readonly<Partial<Record<ErrorCode, string>>> = {
  STORE_UNREACHABLE: 'check etcd.endpoints, etcd.tls and the network; is etcd up?',
  STORE_REFUSED: 'check etcd.username and its password, and the role’s rights below domain.prefix',
  DOMAIN_MISSING: 'run snowstamp init once, or correct domain.prefix',
  DOMAIN_RETIRED: 'use the domain that took its place, or make it with snowstamp init',
  DOMAIN_DIFFERS: 'correct the domain section of the configuration; init prints what belongs there',
  KAFKA_UNREACHABLE: 'check kafka.bootstrap, kafka.tls and the network; are the brokers up?',
  KAFKA_REFUSED: 'check kafka.sasl, kafka.tls and the access rights of this user',
  KAFKA_UNSUPPORTED: 'use brokers from 3.9 on',
};

/** Only what the rooms themselves say is passed on: their messages hold no secrets. */
function failed(subject: string, error: unknown): Finding {
  const known = asKnown(error);
  return { level: 'fail', subject, found: known.message, remedy: REMEDIES[known.code] ?? '' };
}
