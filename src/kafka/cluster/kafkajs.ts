/**
 * The one file that knows KafkaJS (2.2.4 exactly; deep imports, because its public client hides its connections).
 *
 * KafkaJS makes a connection: socket, TLS, ApiVersions, SASL. Then its listeners and timers are taken off the socket
 * and the room's own link speaks on it. What stays behind: timeouts that are never shorter than a default, a disconnect
 * that waits for answers, a timer per millisecond and connection, copies of every payload, an answer taken for another's.
 */
import type { Socket } from 'node:net';
import kafkajs from 'kafkajs';
import type { ISocketFactory, LogEntry, logCreator, SASLOptions } from 'kafkajs';
import Broker from 'kafkajs/src/broker/index.js';
import loggers from 'kafkajs/src/loggers/index.js';
import ConnectionPool from 'kafkajs/src/network/connectionPool.js';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import defaultSocketFactory from 'kafkajs/src/network/socketFactory.js';
import { AdminQuestions } from './admin.ts';
import type { Admin } from './admin.ts';
import { within } from './deadline.ts';
import { DialError } from './dialer.ts';
import type { Dial, Dialed } from './dialer.ts';
import { oneBufferSockets } from './one-buffer.ts';
import { DEFAULT_CONNECTION_TIMEOUT_MS } from './options.ts';
import type { ClusterOptions, LogSink } from './options.ts';

const KEEP_ALIVE_MS = 30_000;
/** In full: KafkaJS's defaults are others when NODE_ENV is `test`. */
const ADMIN_RETRY = { retries: 5, initialRetryTime: 100, maxRetryTime: 2_000, factor: 0.2, multiplier: 2 };

/**
 * KafkaJS re-arms a timer for ever once a connection had an answer, with a negative delay (a busy millisecond timer and a
 * warning on Node 24). It is needed only while something waits in the queue.
 */
const schedule = RequestQueue.prototype.scheduleCheckPendingRequests;
RequestQueue.prototype.scheduleCheckPendingRequests = function scheduleIfPending() {
  if (this.pending.length > 0) schedule.call(this);
};

/** One socket on its way through KafkaJS's hands into ours. */
class Tap {
  socket: Socket | undefined;
  /** The broker ended the connection; KafkaJS reports that as a failed authentication, if it happens during one. */
  dropped = false;
  /** Resolves once the socket's handle is gone; at once while there is none. */
  gone: Promise<void> = Promise.resolve();
  readonly factory: ISocketFactory;
  readonly #before = new Map<string, readonly unknown[]>();

  constructor(make: ISocketFactory) {
    const drop = (): void => {
      this.dropped = true;
    };
    this.factory = (args) => {
      const socket = make(args);
      socket.setNoDelay(true);
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      socket.on('error', drop).on('end', drop).on('close', drop);
      for (const event of ['data', 'end', 'error', 'timeout'])
        this.#before.set(event, socket.listeners(event));
      this.gone = new Promise((resolve) => {
        socket.once('close', () => {
          resolve();
        });
      });
      this.socket = socket;
      return socket;
    };
  }

  /** The socket without KafkaJS's listeners; those of Node and ours stay. */
  release(): Socket {
    const { socket } = this;
    if (socket === undefined || this.dropped) throw new Error('closed by the broker');
    for (const [event, before] of this.#before) {
      for (const listener of socket.listeners(event)) {
        if (!before.includes(listener)) socket.off(event, listener as (...args: unknown[]) => void);
      }
    }
    return socket;
  }
}

/** Dials through KafkaJS; see `Dial`. */
export function createDial(options: ClusterOptions): Dial {
  // A dial that fails is reported to whoever asked for it: KafkaJS's own lines about it are for debugging only.
  const logger = loggers.createLogger({
    level: loggers.LEVELS.INFO,
    logCreator: routeLog(options.log, 'debug'),
  });
  return async (address, signal) => {
    const tap = new Tap(options.socketFactory ?? oneBufferSockets());
    const pool = new ConnectionPool({
      ...address,
      ...connectionSettings(options),
      socketFactory: tap.factory,
      logger,
    });
    const broker = new Broker({ connectionPool: pool, logger, allowAutoTopicCreation: false });
    try {
      return await handshake(options, { tap, pool, broker }, signal);
    } catch (cause) {
      const failure = cause instanceof Error ? cause : new Error(String(cause));
      // Judged first: destroying the socket looks like the broker hanging up.
      const why = isRefusal(failure, tap) ? 'refused' : 'unreachable';
      // With an error, so that KafkaJS ends its connect timer and rejects what it has pending.
      tap.socket?.destroy(failure);
      await tap.gone;
      throw new DialError(why, failure.message, failure);
    } finally {
      for (const { requestQueue } of pool.pool) requestQueue.destroy();
    }
  };
}

