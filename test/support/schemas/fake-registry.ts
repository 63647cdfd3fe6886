import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

interface Held {
  readonly id: number;
  readonly schema: string;
  readonly schemaType?: string;
  readonly references?: readonly { name: string; subject: string; version: number }[];
  readonly ruleSet?: object;
}

/** What the registry does to a request before it answers; undefined: nothing out of the ordinary. */
export type Fault =
  { readonly status: number; readonly body?: object | string } | 'hang' | 'drop' | undefined;

/** A registry that speaks Confluent's interface, as far as the product asks, and fails when told to. */
export class FakeRegistry implements AsyncDisposable {
  /** Method and path of every request, in order. */
  readonly requests: string[] = [];
  /** Headers of the last one. */
  lastHeaders: IncomingMessage['headers'] = {};
  /** Asked for each request. */
  fault: (request: string) => Fault = () => undefined;
  /** What it says about compatibility. */
  verdict: (subject: string, schema: string) => object = () => ({ is_compatible: true });
  /** By subject. */
  readonly levels = new Map<string, string>();
  readonly #byId = new Map<number, Held>();
  readonly #subjects = new Map<string, Held[]>();
  readonly #server: Server;
  readonly #hanging = new Set<ServerResponse>();
  #nextId = 1;

  private constructor(server: Server) {
    this.#server = server;
    server.on(
      'request',
      (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response),
    );
  }

  static async start(): Promise<FakeRegistry> {
    const registry = new FakeRegistry(createServer());
    await new Promise<void>((resolve) => registry.#server.listen(0, '127.0.0.1', resolve));
    return registry;
  }

  /** With a path, as registries behind a gateway or Apicurio have one. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/apis/ccompat/v7`;
  }

  put(subject: string, schema: Omit<Held, 'id'>): number {
    const versions = this.#subjects.get(subject) ?? [];
    this.#subjects.set(subject, versions);
    const same = versions.find((held) => held.schema === schema.schema);
    if (same !== undefined) return same.id;
    const held = { ...schema, id: this.#nextId++ };
    versions.push(held);
    this.#byId.set(held.id, held);
    return held.id;
  }

  versions(subject: string): readonly Held[] {
    return this.#subjects.get(subject) ?? [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const response of this.#hanging) response.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').replace('/apis/ccompat/v7', '').replace(/\?.*/, '');
    const said = `${request.method ?? ''} ${decodeURIComponent(path)}`;
    this.requests.push(said);
    this.lastHeaders = request.headers;
    const body: unknown = request.method === 'GET' ? undefined : await json(request).catch(() => undefined);
    const fault = this.fault(said);
    if (fault === 'drop') response.destroy();
    else if (fault === 'hang') this.#hanging.add(response);
    else if (fault !== undefined) reply(response, fault.status, fault.body ?? {});
    else this.#answer(request.method ?? '', path, body as Omit<Held, 'id'>, response);
  }

  #answer(method: string, path: string, body: Omit<Held, 'id'>, response: ServerResponse): void {
    const parts = path.split('/').slice(1).map(decodeURIComponent);
    const [first, second, third, fourth] = parts;
    const missing = (code: number, message: string): void => {
      reply(response, 404, { error_code: code, message });
    };
    if (first === 'schemas') {
      const held = this.#byId.get(Number(third));
      if (held === undefined) missing(40403, 'Schema not found');
      else reply(response, 200, { ...held, id: undefined });
    } else if (first === 'config') {
      const level = this.levels.get(second ?? '');
      if (level === undefined) missing(40408, 'no level');
      else reply(response, 200, { compatibilityLevel: level });
    } else if (first === 'compatibility') {
      if (this.versions(third ?? '').length === 0) missing(40401, 'Subject not found');
      else reply(response, 200, this.verdict(third ?? '', body.schema));
    } else if (first === 'subjects' && third === 'versions' && fourth === undefined && method === 'GET') {
      const { length } = this.versions(second ?? '');
      if (length === 0) missing(40401, 'Subject not found');
      else
        reply(
          response,
          200,
          Array.from({ length }, (_, index) => index + 1),
        );
    } else if (first === 'subjects' && third === 'versions' && method === 'POST') {
      reply(response, 200, { id: this.put(second ?? '', body) });
    } else if (first === 'subjects' && third === 'versions') {
      const held = this.versions(second ?? '')[Number(fourth) - 1];
      if (held === undefined) missing(40402, 'Version not found');
      else reply(response, 200, { ...held, subject: second, version: Number(fourth) });
    } else if (first === 'subjects' && method === 'POST') {
      const held = this.versions(second ?? '').find(({ schema }) => schema === body.schema);
      if (held === undefined) missing(40403, 'Schema not found');
      else reply(response, 200, { ...held, subject: second });
    } else reply(response, 404, 'nothing here');
  }
}

function reply(response: ServerResponse, status: number, body: object | string): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': typeof body === 'string' ? 'text/html' : 'application/json' });
  response.end(text);
}
