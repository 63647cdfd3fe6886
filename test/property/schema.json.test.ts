import { describe, expect, it } from '@jest/globals';
import type { ValidateFunction } from 'ajv';
import type { Placement } from '../../src/stamp/schema/derived.ts';
import { deriveJsonSchema } from '../../src/stamp/schema/json-schema.ts';
import { jsonValidator } from '../support/schemas/json-validator.ts';
import { Random } from '../support/schemas/random.ts';
import { randomJsonEvent, randomJsonSchema } from '../support/schemas/random-json.ts';

const FIELD = 'snowflake_id';
const flat: Placement = { shape: 'flat', field: FIELD, nullable: false, fieldNumber: 2047 };
const SCHEMAS = 350;
const EVENTS = 12;

interface Case {
  readonly seed: number;
  readonly text: string;
  readonly valid: ValidateFunction;
  readonly events: readonly object[];
  readonly id: string;
}

/** A schema of each seed, with events to try it on. */
function* cases(): Generator<Case> {
  for (let seed = 1; seed <= SCHEMAS; seed++) {
    const random = new Random(seed);
    const text = randomJsonSchema(random);
    const events = Array.from({ length: EVENTS }, () => randomJsonEvent(random));
    const valid = jsonValidator(text);
    if (judges(valid, events)) yield { text, seed, valid, events, id: String(random.id()) };
  }
}

/** ajv 8.20 stumbles over unevaluatedProperties beside a reference now and then: no verdict. */
function verdict(validate: ValidateFunction, value: unknown): boolean | undefined {
  try {
    return validate(value);
  } catch {
    return undefined;
  }
}

const judges = (valid: ValidateFunction, events: readonly object[]): boolean =>
  events.every((event) => verdict(valid, event) !== undefined);

/** How the events' verdicts differ between the schema and one made for the stamped events. */
function differences({ valid, events, id }: Case, after: ValidateFunction): number {
  return events.filter((event) => {
    const stamped = verdict(after, { [FIELD]: id, ...event });
    return stamped !== undefined && stamped !== valid(event);
  }).length;
}

/** The way that suggests itself: describe and require the member at the root. */
function naive(text: string): string {
  const schema = JSON.parse(text) as { properties?: object; required?: string[] };
  return JSON.stringify({
    ...schema,
    properties: { [FIELD]: { type: 'string' }, ...schema.properties },
    required: [FIELD, ...(schema.required ?? [])],
  });
}

describe('a derived JSON Schema, judged by ajv', () => {
  it('flat: a stamped event is valid exactly when the event was', () => {
    let derivable = 0;
    let verdicts = 0;
    let valids = 0;
    let wrongNaively = 0;
    for (const one of cases()) {
      const { text, seed, valid, events } = one;
      const derived = deriveJsonSchema(text, flat);
      wrongNaively += differences(one, jsonValidator(naive(text)));
      if (derived.kind === 'refused') continue;
      derivable++;
      verdicts += events.length;
      valids += events.filter((event) => valid(event)).length;
      expect({
        seed,
        text,
        wrong: differences(one, jsonValidator(derived.text)),
      }).toMatchObject({ wrong: 0 });
    }
    // What was tried is worth something, and (control) the naive way fails on it.
    expect(derivable).toBeGreaterThan(SCHEMAS / 4);
    expect(valids).toBeGreaterThan(verdicts / 10);
    expect(wrongNaively).toBeGreaterThan(100);
  });

  it('flat: an event without an ID, with a number or with digits that are no ID is not valid', () => {
    let tried = 0;
    for (const { text, valid, events } of cases()) {
      const derived = deriveJsonSchema(text, flat);
      const event = events.find((candidate) => valid(candidate));
      if (derived.kind === 'refused' || event === undefined) continue;
      const after = jsonValidator(derived.text);
      for (const wrong of [undefined, 7, '', '-1', '007', '12345678901234567890', '1x']) {
        expect(after({ ...event, ...(wrong === undefined ? {} : { [FIELD]: wrong }) })).toBe(false);
      }
      tried++;
    }
    expect(tried).toBeGreaterThan(30);
  });

  it('envelope: the same for every schema and every value', () => {
    for (const { text, seed, valid, events, id } of cases()) {
      const derived = deriveJsonSchema(text, { ...flat, shape: 'envelope' });
      if (derived.kind === 'refused') throw new Error(`seed ${seed}: ${derived.code} ${derived.message}`);
      const after = jsonValidator(derived.text);
      const wrong = [...events, 1, [], null].filter(
        (event) => valid(event) !== (verdict(after, { [FIELD]: id, event }) ?? valid(event)),
      );
      expect({ seed, text, wrong }).toMatchObject({ wrong: [] });
    }
  });
});
