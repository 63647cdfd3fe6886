import type { KafkaOptions, User } from './types.ts';

export interface KafkaNodePlan {
  readonly nodeId: number;
  /** Where the other brokers reach it. */
  readonly peerHost: string;
  /** The port of clients, the same inside and outside a container. */
  readonly client: number;
  readonly controller: number;
  readonly internal: number;
}

export interface KafkaLayout {
  readonly version: NonNullable<KafkaOptions['version']>;
  readonly nodes: readonly KafkaNodePlan[];
  /** The address listeners bind to. */
  readonly bind: string;
  /** The address clients are told. */
  readonly clientHost: string;
  readonly logDir: string;
  /** Present where clients speak SASL_SSL. */
  readonly secured?: {
    readonly keyStore: string;
    readonly password: string;
    readonly users: readonly User[];
  };
  readonly settings: Readonly<Record<string, string>>;
}

/** Fast tests: few internal partitions, no start-up delays, short sessions allowed, quick clean-up of abandoned transactions. */
const quick: Record<string, string> = {
  'auto.create.topics.enable': 'false',
  'offsets.topic.num.partitions': '4',
  'transaction.state.log.num.partitions': '4',
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '1000',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '1000',
  // A killed broker may register again, and its partitions find new leaders, after this long (default 9 s).
  'broker.session.timeout.ms': '6000',
  'broker.heartbeat.interval.ms': '1000',
};

/** Two cores, small heap. */
const small: Record<string, string> = {
  'num.network.threads': '2',
  'num.io.threads': '2',
  'background.threads': '2',
  'log.cleaner.dedupe.buffer.size': '1048577',
  'log.index.size.max.bytes': '1048576',
};

/** Groups of KIP-848 exist from 4.0 on; their defaults are made for large clusters. */
const newGroups: Record<string, string> = {
  'group.consumer.min.session.timeout.ms': '1000',
  'group.consumer.session.timeout.ms': '3000',
  'group.consumer.min.heartbeat.interval.ms': '200',
  'group.consumer.heartbeat.interval.ms': '500',
  'group.consumer.assignment.interval.ms': '0',
};

function replication(brokers: number, version: string): Record<string, string> {
  const isr = String(brokers === 1 ? 1 : 2);
  const factor = String(brokers);
  return {
    'default.replication.factor': factor,
    'min.insync.replicas': isr,
    'offsets.topic.replication.factor': factor,
    'transaction.state.log.replication.factor': factor,
    'transaction.state.log.min.isr': isr,
    ...(version.startsWith('3.')
      ? {}
      : {
          'share.coordinator.state.topic.replication.factor': factor,
          'share.coordinator.state.topic.min.isr': isr,
        }),
  };
}

const plainModule = 'org.apache.kafka.common.security.plain.PlainLoginModule';
const scramModule = 'org.apache.kafka.common.security.scram.ScramLoginModule';

function security({
  keyStore,
  password,
  users,
}: NonNullable<KafkaLayout['secured']>): Record<string, string> {
  const logins = users.map((user) => ` user_${user.username}="${user.password}"`).join('');
  return {
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    'listener.name.client.plain.sasl.jaas.config': `${plainModule} required${logins};`,
    'listener.name.client.scram-sha-256.sasl.jaas.config': `${scramModule} required;`,
    'listener.name.client.scram-sha-512.sasl.jaas.config': `${scramModule} required;`,
    'ssl.keystore.type': 'PKCS12',
    'ssl.keystore.location': keyStore,
    'ssl.keystore.password': password,
    'ssl.key.password': password,
    // Brokers and controllers reach each other without a name, over ports no client is told of.
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': `User:ANONYMOUS;User:${users[0]?.username ?? 'ANONYMOUS'}`,
    'allow.everyone.if.no.acl.found': 'true',
  };
}

function listeners(
  { peerHost, client, controller, internal }: KafkaNodePlan,
  { bind, clientHost, secured }: KafkaLayout,
): Record<string, string> {
  return {
    listeners: `CLIENT://${bind}:${client},INTERNAL://${bind}:${internal},CONTROLLER://${bind}:${controller}`,
    'advertised.listeners': `CLIENT://${clientHost}:${client},INTERNAL://${peerHost}:${internal}`,
    'inter.broker.listener.name': 'INTERNAL',
    'listener.security.protocol.map': `CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT,CLIENT:${secured ? 'SASL_SSL' : 'PLAINTEXT'}`,
    ...(secured ? security(secured) : {}),
  };
}

/** The server properties of one combined broker and controller. Pure. */
export function serverProperties(node: KafkaNodePlan, layout: KafkaLayout): string {
  const { nodes, version } = layout;
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': String(node.nodeId),
    'controller.quorum.voters': nodes.map((n) => `${n.nodeId}@${n.peerHost}:${n.controller}`).join(','),
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': layout.logDir,
    ...listeners(node, layout),
    ...replication(nodes.length, version),
    ...quick,
    ...small,
    ...(version.startsWith('3.') ? {} : newGroups),
    ...layout.settings,
  };
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value.replaceAll('\\', '\\\\')}\n`)
    .join('');
}

/** Arguments of `StorageTool format`: users are born with the cluster, since none could be made without one. */
export function formatArgs(clusterId: string, file: string, users: readonly User[] = []): string[] {
  const scram = users.flatMap(({ username, password }) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${username},password=${password}]`,
    ]),
  );
  return ['format', '--ignore-formatted', '-t', clusterId, '-c', file, ...scram];
}
