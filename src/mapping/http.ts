import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Standing } from './follower.ts';

/** What the server asks; all of it answers at once. */
export interface Directory {
  /** As the user says it, without the topic's prefix. */
  find(legacyId: string): bigint | undefined;
  standing(): Standing;
  size(): number;
}

/** Older than this, an answer is not given: the topic has not been heard of for too long. */
export const STALE_MS = 30_000;
const MOST_IDS = 1_000;
const MOST_BODY_BYTES = 2 ** 21;

interface Answer {
  readonly status: number;
  readonly body: object;
}

/** RFC 9457. */
const problem = (status: number, title: string, detail: string): Answer => ({
  status,
  body: { type: 'about:blank', title, status, detail },
});

const METHODS: Readonly<Record<string, string>> = { '/v1/mappings': 'POST' };

/** Serves look-ups until the signal that `closing` waits for; port 0 takes a free one. Disposing closes every connection. */
export async function serveDirectory(
  directory: Directory,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((request, response) => {
    void respond(directory, request, response);
  });
  server.listen(port, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => closed(server),
  };
}

async function closed(server: Server): Promise<void> {
  const over = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await over;
}

async function respond(
  directory: Directory,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { status, body } = await answered(directory, request);
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  response.writeHead(status, {
    'content-type': type,
    ...(status === 503 ? { 'retry-after': '1' } : {}),
    ...(status === 405 ? { allow: METHODS[pathOf(request)] ?? 'GET' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : JSON.stringify(body));
}

const pathOf = ({ url = '/' }: IncomingMessage): string => url.split('?')[0]!;

async function answered(directory: Directory, request: IncomingMessage): Promise<Answer> {
  const path = pathOf(request);
  const asks = request.method === 'GET' || request.method === 'HEAD';
  if (path === '/v1/mappings')
    return request.method === 'POST'
      ? several(directory, request)
      : problem(405, 'Method Not Allowed', 'POST it');
  const one = /^\/v1\/mappings\/([^/]+)$/.exec(path)?.[1];
  if (one === undefined && path !== '/livez' && path !== '/readyz')
    return problem(
      404,
      'Not Found',
      'GET /v1/mappings/{legacy-id}, POST /v1/mappings, GET /livez, GET /readyz',
    );
  if (!asks) return problem(405, 'Method Not Allowed', 'GET it');
  if (path === '/livez') return { status: 200, body: { status: 'ok' } };
  const late = lateness(directory.standing());
  if (late !== undefined) return problem(503, 'Service Unavailable', late);
  if (one === undefined)
    return { status: 200, body: { status: 'ready', mappings: directory.size(), ...directory.standing() } };
  const legacyId = decoded(one);
  if (legacyId === undefined)
    return problem(400, 'Bad Request', 'the legacy ID is not percent-encoded UTF-8');
  const id = directory.find(legacyId);
  return id === undefined
    ? problem(404, 'Not Found', `no mapping of ${JSON.stringify(legacyId)}`)
    : { status: 200, body: { legacyId, snowflakeId: String(id) } };
}

/** Why nothing is answered now; undefined when all is well. A wrong "there is none" would be taken for the truth. */
function lateness({ complete, behindMs, why }: Standing): string | undefined {
  if (!complete) return `the topic is being read${why === undefined ? '' : `: ${why}`}`;
  if (behindMs > STALE_MS)
    return `nothing was read for ${Math.round(behindMs / 1_000)} s${why === undefined ? '' : `: ${why}`}`;
  return undefined;
}

async function several(directory: Directory, request: IncomingMessage): Promise<Answer> {
  const late = lateness(directory.standing());
  if (late !== undefined) return problem(503, 'Service Unavailable', late);
  const body = await bodyOf(request);
  const ids: unknown = (body as { legacyIds?: unknown } | undefined)?.legacyIds;
  if (
    !Array.isArray(ids) ||
    ids.length > MOST_IDS ||
    !ids.every((id): id is string => typeof id === 'string')
  )
    return problem(400, 'Bad Request', `send {"legacyIds": [...]} with at most ${MOST_IDS} texts`);
  const mappings = ids.map((legacyId) => ({
    legacyId,
    snowflakeId: directory.find(legacyId)?.toString() ?? null,
  }));
  return { status: 200, body: { mappings } };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > MOST_BODY_BYTES) return undefined;
    pieces.push(piece);
  }
  try {
    return JSON.parse(Buffer.concat(pieces).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
