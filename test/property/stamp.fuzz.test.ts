import { describe, expect, it } from '@jest/globals';
import { FORMATS, type Format } from '../support/splice/inputs.ts';
import { fuzzSplice } from '../support/splice/fuzz.ts';
import { judgeRefusal, judgeStamped } from '../support/splice/judges.ts';

/** `npm run fuzz:splice` does a million of each. */
const COUNT = 4_000;
const SEED = Date.now() % 2 ** 31;

const WAYS = FORMATS.flatMap((format) =>
  (['none', 'confluent'] as const).flatMap((wire) =>
    (format === 'json' ? (['flat', 'envelope'] as const) : (['flat'] as const)).map((shape) => ({
      ...{ format, wire, shape },
    })),
  ),
);

describe('random, damaged and truncated payloads through the splice', () => {
  it.each(WAYS)('$format $shape, prefix $wire: refused with a code, or the original and its ID', (way) => {
    const { ends, wrong } = fuzzSplice({ ...way, count: COUNT, seed: SEED });
    expect({ seed: SEED, wrong }).toEqual({ seed: SEED, wrong: [] });
    expect([...ends.values()].reduce((sum, n) => sum + n)).toBe(COUNT);
    expect(ends.get('stamped')).toBeGreaterThan(COUNT / 5);
    for (const end of ends.keys()) expect(end).toMatch(/^(stamped|schema-wanted|VALUE_[A-Z_]+)$/);
  });
});

describe('the judges, with planted faults', () => {
  const bytes = (latin1: string): Uint8Array => new Uint8Array(Buffer.from(latin1, 'latin1'));
  const id = 5n;
  const judged = (format: Format, original: string, stamped: string, shape: 'flat' | 'envelope' = 'flat') =>
    judgeStamped({ format, shape, original: bytes(original), stamped: bytes(stamped), id });

  it.each([
    ['avro', '\x01', '\x0a\x01', undefined],
    ['avro', '\x01', '\x0c\x01', /not the ID/],
    ['avro', '\x01', '\x0a\x02', /not the ID/],
    ['json', '{"a":1}', '{"snowflake_id":"5","a":1}', undefined],
    ['json', '{"a":1}', '{"snowflake_id":"6","a":1}', /another ID/],
    ['json', '{"a":1}', '{"snowflake_id":5,"a":1}', /another ID/],
    ['json', '{"a":1}', '{"snowflake_id":"5","a":2}', /another member/],
    ['json', '{"a":1}', '{"snowflake_id":"5","a":1.0}', /not the original/],
    ['json', '{}', '{"snowflake_id":"5",}', /no JSON/],
    ['json', '{"a":}', '{"snowflake_id":"5","a":1}', /is JSON/],
    ['protobuf', '\x08\x01', '\x08\x01\xf9\x7f\x05\0\0\0\0\0\0\0', undefined],
    ['protobuf', '\x08\x01', '\x08\x01\xf9\x7f\x06\0\0\0\0\0\0\0', /not the original/],
    ['protobuf', '\x0a\x05', '\x0a\x05\xf9\x7f\x05\0\0\0\0\0\0\0', /broken/],
    ['protobuf', '\x0b', '\x0b\xf9\x7f\x05\0\0\0\0\0\0\0', /group/],
  ] as const)('%s %j as %j', (format, original, stamped, fault) => {
    const verdict = judged(format, original, stamped);
    if (fault === undefined) expect(verdict).toBeUndefined();
    else expect(verdict).toMatch(fault);
  });

  it('an envelope broken out of is seen', () => {
    expect(judged('json', '1}', '{"snowflake_id":"5","event":1}}', 'envelope')).toBeUndefined();
    expect(judged('json', '1,"b":2', '{"snowflake_id":"5","event":1,"b":2}', 'envelope')).toMatch(/closes/);
    expect(judged('json', '1', '{"snowflake_id":"5","event":2}', 'envelope')).toMatch(/not the original/);
  });

  it('a refusal without reason is seen', () => {
    expect(judgeRefusal('json', 'flat', bytes('{}'), 'VALUE_NOT_JSON')).toMatch(/finds an object/);
    expect(judgeRefusal('json', 'flat', bytes('[]'), 'VALUE_NOT_AN_OBJECT')).toBeUndefined();
    expect(judgeRefusal('protobuf', 'flat', bytes('\x08\x01'), 'VALUE_TRUNCATED')).toMatch(/whole/);
    expect(judgeRefusal('protobuf', 'flat', bytes('\x08'), 'VALUE_TRUNCATED')).toBeUndefined();
  });
});
