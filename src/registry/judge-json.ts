import { isDeepStrictEqual } from 'node:util';
import { Ajv, type AnySchema, type ValidateFunction } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import {
  differs,
  eventIn,
  PROVEN,
  unreadable,
  whyOf,
  type Judge,
  type JudgedSchemas,
  type Verdict,
} from './verdict.ts';

/** Formats and unknown words are the producer's business; a schema is not judged by the taste of one validator. */
const LENIENT = { strict: false, validateFormats: false, validateSchema: false, logger: false } as const;

/** An ajv of the schema's dialect; a new one each time, or a second version with the same `$id` would be refused. */
function ajvFor(schema: AnySchema): Ajv | Ajv2019 | Ajv2020 {
  const dialect = typeof schema === 'object' ? String((schema as { $schema?: unknown }).$schema) : '';
  if (dialect.includes('2020-12')) return new Ajv2020(LENIENT);
  return dialect.includes('2019-09') ? new Ajv2019(LENIENT) : new Ajv(LENIENT);
}

/** For the client library, which compiles before it registers, in its own strict way unless it is given this. */
export function lenientAjv(): {
  addSchema: Ajv['addSchema'];
  compile: (schema: AnySchema) => ValidateFunction;
} {
  const others: [AnySchema, string | undefined][] = [];
  const self = {
    addSchema: (schema: AnySchema | AnySchema[], key?: string): Ajv => {
      if (!Array.isArray(schema)) others.push([schema, key]);
      return self as unknown as Ajv;
    },
    compile: (schema: AnySchema): ValidateFunction => {
      const ajv = ajvFor(schema);
      for (const [other, key] of others) ajv.addSchema(other, key);
      return ajv.compile(schema);
    },
  };
  return self;
}

/** @throws Error what ajv has against a schema */
export function jsonValidatorOf(text: string, referenced: JudgedSchemas['referenced']): ValidateFunction {
  const schema = JSON.parse(text) as AnySchema;
  const ajv = ajvFor(schema);
  for (const one of referenced) {
    const other = JSON.parse(one.text) as AnySchema;
    ajv.addSchema(other, one.name);
  }
  return ajv.compile(schema);
}

/** Parses both and lets ajv say whether they are valid: the stamped event must be, exactly when the original is. */
export function jsonJudge({ original, stamped, referenced, placement }: JudgedSchemas): Judge {
  const plain = jsonValidatorOf(original, referenced);
  const with_ = jsonValidatorOf(stamped, referenced);
  const { field, shape } = placement;
  return (originalBytes, stampedBytes, id) => {
    let before: unknown;
    let valid: boolean;
    try {
      before = textOf(originalBytes);
      valid = plain(before);
    } catch (error) {
      return unreadable(error);
    }
    try {
      const read = textOf(stampedBytes) as Record<string, unknown>;
      if (read[field] !== id.toString()) return differs(`${field} is ${JSON.stringify(read[field])}`);
      const inside = eventIn(read, shape);
      if (!isDeepStrictEqual(without(inside, field, shape), without(before, field, shape)))
        return differs('another member changed');
      return verdictOf(valid, with_(read));
    } catch (error) {
      return differs(whyOf(error));
    }
  };
}

/** An event that is not valid by its own schema is not asked to become so. */
function verdictOf(before: boolean, after: boolean): Verdict {
  if (before && !after) return differs('valid by its schema, and not by the derived one');
  return before ? PROVEN : { at: 'no-evidence' };
}

/** A member of that name in the original is the ID of an earlier stamp. */
function without(event: unknown, field: string, shape: JudgedSchemas['placement']['shape']): unknown {
  if (shape === 'envelope' || typeof event !== 'object' || event === null) return event;
  return Object.fromEntries(Object.entries(event).filter(([name]) => name !== field));
}

/** A byte order mark is no part of the text. */
const textOf = (bytes: Uint8Array): unknown =>
  JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
