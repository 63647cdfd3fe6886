import type { Mistake } from './mistake.ts';
import { rule, when } from './rule.ts';
import type { Config } from './schema.ts';

type Route = Config['routes'][number];
type Mapping = NonNullable<Route['mapping']>;

/** Legacy ID to new ID: where it is written, and where it stands. */
export const mappingRules = rule(['routes'], ({ routes }) =>
  routes.flatMap((route, i) => {
    const { mapping } = route;
    if (mapping === undefined) return [];
    const at = `routes[${i}].mapping`;
    return [
      ...topics(mapping, routes, at),
      ...names(mapping, at),
      ...when(
        mapping.missing === 'deadLetter' && route.deadLetter === undefined,
        `${at}.missing`,
        'no dead-letter topic is named',
        'name deadLetter, or use skip or stop',
      ),
      ...(mapping.legacy.from === 'field' ? fields(route, mapping, at) : elsewhere(mapping, at)),
    ];
  }),
);

/** Without a prefix of its own each, two routes of one topic would take each other's legacy IDs for theirs. */
function topics({ topic, prefix }: Mapping, routes: readonly Route[], at: string): Mistake[] {
  const sharers = routes.filter(({ mapping }) => mapping?.topic === topic && mapping.prefix === prefix);
  return [
    ...when(
      routes.some(({ output, deadLetter }) => topic === output || topic === deadLetter),
      `${at}.topic`,
      `${topic} holds events or dead letters`,
      'give mappings their own topic',
    ),
    ...when(
      sharers.length > 1,
      `${at}.prefix`,
      `${sharers.map(({ name }) => name).join(' and ')} write the same keys to ${topic}`,
      'give each route a prefix of its own, or a topic',
    ),
  ];
}

const names = ({ legacy }: Mapping, at: string): Mistake[] =>
  when(
    (legacy.from === 'key') !== (legacy.name === undefined),
    `${at}.legacy.name`,
    legacy.from === 'key'
      ? 'the key has no name'
      : `the ${legacy.from} that holds the legacy ID is not named`,
    legacy.from === 'key' ? 'drop it' : 'name it',
  );

const elsewhere = ({ legacy }: Mapping, at: string): Mistake[] =>
  (['format', 'wire', 'integers'] as const).flatMap((key) =>
    when(
      legacy[key] !== undefined,
      `${at}.legacy.${key}`,
      `says something about a field, and the legacy ID is in the ${legacy.from}`,
      'drop it, or write from: field',
    ),
  );

function fields({ stamp }: Route, { legacy }: Mapping, at: string): Mistake[] {
  const said = stamp.in === 'value';
  const format = said ? stamp.format : legacy.format;
  if (format === undefined)
    return when(!said, `${at}.legacy.format`, 'is missing, and is never guessed', 'use json or protobuf');
  const [number, path] = [Number(legacy.name), `${at}.legacy`];
  return [
    ...(['format', 'wire'] as const).flatMap((key) =>
      when(said && legacy[key] !== undefined, `${path}.${key}`, `stamp.${key} says it already`, 'drop it'),
    ),
    ...when(
      format === 'protobuf' && !(Number.isInteger(number) && number >= 1 && number <= 536_870_911),
      `${path}.name`,
      'a field of Protobuf is named by its number here',
      'use a number from 1 to 536,870,911',
    ),
    ...when(
      format !== 'protobuf' && legacy.integers !== undefined,
      `${path}.integers`,
      `means nothing for ${format}`,
      'drop it',
    ),
    ...avro(said && stamp.wire === 'confluent', format, path),
  ];
}

/** Where a field lies in bare Avro only its schema tells, and the registry is asked for schemas by routes that stamp values. */
const avro = (hasSchemas: boolean, format: string, path: string): Mistake[] =>
  when(
    format === 'avro' && !hasSchemas,
    `${path}.from`,
    'a field of Avro is found by its schema, and this route has none',
    'stamp the value with wire: confluent, or use header or key',
  );
