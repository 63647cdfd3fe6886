import { describe, expect, it } from '@jest/globals';
import type { MappingRule } from '../../../src/audit/mapping-audit.ts';
import type { AuditRoute } from '../../../src/audit/verify.ts';
import { text, type PlainRecord } from '../records/plain-codec.ts';
import { AuditTown, header, HEADER } from './town.ts';

const RULE: MappingRule = {
  ...{ topic: 'map', prefix: '', isDeleted: false, isShared: false, timeOf: undefined },
  legacy: { from: 'key', name: '', integers: 'signed', format: undefined, wire: 'none' },
};

interface Given {
  readonly rule?: Partial<MappingRule>;
  readonly route?: Partial<AuditRoute>;
  /** Legacy IDs of events, which get 11, 12, … */
  readonly events?: readonly (string | null)[];
}

/** Events with their mappings as written: legacy ID and ID, null for a tombstone. */
function town(
  words: readonly (readonly [key: string | null, id: string | null])[],
  given: Given = {},
): AuditTown {
  const { rule = {}, route = {}, events = ['a', 'b', 'c'] } = given;
  const inputs = events.map((key) => ({ key: key === null ? null : text(key), value: text('v') }));
  const last = 10 + events.length;
  const made = new AuditTown({ ...route, mapping: { ...RULE, ...rule } })
    .put('in', ...inputs)
    .put('out', ...inputs.map((input, i) => ({ ...input, headers: [header(HEADER, String(11 + i))] })))
    .committed(events.length, `v1:${last}:${events.length - 1}`);
  const written = words.map(([key, id]): Partial<PlainRecord> => ({
    key: key === null ? null : text(key),
    value: id === null ? null : text(id),
  }));
  return words.length === 0 ? made : made.put('map', ...written);
}

const HONEST = [
  ['a', '11'],
  ['b', '12'],
  ['c', '13'],
] as const;

const verdict = async (words: Parameters<typeof town>[0], given?: Given) => {
  const { verdict: whole, mappings } = await town(words, given).verify();
  return { ...mappings[0]!, verdict: whole };
};

