import { readFile } from 'node:fs/promises';
import { kafkaCertificate } from './certificates.ts';
import {
  containerNode,
  dockerEngine,
  missingImage,
  startAll,
  stopAll,
  untilUp,
  type Docker,
} from './docker.ts';
import { dataFolder } from './guard.ts';
import { defaultHeapMb, kafkaUsers, newClusterId, planNodes, tuning } from './kafka-jvm.ts';
import { formatArgs, serverProperties, type KafkaLayout, type KafkaNodePlan } from './kafka-properties.ts';
import { isUp, settled, type KafkaAccess } from './kafka-ready.ts';
import type { KafkaBackend, KafkaOptions } from './types.ts';

const propertiesFile = '/etc/kafka/snowstamp.properties';
const keyStoreFile = '/etc/kafka/snowstamp.p12';

export const kafkaImage = (version = '4.3.1'): string => `apache/kafka:${version}`;

const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(' ');

/** The image's own start script knows neither users nor every property: format and start are called as they are outside a container. */
function command(clusterId: string, layout: KafkaLayout): string {
  const format = quoted(formatArgs(clusterId, propertiesFile, layout.secured?.users));
  return `/opt/kafka/bin/kafka-storage.sh ${format} && exec /opt/kafka/bin/kafka-server-start.sh ${propertiesFile}`;
}

interface Plan {
  readonly clusterId: string;
  readonly layout: KafkaLayout;
  readonly keyStore: string | undefined;
  readonly heapMb: number;
}

type Network = Awaited<ReturnType<InstanceType<Docker['library']['Network']>['start']>>;

function container({ library }: Docker, network: Network, node: KafkaNodePlan, plan: Plan) {
  const content = serverProperties(node, plan.layout);
  const built = new library.GenericContainer(kafkaImage(plan.layout.version))
    .withNetwork(network)
    .withNetworkAliases(node.peerHost)
    .withEntrypoint(['/bin/sh', '-c'])
    .withCommand([command(plan.clusterId, plan.layout)])
    .withEnvironment({
      KAFKA_HEAP_OPTS: `-Xmx${plan.heapMb}m`,
      KAFKA_JVM_PERFORMANCE_OPTS: tuning(plan.heapMb).join(' '),
    })
    .withExposedPorts({ container: node.client, host: node.client })
    .withCopyContentToContainer([{ content, target: propertiesFile, mode: 0o644 }])
    // Asked from outside, by a transaction; a look at ports from inside would only cost time.
    .withWaitStrategy(library.Wait.forAll([]))
    .withStartupTimeout(120_000);
  if (plan.keyStore === undefined) return built;
  return built.withCopyFilesToContainer([{ source: plan.keyStore, target: keyStoreFile, mode: 0o644 }]);
}

/** Kafka in containers of the project's own image; a sentence where that cannot be. */
export async function dockerKafka(options: KafkaOptions): Promise<KafkaBackend | string> {
  const { version = '4.3.1', brokers = 1, settings = {}, security, heapMb = defaultHeapMb } = options;
  const docker = await dockerEngine();
  if (typeof docker === 'string') return docker;
  const noImage = await missingImage(docker, kafkaImage(version));
  if (noImage !== undefined) return noImage;
  const nodes = await planNodes(brokers, (nodeId) => `kafka${nodeId}`);
  const certificate =
    security === 'sasl_ssl' ? await kafkaCertificate(dataFolder('kafka-tls'), docker.host) : undefined;
  const layout: KafkaLayout = {
    version,
    nodes,
    bind: '0.0.0.0',
    clientHost: docker.host,
    logDir: '/var/lib/kafka/data/snowstamp',
    settings,
    ...(certificate
      ? { secured: { keyStore: keyStoreFile, password: certificate.password, users: kafkaUsers } }
      : {}),
  };
  const access: KafkaAccess = {
    bootstrap: nodes.map((node) => `${docker.host}:${node.client}`),
    ...(certificate
      ? { secured: { ca: await readFile(certificate.caFile, 'utf8'), user: kafkaUsers[0]! } }
      : {}),
  };
  const plan: Plan = { clusterId: newClusterId(), layout, keyStore: certificate?.keyStore, heapMb };
  const network = await new docker.library.Network().start();
  await using undo = new AsyncDisposableStack();
  undo.defer(() => network.stop().then(() => undefined));
  const started = await startAll(nodes.map((node) => container(docker, network, node, plan)));
  undo.defer(() => stopAll(started));
  const ready = settled(access, brokers);
  await Promise.all(started.map((one) => untilUp(docker, one, ready)));
  const stop = undo.move();
  return {
    how: 'docker',
    bootstrap: [...access.bootstrap],
    nodes: nodes.map(({ nodeId, client: port }, i) => {
      const own = { ...access, bootstrap: [`${docker.host}:${port}`] };
      return containerNode(docker, { nodeId, port, container: started[i]!, isUp: () => isUp(own, nodeId) });
    }),
    ...(certificate ? { tls: { caFile: certificate.caFile }, users: [...kafkaUsers] } : {}),
    [Symbol.asyncDispose]: () => stop.disposeAsync(),
  };
}
