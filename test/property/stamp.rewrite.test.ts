import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { headerPolicy } from '../../src/stamp/header.ts';
import type { Existing } from '../../src/stamp/result.ts';
import { PRODUCER, rewrite } from '../unit/records/drive.ts';
import {
  canonical,
  concat,
  decodeBatch,
  encodeBatch,
  text,
  type PlainRecord,
} from '../unit/records/plain-codec.ts';

const ID = 'snowflake_id';
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 12 }),
  fc.uint8Array({ minLength: 60, maxLength: 70 }),
  fc.uint8Array({ minLength: 185, maxLength: 260 }),
);
const nullable = fc.option(bytes, { nil: null });
const name = fc.oneof(
  { weight: 1, arbitrary: fc.constant(text(ID)) },
  { weight: 4, arbitrary: fc.uint8Array({ maxLength: 14 }) },
);
const headers = fc.array(fc.record({ name, value: nullable }), { maxLength: 5, size: 'max' });
const many = fc
  .integer({ min: 60, max: 66 })
  .map((count) => Array.from({ length: count }, () => ({ name: text('h'), value: null })));
const timestamp = fc.oneof(
  fc.bigInt({ min: 1_760_000_000_000n, max: 1_760_000_100_000n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(-1n, 0n, 2n ** 53n - 1n, 2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)),
);
const record: fc.Arbitrary<PlainRecord> = fc.record({
  timestamp,
  key: nullable,
  value: nullable,
  headers: fc.oneof(headers, many),
});
const records = fc.array(record, { minLength: 1, maxLength: 12 });

const isStamp = (header: { name: Uint8Array }): boolean => Buffer.compare(header.name, text(ID)) === 0;
const stampWith = (one: PlainRecord, id: bigint): PlainRecord => ({
  ...one,
  headers: [...one.headers.filter((header) => !isStamp(header)), { name: text(ID), value: text(String(id)) }],
});

/** What the whole room should do, said in a few lines: the IDs go to the records that get one, in order. */
function expectedOf(all: readonly PlainRecord[], existing: Existing, firstId: bigint): PlainRecord[] {
  let id = firstId;
  return all.flatMap((one) => {
    if (existing === 'replace' || !one.headers.some(isStamp)) return [stampWith(one, id++)];
    return existing === 'keep' ? [one] : [];
  });
}

describe('stamping (P4)', () => {
  it('decode(rewrite(encode(records))) = records + stamp; the batch is byte for byte what the plain encoder makes of them', () => {
    fc.assert(
      fc.property(
        records,
        fc.bigInt({ min: 0n, max: 2n ** 63n - 2_000n }),
        fc.boolean(),
        (all, firstId, watch) => {
          const { batches, malformed } = rewrite(encodeBatch({ records: all }), headerPolicy(ID, 'replace'), {
            firstId,
            watch,
          });
          const expected = expectedOf(all, 'replace', firstId);
          const whole = encodeBatch({ ...PRODUCER, leaderEpoch: -1, transactional: true, records: expected });
          expect(malformed).toBeNull();
          expect(batches).toHaveLength(1);
          expect(Buffer.compare(batches[0]!, whole)).toBe(0);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('the same over several input batches, small output batches and every policy', () => {
    const policy = fc.constantFrom<Existing>('replace', 'keep', 'reject');
    fc.assert(
      fc.property(
        fc.array(records, { minLength: 1, maxLength: 3 }),
        policy,
        fc.integer({ min: 1_500, max: 4_000 }),
        (sets, existing, capacityBytes) => {
          let baseOffset = 0;
          const answer = concat(
            ...sets.map((set) => {
              const encoded = encodeBatch({ baseOffset, records: set });
              baseOffset += set.length;
              return encoded;
            }),
          );
          const { batches } = rewrite(answer, headerPolicy(ID, existing), { firstId: 7n, capacityBytes });
          const out = batches.flatMap((batch) => {
            expect(batch.length).toBeLessThanOrEqual(capacityBytes);
            const decoded = decodeBatch(batch);
            expect(decoded.crcMatches).toBe(true);
            return decoded.records.map(canonical);
          });
          expect(out).toEqual(expectedOf(sets.flat(), existing, 7n).map(canonical));
        },
      ),
      { numRuns: 100 },
    );
  });
});
