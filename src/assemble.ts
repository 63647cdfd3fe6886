import { booksOf, type RegistryUse } from './books.ts';
import type { Clock } from './clock.ts';
import { createCluster } from './kafka/cluster/cluster.ts';
import type { Admin } from './kafka/cluster/admin.ts';
import { createAdmin } from './kafka/cluster/kafkajs.ts';
import { asKnown } from './kafka/cluster/known-error.ts';
import type { ClusterOptions } from './kafka/cluster/options.ts';
import type { Cluster } from './kafka/cluster/port.ts';
import type { MembershipFact } from './kafka/membership/facts.ts';
import { createMembership } from './kafka/membership/loop.ts';
import type { TransactionFact } from './kafka/transaction/port.ts';
import { createProducer } from './kafka/transaction/producer.ts';
import { openDomain, type DomainHandle } from './lease/domain-handle.ts';
import type { DomainPin } from './lease/domain.ts';
import type { EtcdSettings } from './lease/endpoints.ts';
import { EtcdStore } from './lease/etcd.ts';
import { Keeper } from './lease/keeper.ts';
import { guardRulesOf, type KeeperOptions } from './lease/options.ts';
import type { ExternalClock } from './lease/external-clock.ts';
import { openExternalClock, type ClockSourceSettings } from './lease/sources/open.ts';
import type { LeaseFact } from './lease/port.ts';
import type { Phase } from './lifecycle.ts';
import { Pipeline } from './pipeline/pipeline.ts';
import type { PipelineFact, PipelineSettings } from './pipeline/port.ts';
import type { RegistryFact } from './registry/book.ts';
import type { GeneratorOptions } from './snowflake/generator.ts';
import { StatusNote } from './status.ts';
import { TopicLimits } from './topic-limits.ts';
import { Worker, type WorkerParts } from './worker.ts';

/** Everything one worker is told, in the words of the rooms. */
export interface WorkerSettings {
  readonly etcd: EtcdSettings;
  readonly domain: { readonly prefix: string; readonly pin: DomainPin };
  readonly lease: Pick<
    KeeperOptions,
    'ttlS' | 'windowMs' | 'refreshMs' | 'recycleDelayMs' | 'clockProof' | 'clockRules' | 'datacenter' | 'name'
  >;
  /** Who knows the time outside the fleet; undefined: nobody is asked. */
  readonly clockSources?: ClockSourceSettings | undefined;
  readonly reacquireTimeoutMs: number;
  readonly leaveGroupAfterMs: number;
  readonly drainTimeoutMs: number;
  readonly generator: GeneratorOptions;
  readonly kafka: Omit<ClusterOptions, 'clock' | 'log'>;
  readonly group: {
    readonly groupId: string;
    readonly groupInstanceId: string | null;
    readonly sessionTimeoutMs: number;
    readonly heartbeatMs: number;
    readonly rebalanceTimeoutMs: number;
  };
  readonly transactionTimeoutMs: number;
  readonly pipeline: PipelineSettings;
  /** Undefined: no route asks for schemas. */
  readonly registry?: RegistryUse | undefined;
  /** Tells the workers of one host apart, where they have no static member id. */
  readonly instance?: string;
}

/** What any room has to tell; called synchronously. */
export type Fact =
  | { readonly room: 'pipeline'; readonly fact: PipelineFact }
  | { readonly room: 'transaction'; readonly fact: TransactionFact }
  | { readonly room: 'membership'; readonly fact: MembershipFact }
  | { readonly room: 'lease'; readonly fact: LeaseFact }
  | { readonly room: 'registry'; readonly fact: RegistryFact }
  | {
      readonly room: 'worker';
      readonly fact: { readonly from: Phase; readonly to: Phase; readonly why: string };
    };

export interface Surroundings {
  readonly clock: Clock;
  readonly observe: (fact: Fact) => void;
  readonly log: ClusterOptions['log'];
}

/** A worker with everything it stands on; closing it closes every socket. */
export interface Assembled extends AsyncDisposable {
  readonly worker: Worker;
  readonly pipeline: Pipeline;
  /** For the checks at start (data-path rule 17). */
  readonly cluster: Cluster;
  readonly admin: Admin;
}

/**
 * Builds one worker: checks the domain, reaches Kafka, wires the rooms. Nothing runs yet.
 * @throws SnowstampError DOMAIN_…, STORE_…, KAFKA_…, CONFIG_INVALID
 */
