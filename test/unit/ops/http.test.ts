import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Phase } from '../../../src/lifecycle.ts';
import type { Snapshot } from '../../../src/ops/health.ts';
import { serveHttp, type HttpServer } from '../../../src/ops/http.ts';
import { Metrics } from '../../../src/ops/metrics.ts';
import { gauges, well } from './snapshot.ts';

let now: Snapshot;
let broken: boolean;
let server: HttpServer;

const metrics = new Metrics(['orders']);
const parts = () => ({
  host: '127.0.0.1',
  port: 0,
  snapshot: () => {
    if (broken) throw new Error('hunter2 at 10.0.0.7');
    return now;
  },
  metrics: { contentType: metrics.contentType, text: () => metrics.text(gauges) },
});

beforeEach(async () => {
  now = well;
  broken = false;
  server = await serveHttp(parts());
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

async function get(path: string, init: RequestInit = {}) {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, init);
  const text = await response.text();
  const type = response.headers.get('content-type')?.split(';')[0];
  return {
    status: response.status,
    type,
    body: type?.includes('json') === true ? (JSON.parse(text) as unknown) : text,
  };
}

describe('probes', () => {
  it('a worker that is well is live and ready, with its worker ID and what is left of its lease', async () => {
    const body = {
      live: true,
      ready: true,
      phase: 'serving',
      reasons: [],
      worker_id: 7,
      lease_seconds_left: 12.5,
    };
    expect(await get('/livez')).toEqual({ status: 200, type: 'application/json', body });
    expect(await get('/readyz')).toEqual({ status: 200, type: 'application/json', body });
    expect(await get('/health')).toMatchObject({
      status: 200,
      body: { status: 'ok', phase: 'serving', reasons: [], worker_id: 7, sequence_use: 0.25 },
    });
  });

  const NOT_READY: readonly (readonly [Phase, number, string])[] = [
    [{ at: 'acquiring' }, 200, 'acquiring'],
    [{ at: 'suspended', why: 'lease' }, 200, 'suspended: lease'],
    [{ at: 'suspended', why: 'clock' }, 200, 'suspended: clock'],
    [{ at: 'draining' }, 200, 'draining'],
    [{ at: 'halted', code: 'STORE_ROLLED_BACK' }, 503, 'halted: STORE_ROLLED_BACK'],
  ];

  it.each(NOT_READY)('%j: /readyz 503, /livez %i, and why', async (phase, live, reason) => {
    now = { ...well, phase };
    expect(await get('/readyz')).toMatchObject({ status: 503, body: { phase: phase.at, reasons: [reason] } });
    expect(await get('/livez')).toMatchObject({ status: live });
    expect(await get('/health')).toMatchObject({ body: { status: 'unavailable', reasons: [reason] } });
  });

  it('/readyz says what there is to know although it is ready: a shut valve, a stopped partition', async () => {
    now = { ...well, valve: 'sequenceUse', lag: [{ ...well.lag[0]!, state: 'stopped:LOG_DIVERGED' }] };
    expect(await get('/readyz')).toMatchObject({
      status: 200,
      body: { ready: true, reasons: ['intake shut: sequenceUse', 'in-0 stopped:LOG_DIVERGED'] },
    });
  });

  it('/readyz is 503 until the group is joined, and follows the worker from one request to the next', async () => {
    now = { ...well, joined: false };
    expect(await get('/readyz')).toMatchObject({
      status: 503,
      body: { phase: 'serving', reasons: ['not in the consumer group yet'] },
    });
    now = well;
    expect(await get('/readyz')).toMatchObject({ status: 200 });
  });

  it('a worker without a worker ID says null', async () => {
    now = { ...well, phase: { at: 'acquiring' }, lease: { ...well.lease, node: undefined } };
    expect(await get('/readyz')).toMatchObject({ body: { worker_id: null } });
  });
});

describe('numbers', () => {
  it('/metrics is Prometheus text', async () => {
    const { status, type, body } = await get('/metrics');
    expect([status, type]).toEqual([200, 'text/plain']);
    expect(body).toContain('snowstamp_lease_seconds_left 12.5\n');
  });

  it('/api/status is the snapshot', async () => {
    expect(await get('/api/status')).toMatchObject({
      status: 200,
      body: JSON.parse(JSON.stringify(well)) as object,
    });
  });
});

describe('problem details (RFC 9457)', () => {
  it('what is not there is a 404', async () => {
    expect(await get('/nothing?x=1')).toEqual({
      status: 404,
      type: 'application/problem+json',
      body: { type: 'about:blank', title: 'Not Found', status: 404, detail: 'no GET /nothing?x=1 here' },
    });
    expect(await get('/livez', { method: 'POST' })).toMatchObject({ status: 404 });
  });

  it('what broke inside is a 500 that tells nothing about the inside', async () => {
    broken = true;
    expect(await get('/readyz')).toEqual({
      status: 500,
      type: 'application/problem+json',
      body: {
        type: 'about:blank',
        title: 'Internal Server Error',
        status: 500,
        detail: 'this worker could not answer',
      },
    });
  });

  it('a request that is not understood is its sender’s mistake, and told', async () => {
    expect(await get('/%E0%A4%A')).toMatchObject({ status: 400, type: 'application/problem+json' });
  });
});

describe('listening', () => {
  it('a port that is taken is a mistake of the configuration, with its name', async () => {
    const taken = serveHttp({ ...parts(), port: server.port });
    await expect(taken).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/127\.0\.0\.1:\d+ .*EADDRINUSE.*http\.port/) as unknown,
    });
  });

  it('closing ends open connections too', async () => {
    const other = await serveHttp(parts());
    await fetch(`http://127.0.0.1:${other.port}/livez`, { headers: { connection: 'keep-alive' } });
    await other[Symbol.asyncDispose]();
    await expect(fetch(`http://127.0.0.1:${other.port}/livez`)).rejects.toThrow();
  });
});
