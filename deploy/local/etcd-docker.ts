import { join } from 'node:path';
import { etcdCertificates, type EtcdCertificates } from './certificates.ts';
import { containerNode, dockerEngine, startAll, stopAll, untilUp, type Docker } from './docker.ts';
import { answers, etcdOptions, etcdUsers, switchAuthOn } from './etcd-client.ts';
import { memberFlags, planMembers, scheme, type EtcdMember } from './etcd-flags.ts';
import { dataFolder } from './guard.ts';
import type { EtcdBackend, EtcdOptions } from './types.ts';

/** Built here, from the same pinned modules as the local process: the project publishes its image on no hub we may name. */
export const etcdImage = 'snowstamp-etcd:3.7.3';

const source = join(import.meta.dirname, 'etcd');

async function missingEtcdImage({ library, client }: Docker): Promise<string | undefined> {
  if (await client.image.exists(library.ImageName.fromString(etcdImage))) return undefined;
  process.stderr.write(`building ${etcdImage}\n`);
  try {
    await library.GenericContainer.fromDockerfile(source).build(etcdImage, { deleteOnExit: false });
    return undefined;
  } catch (error) {
    return `${etcdImage} cannot be built (${error instanceof Error ? error.message : String(error)})`;
  }
}

const inside = (file: string): string => `/tls/${file.slice(file.lastIndexOf('/') + 1)}`;

function insideAll({ caFile, server, client }: EtcdCertificates): EtcdCertificates {
  const pair = (files: typeof server) => ({
    certFile: inside(files.certFile),
    keyFile: inside(files.keyFile),
  });
  return { caFile: inside(caFile), server: pair(server), client: pair(client) };
}

interface Plan {
  readonly members: readonly EtcdMember[];
  readonly options: EtcdOptions;
  readonly certificates: EtcdCertificates | undefined;
}

type Network = Awaited<ReturnType<InstanceType<Docker['library']['Network']>['start']>>;

function container(
  { library, host }: Docker,
  network: Network,
  member: EtcdMember,
  { members, options, certificates }: Plan,
) {
  const layout = { members, bind: '0.0.0.0', clientHost: host, dataDir: '/data', options };
  const flags = memberFlags(
    member,
    certificates ? { ...layout, certificates: insideAll(certificates) } : layout,
  );
  const built = new library.GenericContainer(etcdImage)
    .withNetwork(network)
    .withNetworkAliases(member.peerHost)
    .withCommand(flags)
    .withExposedPorts({ container: member.client, host: member.client })
    // The image holds no shell in which a port could be looked at from inside: `answers` asks from outside.
    .withWaitStrategy(library.Wait.forAll([]))
    .withStartupTimeout(60_000);
  if (!certificates) return built;
  const { caFile, server } = certificates;
  return built.withCopyFilesToContainer(
    [caFile, server.certFile, server.keyFile].map((file) => ({
      source: file,
      target: inside(file),
      mode: 0o644,
    })),
  );
}

/** etcd in containers; a sentence where that cannot be. */
export async function dockerEtcd(options: EtcdOptions): Promise<EtcdBackend | string> {
  if (options.peersThrough) return 'members in containers cannot be parted by proxies of a test';
  const docker = await dockerEngine();
  if (typeof docker === 'string') return docker;
  const noImage = await missingEtcdImage(docker);
  if (noImage !== undefined) return noImage;
  const members = await planMembers(options.members ?? 1, (nodeId) => `etcd${nodeId}`);
  const certificates = options.tls
    ? await etcdCertificates(dataFolder('etcd-tls'), 'snowstamp', [
        docker.host,
        ...members.map((member) => member.peerHost),
      ])
    : undefined;
  const tls = certificates ? { tls: { caFile: certificates.caFile, ...certificates.client } } : {};
  const network = await new docker.library.Network().start();
  await using undo = new AsyncDisposableStack();
  undo.defer(() => network.stop().then(() => undefined));
  const started = await startAll(
    members.map((member) => container(docker, network, member, { members, options, certificates })),
  );
  undo.defer(() => stopAll(started));
  const endpoint = ({ client }: EtcdMember) => `${scheme(options)}://${docker.host}:${client}`;
  const clients = await Promise.all(
    members.map((member) => etcdOptions({ endpoints: [endpoint(member)], ...tls })),
  );
  const checks = clients.map((client) => () => answers(client));
  await Promise.all(checks.map((isUp, i) => untilUp(docker, started[i]!, isUp)));
  if (options.auth) await switchAuthOn(clients[0]!, etcdUsers);
  const stop = undo.move();
  return {
    how: 'docker',
    endpoints: members.map(endpoint),
    nodes: members.map(({ nodeId, client: port }, i) =>
      containerNode(docker, { nodeId, port, container: started[i]!, isUp: checks[i]! }),
    ),
    ...tls,
    ...(options.auth ? { users: [...etcdUsers] } : {}),
    [Symbol.asyncDispose]: () => stop.disposeAsync(),
  };
}
