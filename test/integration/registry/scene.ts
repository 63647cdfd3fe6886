import { readTopic } from '../../support/topics-reader.ts';
import { randomName } from '../../support/topics.ts';
import type { User } from '../cli/program.ts';
import type { Town } from '../cli/town.ts';

/** Registers a schema as a producer does, past any gateway; its ID. */
export async function register(
  registry: string,
  subject: string,
  schema: string,
  schemaType = 'AVRO',
): Promise<number> {
  const answer = await fetch(`${registry}/subjects/${subject}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schema, schemaType }),
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
  { stamp, registry }: { readonly stamp: object; readonly registry: object },
): Promise<Route> {
  const [output, dead] = [`${input}-stamped`, `${input}-dead`];
  const names = { prefix: `/${randomName('registry')}`, groupId: randomName('group'), input, output };
  await town.operator.create(...[input, output, dead].map((topic) => ({ topic, partitions: 1 })));
  const config = await user.file(`${input}.yaml`, {
    ...town.config(names),
    registry,
    routes: [{ name: 'events', input, output, deadLetter: dead, stamp }],
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
