import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDial } from '../../../src/kafka/cluster/kafkajs.ts';
import type { Dialed } from '../../../src/kafka/cluster/dialer.ts';
import type { ClusterOptions, SaslOptions } from '../../../src/kafka/cluster/options.ts';
import { adminError } from '../../../src/kafka/cluster/admin.ts';
import { optionsFor } from './clusters.ts';
import type { Logged } from './clusters.ts';
import { API, FakeBroker } from './fake-broker.ts';
import { ManualClock } from './manual-clock.ts';
import { authenticateAnswer, handshakeAnswer, welcoming } from './sasl.ts';

const PLAIN: SaslOptions = { mechanism: 'plain', username: 'ann', password: 'open-sesame' };

async function dial(broker: FakeBroker, changes: Partial<ClusterOptions> = {}): Promise<Dialed> {
  const address = { host: '127.0.0.1', port: broker.port };
  const dialed = await createDial(optionsFor([broker], changes))(address, new AbortController().signal);
  dialed.socket.destroy();
  return dialed;
}

const failure = (dialing: Promise<Dialed>): Promise<unknown> =>
  dialing.then(
    () => 'connected',
    (error: unknown) => (error as { failure?: string }).failure,
  );

describe('dialling through KafkaJS', () => {
  it('hands over a socket without any of KafkaJS’s listeners or timers, with Nagle off', async () => {
    await using broker = await FakeBroker.start();
    const clock = new ManualClock();
    const noDelay: boolean[] = [];
    const native = new Map<string, number>();
    const socketFactory: ClusterOptions['socketFactory'] = ({ host, port, onConnect }) => {
      const socket: Socket = createConnection({ host, port }, onConnect);
      const setNoDelay = socket.setNoDelay.bind(socket);
      socket.setNoDelay = (on) => {
        noDelay.push(on ?? true);
        return setNoDelay(on);
      };
      for (const event of ['data', 'end', 'error', 'timeout', 'close'])
        native.set(event, socket.listenerCount(event));
      return socket;
    };
    const address = { host: '127.0.0.1', port: broker.port };
    const { socket, ranges, sessionLifetimeMs } = await createDial(
      optionsFor([broker], { clock, socketFactory }),
    )(address, new AbortController().signal);
    const left = ['data', 'end', 'error', 'timeout'].map(
      (event) => socket.listenerCount(event) - (native.get(event) ?? 0),
    );
    // What is left beyond Node's own is ours: one flag each on end and error.
    expect(left).toEqual([0, 1, 1, 0]);
    expect(noDelay).toEqual([true]);
    expect(ranges.get(API.metadata)).toEqual({ min: 0, max: 12 });
    expect(sessionLifetimeMs).toBe(0);
    expect(clock.sleeping).toBe(0);
    socket.destroy();
  });

  it('an aborted dial ends at once, socket and timers included', async () => {
    await using broker = await FakeBroker.start();
    broker.on(API.apiVersions, () => undefined);
    const clock = new ManualClock();
    const stop = new AbortController();
    const dialing = createDial(optionsFor([broker], { clock }))(
      { host: '127.0.0.1', port: broker.port },
      stop.signal,
    );
    await broker.until(() => broker.count(API.apiVersions) === 1);
    const hungUp = new Promise((resolve) => broker.sockets[0]?.once('close', resolve));
    stop.abort();
    await expect(failure(dialing)).resolves.toBe('unreachable');
    await hungUp;
    expect(clock.sleeping).toBe(0);
  });
});

describe('SASL', () => {
  it('authenticates and learns the session’s lifetime (KIP-368)', async () => {
    await using broker = await FakeBroker.start();
    await expect(dial(welcoming(broker, 45_000), { sasl: PLAIN })).resolves.toMatchObject({
      sessionLifetimeMs: 45_000,
    });
    expect(broker.count(API.saslAuthenticate)).toBe(1);
  });

  it('asks for a fresh OAuth token at every dial', async () => {
    await using broker = await FakeBroker.start();
    let tokens = 0;
    const oauthBearerProvider = () => Promise.resolve({ value: `token-${(tokens += 1)}` });
    const changes = { sasl: { mechanism: 'oauthbearer', oauthBearerProvider } } as const;
    await dial(welcoming(broker), changes);
    await dial(broker, changes);
    expect(tokens).toBe(2);
  });

  it('a wrong password, or a mechanism the broker does not offer, is refused', async () => {
    await using broker = await FakeBroker.start();
    welcoming(broker).on(API.saslAuthenticate, () => authenticateAnswer(58, 'Authentication failed', 0));
    await expect(failure(dial(broker, { sasl: PLAIN }))).resolves.toBe('refused');
    broker.on(API.saslHandshake, () => handshakeAnswer(33, ['OAUTHBEARER']));
    await expect(failure(dial(broker, { sasl: PLAIN }))).resolves.toBe('refused');
  });

  it('a connection lost while authenticating is not a refusal, though KafkaJS calls it one', async () => {
    await using broker = await FakeBroker.start();
    welcoming(broker).on(API.saslAuthenticate, ({ socket }) => {
      socket.end();
      return undefined;
    });
    const error: unknown = await dial(broker, { sasl: PLAIN }).catch((cause: unknown) => cause);
    expect(error).toMatchObject({
      failure: 'unreachable',
      cause: { name: 'KafkaJSSASLAuthenticationError' },
    });
  });
});

describe('what KafkaJS logs', () => {
  const before = process.env['KAFKAJS_LOG_LEVEL'];
  beforeAll(() => {
    process.env['KAFKAJS_LOG_LEVEL'] = 'DEBUG';
  });
  afterAll(() => {
    if (before === undefined) delete process.env['KAFKAJS_LOG_LEVEL'];
    else process.env['KAFKAJS_LOG_LEVEL'] = before;
  });

  it('passes through without payloads: no password, not even at KafkaJS’s debug level', async () => {
    await using broker = await FakeBroker.start();
    const lines: Logged[] = [];
    welcoming(broker).on(API.saslAuthenticate, () => authenticateAnswer(58, 'no', 0));
    await failure(
      dial(broker, { sasl: PLAIN, log: (level, message, extra) => lines.push({ level, message, extra }) }),
    );
    expect(lines.map(({ message }) => message)).toContain(
      'kafkajs Connection: Response SaslHandshake(key: 17, version: 1)',
    );
    const keys = new Set(lines.flatMap(({ extra }) => Object.keys(extra ?? {})));
    expect([...keys].sort()).toEqual(['broker', 'error']);
    const secret = Buffer.from(PLAIN.password);
    for (const form of [
      secret.toString(),
      secret.toString('base64'),
      secret.toString('hex'),
      [...secret].join(','),
    ]) {
      expect(JSON.stringify(lines)).not.toContain(form);
    }
    expect(new Set(lines.map(({ level }) => level))).toEqual(new Set(['debug']));
  });
});

it.each([
  ['KAFKA_REFUSED', { name: 'KafkaJSSASLAuthenticationError', message: 'SASL PLAIN authentication failed' }],
  ['KAFKA_REFUSED', { type: 'TOPIC_AUTHORIZATION_FAILED', message: 'Not authorized to access topics' }],
  ['TOPIC_MISSING', { message: 'This server does not host this topic-partition' }],
  ['KAFKA_UNREACHABLE', { message: 'connect ECONNREFUSED' }],
])('admin errors: %s', (code, cause) => {
  expect(adminError('ask', cause)).toMatchObject({ code, message: `${code}: ask: ${cause.message}` });
});
