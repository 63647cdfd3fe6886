import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { kafkaCertificate } from './certificates.ts';
import { missingJava, missingMaven, missingTool, type Missing } from './choose.ts';
import { dataFolder } from './guard.ts';
import {
  defaultHeapMb,
  kafkaJvm,
  kafkaUsers,
  newClusterId,
  planNodes,
  prepareNode,
  readyTimeoutMs,
} from './kafka-jvm.ts';
import { haveJars } from './kafka-jars.ts';
import type { KafkaNodePlan } from './kafka-properties.ts';
import { isUp, settled, type KafkaAccess } from './kafka-ready.ts';
import type { ServerProcess } from './server-process.ts';
import type { BackendNode, KafkaBackend, KafkaOptions } from './types.ts';

function backendNode(
  { nodeId, client: port }: KafkaNodePlan,
  server: ServerProcess,
  access: KafkaAccess,
): BackendNode {
  const own: KafkaAccess = { ...access, bootstrap: [`127.0.0.1:${port}`] };
  return {
    nodeId,
    host: '127.0.0.1',
    port,
    signal: (signal) => {
      server.signal(signal);
    },
    stop: () => server.stop(),
    start: async () => {
      await server.start();
      await server.untilReady(() => isUp(own, nodeId), readyTimeoutMs);
    },
  };
}

export async function kafkaNeeds({ version = '4.3.1', security }: KafkaOptions): Promise<Missing[]> {
  const keytool = security === 'sasl_ssl' ? [missingTool('keytool', 'a Java that brings keytool')] : [];
  const maven = (await haveJars(`kafka-${version}`)) ? [] : [missingMaven()];
  return [await missingJava(), ...maven, ...keytool];
}

/** Kafka as local processes: jars by Maven, one JVM per node. */
export async function localKafka(options: KafkaOptions): Promise<KafkaBackend> {
  const { version = '4.3.1', brokers = 1, heapMb = defaultHeapMb, settings = {}, security } = options;
  const jvm = await kafkaJvm(version, heapMb);
  const folder = dataFolder('kafka');
  const nodes = await planNodes(brokers, () => '127.0.0.1');
  const certificate = security === 'sasl_ssl' ? await kafkaCertificate(folder, '127.0.0.1') : undefined;
  const layout = {
    version,
    nodes,
    bind: '127.0.0.1',
    clientHost: '127.0.0.1',
    settings,
    ...(certificate ? { secured: { ...certificate, users: kafkaUsers } } : {}),
  };
  const clusterId = newClusterId();
  const servers = await Promise.all(
    nodes.map((node) => prepareNode(jvm, clusterId, node, layout, join(folder, String(node.nodeId)))),
  );
  const access: KafkaAccess = {
    bootstrap: nodes.map((node) => `127.0.0.1:${node.client}`),
    ...(certificate
      ? { secured: { ca: await readFile(certificate.caFile, 'utf8'), user: kafkaUsers[0]! } }
      : {}),
  };
  const stop = async () => {
    await Promise.all(servers.map((server) => server.stop(true)));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all(servers.map((server) => server.start()));
    await Promise.all(servers.map((server) => server.untilReady(settled(access, brokers), readyTimeoutMs)));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    how: 'local',
    bootstrap: [...access.bootstrap],
    nodes: nodes.map((node, i) => backendNode(node, servers[i]!, access)),
    ...(certificate ? { tls: { caFile: certificate.caFile }, users: [...kafkaUsers] } : {}),
    [Symbol.asyncDispose]: stop,
  };
}
