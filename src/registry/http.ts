import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import type { RegistrySettings } from './port.ts';

/** The registry's own word; `status` 0: no answer came, and `why` says so. */
export interface HttpAnswer {
  readonly status: number;
  /** JSON, where the body is some. */
  readonly body: unknown;
  readonly why: string;
}

/** What every registry puts into the body of a refusal (Confluent, Karapace, Apicurio ccompat); undefined: whoever answered is no registry. */
export function errorCodeOf({ body }: HttpAnswer): number | undefined {
  const code =
    typeof body === 'object' && body !== null && 'error_code' in body ? body.error_code : undefined;
  return typeof code === 'number' ? code : undefined;
}

export function messageOf({ status, body, why }: HttpAnswer): string {
  if (status === 0) return why;
  const message = typeof body === 'object' && body !== null && 'message' in body ? body.message : undefined;
  return `HTTP ${status}${typeof message === 'string' ? `: ${message.slice(0, MESSAGE_CHARACTERS)}` : ''}`;
}

const MESSAGE_CHARACTERS = 300;
const LARGEST_BODY_BYTES = 2 ** 24;

/** Connections to the registry, kept open between requests. */
export function agentOf({ url, tls }: RegistrySettings): HttpAgent {
  return url.startsWith('https:')
    ? new HttpsAgent({ keepAlive: true, ...tls })
    : new HttpAgent({ keepAlive: true });
}

/** One request as it is, for what the client library does not do: look-ups with references, compatibility, levels. */
export class RegistryHttp {
  readonly #settings: RegistrySettings;
  readonly #agent: HttpAgent;

  constructor(settings: RegistrySettings, agent: HttpAgent) {
    this.#settings = settings;
    this.#agent = agent;
  }

  /** Never rejects. `path` begins with a slash; its parts are encoded. */
  async ask(
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    body: unknown,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    try {
      return await this.#send(method, path, body === undefined ? '' : JSON.stringify(body), signal);
    } catch (error) {
      return { status: 0, body: undefined, why: error instanceof Error ? reasonOf(error) : 'no answer' };
    }
  }

  #send(method: string, path: string, body: string, signal: AbortSignal): Promise<HttpAnswer> {
    const { url, auth, timeoutMs } = this.#settings;
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const credentials =
      auth.kind === 'basic'
        ? { authorization: `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}` }
        : auth.kind === 'bearer'
          ? { authorization: `Bearer ${auth.token}` }
          : {};
    return new Promise((resolve, reject) => {
      const request = send(url + path, {
        method,
        agent: this.#agent,
        signal,
        headers: {
          accept: 'application/vnd.schemaregistry.v1+json, application/json',
          'content-type': 'application/vnd.schemaregistry.v1+json',
          'content-length': Buffer.byteLength(body),
          ...credentials,
        },
      });
      request.setTimeout(timeoutMs, () => {
        request.destroy(new Error(`no answer within ${timeoutMs} ms`));
      });
      request.on('error', reject);
      request.on('response', (response) => {
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > LARGEST_BODY_BYTES) response.destroy(new Error('the answer is too long'));
        });
        text(response).then((whole) => {
          resolve({ status: response.statusCode ?? 0, body: parsed(whole), why: '' });
        }, reject);
      });
      request.end(body);
    });
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Addresses in system errors are ours to show; a connection refused on every address has them inside. */
const reasonOf = (error: Error): string =>
  error instanceof AggregateError ? error.errors.map(String).join(', ') : error.message;
