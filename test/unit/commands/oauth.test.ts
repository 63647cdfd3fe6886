import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { oauthProvider } from '../../../src/commands/oauth.ts';

const SECRET = 'hunter2';

interface Asked {
  readonly method: string | undefined;
  readonly type: string | undefined;
  readonly credentials: string;
  readonly form: Record<string, string>;
}

let server: Server;
let url: string;
let asked: Asked[];
let answer: (response: ServerResponse) => void;

const json =
  (status: number, body: unknown) =>
  (response: ServerResponse): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

async function note(request: IncomingMessage): Promise<void> {
  const { authorization = '', 'content-type': type } = request.headers;
  asked.push({
    method: request.method,
    type,
    credentials: Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString(),
    form: Object.fromEntries(new URLSearchParams(await text(request))),
  });
}

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    void note(request).then(() => {
      answer(response);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

const client = (changes: object = {}) => ({
  tokenEndpoint: url,
  clientId: 'fleet',
  clientSecret: SECRET,
  ...changes,
});

/** Everything an error could show to a log, causes included. */
async function refusalOf(ask: Promise<unknown>): Promise<{ readonly code: unknown; readonly shown: string }> {
  const error: unknown = await ask.then(
    () => undefined,
    (e: unknown) => e,
  );
  if (!(error instanceof Error)) throw new Error('nothing was refused');
  const { code } = error as { code?: unknown };
  const basic = Buffer.from(`fleet:${SECRET}`).toString('base64');
  const shown = [error.message, error.stack, String(error.cause), JSON.stringify(error)].join('\n');
  expect(shown).not.toContain(SECRET);
  expect(shown).not.toContain(basic);
  return { code, shown };
}

describe('oauthProvider (RFC 6749 §4.4)', () => {
  it('asks with the client credentials grant and gives the token', async () => {
    answer = json(200, { access_token: 'token-1', token_type: 'Bearer', expires_in: 60 });
    await expect(oauthProvider(client({ scope: 'kafka write' }))()).resolves.toEqual({ value: 'token-1' });
    expect(asked).toEqual([
      {
        method: 'POST',
        type: expect.stringContaining('application/x-www-form-urlencoded') as unknown,
        credentials: `fleet:${SECRET}`,
        form: { grant_type: 'client_credentials', scope: 'kafka write' },
      },
    ]);
  });

  it('asks anew for every connection (KIP-368)', async () => {
    let tokens = 0;
    answer = (response) => {
      json(200, { access_token: `token-${(tokens += 1)}` })(response);
    };
    const provide = oauthProvider(client());
    expect([await provide(), await provide()]).toEqual([{ value: 'token-1' }, { value: 'token-2' }]);
    expect(asked.map(({ form }) => form)).toEqual(Array(2).fill({ grant_type: 'client_credentials' }));
  });

  it('encodes what RFC 6749 §2.3.1 wants encoded', async () => {
    answer = json(200, { access_token: 't' });
    await oauthProvider(client({ clientId: 'a b:c', clientSecret: 'ü%+' }))();
    expect(asked[0]?.credentials).toBe('a+b%3Ac:%C3%BC%25%2B');
  });

  it.each([
    [
      'a refusal',
      401,
      { error: 'invalid_client', error_description: `no such secret ${SECRET}` },
      /401 \(invalid_client\)/,
    ],
    ['a refusal in words of its own', 400, { error: SECRET }, /400 without/],
    ['a token that is none', 200, { access_token: 7, note: SECRET }, /200 without/],
    ['an answer that is no object', 200, SECRET, /200 without/],
  ])('%s is KAFKA_REFUSED, without a secret', async (_, status, body, says) => {
    answer = json(status, body);
    const { code, shown } = await refusalOf(oauthProvider(client())());
    expect(code).toBe('KAFKA_REFUSED');
    expect(shown).toMatch(says);
  });

  it('an answer that is no JSON is not quoted', async () => {
    answer = (response) => {
      response.end(`${SECRET} is not JSON`);
    };
    expect((await refusalOf(oauthProvider(client())())).code).toBe('KAFKA_REFUSED');
  });

  it('credentials are not carried to where a redirect points', async () => {
    answer = (response) => {
      response.writeHead(307, { location: `${url}/elsewhere` }).end();
    };
    const { shown } = await refusalOf(oauthProvider(client())());
    expect(shown).toMatch(/answered 307/);
    expect(asked).toHaveLength(1);
  });

  it('an endpoint in trouble, one that is silent and one that is gone are KAFKA_UNREACHABLE', async () => {
    answer = json(503, { error: 'busy' });
    expect((await refusalOf(oauthProvider(client())())).code).toBe('KAFKA_UNREACHABLE');

    answer = () => undefined;
    const silent = await refusalOf(oauthProvider(client(), 50)());
    expect(silent).toMatchObject({
      code: 'KAFKA_UNREACHABLE',
      shown: expect.stringContaining('TimeoutError') as unknown,
    });

    const gone = await refusalOf(oauthProvider(client({ tokenEndpoint: 'http://127.0.0.1:1/token' }))());
    expect(gone.code).toBe('KAFKA_UNREACHABLE');
  });
});
