import type { Random } from './random.ts';

type Json = boolean | { [keyword: string]: unknown };

const NAMES = ['a', 'b', 'c', 'd1', 'd2', 'k"e\\y'];
const DIALECTS = [
  undefined,
  'http://json-schema.org/draft-07/schema#',
  'https://json-schema.org/draft/2019-09/schema',
  'https://json-schema.org/draft/2020-12/schema',
];

/** A JSON Schema about an object, with everything that may look at its members; about a third of them cannot be seen through. */
export function randomJsonSchema(random: Random): string {
  const dialect = random.pick(DIALECTS);
  const root = { ...(dialect === undefined ? {} : { $schema: dialect }), ...objectSchema(random, 2, true) };
  const definitions = { Open: { properties: { a: { type: 'integer' } } }, Closed: closed(random) };
  const whole = shuffled(random, { ...root, definitions, ...(random.chance(0.5) ? { type: 'object' } : {}) });
  return JSON.stringify(whole, null, random.pick([0, 1, 2]));
}

/** An object whose members are few and short, so that schemas and objects meet. */
export function randomJsonEvent(random: Random): Record<string, unknown> {
  return Object.fromEntries(NAMES.filter(() => random.chance(0.4)).map((name) => [name, value(random)]));
}

const value = (random: Random): unknown =>
  random.pick<unknown>([1, 'x', true, null, 2.5, { a: 1 }, { a: 'x', b: 1 }, [1], {}, '']);

const closed = (random: Random): Json => ({
  properties: { [random.pick(NAMES)]: true, [random.pick(NAMES)]: true },
  additionalProperties: false,
});

function objectSchema(random: Random, depth: number, root = false): { [keyword: string]: unknown } {
  const schema: { [keyword: string]: unknown } = {};
  const sometimes = (share: number, keyword: string, make: () => unknown): void => {
    if (random.chance(share)) schema[keyword] = make();
  };
  const some = (): string[] => NAMES.filter(() => random.chance(0.3));
  sometimes(0.7, 'properties', () => Object.fromEntries(some().map((name) => [name, member(random, depth)])));
  sometimes(0.3, 'required', () => some().slice(0, 2));
  sometimes(0.3, 'additionalProperties', () => random.pick<unknown>([false, true, { type: 'integer' }]));
  sometimes(0.15, 'unevaluatedProperties', () => random.pick<unknown>([false, true]));
  sometimes(0.15, 'maxProperties', () => random.below(5));
  sometimes(0.15, 'minProperties', () => random.below(3));
  sometimes(0.1, 'patternProperties', () => ({
    [random.pick(['^d', 'zz', '^s', '.', '\\d$'])]: { type: 'integer' },
  }));
  sometimes(0.04, 'propertyNames', () => ({ maxLength: 3 }));
  sometimes(0.04, 'not', () => ({ required: some().slice(0, 1) }));
  sometimes(0.03, 'if', () => closed(random));
  sometimes(0.03, 'enum', () => [{ a: 1 }, { a: 1, b: 1 }]);
  sometimes(0.05, 'dependencies', () => ({ a: random.pick<unknown>([['b'], closed(random)]) }));
  if (!root) sometimes(0.15, '$ref', () => random.pick(['#/definitions/Open', '#/definitions/Closed']));
  if (depth > 0) {
    for (const keyword of ['allOf', 'anyOf', 'oneOf']) {
      sometimes(0.25, keyword, () => [
        branch(random, depth - 1),
        ...random.many(2, () => branch(random, depth - 1)),
      ]);
    }
  }
  return shuffled(random, schema);
}

const branch = (random: Random, depth: number): Json =>
  random.chance(0.1) ? random.chance(0.7) : objectSchema(random, depth);

/** Of a member: another instance, where nothing need change, whatever stands there. */
function member(random: Random, depth: number): Json {
  if (depth === 0 || random.chance(0.6))
    return random.pick<Json>([true, { type: 'integer' }, { type: 'string' }]);
  return random.chance(0.9)
    ? objectSchema(random, depth - 1)
    : { $ref: random.pick(['#', '#/definitions/Closed']) };
}

function shuffled<T extends object>(random: Random, from: T): T {
  const all = Object.entries(from) as [string, unknown][];
  const out: [string, unknown][] = [];
  while (all.length > 0) out.push(...all.splice(random.below(all.length), 1));
  return Object.fromEntries(out) as T;
}
