import { choose } from './choose.ts';
import { dockerEtcd, etcdImage } from './etcd-docker.ts';
import { etcdNeeds, localEtcd } from './etcd-local.ts';
import { dockerKafka, kafkaImage } from './kafka-docker.ts';
import { kafkaNeeds, localKafka } from './kafka-local.ts';
import { dockerRegistry, registryImage } from './registry-docker.ts';
import { localRegistry, registryNeeds, registryVersion } from './registry-local.ts';
import type {
  BackendNode,
  EtcdBackend,
  EtcdOptions,
  KafkaBackend,
  KafkaOptions,
  RegistryBackend,
} from './types.ts';

export type { EtcdBackend, EtcdOptions, KafkaBackend, KafkaOptions, RegistryBackend } from './types.ts';

const addresses = (variable: string): string[] | undefined => {
  const value = process.env[variable]?.trim();
  return value ? value.split(',').map((address) => address.trim()) : undefined;
};

const notOurs = (): never => {
  throw new Error(
    'a backend named by the environment is not ours to signal, stop or start: ask for a fresh one',
  );
};

function foreignNode(address: string, index: number): BackendNode {
  const { hostname, port } = new URL(address.includes('://') ? address : `kafka://${address}`);
  return {
    nodeId: index + 1,
    host: hostname,
    port: Number(port),
    signal: notOurs,
    stop: notOurs,
    start: notOurs,
  };
}

const nothingToStop = { how: 'environment', [Symbol.asyncDispose]: () => Promise.resolve() } as const;

/**
 * A Kafka cluster to work against: named by `SNOWSTAMP_TEST_KAFKA`, in containers, or as local processes.
 *
 * A running one is used only for default options: who asks for a version, brokers, security, settings or a heap gets a cluster
 * of their own. Ready when resolved: transactions and groups work. Disposing stops it and removes its data.
 *
 * @throws Error saying what to install, where there is no way to run it.
 */
export function provideKafka(options: KafkaOptions = {}): Promise<KafkaBackend> {
  const {
    version = '4.3.1',
    brokers = 1,
    security = 'plaintext',
    settings = {},
    fresh = false,
    heapMb,
  } = options;
  const special =
    version !== '4.3.1' || brokers !== 1 || security !== 'plaintext' || Object.keys(settings).length > 0;
  const variable = 'SNOWSTAMP_TEST_KAFKA';
  const running = (): KafkaBackend | undefined => {
    const bootstrap = addresses(variable);
    return bootstrap && { ...nothingToStop, bootstrap, nodes: bootstrap.map(foreignNode) };
  };
  return choose<KafkaBackend>({
    name: `kafka ${version}${brokers === 1 ? '' : ` × ${brokers}`}`,
    ...(special || fresh || heapMb !== undefined ? {} : { variable, running }),
    images: `the image ${kafkaImage(version)}`,
    docker: () => dockerKafka(options),
    needs: () => kafkaNeeds(options),
    local: () => localKafka(options),
  });
}

/**
 * An etcd cluster to work against: named by `SNOWSTAMP_TEST_ETCD`, in containers, or as local processes; as `provideKafka`.
 *
 * @throws Error saying what to install, where there is no way to run it.
 */
export function provideEtcd(options: EtcdOptions = {}): Promise<EtcdBackend> {
  const { members = 1, tls = false, auth = false, fresh = false, flags = [], peersThrough } = options;
  const special = members !== 1 || tls !== false || auth || flags.length > 0 || peersThrough !== undefined;
  const variable = 'SNOWSTAMP_TEST_ETCD';
  const running = (): EtcdBackend | undefined => {
    const endpoints = addresses(variable);
    return endpoints && { ...nothingToStop, endpoints, nodes: endpoints.map(foreignNode) };
  };
  return choose<EtcdBackend>({
    name: `etcd 3.7.3${members === 1 ? '' : ` × ${members}`}`,
    ...(special || fresh ? {} : { variable, running }),
    images: `the image golang:1.26-alpine, from which ${etcdImage} is built`,
    docker: () => dockerEtcd(options),
    needs: () => etcdNeeds(),
    local: () => localEtcd(options),
  });
}

/**
 * A schema registry speaking Confluent's interface: named by `SNOWSTAMP_TEST_REGISTRY` (path included), in a container, or as a local
 * process.
 *
 * @throws Error saying what to install, where there is no way to run it.
 */
export function provideRegistry(): Promise<RegistryBackend> {
  const variable = 'SNOWSTAMP_TEST_REGISTRY';
  return choose<RegistryBackend>({
    name: `registry ${registryVersion}`,
    variable,
    running: () => {
      const url = addresses(variable)?.[0];
      return url === undefined ? undefined : { ...nothingToStop, url };
    },
    images: `the image ${registryImage}`,
    docker: dockerRegistry,
    needs: registryNeeds,
    local: localRegistry,
  });
}
