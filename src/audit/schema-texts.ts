import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import type { SchemaText } from './derived-schema.ts';

/** How the registry is reached. */
export interface RegistryAddress {
  /** Without a slash at its end. */
  readonly url: string;
  readonly auth:
    | { readonly kind: 'none' }
    | { readonly kind: 'basic'; readonly username: string; readonly password: string }
    | { readonly kind: 'bearer'; readonly token: string };
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string } | undefined;
  readonly timeoutMs: number;
}

export type Fetched =
  { readonly at: 'here'; readonly schema: SchemaText } | { readonly at: 'not'; readonly why: string };

/** Asks the registry for schemas, each once; the auditor's own way there. */
export class SchemaTexts {
  readonly #address: RegistryAddress;
  readonly #asked = new Map<number, Promise<Fetched>>();

  constructor(address: RegistryAddress) {
    this.#address = address;
  }

  /** Never rejects. */
  of(schemaId: number): Promise<Fetched> {
    const known = this.#asked.get(schemaId);
    if (known !== undefined) return known;
    const asked = this.#ask(schemaId).catch((error: unknown): Fetched => ({
      at: 'not',
      why: error instanceof Error ? error.message : 'no answer',
    }));
    this.#asked.set(schemaId, asked);
    return asked;
  }

  #ask(schemaId: number): Promise<Fetched> {
    const { url, auth, tls, timeoutMs } = this.#address;
    const authorization =
      auth.kind === 'basic'
        ? `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`
        : `Bearer ${auth.kind === 'bearer' ? auth.token : ''}`;
    return new Promise((resolve, reject) => {
      const request = (url.startsWith('https:') ? httpsRequest : httpRequest)(
        `${url}/schemas/ids/${schemaId}`,
        {
          ...tls,
          timeout: timeoutMs,
          headers: {
            accept: 'application/vnd.schemaregistry.v1+json, application/json',
            ...(auth.kind === 'none' ? {} : { authorization }),
          },
        },
        (response) => {
          text(response).then((body) => {
            resolve(understood(response.statusCode ?? 0, body));
          }, reject);
        },
      );
      request.on('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
      request.on('error', reject);
      request.end();
    });
  }
}

/** PURE. */
export function understood(status: number, body: string): Fetched {
  if (status !== 200) return { at: 'not', why: `the registry answered ${status}` };
  try {
    const { schema, schemaType = 'AVRO', references = [] } = JSON.parse(body) as Record<string, unknown>;
    if (typeof schema !== 'string' || typeof schemaType !== 'string') throw new SyntaxError();
    return { at: 'here', schema: { type: schemaType, text: schema, references: JSON.stringify(references) } };
  } catch {
    return { at: 'not', why: 'the registry gave no schema' };
  }
}
