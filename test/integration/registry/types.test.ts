/** Several types in one topic, schemas that refer to others, and subjects by other strategies, on a real registry. */
import { describe, expect, it } from '@jest/globals';
import protobuf from 'protobufjs';
import { avroType } from '../../support/schemas/avro-types.ts';
import { randomName } from '../../support/topics.ts';
import { readTopic } from '../../support/topics-reader.ts';
import { User } from '../cli/program.ts';
import { avroOf, codesOf, prefixed, register, routeFor, type Route, withRegistry } from './scene.ts';

const at = withRegistry();

const open = (
  user: User,
  name: string,
  stamp: object,
  subjectStrategy: 'topic' | 'topicRecord' | 'record',
): Promise<Route> =>
  routeFor(at.town, user, randomName(name), {
    stamp: { in: 'value', wire: 'confluent', ...stamp },
    registry: { url: at.registry, subjectStrategy },
  });

/** All sent, stamped by one worker, proven; the values that left. */
async function stamped(
  user: User,
  { input, output, groupId, config }: Route,
  values: readonly Buffer[],
): Promise<Buffer[]> {
  await at.town.producer.send({ topic: input, messages: values.map((value) => ({ key: 'k', value })) });
  const worker = user.run(config);
  await at.town.operator.caughtUp(groupId, [input], { withinMs: 30_000 });
  expect(await worker.end('SIGTERM')).toBe(0);
  const verified = await user.snowstamp('verify', '-c', config);
  expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining('verdict: proven') });
  const [records = []] = await readTopic(at.town.bootstrap, output);
  return records.map(({ value }) => Buffer.from(value!));
}

interface Held {
  readonly schema: string;
  readonly references?: readonly { readonly name: string }[];
}
const held = async (path: string): Promise<Held> =>
  (await (await fetch(`${at.registry}${path}`)).json()) as Held;

const record = (name: string, ...fields: object[]): object => ({
  ...{ type: 'record', name, namespace: 'test', fields },
});