async function handshake(
  { clock, requestTimeoutMs, connectionTimeoutMs = DEFAULT_CONNECTION_TIMEOUT_MS }: ClusterOptions,
  { tap, pool, broker }: { tap: Tap; pool: ConnectionPool; broker: Broker },
  signal: AbortSignal,
): Promise<Dialed> {
  const dialedAtMs = clock.now().monotonicMs;
  const connection = await within(connectionTimeoutMs, pool.getConnection(0), clock, signal);
  // A frozen broker's kernel still accepts connections: the first answer has a short bound of its own.
  const versions = await within(connectionTimeoutMs, broker.apiVersions(), clock, signal);
  broker.versions = versions;
  await within(requestTimeoutMs, broker.connect(), clock, signal);
  const ranges = new Map(
    Object.entries(versions).map(([key, { minVersion, maxVersion }]) => [
      Number(key),
      { min: minVersion, max: maxVersion },
    ]),
  );
  return {
    socket: tap.release(),
    ranges,
    sessionLifetimeMs: connection.sessionLifetime.toNumber(),
    dialedAtMs,
  };
}

function connectionSettings(options: ClusterOptions) {
  return {
    clientId: options.clientId,
    ssl: options.tls === undefined || options.tls === false ? null : options.tls,
    sasl: options.sasl === undefined ? null : ({ ...options.sasl } as SASLOptions),
    connectionTimeout: options.connectionTimeoutMs ?? DEFAULT_CONNECTION_TIMEOUT_MS,
    requestTimeout: options.requestTimeoutMs,
    enforceRequestTimeout: false,
  };
}

const REFUSALS: ReadonlySet<unknown> = new Set([
  'UNSUPPORTED_SASL_MECHANISM',
  'ILLEGAL_SASL_STATE',
  'SASL_AUTHENTICATION_FAILED',
]);
/** OpenSSL's words for a certificate or protocol that one side does not accept. */
const TLS_REFUSAL =
  /^(?:ERR_SSL|ERR_TLS|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH)/;

function isRefusal(failure: Error & { code?: unknown; type?: unknown }, tap: Tap): boolean {
  if (REFUSALS.has(failure.type)) return true;
  if (typeof failure.code === 'string' && TLS_REFUSAL.test(failure.code)) return true;
  return failure.name === 'KafkaJSSASLAuthenticationError' && !tap.dropped;
}

const LOGGED = ['broker', 'error', 'retryCount', 'retryTime'];

/** KafkaJS's log entries may hold decoded answers and SASL bytes: only what is listed above is passed on. */
function routeLog(log: LogSink, errorLevel: 'debug' | 'warn'): logCreator {
  return () => (entry: LogEntry) => {
    const fields: Record<string, unknown> = entry.log;
    const extra = LOGGED.map((name) => [name, fields[name]] as const).filter(
      ([, value]) => typeof value === 'string' || typeof value === 'number',
    );
    const { ERROR, WARN } = kafkajs.logLevel;
    const level = entry.level === ERROR || entry.level === WARN ? errorLevel : 'debug';
    log(level, `kafkajs ${entry.namespace}: ${entry.log.message}`, Object.fromEntries(extra));
  };
}

/** KafkaJS's admin client behind the few questions of `Admin`. Connects at the first of them. */
export function createAdmin(options: ClusterOptions): Admin {
  const taps: Tap[] = [];
  let closing = false;
  /** KafkaJS takes our own end of a connection for an error: a clean stop must not end with a warning. */
  const log: LogSink = (level, message, extra) => {
    if (!closing) options.log(level, message, extra);
  };
  const { ssl, sasl, ...settings } = connectionSettings(options);
  const kafka = new kafkajs.Kafka({
    ...settings,
    enforceRequestTimeout: true,
    brokers: [...options.bootstrap],
    ...(ssl === null ? {} : { ssl }),
    ...(sasl === null ? {} : { sasl }),
    logLevel: kafkajs.logLevel.INFO,
    logCreator: routeLog(log, 'warn'),
    retry: ADMIN_RETRY,
    socketFactory: (args) => {
      const tap = new Tap(options.socketFactory ?? defaultSocketFactory());
      taps.push(tap);
      return tap.factory(args);
    },
  });
  const destroy = (): void => {
    closing = true;
    for (const { socket } of taps) socket?.destroy(new Error('closed by us'));
  };
  const { clock, requestTimeoutMs } = options;
  return new AdminQuestions({ client: kafka.admin(), destroy, clock, requestTimeoutMs });
}
