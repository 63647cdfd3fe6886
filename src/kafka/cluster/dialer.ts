import type { Socket } from 'node:net';
import { SnowstampError } from '../../errors.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Versions one broker speaks, by API key. */
export type ApiRanges = ReadonlyMap<number, { readonly min: number; readonly max: number }>;

/** A connection that is ready for requests: connected, encrypted and authenticated as configured. */
export interface Dialed {
  /** Ours alone: nobody else listens or writes. */
  readonly socket: Socket;
  readonly ranges: ApiRanges;
  /** How long the broker accepts this authentication (KIP-368). Milliseconds, 0 = for ever. */
  readonly sessionLifetimeMs: number;
  /** Monotonic, from before the authentication: the session ends no earlier than this plus its lifetime. */
  readonly dialedAtMs: number;
}

/** Rejects with a DialError within the configured bounds, or as soon as `signal` aborts. */
export type Dial = (address: Address, signal: AbortSignal) => Promise<Dialed>;

/** Why there is no connection; `refused` means that one side does not accept the other's identity. */
export class DialError extends Error {
  readonly failure: 'unreachable' | 'refused';
  constructor(failure: 'unreachable' | 'refused', message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'DialError';
    this.failure = failure;
  }
}

/** `host:port` or `[v6]:port`. Throws CONFIG_INVALID. */
export function parseAddress(text: string): Address {
  const match = /^(?:\[(?<v6>[0-9a-fA-F:.%]+)\]|(?<name>[^:[\]\s/]+)):(?<port>\d{1,5})$/.exec(text.trim());
  const host = match?.groups?.['v6'] ?? match?.groups?.['name'];
  const port = Number(match?.groups?.['port']);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new SnowstampError(
      'CONFIG_INVALID',
      `not a Kafka bootstrap address (host:port): ${JSON.stringify(text)}`,
    );
  }
  return { host, port };
}

export const show = (address: Address): string =>
  address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
