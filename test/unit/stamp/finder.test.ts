import { describe, expect, it } from '@jest/globals';
import { Finder } from '../../../src/stamp/finder.ts';
import { Random } from '../../support/schemas/random.ts';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));

describe('Finder', () => {
  it.each([
    ['{"snowflake_id":1}', '"snowflake_id"', true],
    ['{"snowflake_ids":1}', '"snowflake_id"', false],
    ['{"a_snowflake_id":1}', '"snowflake_id"', false],
    ['"snowflake_i', '"snowflake_id"', false],
    ['flake_id" "flake_id" "snowflake_id"', '"snowflake_id"', true],
    ['"id"', '"id"', true],
    ['a\\u00e9', '\\u00', true],
    ['', '"id"', false],
  ])('in %j: %j: %s', (text, needle, found) => {
    const section = bytes(text);
    expect(new Finder(bytes(needle)).isWithin(section, 0, section.length)).toBe(found);
  });

  it('answers of each record of a section in turn what Buffer.indexOf answers, parts of the needle strewn about', () => {
    const seed = Date.now() % 2 ** 31;
    const random = new Random(seed);
    for (let round = 0; round < 2_000; round++) {
      const needle = random.pick([
        '"snowflake_id"',
        '"event_id"',
        '"id"',
        '"wwwwwwwwww"',
        '\\u00',
        '"0123456789"',
      ]);
      const parts = [needle, needle.slice(1), needle.slice(0, -1), needle.slice(3), 'x', '"', '{"a":1}', 'w'];
      const records = random.many(12, () => random.many(4, () => random.pick(parts)).join(''));
      const section = bytes(records.join(''));
      const finder = new Finder(bytes(needle));
      let start = 0;
      for (const { length } of records) {
        const hit = Buffer.from(section).indexOf(needle, start, 'latin1');
        const answer = finder.isWithin(section, start, start + length);
        expect({ seed, round, answer }).toEqual({ seed, round, answer: hit >= 0 && hit < start + length });
        start += length;
      }
    }
  });
});
