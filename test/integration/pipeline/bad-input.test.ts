import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import {
  provideEtcd,
  provideKafka,
  type EtcdBackend,
  type KafkaBackend,
} from '../../../deploy/local/backends.ts';
import { factsOf, isCommit, isStop, type WorkerProcess } from '../../support/fleet.ts';
import { Scene } from '../../support/fleet-scene.ts';
import { innocent } from '../../support/judge.ts';
import { Operator, randomName, type TopicSpec } from '../../support/topics.ts';
import { sized, some, Writer } from '../../support/topics-writer.ts';

const PARTITIONS = 2;
const FAR_FUTURE = { 'message.timestamp.after.max.ms': '9223372036854775807' };

interface Kinds {
  readonly input?: TopicSpec['config'];
  readonly output?: TopicSpec['config'];
  /** No dead-letter topic when absent: the route stops. */
  readonly deadLetter?: TopicSpec['config'];
}

const lettersOf = (worker: WorkerProcess): [number, string][] =>
  factsOf(worker, 'pipeline').flatMap(({ fact }) =>
    fact.fact === 'dead-letter' ? [[fact.offset, fact.code]] : [],
  );

const deadLettered = (worker: WorkerProcess): number =>
  factsOf(worker, 'pipeline').reduce(
    (sum, { fact }) => sum + (fact.fact === 'committed' ? fact.deadLettered : 0),
    0,
  );

