import type { EtcdCertificates } from './certificates.ts';
import { freePort } from './ports.ts';
import type { EtcdOptions } from './types.ts';

export interface EtcdMember {
  readonly nodeId: number;
  /** Where the other members reach it. */
  readonly peerHost: string;
  /** The port of clients, the same inside and outside a container. */
  readonly client: number;
  readonly peer: number;
  /** Where the others find it: `peer`, or a proxy in front of it. */
  readonly peerFoundAt: number;
}

export interface EtcdLayout {
  readonly members: readonly EtcdMember[];
  /** The address listeners bind to. */
  readonly bind: string;
  /** The address clients are told. */
  readonly clientHost: string;
  readonly dataDir: string;
  readonly certificates?: EtcdCertificates;
  readonly options: EtcdOptions;
}

const memberName = ({ nodeId }: EtcdMember): string => `etcd${nodeId}`;

export async function planMembers(
  count: number,
  peerHost: (nodeId: number) => string,
  through: EtcdOptions['peersThrough'] = (ports) => Promise.resolve(ports),
): Promise<EtcdMember[]> {
  const members: Omit<EtcdMember, 'peerFoundAt'>[] = [];
  for (let nodeId = 1; nodeId <= count; nodeId++) {
    members.push({ nodeId, peerHost: peerHost(nodeId), client: await freePort(), peer: await freePort() });
  }
  const found = await through(members.map(({ peer }) => peer));
  return members.map((member, i) => ({ ...member, peerFoundAt: found[i] ?? member.peer }));
}

/**
 * `--trusted-ca-file` alone already makes client certificates compulsory, whatever `--client-cert-auth` says: a server
 * that takes any client must not name an authority at all.
 */
function tlsFlags({ caFile, server }: EtcdCertificates, { tls }: EtcdOptions): string[] {
  const peers = [
    `--peer-cert-file=${server.certFile}`,
    `--peer-key-file=${server.keyFile}`,
    `--peer-trusted-ca-file=${caFile}`,
  ];
  const clients = tls === 'server-only' ? [] : ['--client-cert-auth', `--trusted-ca-file=${caFile}`];
  return [
    `--cert-file=${server.certFile}`,
    `--key-file=${server.keyFile}`,
    ...clients,
    ...peers,
    '--peer-client-cert-auth',
  ];
}

export const scheme = ({ tls }: EtcdOptions): string => (tls ? 'https' : 'http');

/** The command line of one member. Pure. */
export function memberFlags(
  member: EtcdMember,
  { members, bind, clientHost, dataDir, certificates, options }: EtcdLayout,
): string[] {
  const http = scheme(options);
  return [
    `--name=${memberName(member)}`,
    `--data-dir=${dataDir}`,
    `--listen-client-urls=${http}://${bind}:${member.client}`,
    `--advertise-client-urls=${http}://${clientHost}:${member.client}`,
    `--listen-peer-urls=${http}://${bind}:${member.peer}`,
    `--initial-advertise-peer-urls=${http}://${member.peerHost}:${member.peerFoundAt}`,
    `--initial-cluster=${members.map((m) => `${memberName(m)}=${http}://${m.peerHost}:${m.peerFoundAt}`).join(',')}`,
    '--initial-cluster-state=new',
    '--log-level=warn',
    // Data dies with the run, and a killed process loses nothing that the kernel holds: no need to wait for a disk.
    '--unsafe-no-fsync',
    ...(certificates ? tlsFlags(certificates, options) : []),
    ...(options.flags ?? []),
  ];
}
