import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Etcd3 } from 'etcd3';
import { provideEtcd, provideKafka, provideRegistry } from '../../../deploy/local/backends.ts';
import { etcdOptions } from '../../../deploy/local/etcd-client.ts';
import { quietKafka } from '../../../deploy/local/kafka-ready.ts';
import { pollUntil } from '../../../deploy/local/poll.ts';

const timeoutMs = 300_000;
const local = join(import.meta.dirname, '../../../deploy/local');

/** Source text of a program of its own, since what is tested is what happens when a process ends or its PATH is empty. */
const program = (call: string): string[] => [
  '--input-type=module',
  '--eval',
  `import { provideEtcd, provideKafka, provideRegistry } from ${JSON.stringify(join(local, 'backends.ts'))};
   import { cached } from ${JSON.stringify(join(local, 'cache.ts'))};
   ${call}`,
];

const answers = async (address: string): Promise<boolean> => {
  try {
    return (await fetch(`${address}/health`)).ok;
  } catch {
    return false;
  }
};

describe('backends', () => {
  it(
    'Kafka gives back what was produced',
    async () => {
      await using backend = await provideKafka();
      const kafka = quietKafka(backend);
      const topic = `backends-${randomUUID()}`;
      const admin = kafka.admin();
      await admin.connect();
      await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
      await admin.disconnect();
      const producer = kafka.producer();
      await producer.connect();
      await producer.send({ topic, messages: [{ value: 'here' }] });
      await producer.disconnect();
      const consumer = kafka.consumer({ groupId: topic });
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      const value = await new Promise((read) => {
        void consumer.run({
          eachMessage: ({ message }) => {
            read(message.value?.toString());
            return Promise.resolve();
          },
        });
      });
      await consumer.disconnect();
      expect(value).toBe('here');
    },
    timeoutMs,
  );

  it(
    'etcd gives back what was put',
    async () => {
      await using backend = await provideEtcd();
      const etcd = new Etcd3({ hosts: backend.endpoints });
      const key = `backends/${randomUUID()}`;
      await etcd.put(key).value('here');
      expect(await etcd.get(key).string()).toBe('here');
      etcd.close();
    },
    timeoutMs,
  );

  it(
    'a member that was killed comes back on its port with its data, under TLS and passwords',
    async () => {
      await using backend = await provideEtcd({ members: 3, tls: true, auth: true });
      const [member] = backend.nodes;
      const etcd = new Etcd3(await etcdOptions(backend, backend.users?.[1]));
      await etcd.put('key').value('here');
      member!.signal('SIGKILL');
      await member!.start();
      expect(await etcd.get('key').string()).toBe('here');
      etcd.close();
    },
    timeoutMs,
  );

  it(
    'the registry speaks the interface of Confluent',
    async () => {
      await using backend = await provideRegistry();
      const subject = `${backend.url}/subjects/backends-${randomUUID()}`;
      const headers = { 'Content-Type': 'application/vnd.schemaregistry.v1+json' };
      const body = JSON.stringify({ schema: JSON.stringify({ type: 'string' }) });
      const { id } = (await (
        await fetch(`${subject}/versions`, { method: 'POST', headers, body })
      ).json()) as { id: number };
      expect(await (await fetch(`${subject}/versions/latest`)).json()).toMatchObject({ id, version: 1 });
      expect(await (await fetch(`${subject}-absent/versions/latest`)).json()).toMatchObject({
        error_code: 40401,
      });
    },
    timeoutMs,
  );

  it(
    'what a process started ends with it, even when it is killed',
    async () => {
      const script = `const etcd = await provideEtcd({ fresh: true }); console.log(etcd.endpoints[0]); setInterval(() => {}, 1000);`;
      const child = spawn(process.execPath, program(script), { stdio: ['ignore', 'pipe', 'inherit'] });
      const [address] = (await once(createInterface(child.stdout), 'line')) as [string];
      // The control: as long as the process lives, so does the server.
      expect(await answers(address)).toBe(true);
      child.kill('SIGKILL');
      const gone = await pollUntil(
        async () => !(await answers(address)),
        () => Promise.resolve(true),
        20_000,
      );
      expect(gone).toEqual({ ready: true });
    },
    timeoutMs,
  );
});

describe('without tools, engine or address', () => {
  it.each([
    [
      'provideKafka()',
      ['SNOWSTAMP_TEST_KAFKA', 'Docker 20.10', 'apache/kafka:4.3.1', 'Java 17', 'Maven 3.8'],
    ],
    ['provideEtcd()', ['SNOWSTAMP_TEST_ETCD', 'Docker 20.10', 'golang:1.26', 'Go 1.26']],
    [
      'provideRegistry()',
      ['SNOWSTAMP_TEST_REGISTRY', 'Docker 20.10', 'apicurio/apicurio-registry:3.0.9', 'Java 17'],
    ],
  ])('%s fails and names what to install', async (call, words) => {
    const nothing = await mkdtemp(join(tmpdir(), 'snowstamp-nothing-'));
    const env = { PATH: nothing, HOME: nothing, SNOWSTAMP_CACHE: nothing, SNOWSTAMP_TEST_BACKENDS: 'local' };
    const failed = promisify(execFile)(process.execPath, program(`await ${call}`), { env });
    const { stderr } = await failed.then(
      () => ({ stderr: 'it succeeded' }),
      (error: unknown) => error as { stderr: string },
    );
    await rm(nothing, { recursive: true });
    for (const word of words) expect(stderr).toContain(word);
  });
});

describe('the cache', () => {
  const script = `
    let made = 0;
    const folders = await Promise.all([1, 2].map(() => cached('thing', ['input'], async (into) => {
      made += 1;
      await import('node:fs/promises').then((fs) => fs.writeFile(into + '/file', 'content'));
    })));
    console.log(JSON.stringify({ made, same: folders[0] === folders[1] }));`;

  it('makes a thing once for two who ask at once, keeps it, and makes it again when it is damaged', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'snowstamp-cache-'));
    const ask = async (): Promise<unknown> => {
      const { stdout } = await promisify(execFile)(process.execPath, program(script), {
        env: { ...process.env, SNOWSTAMP_CACHE: folder },
      });
      return JSON.parse(stdout);
    };
    expect(await ask()).toEqual({ made: 1, same: true });
    expect(await ask()).toEqual({ made: 0, same: true });
    const [thing] = await readdir(folder);
    await truncate(join(folder, thing!, 'file'), 3);
    expect(await ask()).toEqual({ made: 1, same: true });
    expect(await readdir(folder)).toEqual([thing]);
    await rm(folder, { recursive: true });
  });
});
