import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { provideRegistry } from '../../../deploy/local/backends.ts';
import { avroType } from '../../support/schemas/avro-types.ts';
import { eventually, randomName } from '../../support/topics.ts';
import { readTopic } from '../../support/topics-reader.ts';
import { User } from '../cli/program.ts';
import { Town } from '../cli/town.ts';
import { Gateway, type Mood } from './gateway.ts';

const SCHEMAS = new URL('../../../schemas', import.meta.url).pathname;
const stack = new AsyncDisposableStack();

let town: Town;
let registry: string;
let gateway: Gateway;

beforeAll(async () => {
  const [opened, provided] = await Promise.all([Town.open(), provideRegistry()]);
  town = stack.use(opened);
  registry = stack.use(provided).url;
  gateway = stack.use(await Gateway.before(registry));
}, 180_000);
afterAll(() => stack.disposeAsync());

/** Registers a schema as a producer does, past the gateway; its ID. */
async function register(subject: string, schema: object, schemaType = 'AVRO'): Promise<number> {
  const answer = await fetch(`${registry}/subjects/${subject}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schema: JSON.stringify(schema), schemaType }),
  });
  const { id } = (await answer.json()) as { id?: number };
  if (id === undefined) throw new Error(`${subject}: ${answer.status}`);
  return id;
}

const prefixed = (schemaId: number, body: Uint8Array): Buffer => {
  const prefix = Buffer.alloc(5);
  prefix.writeInt32BE(schemaId, 1);
  return Buffer.concat([prefix, body]);
};

/** A record with one field more in each version. */
const version = (n: number): object => ({
  ...{ type: 'record', name: 'Event', namespace: 'test' },
  fields: [
    { name: 'n', type: 'int' },
    ...Array.from({ length: n - 1 }, (_, i) => ({ name: `f${i}`, type: 'string', default: '' })),
  ],
});
const eventOf = (n: number, i: number): Buffer =>
  avroType(JSON.stringify(version(n))).toBuffer({
    n: i,
    ...Object.fromEntries(Array.from({ length: n - 1 }, (_, f) => [`f${f}`, 'x'])),
  });

interface Route {
  readonly input: string;
  readonly output: string;
  readonly dead: string;
  readonly groupId: string;
  readonly config: string;
}

async function route(user: User, input: string, changes: object = {}): Promise<Route> {
  const [output, dead] = [`${input}-stamped`, `${input}-dead`];
  const names = { prefix: `/${randomName('registry')}`, groupId: randomName('group'), input, output };
  await town.operator.create(...[input, output, dead].map((topic) => ({ topic, partitions: 1 })));
  const config = await user.file(`${input}.yaml`, {
    ...town.config(names),
    registry: { url: gateway.url, ...gateway.user, timeoutMs: 500, negativeTtlMs: 1_000, ...changes },
    routes: [
      {
        ...{ name: 'events', input, output, deadLetter: dead },
        stamp: { in: 'value', format: 'avro', wire: 'confluent' },
      },
    ],
  });
  expect(await user.snowstamp('init', '-c', config)).toMatchObject({ code: 0 });
  return { input, output, dead, groupId: names.groupId, config };
}

const send = (topic: string, values: readonly Buffer[]) =>
  town.producer.send({ topic, messages: values.map((value) => ({ key: 'k', value })) });

/** Stamped values of the one partition: the ID, and the bytes behind it. */
async function stampedOf(topic: string): Promise<{ schemaId: number; id: bigint; body: Buffer }[]> {
  const [records = []] = await readTopic(town.bootstrap, topic);
  return records.map(({ value }) => {
    const bytes = Buffer.from(value!);
    let [at, id, shift] = [5, 0n, 0n];
    for (; ; at++, shift += 7n) {
      id |= BigInt(bytes[at]! & 127) << shift;
      if (bytes[at]! < 128) break;
    }
    return { schemaId: bytes.readInt32BE(1), id: id >> 1n, body: bytes.subarray(at + 1) };
  });
}
const codesOf = async (topic: string): Promise<string[]> =>
  (await readTopic(town.bootstrap, topic))
    .flat()
    .map(({ headers }) =>
      String(headers.find(({ name }) => String(name) === 'snowstamp.error.code')?.value ?? ''),
    );

describe('a registry that is not always well, behind a path and a password', () => {
  it('down, failing, hung, each in the middle of new schemas: nothing lost, unstamped or twice; bad values are dead letters', async () => {
    await using user = await User.open();
    const { input, output, dead, groupId, config } = await route(user, randomName('outage'));
    const worker = user.run(config);
    const expected: Buffer[] = [];
    const moods: readonly Mood[] = ['up', 'down', 'failing', 'hung'];
    for (const [i, mood] of moods.entries()) {
      const schemaId = await register(`${input}-value`, version(i + 1));
      const bodies = Array.from({ length: 50 }, (_, n) => eventOf(i + 1, n));
      gateway.mood = mood;
      await send(
        input,
        bodies.map((body) => prefixed(schemaId, body)),
      );
      expected.push(...bodies);
      if (mood !== 'up') {
        const before = gateway.met[mood];
        await eventually(`the registry asked while ${mood}`, 15_000, () =>
          Promise.resolve(gateway.met[mood] >= before + 2 ? undefined : `${gateway.met[mood]} times`),
        );
        expect(await stampedOf(output)).toHaveLength(expected.length - bodies.length); // held, not skipped
        gateway.mood = 'up';
      }
      await town.operator.caughtUp(groupId, [input], { withinMs: 20_000 });
    }
    await send(input, [prefixed(2_000_000_000, Buffer.of(2)), Buffer.of(9, 0, 0, 0, 1, 2), Buffer.of(0, 0)]);
    await town.operator.caughtUp(groupId, [input], { withinMs: 20_000 });

    const stamped = await stampedOf(output);
    expect(stamped.map(({ body }) => body.toString('hex'))).toEqual(
      expected.map((body) => body.toString('hex')),
    );
    expect(new Set(stamped.map(({ id }) => id)).size).toBe(expected.length);
    expect(new Set(stamped.map(({ schemaId }) => schemaId)).size).toBe(moods.length);
    expect(await codesOf(dead)).toEqual([
      'SCHEMA_UNKNOWN',
      expect.stringMatching(/^VALUE_/),
      expect.stringMatching(/^VALUE_/),
    ]);
    expect(await worker.end('SIGTERM')).toBe(0);
    const verified = await user.snowstamp('verify', '-c', config);
    expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining('verdict: proven') });
    expect(gateway.met.refused).toBe(0);
  }, 120_000);
});

describe('schemas register, and workers that may not', () => {
  it('registers the shipped folder once; check agrees; registerMode deny stamps what is there, buries what is not', async () => {
    await using user = await User.open();
    const { input, output, dead, groupId, config } = await route(user, randomName('deny'), {
      registerMode: 'deny',
    });
    const first = await user.snowstamp('schemas', 'register', SCHEMAS, '-c', config);
    expect(first).toMatchObject({ code: 0 });
    const again = await user.snowstamp('schemas', 'register', SCHEMAS, '--json', '-c', config);
    const { versions } = JSON.parse(again.stdout) as { versions: { outcome: string }[] };
    expect(versions.length).toBeGreaterThan(10);
    expect(versions.filter(({ outcome }) => outcome !== 'there')).toEqual([]);
    expect(await user.snowstamp('schemas', 'check', SCHEMAS, '-c', config)).toMatchObject({ code: 0 });

    const known = await register(`${input}-value`, version(1));
    const derived = version(1) as { fields: object[] };
    await register(`${output}-value`, {
      ...derived,
      fields: [{ name: 'snowflake_id', type: 'long' }, ...derived.fields],
    });
    const unknown = await register(`${input}-value`, version(2));
    await send(input, [prefixed(known, eventOf(1, 1)), prefixed(unknown, eventOf(2, 2))]);
    const worker = user.run(config);
    await town.operator.caughtUp(groupId, [input], { withinMs: 20_000 });
    expect((await stampedOf(output)).map(({ body }) => body)).toEqual([eventOf(1, 1)]);
    expect(await codesOf(dead)).toEqual(['SCHEMA_NOT_REGISTERED']);
    expect(await worker.end('SIGTERM')).toBe(0);
  }, 120_000);
});
