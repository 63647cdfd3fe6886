import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { Clock } from '../../clock.ts';

type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Where this room's few log lines go. `extra` never holds credentials or message payloads. */
export type LogSink = (level: LogLevel, message: string, extra?: object) => void;

/** The subset of Node's TLS options the configuration offers; PEM text or bytes. */
type TlsOptions = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername'>;

export type SaslOptions =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
      readonly username: string;
      readonly password: string;
    }
  | {
      readonly mechanism: 'oauthbearer';
      /** Asked at every connect and at every renewal (KIP-368): it must answer with a token that is still good. */
      readonly oauthBearerProvider: () => Promise<{ readonly value: string }>;
    };

/** Makes the socket of one connection; a fault test puts its own here. `onConnect` runs once it is usable. */
export type SocketFactory = (args: {
  host: string;
  port: number;
  ssl: ConnectionOptions;
  onConnect: () => void;
}) => Socket;

/** How to reach one Kafka cluster. */
export interface ClusterOptions {
  /** `host:port` each (IPv6 in brackets), at least one. */
  readonly bootstrap: readonly string[];
  /** Shown in the broker's logs and quotas. */
  readonly clientId: string;
  readonly tls?: TlsOptions | boolean;
  readonly sasl?: SaslOptions;
  /** Bound of the requests this room sends itself (metadata, coordinators, SASL). Milliseconds. */
  readonly requestTimeoutMs: number;
  /** Bound of TCP with TLS, and again of the first answer. Milliseconds, default 1,000. */
  readonly connectionTimeoutMs?: number;
  readonly log: LogSink;
  readonly clock: Clock;
  readonly socketFactory?: SocketFactory;
  /** In [0, 1); spreads retries. Default `Math.random`. */
  readonly random?: () => number;
}

export const DEFAULT_CONNECTION_TIMEOUT_MS = 1_000;
