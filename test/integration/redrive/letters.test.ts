import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import {
  provideEtcd,
  provideKafka,
  type EtcdBackend,
  type KafkaBackend,
} from '../../../deploy/local/backends.ts';
import { Scene } from '../../support/fleet-scene.ts';
import { readTopic } from '../../support/topics-reader.ts';
import { eventually, Operator, randomName } from '../../support/topics.ts';
import { some, sized, Writer } from '../../support/topics-writer.ts';
import { MAIN, User } from '../cli/program.ts';

const SETS = ['snowstamp', 'connect', 'streams', 'spring'] as const;
const PARTITIONS = 2;
const LETTERS = 60;
const SMALL = { 'max.message.bytes': '4096' };

describe('dead letters and the way back (P3, P4, P7)', () => {
  let kafka: KafkaBackend;
  let etcd: EtcdBackend;
  let operator: Operator;
  let writer: Writer;

  beforeAll(async () => {
    [kafka, etcd] = await Promise.all([provideKafka(), provideEtcd()]);
    [operator, writer] = await Promise.all([Operator.at(kafka.bootstrap), Writer.at(kafka.bootstrap)]);
  }, 120_000);
  afterAll(async () => {
    await writer[Symbol.asyncDispose]();
    await operator[Symbol.asyncDispose]();
    await kafka[Symbol.asyncDispose]();
    await etcd[Symbol.asyncDispose]();
  });

  const letter = (partition: number, i: number) => ({
    ...sized(partition, 5_000),
    ...{ key: `large-${i}`, timestamp: String(1_700_000_000_000 + i) },
    headers: { own: ['1', '2'] },
  });

  /** A route for each set; its output takes 4 KiB, its input holds good events and ones that are larger. */
  async function open(): Promise<Scene> {
    const routes = SETS.map((set) => {
      const input = randomName(set);
      const names = { name: set, input, output: `${input}-stamped`, deadLetter: `${input}-dead` };
      return { ...names, deadLetterHeaders: set, onError: 'deadLetter' as const };
    });
    for (const { input, output, deadLetter } of routes) {
      await operator.create(
        { topic: input, partitions: PARTITIONS },
        { topic: output, partitions: PARTITIONS, config: SMALL },
        { topic: deadLetter, partitions: 1 },
      );
      for (let partition = 0; partition < PARTITIONS; partition++)
        await writer.write(
          input,
          ...some(partition, 5, 'before'),
          ...Array.from({ length: LETTERS / PARTITIONS }, (_, i) => letter(partition, i)),
          ...some(partition, 5, 'after'),
        );
    }
    return Scene.open({ kafka, etcd, routes });
  }

  it('of every set: verify pairs them; redriven once each, over a SIGKILL in the middle; stamped after all', async () => {
    await using scene = await open();
    await using user = await User.open();
    const worker = await scene.join('worker');
    await scene.caughtUp();
    const verified = await scene.verify();
    expect(verified).toMatchObject({ exit: 0, report: { verdict: 'proven', ids: SETS.length * 20 } });

    await operator.admin.alterConfigs({
      validateOnly: false,
      resources: scene.routes.map(({ output }) => ({
        type: kafkajs.ConfigResourceTypes.TOPIC,
        name: output,
        configEntries: [{ name: 'max.message.bytes', value: '1000000' }],
      })),
    });
    const config = await user.file('snowstamp.yaml', {
      etcd: { endpoints: etcd.endpoints },
      kafka: {
        bootstrap: kafka.bootstrap,
        groupId: scene.groupId,
        sessionTimeoutMs: 6_000,
        heartbeatMs: 1_000,
        transactionTimeoutMs: 6_000,
      },
      routes: scene.routes,
    });
    const dry = await user.snowstamp(
      'redrive',
      '-c',
      config,
      '--route',
      'connect',
      '--partition',
      '1',
      '--dry-run',
    );
    expect(dry).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('30 would be redriven, 30 left out'),
    });

    const { input } = scene.routes[0]!;
    const letters = async (): Promise<number> =>
      (await readTopic(kafka.bootstrap, input))
        .flat()
        .filter(({ key }) => key?.toString().startsWith('large-')).length;
    const killed = spawn(
      process.execPath,
      [MAIN, 'redrive', '-c', config, '--route', 'snowstamp', '--rate', '20'],
      { stdio: 'ignore' },
    );
    const gone = once(killed, 'close');
    await eventually('the first letters to go back', 20_000, async () => {
      const count = await letters();
      return count > LETTERS ? undefined : `${count} of them`;
    });
    killed.kill('SIGKILL');
    await gone;
    expect(await letters()).toBeLessThan(2 * LETTERS);

    for (const set of SETS) {
      const back = await user.snowstamp('redrive', '-c', config, '--route', set, '--json');
      expect({ set, code: back.code, said: back.stdout }).toMatchObject({ set, code: 0 });
      const { redriven, refused } = JSON.parse(back.stdout) as { redriven: number; refused: number };
      expect({ set, redriven: redriven < LETTERS, refused }).toEqual({
        set,
        redriven: set === 'snowstamp',
        refused: 0,
      });
    }
    await scene.caughtUp();
    expect(await worker.stop()).toBe(0);

    for (const { input: topic } of scene.routes) {
      for (const records of await readTopic(kafka.bootstrap, topic)) {
        const large = records.filter(({ key }) => key?.toString().startsWith('large-'));
        const [first, second] = [large.slice(0, large.length / 2), large.slice(large.length / 2)];
        expect(large).toHaveLength(LETTERS);
        expect(
          second.map(({ key, value, timestamp, headers }) => ({ key, value, timestamp, headers })),
        ).toEqual(first.map(({ key, value, timestamp, headers }) => ({ key, value, timestamp, headers })));
      }
    }
    const everything = SETS.length * (20 + LETTERS);
    expect(await scene.verify()).toMatchObject({ exit: 0, report: { verdict: 'proven', ids: everything } });
  }, 180_000);
});
