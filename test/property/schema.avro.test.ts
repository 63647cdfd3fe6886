import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { deriveAvro } from '../../src/stamp/schema/avro.ts';
import type { Placement } from '../../src/stamp/schema/derived.ts';
import { avroType, zigzag } from '../support/schemas/avro-types.ts';
import { Random } from '../support/schemas/random.ts';
import { randomAvro, type RandomAvro } from '../support/schemas/random-avro.ts';

const FIELD = 'snowflake_id';
const placement = (change: Partial<Placement> = {}): Placement => ({
  ...{ shape: 'flat', field: FIELD, nullable: false, fieldNumber: 2047 },
  ...change,
});
const seeds = fc.integer();
const EVENTS = 4;

function derivedText(text: string, how: Placement): string {
  const derived = deriveAvro(text, how);
  if (derived.kind === 'refused') throw new Error(`${derived.code}: ${derived.message}\n${text}`);
  return derived.text;
}

/** Events of the schema with an ID each: value, bytes as a producer writes them. */
function events(schema: RandomAvro, random: Random): { id: bigint; value: unknown; body: Buffer }[] {
  const type = avroType(schema.text);
  return Array.from({ length: EVENTS }, () => {
    const value = schema.value(random);
    return { id: random.id(), value, body: type.toBuffer(value) };
  });
}

describe('a derived Avro schema, judged by avsc', () => {
  it('flat: the ID before the original bytes is an event of it, and the old reader still reads the rest', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const random = new Random(seed);
        const schema = randomAvro(random);
        const old = avroType(schema.text);
        const stamped = avroType(derivedText(schema.text, placement()));
        const oldReader = old.createResolver(stamped);
        // What that reader made of unstamped events: within unions it may promote, whoever wrote them.
        const before = old.createResolver(avroType(schema.text));
        for (const { id, body } of events(schema, random)) {
          const bytes = Buffer.concat([zigzag(id), body]);
          const read = stamped.fromBuffer(bytes) as Record<string, unknown>;
          expect(read[FIELD]).toBe(id);
          expect(stamped.toBuffer(read).equals(bytes)).toBe(true);
          const seen = old.toBuffer(old.fromBuffer(bytes, oldReader));
          expect(seen.equals(old.toBuffer(old.fromBuffer(body, before)))).toBe(true);
        }
      }),
      { numRuns: 800 },
    );
  });

  it('nullable: the same behind the branch index of the union, and unstamped events read as null', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const random = new Random(seed);
        const schema = randomAvro(random);
        const old = avroType(schema.text);
        const stamped = avroType(derivedText(schema.text, placement({ nullable: true })));
        const newReader = stamped.createResolver(old);
        for (const { id, body } of events(schema, random)) {
          const bytes = Buffer.concat([Buffer.from([2]), zigzag(id), body]);
          const read = stamped.fromBuffer(bytes) as Record<string, { long: bigint }>;
          expect(read[FIELD]!.long).toBe(id);
          expect(stamped.toBuffer(read).equals(bytes)).toBe(true);
          const unstamped = stamped.fromBuffer(body, newReader) as Record<string, unknown>;
          expect(unstamped[FIELD]).toBeNull();
        }
      }),
      { numRuns: 300 },
    );
  });

  it('envelope: the same bytes, for every schema there is', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const random = new Random(seed);
        const schema = randomAvro(random, true);
        const stamped = avroType(derivedText(schema.text, placement({ shape: 'envelope' })));
        const old = avroType(schema.text);
        for (const { id, body } of events(schema, random)) {
          const bytes = Buffer.concat([zigzag(id), body]);
          const read = stamped.fromBuffer(bytes) as { event: unknown } & Record<string, unknown>;
          expect(read[FIELD]).toBe(id);
          expect(stamped.toBuffer(read).equals(bytes)).toBe(true);
          expect(old.toBuffer(read.event).equals(body)).toBe(true);
        }
      }),
      { numRuns: 600 },
    );
  });

  it('is the original with one piece of text more, at one place', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { text } = randomAvro(new Random(seed));
        const derived = derivedText(text, placement());
        const piece = `{"name":"${FIELD}","type":"long"}`;
        const at = derived.indexOf(piece + (derived.includes(`${piece},`) ? ',' : ''));
        const added = derived.length - text.length;
        const places = [...derived.matchAll(/\{"name":"snowflake_id","type":"long"\},?/g)].map(
          ({ index }) => index,
        );
        expect(at).toBeGreaterThan(-1);
        expect(places.some((p) => derived.slice(0, p) + derived.slice(p + added) === text)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
