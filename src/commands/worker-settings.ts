import type { WorkerSettings } from '../assemble.ts';
import {
  generatorOf,
  guardRulesOf,
  layoutOf,
  leaseTimesOf,
  mappingSettingsOf,
  valueStampOf,
} from '../config/derived.ts';
import type { Config } from '../config/schema.ts';
import type { DomainPin } from '../lease/domain.ts';
import type { EtcdSettings } from '../lease/endpoints.ts';
import type { ClusterOptions } from '../kafka/cluster/options.ts';
import { oauthProvider } from './oauth.ts';
import { registryUseOf } from './registry-settings.ts';

/** Reads a PEM file; throws when it cannot. */
export type ReadFile = (path: string) => string;

export function etcdSettingsOf({ etcd }: Config): Omit<EtcdSettings, 'tryMs'> {
  const { endpoints, username, password, tls } = etcd;
  return {
    endpoints,
    ...(tls === undefined ? {} : { tls }),
    ...(username === undefined || password === undefined ? {} : { auth: { username, password } }),
  };
}

export function kafkaOptionsOf({ kafka }: Config, readFile: ReadFile): WorkerSettings['kafka'] {
  const { bootstrap, clientId, requestTimeoutMs, connectionTimeoutMs, tls } = kafka;
  const sasl = saslOf(kafka.sasl);
  const pem = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : readFile(path);
  return {
    ...{ bootstrap, clientId, requestTimeoutMs, connectionTimeoutMs },
    ...(tls === undefined
      ? {}
      : {
          tls: defined({
            ca: pem(tls.caFile),
            cert: pem(tls.certFile),
            key: pem(tls.keyFile),
            servername: tls.servername,
          }),
        }),
    ...(sasl === undefined ? {} : { sasl }),
  };
}

function saslOf(sasl: Config['kafka']['sasl']): ClusterOptions['sasl'] {
  if (sasl === undefined) return undefined;
  if (sasl.mechanism === 'oauthbearer')
    return { mechanism: 'oauthbearer', oauthBearerProvider: oauthProvider(sasl) };
  return { mechanism: sasl.mechanism, username: sasl.username ?? '', password: sasl.password ?? '' };
}

/** What the domain record in etcd must agree with. */
export function pinOf(config: Pick<Config, 'domain'>): DomainPin {
  const { id, clusterId, datacenter } = config.domain;
  return { domainId: id, clusterId, datacenter, layout: layoutOf(config) };
}

/** The configuration in the words of the rooms. `name` is this host's, for operators. */
export function workerSettingsOf(config: Config, name: string, readFile: ReadFile): WorkerSettings {
  const { domain, lease, kafka, pipeline, admission, shutdown } = config;
  const times = leaseTimesOf(config);
  return {
    etcd: { ...etcdSettingsOf(config), tryMs: Math.min(2_000, times.ttlS * 200) },
    domain: {
      prefix: domain.prefix,
      pin: pinOf(config),
    },
    lease: {
      ...times,
      recycleDelayMs: lease.recycleDelayMs,
      clockProof: config.clock.proof,
      clockRules: guardRulesOf(config),
      datacenter: domain.datacenter,
      name,
    },
    clockSources: config.clock.sources,
    reacquireTimeoutMs: lease.reacquireTimeoutMs,
    leaveGroupAfterMs: lease.leaveGroupAfterMs,
    drainTimeoutMs: shutdown.drainTimeoutMs,
    generator: generatorOf(config),
    kafka: kafkaOptionsOf(config, readFile),
    group: {
      groupId: kafka.groupId,
      groupInstanceId: kafka.groupInstanceId ?? null,
      sessionTimeoutMs: kafka.sessionTimeoutMs,
      heartbeatMs: kafka.heartbeatMs,
      rebalanceTimeoutMs: kafka.rebalanceTimeoutMs,
    },
    transactionTimeoutMs: kafka.transactionTimeoutMs,
    registry: registryUseOf(config, readFile),
    pipeline: {
      ...pipeline,
      routes: config.routes.map((route) => ({
        ...route,
        deadLetter: route.deadLetter,
        onError: route.onError ?? (route.deadLetter === undefined ? 'stop' : 'deadLetter'),
        stamp: { header: route.stamp.header, existing: route.stamp.existing, value: valueStampOf(route) },
        mapping: mappingSettingsOf(route),
      })),
      fetch: {
        maxBytes: kafka.fetchMaxBytes,
        partitionMaxBytes: kafka.fetchPartitionMaxBytes,
        minBytes: kafka.fetchMinBytes,
        maxWaitMs: kafka.fetchMaxWaitMs,
      },
      requestTimeoutMs: kafka.requestTimeoutMs,
      metadataRefreshMs: kafka.metadataRefreshMs,
      retry: { firstMs: pipeline.retryFirstMs, maxMs: pipeline.retryMaxMs },
      admission: {
        shutAt: {
          sequenceUse: admission.shutAt,
          records: admission.shutAtRecords,
          bytes: pipeline.memoryBytes * 0.75,
        },
        openAt: {
          sequenceUse: admission.openAt,
          records: admission.openAtRecords,
          bytes: pipeline.memoryBytes * 0.375,
        },
      },
    },
  };
}

/** Without the keys that are undefined: TLS options tell absent from undefined. */
function defined<T extends object>(value: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>;
  };
}