describe('verify on mappings of legacy IDs', () => {
  it('control: every legacy ID has the ID of its event as last word', async () => {
    expect(await verdict(HONEST)).toEqual({
      ...{ verdict: 'proven', topic: 'map', mapped: 3, withoutLegacy: 0 },
      ...{ missing: 0, stale: 0, extra: 0, unproven: 0, firstDifference: undefined },
    });
  });

  it('a route without mapping has none in the report', async () => {
    expect((await new AuditTown().verify()).mappings).toEqual([]);
  });

  it('events without a legacy ID need no mapping; a prefix stands before it', async () => {
    expect(await verdict([['a', '11']], { events: ['a', null, ''] })).toMatchObject({
      ...{ verdict: 'proven', mapped: 1, withoutLegacy: 2 },
    });
    const rule = { prefix: 'old:' };
    expect(await verdict([['old:a', '11']], { rule, events: ['a'] })).toMatchObject({ verdict: 'proven' });
    expect(await verdict([['a', '11']], { rule, events: ['a'] })).toMatchObject({
      verdict: 'failed',
      extra: 1,
    });
  });

  it('a mapping lost', async () => {
    expect(await verdict([HONEST[0], HONEST[2]])).toMatchObject({
      ...{ verdict: 'failed', mapped: 2, missing: 1 },
      firstDifference: 'legacy ID "b": no record of map maps it to 12',
    });
  });

  it('before the first word of a partition the route may have had no mapping: unproven, never passed', async () => {
    expect(await verdict(HONEST.slice(1))).toMatchObject({ verdict: 'unproven', missing: 0, unproven: 1 });
    expect(await verdict([])).toMatchObject({ verdict: 'unproven', mapped: 0, unproven: 3 });
  });

  it('a word of another event, and one of no event', async () => {
    expect(await verdict([...HONEST.slice(0, 2), ['c', '12']])).toMatchObject({
      ...{ verdict: 'failed', mapped: 2, extra: 1 },
      firstDifference: 'map-0 offset 2: maps "c" to 12, which no event with that legacy ID has',
    });
    expect(await verdict([...HONEST, ['x', '99']])).toMatchObject({ verdict: 'failed', mapped: 3, extra: 1 });
  });

  it('what is no mapping: no key, no ID', async () => {
    for (const [word, why] of [
      [[null, '11'], 'it has no key'],
      [['a', '011'], 'its value is no ID'],
      [['a', 'x'], 'its value is no ID'],
      [['a', `${2n ** 63n}`], 'its value is no ID'],
    ] as const)
      expect(await verdict([...HONEST, word])).toMatchObject({
        ...{ verdict: 'failed', mapped: 3, extra: 1 },
        firstDifference: `map-0 offset 3: is no mapping: ${why}`,
      });
  });

  it('what is no mapping: headers, and a time that is not the ID’s; control: the time means nothing where the broker sets it', async () => {
    const more = async (change: Partial<PlainRecord>, rule: Partial<MappingRule>): Promise<unknown> => {
      const record = { key: text('c'), value: text('13'), timestamp: 1_013n, ...change };
      const [a, b] = HONEST.slice(0, 2).map(([key, id]) => ({
        ...{ key: text(key), value: text(id), timestamp: 1_000n + BigInt(id) },
      }));
      const made = town([], { rule }).put('map', a!, b!, record);
      const { verdict: whole, mappings } = await made.verify();
      return [whole, mappings[0]!.firstDifference];
    };
    const timeOf = (id: bigint): bigint => 1_000n + id;
    expect(await more({}, { timeOf })).toEqual(['proven', undefined]);
    expect(await more({ timestamp: 1_014n }, {})).toEqual(['proven', undefined]);
    expect(await more({ timestamp: 1_014n }, { timeOf })).toEqual([
      'failed',
      'map-0 offset 2: maps "c" to 13 at 1014, and the ID is of 1013',
    ]);
    expect(await more({ headers: [header('x', 'y')] }, { timeOf })).toEqual([
      'failed',
      'map-0 offset 2: is no mapping: it has headers: 1',
    ]);
  });

  it('one legacy ID of several events: the last one counts, older words may be gone', async () => {
    const events = ['a', 'b', 'a'];
    for (const words of [
      [
        ['a', '11'],
        ['b', '12'],
        ['a', '13'],
      ],
      [
        ['b', '12'],
        ['a', '13'],
      ],
    ] as const)
      expect(await verdict(words, { events })).toMatchObject({ mapped: 2, stale: 0, extra: 0, missing: 0 });
    expect(
      await verdict(
        [
          ['a', '11'],
          ['b', '12'],
        ],
        { events },
      ),
    ).toMatchObject({
      ...{ verdict: 'failed', mapped: 1, stale: 1 },
      firstDifference: 'legacy ID "a": maps to 11, and its last event has 13',
    });
  });

  it('a mapping that was taken back is unproven', async () => {
    expect(await verdict([...HONEST, ['b', null]])).toMatchObject({
      verdict: 'unproven',
      mapped: 2,
      unproven: 1,
    });
  });

  it('an event whose legacy ID is not read is unproven, and its word no stray; control: another one is', async () => {
    const legacy = { ...RULE.legacy, from: 'field', name: 'id', format: 'avro' } as const;
    const given = { rule: { legacy }, events: ['a'] } as const;
    expect(await verdict([['7', '11']], given)).toMatchObject({ verdict: 'unproven', extra: 0, unproven: 1 });
    expect(await verdict([['7', '12']], given)).toMatchObject({ verdict: 'failed', extra: 1 });
  });
});

describe('what retention, compaction and others make unprovable', () => {
  const strays = [...HONEST, ['x', '5']] as const;

  it('a word whose event may be gone, or another route’s; control: of whole topics it is extra', async () => {
    expect(await verdict(strays)).toMatchObject({ verdict: 'failed', extra: 1 });
    for (const given of [
      { rule: { isShared: true } },
      { route: { inputCompacted: true } },
      { route: { outputCompacted: true } },
    ])
      expect(await verdict(strays, given)).toMatchObject({ verdict: 'unproven', extra: 0, unproven: 1 });
  });

  it('a word that may be gone itself', async () => {
    expect(await verdict([HONEST[0], HONEST[2]], { rule: { isDeleted: true } })).toMatchObject({
      ...{ verdict: 'unproven', missing: 0, unproven: 1 },
    });
  });

  it('a fleet that goes on maps beyond what was looked at; control: one that stands does not', async () => {
    const words = [...HONEST, ['d', '14']] as const;
    expect(await verdict(words)).toMatchObject({ verdict: 'failed', extra: 1 });
    const going = town(words);
    let asked = 0;
    going.world.onAsked = (name) => {
      // The commit is read once before the pairs; then the fleet goes on.
      if (name === 'ListOffsets' && ++asked === 1) {
        const d = { key: text('d'), value: text('v') };
        going
          .put('in', d)
          .put('out', { ...d, headers: [header(HEADER, '14')] })
          .committed(4, 'v1:14:3');
      }
    };
    const report = await going.verify();
    expect(report).toMatchObject({
      verdict: 'proven',
      ids: 4,
      mappings: [{ mapped: 3, extra: 0, unproven: 0 }],
    });
  });
});