describe('records that cannot go through as they are (P7)', () => {
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

  /** One route over topics of those kinds. */
  async function open({
    input: inputKind = {},
    output: outputKind = {},
    deadLetter: letterKind,
  }: Kinds): Promise<Scene> {
    const input = randomName('bad');
    const output = `${input}-stamped`;
    const deadLetter = letterKind === undefined ? undefined : `${input}-dead`;
    await operator.create(
      { topic: input, partitions: PARTITIONS, config: inputKind },
      { topic: output, partitions: PARTITIONS, config: outputKind },
      ...(deadLetter === undefined ? [] : [{ topic: deadLetter, partitions: 1, config: letterKind! }]),
    );
    return Scene.open({
      kafka,
      etcd,
      routes: [{ name: 'bad', input, output, ...(deadLetter === undefined ? {} : { deadLetter }) }],
    });
  }

  it('too large once stamped: dead-lettered in the same transaction, its neighbours are stamped; verify accounts for it (P3, P7)', async () => {
    await using scene = await open({ output: { 'max.message.bytes': '4096' }, deadLetter: {} });
    await writer.write(
      scene.input,
      ...some(0, 50, 'before'),
      sized(0, 4_000),
      ...some(0, 50, 'after'),
      ...some(1, 50),
    );
    const worker = await scene.join('worker');
    await scene.caughtUp();
    expect(await worker.stop()).toBe(0);
    expect(deadLettered(worker)).toBe(1);
    expect(await scene.judge()).toMatchObject(innocent(151, 1));
    expect(await scene.verify()).toMatchObject({ exit: 0, report: { verdict: 'proven', ids: 150 } });
  }, 90_000);

  it('the output takes smaller records than it did at the start: found by bisection, dead-lettered (rule 15)', async () => {
    await using scene = await open({ deadLetter: {} });
    const worker = await scene.join('worker');
    await writer.write(scene.input, ...some(0, 5), ...some(1, 5));
    await scene.caughtUp();
    await operator.admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: scene.output,
          configEntries: [{ name: 'max.message.bytes', value: '2000' }],
        },
      ],
    });
    await writer.write(
      scene.input,
      ...some(0, 20, 'before'),
      sized(0, 2_500),
      ...some(0, 20, 'after'),
      ...some(1, 20),
    );
    await scene.caughtUp();
    expect(await worker.stop()).toBe(0);
    expect(lettersOf(worker)).toEqual([[25, 'RECORD_TOO_LARGE']]);
    expect(await scene.judge()).toMatchObject(innocent(71, 1));
  }, 90_000);

  it('a timestamp the output refuses: dead-lettered, under the time of now when that is refused too, the original in a header (rule 15)', async () => {
    await using scene = await open({ input: FAR_FUTURE, deadLetter: {} });
    const ahead = String(Date.now() + 2 * 3_600_000);
    const odd = { partition: 0, key: 'ahead', value: 'x', timestamp: ahead };
    await writer.write(
      scene.input,
      ...some(0, 30, 'before'),
      odd,
      ...some(0, 30, 'after'),
      { ...odd, value: 'y' },
      ...some(1, 30),
    );
    const worker = await scene.join('worker');
    await scene.caughtUp();
    expect(await worker.stop()).toBe(0);
    expect(new Set(lettersOf(worker).map(([offset]) => offset))).toEqual(new Set([30, 61]));
    expect(deadLettered(worker)).toBe(2);
    expect(await scene.judge()).toMatchObject(innocent(92, 2));
    expect(await scene.verify()).toMatchObject({ exit: 0, report: { verdict: 'proven', ids: 90 } });
  }, 90_000);

  it('control: a dead-letter topic that takes the time keeps it', async () => {
    await using scene = await open({ input: FAR_FUTURE, deadLetter: FAR_FUTURE });
    const timestamp = String(Date.now() + 2 * 3_600_000);
    await writer.write(scene.input, ...some(0, 3), { partition: 0, key: 'ahead', value: 'x', timestamp });
    const worker = await scene.join('worker');
    await scene.caughtUp();
    expect(await worker.stop()).toBe(0);
    expect(lettersOf(worker)).toEqual([[3, 'RECORD_REFUSED']]);
    expect(await scene.judge()).toMatchObject(innocent(4, 1));
  }, 90_000);

  it('a dead letter too large for its topic stops the partition, what lies before goes out, the other partition flows (P7, DEAD_LETTER_REFUSED)', async () => {
    await using scene = await open({
      output: { 'max.message.bytes': '4096' },
      deadLetter: { 'max.message.bytes': '4096' },
    });
    await writer.write(scene.input, ...some(0, 50), sized(0, 6_000), ...some(0, 50, 'after'), ...some(1, 50));
    const worker = await scene.join('worker');
    await worker.seen('the partition to stop', isStop('DEAD_LETTER_REFUSED'));
    await scene.operator.caughtUp(scene.groupId, [scene.input], { except: [0] });
    const committed = await scene.operator.committed(scene.groupId, scene.input);
    expect([0, 1].map((partition) => committed.get(partition)?.offset)).toEqual([50, 50]);
    expect(await worker.stop()).toBe(0);
    const verdict = await scene.judge();
    expect(verdict).toMatchObject({
      ...innocent(151),
      outputs: 100,
      missing: 51,
      faults: [expect.anything()],
    });
  }, 90_000);

  it('without a dead-letter topic the partition stops at the record, and stays stopped after a restart; the other flows (P7, onError stop)', async () => {
    await using scene = await open({ output: { 'max.message.bytes': '4096' } });
    await writer.write(scene.input, ...some(0, 50), sized(0, 5_000), ...some(0, 50, 'after'), ...some(1, 50));
    for (const name of ['first', 'second']) {
      const worker = await scene.join(name);
      await worker.seen('the partition to stop', isStop('RECORD_TOO_LARGE'));
      await writer.write(scene.input, ...some(1, 10));
      await worker.seen('a commit', isCommit);
      await scene.operator.caughtUp(scene.groupId, [scene.input], { except: [0] });
      expect(await worker.stop()).toBe(0);
    }
    const committed = await scene.operator.committed(scene.groupId, scene.input);
    expect([0, 1].map((partition) => committed.get(partition)?.offset)).toEqual([50, 70]);
    expect(await scene.judge()).toMatchObject({
      inputs: 171,
      outputs: 120,
      missing: 51,
      extra: 0,
      different: 0,
      notRising: 0,
    });
  }, 90_000);
});
