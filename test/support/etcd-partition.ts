import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { Etcd3 } from 'etcd3';
import type { EtcdBackend } from '../../deploy/local/backends.ts';

/** etcd's members say who they are in a header of the first request on a connection (rafthttp). */
const FROM = /^x-server-from: ([0-9a-f]+)\r$/im;

interface Pair {
  readonly to: number;
  /** Hexadecimal member ID, once it is known; requests that name nobody (versions, health) stay without. */
  from: string | undefined;
  readonly dialled: Socket;
  readonly member: Socket;
}

/**
 * The network between the members of one etcd: a proxy in front of each one's peer port. A member can be parted from
 * the others in both directions: bytes vanish, nothing is closed, and clients still reach it.
 */
export class PeerNetwork implements AsyncDisposable {
  readonly #proxies: Server[] = [];
  readonly #pairs = new Set<Pair>();
  #ids: readonly string[] = [];
  #parted: number | undefined;

  /** For `provideEtcd({ peersThrough })`. */
  readonly through = async (ports: readonly number[]): Promise<readonly number[]> =>
    Promise.all(ports.map((port, member) => this.#proxy(port, member)));

  /** Learns who is who. Members are numbered from 0, as `endpoints` and `nodes` are. */
  async learn({ endpoints }: EtcdBackend): Promise<void> {
    this.#ids = await Promise.all(endpoints.map(async (endpoint) => (await statusOf(endpoint)).id));
  }

  part(member: number): void {
    this.#parted = member;
  }

  /** What was cut off lost bytes, and starts anew. */
  heal(): void {
    const lame = [...this.#pairs].filter((pair) => this.#isCut(pair));
    this.#parted = undefined;
    for (const { dialled, member } of lame) {
      dialled.destroy();
      member.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { dialled, member } of this.#pairs) {
      dialled.destroy();
      member.destroy();
    }
    for (const proxy of this.#proxies) {
      proxy.close();
      await once(proxy, 'close');
    }
  }

  async #proxy(port: number, to: number): Promise<number> {
    const proxy = createServer((dialled) => {
      this.#join({ to, from: undefined, dialled, member: connect(port, '127.0.0.1') });
    });
    this.#proxies.push(proxy);
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    return (proxy.address() as AddressInfo).port;
  }

  #join(pair: Pair): void {
    const { dialled, member } = pair;
    this.#pairs.add(pair);
    for (const socket of [dialled, member]) {
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        this.#pairs.delete(pair);
        dialled.destroy();
        member.destroy();
      });
    }
    dialled.on('data', (data) => {
      pair.from ??= FROM.exec(data.toString('latin1'))?.[1];
      if (!this.#isCut(pair)) member.write(data);
    });
    member.on('data', (data) => {
      if (!this.#isCut(pair)) dialled.write(data);
    });
  }

  /** While a member is parted, whoever does not say its name is not let through either. */
  #isCut({ to, from }: Pair): boolean {
    if (this.#parted === undefined) return false;
    return to === this.#parted || from === undefined || from === this.#ids[this.#parted];
  }
}

/** The number of the member that leads; asks `member`, which has to have heard. */
export async function leaderOf({ endpoints }: EtcdBackend, member = 0): Promise<number> {
  const { leader } = await statusOf(endpoints[member]!);
  const ids = await Promise.all(endpoints.map(async (endpoint) => (await statusOf(endpoint)).id));
  return ids.indexOf(leader);
}

async function statusOf(endpoint: string): Promise<{ id: string; leader: string }> {
  const client = new Etcd3({ hosts: endpoint });
  try {
    const { header, leader } = await client.maintenance.status();
    return { id: hex(header.member_id), leader: hex(leader) };
  } finally {
    client.close();
  }
}

const hex = (decimal: string): string => BigInt(decimal).toString(16);