describe('several types in one topic', () => {
  it('Avro: a union of referenced records, enveloped; the stamped schema refers to them too', async () => {
    await using user = await User.open();
    const route = await open(user, 'union', { format: 'avro', shape: 'envelope' }, 'topic');
    const [placed, paid] = [
      record('Placed', { name: 'n', type: 'int' }),
      record('Paid', { name: 'cents', type: 'long' }),
    ];
    const subjects = { placed: `${route.input}-placed`, paid: `${route.input}-paid` };
    await register(at.registry, subjects.placed, JSON.stringify(placed));
    await register(at.registry, subjects.paid, JSON.stringify(paid));
    const references = [
      { name: 'test.Placed', subject: subjects.placed, version: 1 },
      { name: 'test.Paid', subject: subjects.paid, version: 1 },
    ];
    const union = '["test.Placed","test.Paid"]';
    const schemaId = await register(at.registry, `${route.input}-value`, union, 'AVRO', references);
    const type = avroType(JSON.stringify([placed, paid]));
    const events = [
      { 'test.Placed': { n: 1 } },
      { 'test.Paid': { cents: 9_007_199_254_740_993n } },
      { 'test.Placed': { n: 2 } },
    ].map((event) => type.toBuffer(event));
    await stamped(
      user,
      route,
      events.map((event) => prefixed(schemaId, event)),
    );
    const found = await avroOf(at.town, route.output);
    expect(found.map(({ body }) => body)).toEqual(events);
    const derived = await held(`/schemas/ids/${found[0]!.schemaId}`);
    expect(derived.references?.map(({ name }) => name)).toEqual(['test.Placed', 'test.Paid']);
    const { fields } = JSON.parse(derived.schema) as { fields: { name: string }[] };
    expect(fields.map(({ name }) => name)).toEqual(['snowflake_id', 'event']);
  }, 90_000);

  it('flat, the same union is a dead letter that says what to do', async () => {
    await using user = await User.open();
    const route = await open(user, 'flat-union', { format: 'avro' }, 'topic');
    const union = JSON.stringify([record('Placed', { name: 'n', type: 'int' }), 'null']);
    const schemaId = await register(at.registry, `${route.input}-value`, union);
    expect(await stamped(user, route, [prefixed(schemaId, Buffer.of(0, 2))])).toEqual([]);
    expect(await codesOf(at.town, route.dead)).toEqual(['SCHEMA_NOT_STAMPABLE']);
    const [[letter] = []] = await readTopic(at.town.bootstrap, route.dead);
    const message = letter!.headers.find(({ name }) => String(name) === 'snowstamp.error.message');
    expect(Buffer.from(message!.value!).toString()).toContain('use the envelope shape');
  }, 90_000);

  it('Protobuf: two messages of one schema, each stamped under a subject of its own', async () => {
    await using user = await User.open();
    const route = await open(user, 'messages', { format: 'protobuf' }, 'topicRecord');
    const text = `syntax = "proto3"; package shop;
message Placed { int32 n = 1; message Line { string article = 1; } }
message Paid { int64 cents = 1; }`;
    const schemaId = await register(at.registry, `${route.input}-value`, text, 'PROTOBUF');
    const { root } = protobuf.parse(text, { keepCase: true });
    const event = (name: string, value: object): Uint8Array => {
      const type = root.lookupType(name);
      return type.encode(type.fromObject(value)).finish();
    };
    const cases = [
      { path: [0], body: event('shop.Placed', { n: 7 }) }, // a lone 0: [0]
      { path: [2, 2], body: event('shop.Paid', { cents: '9007199254740993' }) }, // one index: 1
      { path: [4, 0, 0], body: event('shop.Placed.Line', { article: 'a' }) }, // two indexes: 0, 0
    ];
    const values = cases.map(({ path, body }) =>
      prefixed(schemaId, Buffer.concat([Buffer.from(path), body])),
    );
    const found = await stamped(user, route, values);
    expect(found.map((value) => value.subarray(5, -10))).toEqual(values.map((value) => value.subarray(5)));
    const ids = found.map((value) => value.readBigInt64LE(value.length - 8));
    expect(new Set(ids).size).toBe(cases.length);
    for (const message of ['shop.Placed', 'shop.Paid', 'shop.Placed.Line'])
      expect((await held(`/subjects/${route.output}-${message}/versions/1`)).schema).toContain(
        'snowflake_id',
      );
  }, 90_000);

  it('JSON: a schema that refers to another subject, flat; RecordName with an envelope has a subject of no topic', async () => {
    await using user = await User.open();
    const route = await open(user, 'json', { format: 'json' }, 'topic');
    const line = { type: 'object', properties: { article: { type: 'string' } } };
    await register(at.registry, `${route.input}-line`, JSON.stringify(line), 'JSON');
    const event = {
      ...{ type: 'object', additionalProperties: false },
      properties: { n: { type: 'integer' }, line: { $ref: 'line.json' } },
    };
    const references = [{ name: 'line.json', subject: `${route.input}-line`, version: 1 }];
    const subject = `${route.input}-value`;
    const schemaId = await register(at.registry, subject, JSON.stringify(event), 'JSON', references);
    const text = '{"n": 9007199254740993, "line": {"article":"a"}}';
    const [value] = await stamped(user, route, [prefixed(schemaId, Buffer.from(text))]);
    const [, id] = /^\{"snowflake_id":"(\d+)",/.exec(value!.subarray(5).toString())!;
    expect(value!.subarray(5).toString()).toBe(text.replace('{', `{"snowflake_id":"${id!}",`));

    const name = `Event${randomName('x').replaceAll(/\W/g, '')}`;
    const named = await open(user, 'record', { format: 'avro', shape: 'envelope' }, 'record');
    const avroId = await register(
      at.registry,
      `${named.input}-value`,
      JSON.stringify(record(name, { name: 'n', type: 'int' })),
    );
    await stamped(user, named, [prefixed(avroId, Buffer.of(2))]);
    expect((await held(`/subjects/test.${name}Stamped/versions/1`)).schema).toContain('snowflake_id');
  }, 90_000);
});
