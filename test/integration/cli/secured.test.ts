import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import kafkajs, { type Kafka } from 'kafkajs';
import {
  provideEtcd,
  provideKafka,
  type EtcdBackend,
  type KafkaBackend,
} from '../../../deploy/local/backends.ts';
import { eventually } from '../../support/topics.ts';
import { User } from './program.ts';
import { events, names, type Names } from './town.ts';

const EVENTS = 500;
const WRONG = 'correct-horse-battery-staple';

interface Etcds {
  /** TLS, and a password. */
  readonly password: EtcdBackend;
  /** TLS both ways: a client certificate. */
  readonly certificate: EtcdBackend;
}

let kafka: KafkaBackend;
let etcds: Etcds;
let client: Kafka;
const stack = new AsyncDisposableStack();

beforeAll(async () => {
  const [broker, password, certificate] = await Promise.all([
    provideKafka({ security: 'sasl_ssl' }).then((backend) => stack.use(backend)),
    provideEtcd({ tls: 'server-only', auth: true }).then((backend) => stack.use(backend)),
    provideEtcd({ tls: true }).then((backend) => stack.use(backend)),
  ]);
  kafka = broker;
  etcds = { password, certificate };
  client = new kafkajs.Kafka({
    brokers: kafka.bootstrap,
    ssl: { ca: [await readFile(kafka.tls!.caFile, 'utf8')] },
    sasl: { mechanism: 'scram-sha-512', ...kafka.users![0]! },
    logLevel: kafkajs.logLevel.NOTHING,
  });
}, 120_000);
afterAll(() => stack.disposeAsync());

/** The etcd section of the configuration, secrets beside it in a file or in it. */
async function etcdSection(kind: keyof Etcds, user: User, password?: string): Promise<object> {
  const { endpoints, tls, users } = etcds[kind];
  if (kind === 'certificate') return { endpoints, tls };
  const { username, password: right } = users![1]!;
  const passwordFile = await user.file('etcd-password', `${password ?? right}\n`);
  return { endpoints, tls: { caFile: tls!.caFile }, username, passwordFile };
}

function kafkaSection({ groupId }: Names, password?: string): object {
  const { username, password: right } = kafka.users![0]!;
  return {
    ...{ bootstrap: kafka.bootstrap, groupId, tls: { caFile: kafka.tls!.caFile } },
    sasl: { mechanism: 'scram-sha-512', username, password: password ?? right },
    // The first SCRAM exchange with a broker that has just started takes its time.
    connectionTimeoutMs: 3_000,
  };
}

const whole = (given: Names, etcd: object, kafka: object): object => ({
  ...{ domain: { prefix: given.prefix }, etcd, kafka, log: { level: 'debug' } },
  routes: [{ name: 'events', input: given.input, output: given.output }],
  http: { host: '127.0.0.1', port: 0 },
});

/** In none of the forms in which a password travels. */
function expectNoSecret(said: string, ...secrets: readonly string[]): void {
  for (const secret of secrets) {
    const bytes = Buffer.from(secret);
    for (const form of [secret, bytes.toString('base64'), bytes.toString('hex'), [...bytes].join(',')])
      expect(said).not.toContain(form);
  }
}

const rightSecrets = (): string[] => [kafka.users![0]!.password, etcds.password.users![1]!.password];

async function prepared(given: Names): Promise<void> {
  const admin = client.admin();
  const producer = client.producer({ allowAutoTopicCreation: false });
  await Promise.all([admin.connect(), producer.connect()]);
  const topics = [given.input, given.output].map((topic) => ({ topic, numPartitions: 2 }));
  await admin.createTopics({ topics, waitForLeaders: true });
  await producer.send({ topic: given.input, messages: events(EVENTS) });
  await Promise.all([admin.disconnect(), producer.disconnect()]);
}

