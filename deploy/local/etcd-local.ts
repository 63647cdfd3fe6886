import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, hasCached } from './cache.ts';
import { etcdCertificates } from './certificates.ts';
import { missingGo, type Missing } from './choose.ts';
import { answers, etcdOptions, etcdUsers, switchAuthOn } from './etcd-client.ts';
import { memberFlags, planMembers, scheme, type EtcdMember } from './etcd-flags.ts';
import { dataFolder } from './guard.ts';
import { ServerProcess } from './server-process.ts';
import { tool } from './tools.ts';
import type { BackendNode, EtcdBackend, EtcdOptions } from './types.ts';

const readyTimeoutMs = 120_000;
const source = join(import.meta.dirname, 'etcd');

async function etcdInputs(): Promise<string[]> {
  const files = await Promise.all(
    ['go.mod', 'go.sum', 'main.go'].map((file) => readFile(join(source, file), 'utf8')),
  );
  return [...files, process.platform, process.arch];
}

export const etcdNeeds = async (): Promise<Missing[]> =>
  (await hasCached('etcd', await etcdInputs())) ? [] : [await missingGo()];

/** Builds etcd from the pinned module graph, once: go.sum vouches for every byte, nothing is fetched as a binary. */
async function etcdBinary(): Promise<string> {
  const folder = await cached('etcd', await etcdInputs(), async (into) => {
    const build = ['build', '-mod=readonly', '-trimpath', '-ldflags', '-s -w', '-o', join(into, 'etcd'), '.'];
    await tool('go', build, { cwd: source, env: { CGO_ENABLED: '0' } });
  });
  return join(folder, 'etcd');
}

function backendNode(
  { nodeId, client: port }: EtcdMember,
  server: ServerProcess,
  ready: () => Promise<boolean>,
): BackendNode {
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
      await server.untilReady(ready, readyTimeoutMs);
    },
  };
}

/** etcd as local processes, built from source. */
export async function localEtcd(options: EtcdOptions): Promise<EtcdBackend> {
  const binary = await etcdBinary();
  const folder = dataFolder('etcd');
  const members = await planMembers(options.members ?? 1, () => '127.0.0.1', options.peersThrough);
  const certificates = options.tls ? await etcdCertificates(folder, 'snowstamp', []) : undefined;
  const tls = certificates ? { tls: { caFile: certificates.caFile, ...certificates.client } } : {};
  const endpoint = ({ client }: EtcdMember) => `${scheme(options)}://127.0.0.1:${client}`;
  const nodes = await Promise.all(
    members.map(async (member) => {
      const dataDir = join(folder, `member${member.nodeId}`);
      const layout = {
        members,
        bind: '127.0.0.1',
        clientHost: '127.0.0.1',
        dataDir,
        options,
        ...(certificates ? { certificates } : {}),
      };
      const server = new ServerProcess({
        name: `etcd member ${member.nodeId}`,
        command: binary,
        args: memberFlags(member, layout),
        logFile: join(folder, `member${member.nodeId}.log`),
      });
      const client = await etcdOptions({ endpoints: [endpoint(member)], ...tls });
      return { server, client, node: backendNode(member, server, () => answers(client)) };
    }),
  );
  const stop = async () => {
    await Promise.all(nodes.map(({ server }) => server.stop(true)));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all(nodes.map(({ node }) => node.start()));
    if (options.auth) await switchAuthOn(nodes[0]!.client, etcdUsers);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    how: 'local',
    endpoints: members.map(endpoint),
    nodes: nodes.map(({ node }) => node),
    ...tls,
    ...(options.auth ? { users: [...etcdUsers] } : {}),
    [Symbol.asyncDispose]: stop,
  };
}
