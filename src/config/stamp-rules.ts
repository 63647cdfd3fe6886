import type { Mistake } from './mistake.ts';
import { rule, when } from './rule.ts';
import type { Config } from './schema.ts';

type Route = Config['routes'][number];
type Stamp = Route['stamp'];
type Format = NonNullable<Stamp['format']>;

/** Keys of a value stamp, by the formats that have them. */
const VALUE_KEYS = {
  format: ['json', 'avro', 'protobuf'],
  wire: ['json', 'avro', 'protobuf'],
  shape: ['json', 'avro'],
  field: ['json', 'avro', 'protobuf'],
  fieldNumber: ['protobuf'],
  nullable: ['avro'],
} as const satisfies Partial<Record<keyof Stamp, readonly Format[]>>;

/** What a field may be called, in the words of each format's specification; JSON has no rule but that a name be spelt one way. */
const NAMES: Readonly<Record<Format, RegExp>> = {
  avro: /^[A-Za-z_][A-Za-z0-9_]*$/,
  protobuf: /^[A-Za-z][A-Za-z0-9_]*$/,
  json: /^[A-Za-z_][A-Za-z0-9_.-]*$/,
};

/** Beside the ID in an envelope stands the event, under this name. */
const EVENT = 'event';

export const stampRules = rule(['routes'], ({ routes }) =>
  routes.flatMap((route, i) => {
    const at = `routes[${i}].stamp`;
    return [
      ...when(
        route.onError === 'header' && route.stamp.in === 'header',
        `routes[${i}].onError`,
        'header helps where the value cannot be stamped, and this route stamps the header',
        'use deadLetter or stop',
      ),
      ...(route.stamp.in === 'header' ? headerMistakes(route.stamp, at) : valueMistakes(route.stamp, at)),
    ];
  }),
);

const headerMistakes = (stamp: Stamp, at: string): Mistake[] =>
  Object.keys(VALUE_KEYS).flatMap((key) =>
    when(
      stamp[key as keyof Stamp] !== undefined,
      `${at}.${key}`,
      'says something about a stamp in the value',
      'write in: value, or drop it',
    ),
  );

function valueMistakes(stamp: Stamp, at: string): Mistake[] {
  const { format } = stamp;
  if (format === undefined)
    return when(true, `${at}.format`, 'is missing, and is never guessed', 'use json, avro or protobuf');
  const foreign = Object.entries(VALUE_KEYS).flatMap(([key, formats]: [string, readonly Format[]]) =>
    when(
      stamp[key as keyof Stamp] !== undefined && !formats.includes(format),
      `${at}.${key}`,
      `means nothing for ${format}`,
      'drop it',
    ),
  );
  return [...foreign, ...fieldMistakes(stamp, format, at)];
}

function fieldMistakes(
  { field, fieldNumber, shape, nullable }: Stamp,
  format: Format,
  at: string,
): Mistake[] {
  return [
    ...when(
      field !== undefined && !NAMES[format].test(field),
      `${at}.field`,
      `is no name for a field of ${format}`,
      'use letters, digits and _, a letter first',
    ),
    ...when(
      shape === 'envelope' && field === EVENT,
      `${at}.field`,
      `${EVENT} is what the event itself is called in an envelope`,
      'use another name',
    ),
    ...when(
      fieldNumber !== undefined && fieldNumber >= 19_000 && fieldNumber <= 19_999,
      `${at}.fieldNumber`,
      `${fieldNumber ?? ''} lies in 19,000 … 19,999, which Protobuf keeps for itself`,
      'use another number',
    ),
    ...when(
      shape === 'envelope' && nullable === true,
      `${at}.nullable`,
      'an envelope has a subject of its own: no unstamped event can be in it',
      'drop it',
    ),
  ];
}
