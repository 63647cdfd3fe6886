import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Standing } from '../../../src/mapping/follower.ts';
import { serveDirectory, STALE_MS } from '../../../src/mapping/http.ts';

const GOOD: Standing = { complete: true, behindMs: 5, ignored: 0, why: undefined };

let standing: Standing;
let server: Awaited<ReturnType<typeof serveDirectory>>;
beforeEach(async () => {
  standing = GOOD;
  const known = new Map([['A-7/é', 9_007_199_254_740_993n]]);
  const directory = { find: (id: string) => known.get(id), standing: () => standing, size: () => known.size };
  server = await serveDirectory(directory, { host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

async function ask(
  path: string,
  init: RequestInit = {},
): Promise<{ status: number; type: string; body: unknown }> {
  const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, init);
  const text = await answer.text();
  return {
    status: answer.status,
    type: answer.headers.get('content-type') ?? '',
    body: text === '' ? undefined : (JSON.parse(text) as unknown),
  };
}
const post = (body: string): Promise<{ status: number; body: unknown }> =>
  ask('/v1/mappings', { method: 'POST', body });

describe('look-ups over HTTP', () => {
  it('an ID is a string, which loses no digit', async () => {
    expect(await ask(`/v1/mappings/${encodeURIComponent('A-7/é')}`)).toEqual({
      ...{ status: 200, type: 'application/json' },
      body: { legacyId: 'A-7/é', snowflakeId: '9007199254740993' },
    });
    expect(await ask(`/v1/mappings/${encodeURIComponent('A-7/é')}?x=1`, { method: 'HEAD' })).toMatchObject({
      ...{ status: 200, body: undefined },
    });
  });

  it('several at once; one that is not there is null', async () => {
    expect(await post('{"legacyIds":["A-7/é","none"]}')).toMatchObject({
      status: 200,
      body: {
        mappings: [
          { legacyId: 'A-7/é', snowflakeId: '9007199254740993' },
          { legacyId: 'none', snowflakeId: null },
        ],
      },
    });
  });

  it.each([
    '',
    '[]',
    '{"legacyIds":"a"}',
    '{"legacyIds":[1]}',
    'x',
    JSON.stringify({ legacyIds: Array(1_001).fill('a') }),
  ])('is told what to send: %.30s', async (body) => {
    expect(await post(body)).toMatchObject({ status: 400, body: { title: 'Bad Request' } });
  });

  it.each([
    ['/v1/mappings/none', 'GET', 404],
    ['/v1/mappings/%ff', 'GET', 400],
    ['/elsewhere', 'GET', 404],
    ['/v1/mappings', 'GET', 405],
    ['/v1/mappings/a', 'DELETE', 405],
    ['/livez', 'GET', 200],
    ['/readyz', 'GET', 200],
  ])('%s %s: %i', async (path, method, status) => {
    const answer = await ask(path, { method });
    expect(answer.status).toBe(status);
    expect(answer.type).toBe(status === 200 ? 'application/json' : 'application/problem+json');
  });

  it.each<[string, Partial<Standing>]>([
    ['while it is not complete', { complete: false }],
    ['once it has heard nothing for too long', { behindMs: STALE_MS + 1, why: 'no broker' }],
  ])('%s nothing is answered: a wrong "none" would be taken for the truth', async (_, change) => {
    standing = { ...GOOD, ...change };
    for (const path of [`/v1/mappings/${encodeURIComponent('A-7/é')}`, '/v1/mappings/none', '/readyz'])
      expect(await ask(path)).toMatchObject({ status: 503, body: { detail: expect.any(String) } });
    expect(await post('{"legacyIds":[]}')).toMatchObject({ status: 503 });
    expect(await ask('/livez')).toMatchObject({ status: 200 });
  });
});
