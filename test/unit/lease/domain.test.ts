import { describe, expect, it } from '@jest/globals';
import {
  decodeDomain,
  domainDifferences,
  encodeDomain,
  recordDifferences,
} from '../../../src/lease/domain.ts';
import type { DomainRecord } from '../../../src/lease/domain.ts';
import { TIMING_PROFILES, marginMs, timingMistakes, tryMs } from '../../../src/lease/timing.ts';
import { DEFAULT_LAYOUT } from '../../../src/snowflake/layout.ts';
import type { Layout } from '../../../src/snowflake/layout.ts';

const record: DomainRecord = {
  domainId: 'd-1',
  clusterId: 'c-1',
  layout: DEFAULT_LAYOUT,
  slices: [{ datacenter: 0, name: 'eu' }, { datacenter: 1 }],
};

describe('the domain record', () => {
  it('has one text, whatever the order of fields and slices', () => {
    const shuffled: DomainRecord = {
      slices: record.slices.toReversed(),
      layout: Object.fromEntries(Object.entries(DEFAULT_LAYOUT).toReversed()) as unknown as Layout,
      clusterId: 'c-1',
      domainId: 'd-1',
    };
    expect(encodeDomain(shuffled)).toBe(encodeDomain(record));
    expect(decodeDomain(encodeDomain(record))).toEqual({ at: 'read', record });
  });

  it.each([
    ['', /not JSON/],
    ['null', /format/],
    [encodeDomain(record).replace('"format":1', '"format":2'), /format/],
    [encodeDomain(record).replace(',"workerBits":5', ''), /layout/],
    [encodeDomain(record).replace('"d-1"', '7'), /ids/],
    [encodeDomain({ ...record, slices: [] }), /slices/],
    [encodeDomain(record).replace('{', '{ '), /canonical/],
  ])('refuses a record edited by hand: %s', (text, why) => {
    expect(decodeDomain(text)).toEqual({ at: 'unreadable', why: expect.stringMatching(why) });
  });

  it('names every field that differs from what is configured, and none that is left out', () => {
    expect(domainDifferences({}, record)).toEqual([]);
    const pin = {
      domainId: 'd-2',
      clusterId: 'c-2',
      datacenter: 7,
      layout: { epochMs: 0, sequenceBits: 12 },
    };
    expect(domainDifferences(pin, record)).toEqual([
      'domainId: wanted d-2, found d-1',
      'clusterId: wanted c-2, found c-1',
      `layout.epochMs: wanted 0, found ${DEFAULT_LAYOUT.epochMs}`,
      'datacenter: wanted 7, this cluster serves 0, 1',
    ]);
    expect(recordDifferences({ ...record, slices: [{ datacenter: 0 }] }, record)).toEqual([
      'slices: wanted 0, found 0 (eu), 1',
    ]);
  });
});

describe('the times of a lease', () => {
  it.each(Object.entries(TIMING_PROFILES))('profile %s keeps its own rules', (_, timing) => {
    expect(timingMistakes(timing)).toEqual([]);
  });

  it('takes 10 % of the TTL off, no less than half a second, no more than five', () => {
    expect([5, 15, 50, 600].map(marginMs)).toEqual([500, 1_500, 5_000, 5_000]);
    expect([5, 15].map(tryMs)).toEqual([1_000, 2_000]);
  });

  it.each([
    [{ ttlS: 4, windowMs: 3_000, refreshMs: 1_000 }, ['TTL']],
    [{ ttlS: 3_601, windowMs: 3_000, refreshMs: 1_000 }, ['TTL']],
    [{ ttlS: 15, windowMs: 13_501, refreshMs: 3_000 }, ['window']],
    [{ ttlS: 15, windowMs: 10_000, refreshMs: 3_334 }, ['refresh']],
    [{ ttlS: 1, windowMs: 0, refreshMs: Number.NaN }, ['TTL', 'window', 'refresh']],
  ])('names every rule broken by %j', (timing, words) => {
    const mistakes = timingMistakes(timing);
    expect(mistakes).toHaveLength(words.length);
    words.forEach((word, n) => {
      expect(mistakes[n]).toMatch(word);
    });
  });
});
