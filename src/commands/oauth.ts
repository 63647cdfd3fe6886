import { SnowstampError } from '../errors.ts';

export interface OauthClient {
  readonly tokenEndpoint?: string | undefined;
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
  readonly scope?: string | undefined;
}

const TIMEOUT_MS = 5_000;
/** RFC 6749 §5.2: the only words of an answer that are repeated, since anything else in it may be a secret. */
const REFUSALS: ReadonlySet<unknown> = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
]);

/**
 * OAuth 2.0 client credentials grant (RFC 6749 §4.4): a fresh token for every connection and every renewal (KIP-368).
 * Rejects with KAFKA_REFUSED when the endpoint says no, KAFKA_UNREACHABLE when it does not answer; neither holds a secret.
 * Redirects are not followed: credentials go to the address that is configured, and to no other.
 */
export function oauthProvider(
  { tokenEndpoint = '', clientId = '', clientSecret = '', scope }: OauthClient,
  timeoutMs = TIMEOUT_MS,
): () => Promise<{ value: string }> {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    ...(scope === undefined ? {} : { scope }),
  });
  const credentials = `${formEncoded(clientId)}:${formEncoded(clientSecret)}`;
  const headers = {
    accept: 'application/json',
    authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
  };
  return async () => {
    const { status, answer } = await ask(tokenEndpoint, {
      method: 'POST',
      redirect: 'manual',
      body,
      headers,
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (status === 200 && typeof answer['access_token'] === 'string')
      return { value: answer['access_token'] };
    const error = answer['error'];
    const why = typeof error === 'string' && REFUSALS.has(error) ? ` (${error})` : '';
    throw new SnowstampError(
      status >= 500 ? 'KAFKA_UNREACHABLE' : 'KAFKA_REFUSED',
      `${tokenEndpoint} answered ${status}${why} without an access_token`,
    );
  };
}

/** RFC 6749 §2.3.1 and appendix B: `application/x-www-form-urlencoded`, also within Basic. */
const formEncoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);

async function ask(
  url: string,
  init: RequestInit,
): Promise<{ status: number; answer: Readonly<Record<string, unknown>> }> {
  try {
    const response = await fetch(url, init);
    return { status: response.status, answer: objectIn(await response.text()) };
  } catch (error) {
    // fetch hides what happened in the cause; neither message nor cause is passed on, they may quote the request.
    const { name, cause } = error as { name: string; cause?: { code?: unknown } };
    const code = typeof cause?.code === 'string' ? cause.code : name;
    throw new SnowstampError('KAFKA_UNREACHABLE', `${url} gave no token (${code})`);
  }
}

/** The parser's message would quote the text, so a text that is no JSON object is just empty. */
function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
