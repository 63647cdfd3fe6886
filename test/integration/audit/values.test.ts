import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  provideEtcd,
  provideKafka,
  type EtcdBackend,
  type KafkaBackend,
} from '../../../deploy/local/backends.ts';
import type { Report } from '../../../src/audit/verify.ts';
import { Scene } from '../../support/fleet-scene.ts';
import { route } from '../../support/settings.ts';
import { Operator, randomName } from '../../support/topics.ts';
import { leavePosition } from '../../support/topics-position.ts';
import { readTopic } from '../../support/topics-reader.ts';
import { Writer } from '../../support/topics-writer.ts';

const PARTITIONS = 2;
const EACH = 2_000;

type ValueSettings = NonNullable<ReturnType<typeof route>['stamp']['value']>;

const VALUE: ValueSettings = {
  ...{ format: 'json', wire: 'none', shape: 'flat', field: 'snowflake_id' },
  ...{ fieldNumber: 2_047, nullable: false },
};

/** What each route stamps, and an honest value of its format. */
const KINDS = {
  json: {
    value: VALUE,
    bytes: (i: number) => Buffer.from(i % 7 === 0 ? '{}' : `{ "n": ${i}, "big": 9007199254740993 }`),
  },
  'json-envelope': { value: { ...VALUE, shape: 'envelope' }, bytes: (i: number) => Buffer.from(`[${i}]`) },
  avro: {
    value: { ...VALUE, format: 'avro' },
    bytes: (i: number) => Buffer.from([6, 0x66, 0x6f, 0x6f, (i % 64) * 2]),
  },
  'avro-envelope': {
    value: { ...VALUE, format: 'avro', shape: 'envelope' },
    bytes: (i: number) => Buffer.from([(i % 64) * 2]),
  },
  'avro-nullable': { value: { ...VALUE, format: 'avro', nullable: true }, bytes: () => Buffer.from([2]) },
  protobuf: {
    value: { ...VALUE, format: 'protobuf' },
    bytes: (i: number) => Buffer.from([8, i % 128, 0x12, 1, 0x61]),
  },
} as const satisfies Record<string, { value: ValueSettings; bytes: (i: number) => Buffer }>;

describe('snowstamp verify over what a worker stamped into values', () => {
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

  async function open(kinds: readonly (keyof typeof KINDS)[]): Promise<Scene> {
    const base = randomName('values');
    const routes = kinds.map((name) =>
      route({
        name,
        input: `${base}-${name}`,
        output: `${base}-${name}-stamped`,
        ...(name === 'json' ? { onError: 'header' } : { deadLetter: `${base}-dead` }),
        stamp: { header: 'snowflake_id', existing: 'replace', value: KINDS[name].value },
      }),
    );
    await operator.create(
      ...routes.flatMap(({ input, output }) => [
        { topic: input, partitions: PARTITIONS },
        { topic: output, partitions: PARTITIONS },
      ]),
      { topic: `${base}-dead`, partitions: 1 },
    );
    return Scene.open({ kafka, etcd, routes });
  }

  const give = (scene: Scene, name: keyof typeof KINDS, count: number): Promise<void> =>
    writer.write(
      scene.routes.find((one) => one.name === name)!.input,
      ...Array.from({ length: count }, (_, i) => ({
        partition: i % PARTITIONS,
        key: `k${i}`,
        value: i % 11 === 5 ? null : KINDS[name].bytes(i),
        headers: i % 3 === 0 ? { trace: `t${i}`, snowflake_id: '1' } : {},
      })),
    );

  it('every format and shape is proven, tombstones, header stamps and dead letters included', async () => {
    const names = Object.keys(KINDS) as (keyof typeof KINDS)[];
    await using scene = await open(names);
    for (const name of names) await give(scene, name, EACH);
    const inputOf = (name: string): string => scene.routes.find((one) => one.name === name)!.input;
    await writer.write(inputOf('json'), { value: '["no object"]' }, { value: '{"snowflake_id":"7","a":1}' });
    await writer.write(inputOf('protobuf'), { value: Buffer.from([0x0a, 0x0b, 0x61]) });
    const worker = await scene.join('w');
    await scene.caughtUp();
    expect(await worker.stop()).toBe(0);

    const { exit, report } = (await scene.verify()) as { exit: number; report: Report };
    expect(report).toMatchObject({ verdict: 'proven', ids: EACH * names.length + 2, duplicateIds: 0 });
    expect(exit).toBe(0);
    const sum = (of: (p: Report['partitions'][number]) => number, name: string): number =>
      report.partitions.filter((p) => p.route === name).reduce((all, p) => all + of(p), 0);
    const tombstones = Array.from({ length: EACH }).filter((_, i) => i % 11 === 5).length;
    for (const name of names)
      expect([name, sum((p) => p.inValue, name)]).toEqual([
        name,
        EACH - tombstones + (name === 'json' ? 1 : 0),
      ]);
    expect(sum((p) => p.headerOnly, 'json')).toBe(1);
    expect(sum((p) => p.deadLettered, 'protobuf')).toBe(1);
  }, 120_000);

  it('one byte of a value changed on the real topic is named by its place; control: without it all is proven', async () => {
    await using scene = await open(['json']);
    await give(scene, 'json', 100);
    const worker = await scene.join('w');
    await scene.caughtUp();
    await worker.stop();
    expect(await scene.verify()).toMatchObject({ exit: 0, report: { verdict: 'proven' } });

    // As a worker would have gone on, but for the 4 that became a 5.
    const { input, output } = scene;
    const [position, last] = await Promise.all([
      operator.committed(scene.groupId, input).then((all) => all.get(0)!),
      readTopic(kafka.bootstrap, output).then(([records]) => records!.at(-1)!),
    ]);
    const id = BigInt(/^v1:(\d+):/.exec(position.metadata!)![1]!) + 1n;
    expect(last.offset).toBeGreaterThan(0);
    const end = (await operator.ends(output)).get(0)!;
    const timestamp = '1760000000000';
    await writer.write(input, { partition: 0, timestamp, value: '{"a":4}' });
    await writer.write(output, { partition: 0, timestamp, value: `{"snowflake_id":"${id}","a":5}` });
    const metadata = `v1:${id}:${end}`;
    await leavePosition(kafka.bootstrap, {
      groupId: scene.groupId,
      topic: input,
      partition: 0,
      offset: position.offset + 1,
      metadata,
    });

    const { exit, report } = (await scene.verify()) as { exit: number; report: Report };
    expect(exit).toBe(1);
    expect(report).toMatchObject({
      verdict: 'failed',
      duplicateIds: 0,
      partitions: [{ different: 1, missing: 0, extra: 0 }, {}],
    });
    const byte = `{"snowflake_id":"${id}","a":`.length;
    expect(report.partitions[0]?.firstDifference).toBe(
      `input ${position.offset} and output ${end}: value: byte ${byte} expected 0x34, found 0x35`,
    );
  }, 120_000);
});
