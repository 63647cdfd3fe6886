import { createServer, connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export type Direction = 'requests' | 'answers' | 'both';

/** A TCP proxy that can fall silent in one direction or both without closing anything: the fault most clients forget. */
export class StallingProxy implements AsyncDisposable {
  readonly endpoint: string;
  readonly #close: () => Promise<void>;
  readonly #pairs: Set<{ client: Socket; server: Socket }>;
  #target: URL;
  #silent: Direction | undefined;

  private constructor(
    endpoint: string,
    target: URL,
    pairs: Set<{ client: Socket; server: Socket }>,
    close: () => Promise<void>,
  ) {
    this.endpoint = endpoint;
    this.#target = target;
    this.#pairs = pairs;
    this.#close = close;
  }

  static async before(target: string): Promise<StallingProxy> {
    const pairs = new Set<{ client: Socket; server: Socket }>();
    const listener = createServer((client) => {
      const { hostname, port } = proxy.#target;
      const pair = { client, server: connect(Number(port), hostname) };
      pairs.add(pair);
      for (const socket of [pair.client, pair.server]) {
        socket.on('error', () => socket.destroy());
        socket.on('close', () => {
          pairs.delete(pair);
          pair.client.destroy();
          pair.server.destroy();
        });
      }
      pair.client.on('data', (data) => {
        proxy.#forward('requests', pair.server, data);
      });
      pair.server.on('data', (data) => {
        proxy.#forward('answers', pair.client, data);
      });
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
    const proxy: StallingProxy = new StallingProxy(endpoint, new URL(target), pairs, async () => {
      for (const { client, server } of pairs) {
        client.destroy();
        server.destroy();
      }
      await new Promise((resolve) => listener.close(resolve));
    });
    return proxy;
  }

  /** What is sent in that direction from now on is swallowed. */
  silence(direction: Direction): void {
    this.#silent = direction;
  }

  /** New connections flow again; the old ones lost bytes and are cut. */
  restore(): void {
    this.#silent = undefined;
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
  }

  /** Another server is found at this address from now on. */
  moveTo(target: string): void {
    this.#target = new URL(target);
    this.restore();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  #forward(direction: Direction, to: Socket, data: Buffer): void {
    if (this.#silent !== direction && this.#silent !== 'both') to.write(data);
  }
}
