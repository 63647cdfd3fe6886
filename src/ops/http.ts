import { STATUS_CODES } from 'node:http';
import { fastify } from 'fastify';
import { SnowstampError } from '../errors.ts';
import { healthOf, type Snapshot } from './health.ts';

export interface HttpParts {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly snapshot: () => Snapshot;
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
}

export interface HttpServer extends AsyncDisposable {
  readonly port: number;
}

/**
 * `/livez`, `/readyz`, `/health`, `/metrics`, `/api/status`; errors are problem details (RFC 9457).
 * @throws SnowstampError CONFIG_INVALID when the address cannot be listened on
 */
export async function serveHttp({ host, port, snapshot, metrics }: HttpParts): Promise<HttpServer> {
  const app = fastify({
    logger: false,
    forceCloseConnections: true,
    // Before any route is found, the type of the answer is that of no route.
    frameworkErrors: (error, _, reply) => failed(reply as unknown as Reply, error),
  });
  const body = () => {
    const now = snapshot();
    const { live, ready, reasons } = healthOf(now);
    return {
      live,
      ready,
      phase: now.phase.at,
      reasons,
      worker_id: now.lease.node ?? null,
      lease_seconds_left: now.lease.leaseSecondsLeft,
    };
  };
  app.get('/livez', async (_, reply) => {
    const now = body();
    return reply.code(now.live ? 200 : 503).send(now);
  });
  app.get('/readyz', async (_, reply) => {
    const now = body();
    return reply.code(now.ready ? 200 : 503).send(now);
  });
  app.get('/health', () => {
    const now = snapshot();
    const { ready, reasons } = healthOf(now);
    return {
      status: ready ? 'ok' : 'unavailable',
      phase: now.phase.at,
      reasons,
      worker_id: now.lease.node ?? null,
      sequence_use: now.sequenceUse,
    };
  });
  app.get('/metrics', async (_, reply) => reply.type(metrics.contentType).send(await metrics.text()));
  app.get('/api/status', () => snapshot());
  app.setNotFoundHandler((request, reply) => problem(reply, 404, `no ${request.method} ${request.url} here`));
  app.setErrorHandler((error: Failure, _, reply) => failed(reply, error));
  try {
    await app.listen({ host, port });
  } catch (error) {
    const { code = 'unknown' } = error as { code?: string };
    await app.close();
    throw new SnowstampError(
      'CONFIG_INVALID',
      `${host}:${port} cannot be listened on (${code}): change http.host or http.port`,
      error,
    );
  }
  const address = app.server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    [Symbol.asyncDispose]: () => app.close(),
  };
}

interface Reply {
  code(status: number): unknown;
  type(contentType: string): unknown;
  send(body: object): unknown;
}

type Failure = Error & { readonly statusCode?: number | undefined };

/** What broke inside is the log's business; whoever asks may be anybody. */
function failed(reply: Reply, { statusCode = 500, message }: Failure): unknown {
  return problem(reply, statusCode, statusCode < 500 ? message : 'this worker could not answer');
}

function problem(reply: Reply, status: number, detail: string): unknown {
  reply.code(status);
  reply.type('application/problem+json');
  return reply.send({ type: 'about:blank', title: STATUS_CODES[status], status, detail });
}
