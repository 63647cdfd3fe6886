import { afterAll, beforeAll } from '@jest/globals';
import { provideRegistry } from '../../../deploy/local/backends.ts';
import { readTopic } from '../../support/topics-reader.ts';
import { randomName } from '../../support/topics.ts';
import type { User } from '../cli/program.ts';
import { Town } from '../cli/town.ts';
import { Gateway } from './gateway.ts';

/** Kafka, etcd and a schema registry for the tests of one file, closed after the last. */
export function withRegistry(): {
  readonly town: Town;
  readonly registry: string;
  readonly gateway: Gateway;
} {
  const stack = new AsyncDisposableStack();
  const held: { town?: Town; registry?: string; gateway?: Gateway } = {};
  beforeAll(async () => {
    const [town, { url }] = await Promise.all([
      Town.open().then((opened) => stack.use(opened)),
      provideRegistry().then((provided) => stack.use(provided)),
    ]);
    Object.assign(held, { town, registry: url, gateway: stack.use(await Gateway.before(url)) });
  }, 180_000);
  afterAll(() => stack.disposeAsync());
  return {
    get town() {
      return held.town!;
    },
    get registry() {
      return held.registry!;
    },
    get gateway() {
      return held.gateway!;
    },
  };
}

/** Registers a schema as a producer does, past any gateway; its ID. */
export async function register(
  registry: string,
  subject: string,
  schema: string,
  schemaType = 'AVRO',
  references: readonly { readonly name: string; readonly subject: string; readonly version: number }[] = [],
): Promise<number> {
  const answer = await fetch(`${registry}/subjects/${subject}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schema, schemaType, references }),
  });
  const said = await answer.text();
  const { id } = JSON.parse(said) as { id?: number };
  if (id === undefined) throw new Error(`${subject}: ${answer.status} ${said}`);
  return id;
}

/** A value in Confluent's wire format. */
export function prefixed(schemaId: number, body: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeInt32BE(schemaId, 1);
  return Buffer.concat([prefix, body]);
}

/** Stamped Avro values in the order of one partition: whose schema, the ID, and the bytes behind it. */
export async function avroOf(
  town: Town,
  topic: string,
  partition = 0,
): Promise<{ schemaId: number; id: bigint; body: Buffer }[]> {
  const records = (await readTopic(town.bootstrap, topic))[partition] ?? [];
  return records.map(({ value }) => stampedAvro(Buffer.from(value!)));
}

/** Bytes that end within the ID have none: `id` is then what was read of it. */
export function stampedAvro(bytes: Buffer): { schemaId: number; id: bigint; body: Buffer } {
  let [at, id, shift] = [5, 0n, 0n];
  for (; at < bytes.length; at++, shift += 7n) {
    id |= BigInt(bytes[at]! & 127) << shift;
    if (bytes[at]! < 128) break;
  }
  return { schemaId: bytes.readInt32BE(1), id: id >> 1n, body: bytes.subarray(at + 1) };
}

export interface Route {
  readonly input: string;
  readonly output: string;
  readonly dead: string;
  readonly groupId: string;
  readonly config: string;
}

/** Topics, domain and configuration of one route with dead letters. */
export async function routeFor(
  town: Town,
  user: User,
  input: string,
  parts: {
    readonly stamp: object;
    readonly registry: object;
    readonly partitions?: number;
    /** More settings of the route, such as `onError`. */
    readonly more?: object;
  },
): Promise<Route> {
  const { stamp, registry, partitions = 1, more = {} } = parts;
  const [output, dead] = [`${input}-stamped`, `${input}-dead`];
  const names = { prefix: `/${randomName('registry')}`, groupId: randomName('group'), input, output };
  await town.operator.create(...[input, output, dead].map((topic) => ({ topic, partitions })));
  const config = await user.file(`${input}.yaml`, {
    ...town.config(names),
    registry,
    routes: [{ name: 'events', input, output, deadLetter: dead, stamp, ...more }],
  });
  const { code, stdout } = await user.snowstamp('init', '-c', config);
  if (code !== 0) throw new Error(stdout);
  return { input, output, dead, groupId: names.groupId, config };
}

/** Why each dead letter is one, in order. */
export const codesOf = async (town: Town, topic: string): Promise<string[]> =>
  (await readTopic(town.bootstrap, topic))
    .flat()
    .map(({ headers }) =>
      String(headers.find(({ name }) => String(name) === 'snowstamp.error.code')?.value ?? ''),
    );