export async function assemble(
  settings: WorkerSettings,
  { clock, observe, log }: Surroundings,
): Promise<Assembled> {
  const closers: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const store = new EtcdStore(settings.etcd, clock);
    closers.push(() => {
      store.close();
    });
    const domain = await openDomain(store, settings.domain.prefix, settings.domain.pin);

    const options: ClusterOptions = { ...settings.kafka, clock, log };
    const cluster = createCluster(options);
    closers.push(() => cluster.close());
    // Membership pitfall 1: heartbeats share no connection and no request timeout with the data path.
    const requestTimeoutMs = Math.floor(settings.group.sessionTimeoutMs / 3);
    const groupCluster = createCluster({ ...options, requestTimeoutMs });
    closers.push(() => groupCluster.close());
    const admin = createAdmin(options);
    closers.push(() => admin.close());
    const limits = new TopicLimits(admin, cluster);
    const schemas = booksOf(settings.pipeline.routes, settings.registry, {
      clock,
      observe: (fact) => {
        observe({ room: 'registry', fact });
      },
    });
    closers.push(schemas.close);
    const pipeline = new Pipeline({
      cluster,
      clock,
      settings: settings.pipeline,
      groupId: settings.group.groupId,
      maxMessageBytes: (topic) => limits.maxMessageBytes(topic),
      books: schemas.books,
      observe: (fact) => {
        observe({ room: 'pipeline', fact });
      },
    });
    await cluster.refresh().catch((error: unknown) => Promise.reject(asKnown(error)));
    await limits.refresh(pipeline.outputs);
    closers.push(limits.keep(pipeline.outputs, clock, settings.pipeline.metadataRefreshMs));
    const external = externalOf(settings, { clock, observe, log }, closers);
    const worker = new Worker(
      workerParts(
        settings,
        { clock, observe, log },
        { store, domain, cluster, groupCluster, pipeline, external },
      ),
    );
    return { worker, pipeline, cluster, admin, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Undefined when the settings name no source: then nobody is missed either. */
function externalOf(
  { clockSources, lease }: WorkerSettings,
  { clock, observe }: Surroundings,
  closers: (() => void)[],
): ExternalClock | undefined {
  if (clockSources === undefined) return undefined;
  const over = new AbortController();
  closers.push(() => {
    over.abort();
  });
  const { maxErrorMs, refuseOffsetMs } = guardRulesOf(lease);
  return openExternalClock(
    clockSources,
    { maxErrorMs, refuseOffsetMs },
    {
      clock,
      observe: (fact) => {
        observe({ room: 'lease', fact });
      },
    },
    over.signal,
  );
}

interface Ground {
  readonly store: EtcdStore;
  readonly domain: DomainHandle;
  readonly cluster: Cluster;
  readonly groupCluster: Cluster;
  readonly pipeline: Pipeline;
  readonly external: ExternalClock | undefined;
}

function workerParts(
  settings: WorkerSettings,
  { clock, observe }: Surroundings,
  ground: Ground,
): WorkerParts {
  const { store, domain, cluster, groupCluster, pipeline, external } = ground;
  const witness = external && { externalClock: external, proveClock: () => external.prove() };
  const { group, transactionTimeoutMs, leaveGroupAfterMs, reacquireTimeoutMs, drainTimeoutMs, generator } =
    settings;
  const { domainId, layout } = domain.record;
  return {
    ...{ clock, layout, generator, pipeline, leaveGroupAfterMs, reacquireTimeoutMs, drainTimeoutMs },
    keeper: (listener, snapshot) => {
      const status = new StatusNote(clock, group.groupInstanceId ?? settings.instance);
      const describe = () => status.of(snapshot());
      return new Keeper(
        store,
        clock,
        { ...settings.lease, ...witness, domain, listener, describe },
        (fact) => {
          status.lease(fact);
          observe({ room: 'lease', fact });
        },
      );
    },
    membership: createMembership({
      ...group,
      cluster: groupCluster,
      clock,
      drainBoundMs: Math.min(transactionTimeoutMs, group.rebalanceTimeoutMs / 2),
      topics: settings.pipeline.routes.map(({ input }) => input),
      listener: pipeline.ownership,
      observe: (fact) => {
        observe({ room: 'membership', fact });
      },
      metadataRefreshMs: settings.pipeline.metadataRefreshMs,
    }),
    producer: (node, permitted) =>
      createProducer({
        ...{ cluster, clock, transactionTimeoutMs, permitted },
        transactionalId: `snowstamp.${domainId}.${node}`,
        requestTimeoutMs: settings.pipeline.requestTimeoutMs,
        observe: (fact) => {
          observe({ room: 'transaction', fact });
        },
      }),
    announce: (from, to, why) => {
      observe({ room: 'worker', fact: { from, to, why } });
    },
  };
}
