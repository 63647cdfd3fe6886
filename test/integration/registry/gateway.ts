import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the gateway does with a request: passes it on, breaks the connection, answers 500, or never answers. */
export type Mood = 'up' | 'down' | 'failing' | 'hung';

const PATH = '/schemas/v7';
const USER = { username: 'stamper', password: 'pass:word' };

/** In front of the real registry, as companies have one: under a path, with basic authentication, and not always well. */
export class Gateway implements AsyncDisposable {
  mood: Mood = 'up';
  /** Requests by what became of them. */
  readonly met: Record<Mood | 'refused', number> = { up: 0, down: 0, failing: 0, hung: 0, refused: 0 };
  readonly user = USER;
  /** Data contracts it adds to what the registry gives out, by schema ID: as registries answer that have them. */
  readonly rules = new Map<number, object>();
  readonly #server: Server;
  readonly #behind: string;

  private constructor(behind: string) {
    this.#behind = behind;
    this.#server = createServer((asked, answer) => {
      this.#handle(asked, answer);
    });
  }

  static async before(behind: string): Promise<Gateway> {
    const gateway = new Gateway(behind);
    gateway.#server.listen(0, '127.0.0.1');
    await once(gateway.#server, 'listening');
    return gateway;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${PATH}`;
  }

  #handle(asked: IncomingMessage, answer: ServerResponse): void {
    const { username, password } = USER;
    const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    if (asked.headers.authorization !== expected || asked.url?.startsWith(`${PATH}/`) !== true) {
      this.met.refused++;
      answer.writeHead(401).end();
      return;
    }
    this.met[this.mood]++;
    if (this.mood === 'down') asked.socket.destroy();
    else if (this.mood === 'failing') answer.writeHead(500).end('<html>upstream</html>');
    else if (this.mood === 'up') {
      const path = asked.url.slice(PATH.length);
      const ruleSet = this.rules.get(Number(/^\/schemas\/ids\/(\d+)/.exec(path)?.[1]));
      if (ruleSet === undefined) this.#pass(asked, answer, path);
      else void this.#ruled(answer, path, ruleSet);
    }
  }

  async #ruled(answer: ServerResponse, path: string, ruleSet: object): Promise<void> {
    const given = await fetch(`${this.#behind}${path}`);
    const body = { ...((await given.json()) as object), ruleSet };
    answer.writeHead(given.status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  #pass(asked: IncomingMessage, answer: ServerResponse, path: string): void {
    const mine = ['host', 'authorization'];
    const headers = Object.fromEntries(
      Object.entries(asked.headers).filter(([name]) => !mine.includes(name)),
    );
    const passed = request(`${this.#behind}${path}`, { method: asked.method ?? 'GET', headers }, (from) => {
      answer.writeHead(from.statusCode ?? 502, from.headers);
      from.pipe(answer);
    });
    passed.on('error', () => {
      answer.destroy();
    });
    asked.pipe(passed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
