import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { apiVersions } from '../../src/kafka/wire/api-versions.ts';
import { Reader } from '../../src/kafka/wire/reader.ts';
import { WireError } from '../../src/kafka/wire/wire-error.ts';
import { Writer } from '../../src/kafka/wire/writer.ts';
import { Cursor, get, put, values } from '../unit/wire/schema.ts';
import type { Type } from '../unit/wire/schema.ts';
import { CONSTANTS, schemas } from '../unit/wire/schemas.ts';

const cases = schemas.map((schema) => ({ ...schema, name: schema.message.name }));
const decoders = [...cases.map((schema) => schema.message), apiVersions];

/** The fields a caller gives, with those the room fills in put beside them, at every depth. */
function complete(type: Type, value: unknown): unknown {
  if (typeof type === 'string' || value === null) return value;
  if ('array' in type) return (value as unknown[]).map((item) => complete(type.array, item));
  const given = { ...(value as Record<string, unknown>), ...CONSTANTS } as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(type.fields).map(([name, field]) => [name, complete(field, given[name])]),
  );
}

/** Unknown tagged fields for one struct after the other; none once they are used up. */
function noiseOf(source: readonly (readonly Uint8Array[])[]) {
  let next = 0;
  return () => (source[next++] ?? []).map((content) => Buffer.from(content));
}

const noises = fc.array(fc.array(fc.uint8Array({ maxLength: 5 }), { maxLength: 2 }), { maxLength: 20 });

describe('messages, round trips through a second codec made from the schemas', () => {
  it.each(cases)('$name: any request reads as it was asked', ({ message, request }) => {
    fc.assert(
      fc.property(values(request), (value) => {
        const writer = new Writer();
        message.encode(writer, value);
        const cursor = new Cursor(writer.toBytes());
        expect(get(request, cursor)).toEqual(complete(request, value));
        expect(cursor.left).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it.each(cases)(
    '$name: any answer is read whole, whatever unknown tags it carries (KIP-482)',
    ({ message, answer }) => {
      fc.assert(
        fc.property(values(answer), noises, (value, noise) => {
          const reader = new Reader(put(answer, value, noiseOf(noise)));
          expect(message.decode(reader)).toEqual(value);
          expect(reader.remaining).toBe(0);
        }),
        { numRuns: 60 },
      );
    },
  );

  it.each(cases)('$name: an answer cut anywhere is refused', ({ message, answer }) => {
    fc.assert(
      fc.property(values(answer), noises, fc.nat(), (value, noise, cut) => {
        const whole = put(answer, value, noiseOf(noise));
        expect(() => message.decode(new Reader(whole.subarray(0, cut % whole.length)))).toThrow(WireError);
      }),
      { numRuns: 60 },
    );
  });
});

describe('hostile answers', () => {
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    // Mostly small numbers, now and then the largest: counts and lengths that get past the first field.
    fc
      .array(fc.constantFrom(0, 0, 0, 1, 2, 3, 0x7f, 0x80, 0xff), { maxLength: 200 })
      .map((list) => Uint8Array.from(list)),
  );

  it.each(decoders)('$name: any bytes give an answer or WireError, nothing else', (message) => {
    fc.assert(
      fc.property(hostile, (bytes) => {
        try {
          expect(message.decode(new Reader(bytes))).toBeDefined();
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each(cases)(
    '$name: one byte changed in a good answer gives an answer or WireError',
    ({ message, answer }) => {
      fc.assert(
        fc.property(values(answer), fc.nat(), fc.nat(255), (value, at, byte) => {
          const bytes = put(answer, value, () => []);
          bytes[at % bytes.length] = byte;
          try {
            expect(message.decode(new Reader(bytes))).toBeDefined();
          } catch (error) {
            expect(error).toBeInstanceOf(WireError);
          }
        }),
        { numRuns: 60 },
      );
    },
  );
});