describe('SASL_SSL brokers and etcd over TLS, through the configuration file alone', () => {
  it.each(['password', 'certificate'] as const)(
    'SCRAM-SHA-512, and etcd with a %s: init, run, verify and doctor work, at debug level no secret is said',
    async (kind) => {
      await using user = await User.open();
      const given = names();
      await prepared(given);
      const config = await user.file(
        'snowstamp.yaml',
        whole(given, await etcdSection(kind, user), kafkaSection(given)),
      );
      const init = await user.snowstamp('init', '-c', config);
      expect(init).toMatchObject({ code: 0 });

      const worker = user.run(config);
      const address = await worker.address();
      await eventually('all events stamped', 30_000, async () => {
        const metrics = await (await fetch(`${address}/metrics`)).text();
        const stamped = [...metrics.matchAll(/^snowstamp_events_total\{[^}]*\} (\d+)$/gm)].map((match) =>
          Number(match[1]),
        );
        return stamped.some((count) => count === EVENTS) ? undefined : `stamped ${stamped.join(', ')}`;
      });
      expect(await worker.end('SIGTERM')).toBe(0);

      const verify = await user.snowstamp('verify', '-c', config);
      expect(verify).toMatchObject({
        code: 0,
        stdout: expect.stringContaining(`${EVENTS} IDs, 0 duplicates`),
      });
      const doctor = await user.snowstamp('doctor', '-c', config);
      expect(doctor).toMatchObject({ code: 0, stdout: expect.stringContaining(' 0 failures') });
      const print = await user.snowstamp('config', 'print', '-c', config);
      const said = [init, verify, doctor, print].flatMap(({ stdout, stderr }) => [stdout, stderr]);
      expectNoSecret([...worker.said, ...said].join('\n'), ...rightSecrets());
    },
    60_000,
  );
});

describe('a wrong password is named, and not repeated', () => {
  it('Kafka’s: 77 KAFKA_REFUSED from run, verify and position, 1 from doctor', async () => {
    await using user = await User.open();
    const given = names();
    const config = await user.file(
      'snowstamp.yaml',
      whole(given, await etcdSection('password', user), kafkaSection(given, WRONG)),
    );
    expect(await user.snowstamp('init', '-c', config)).toMatchObject({ code: 0 });
    for (const [command, ...more] of [
      ['run'],
      ['verify'],
      ['position', '--route', 'events', '--partition', '0', '--offset', '0'],
    ]) {
      const { code, stdout, stderr } = await user.snowstamp(command!, '-c', config, ...more);
      expect([command, code]).toEqual([command, 77]);
      expect(stdout).toContain('KAFKA_REFUSED');
      expectNoSecret(stdout + stderr, WRONG, ...rightSecrets());
    }
    const { code, stdout, stderr } = await user.snowstamp('doctor', '-c', config);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^fail .*KAFKA_REFUSED/m);
    expectNoSecret(stdout + stderr, WRONG, ...rightSecrets());
  }, 60_000);

  it('etcd’s: 77 STORE_REFUSED from init and run, 1 from doctor', async () => {
    await using user = await User.open();
    const given = names();
    const config = await user.file(
      'snowstamp.yaml',
      whole(given, await etcdSection('password', user, WRONG), kafkaSection(given)),
    );
    for (const command of ['init', 'run']) {
      const { code, stdout, stderr } = await user.snowstamp(command, '-c', config);
      expect([command, code]).toEqual([command, 77]);
      expect(stdout).toContain('STORE_REFUSED');
      expectNoSecret(stdout + stderr, WRONG, ...rightSecrets());
    }
    const { code, stdout, stderr } = await user.snowstamp('doctor', '-c', config);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^fail .*STORE_REFUSED/m);
    expectNoSecret(stdout + stderr, WRONG, ...rightSecrets());
  }, 60_000);

  it('control: the search for secrets finds one that is said', () => {
    expect(() => {
      expectNoSecret(`n=x,p=${Buffer.from(WRONG).toString('base64')}`, WRONG);
    }).toThrow();
  });
});
