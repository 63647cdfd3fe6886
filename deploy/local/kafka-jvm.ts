import { join } from 'node:path';
import { mkdir, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { cached } from './cache.ts';
import { dataFolder } from './guard.ts';
import { resolveJars } from './kafka-jars.ts';
import { formatArgs, serverProperties, type KafkaLayout, type KafkaNodePlan } from './kafka-properties.ts';
import { settled } from './kafka-ready.ts';
import { freePort } from './ports.ts';
import { ServerProcess } from './server-process.ts';
import { tool, versionOf } from './tools.ts';
import type { User } from './types.ts';

export type KafkaVersion = KafkaLayout['version'];

/** How Kafka's two programs are run: everything on the command line before the main class. */
export interface KafkaJvm {
  readonly version: KafkaVersion;
  readonly format: readonly string[];
  readonly server: readonly string[];
}

export const readyTimeoutMs = 180_000;
const benchHeapMb = 768;
export const defaultHeapMb = 512;

/** The administrator first. */
export const kafkaUsers: readonly User[] = [
  { username: 'admin', password: 'admin-secret' },
  { username: 'snowstamp', password: 'snowstamp-secret' },
];

export function tuning(heapMb: number): string[] {
  if (heapMb >= benchHeapMb) return [`-Xms${heapMb}m`, `-Xmx${heapMb}m`, '-XX:+UseG1GC'];
  return [`-Xmx${heapMb}m`, '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
}

function commonArgs(version: KafkaVersion, jars: readonly string[]): string[] {
  const logging = version.startsWith('3.') ? 'log4j.configuration' : 'log4j2.configurationFile';
  const file = version.startsWith('3.') ? 'log4j.properties' : 'log4j2.properties';
  return [
    '-XX:-UsePerfData',
    '-Djava.awt.headless=true',
    '-Djava.net.preferIPv4Stack=true',
    `-D${logging}=file:${join(import.meta.dirname, file)}`,
    '-cp',
    jars.join(':'),
  ];
}

export async function planNodes(
  brokers: number,
  peerHost: (nodeId: number) => string,
): Promise<KafkaNodePlan[]> {
  const nodes: KafkaNodePlan[] = [];
  for (let nodeId = 1; nodeId <= brokers; nodeId++) {
    const [client, controller, internal] = [await freePort(), await freePort(), await freePort()];
    nodes.push({ nodeId, peerHost: peerHost(nodeId), client, controller, internal });
  }
  return nodes;
}

/**
 * A cluster ID as Kafka's own `Uuid.randomUuid` makes one: never with a leading dash, which `StorageTool format -t` would
 * take for an option (one in 64 starts failed on it).
 */
export function newClusterId(random: () => Buffer = () => randomBytes(16)): string {
  const id = random().toString('base64url');
  return id.startsWith('-') ? newClusterId(random) : id;
}

/** Formats a node's folder and returns its server, not yet started. */
export async function prepareNode(
  jvm: KafkaJvm,
  clusterId: string,
  node: KafkaNodePlan,
  layout: Omit<KafkaLayout, 'logDir'>,
  home: string,
): Promise<ServerProcess> {
  const file = join(home, 'server.properties');
  await mkdir(home, { recursive: true });
  await writeFile(file, serverProperties(node, { ...layout, logDir: join(home, 'data') }));
  const users: readonly User[] = layout.secured?.users ?? [];
  await tool('java', [...jvm.format, 'kafka.tools.StorageTool', ...formatArgs(clusterId, file, users)]);
  return new ServerProcess({
    name: `kafka ${jvm.version} node ${node.nodeId}`,
    command: 'java',
    args: [...jvm.server, 'kafka.Kafka', file],
    logFile: join(home, 'server.log'),
    stopTimeoutMs: 60_000,
  });
}

/** One run of each program that writes down the classes it loaded. */
async function train(version: KafkaVersion, jars: readonly string[], into: string): Promise<void> {
  const common = commonArgs(version, jars);
  const record = (name: string) => [
    ...tuning(512),
    `-XX:ArchiveClassesAtExit=${join(into, name)}`,
    ...common,
  ];
  const jvm = { version, format: record('format.jsa'), server: record('server.jsa') };
  const nodes = await planNodes(1, () => '127.0.0.1');
  const node = nodes[0]!;
  const server = await prepareNode(
    jvm,
    newClusterId(),
    node,
    { version, nodes, bind: '127.0.0.1', clientHost: '127.0.0.1', settings: {} },
    dataFolder('training'),
  );
  await server.start();
  await server.untilReady(settled({ bootstrap: [`127.0.0.1:${node.client}`] }, 1), readyTimeoutMs);
  await server.stop();
}

/**
 * Archives of loaded classes: a broker starts in half the time and memory. An archive fits one Java build and one exact class path;
 * where it does not fit, the JVM leaves it aside without a word.
 */
async function classArchives(version: KafkaVersion, jars: readonly string[]): Promise<string> {
  const java = (await versionOf('java', '-version')) ?? '';
  return cached(`classes-${version}`, [java, ...jars], (into) => train(version, jars, into));
}

export async function kafkaJvm(version: KafkaVersion, heapMb: number): Promise<KafkaJvm> {
  const jars = await resolveJars(`kafka-${version}`);
  const archives = await classArchives(version, jars);
  const withArchive = (name: string) => [
    `-XX:SharedArchiveFile=${join(archives, name)}`,
    ...commonArgs(version, jars),
  ];
  return {
    version,
    format: [...tuning(256), ...withArchive('format.jsa')],
    server: [...tuning(heapMb), ...withArchive('server.jsa')],
  };
}
