import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { assign, type Assignment } from '../../../src/kafka/membership/assignor.ts';
import type { AssignableMember } from '../../../src/kafka/membership/claims.ts';
import { keyOf, type TopicPartition } from '../../../src/kafka/membership/partition.ts';

const TOPICS = ['a', 'b', 'c', 'd'];

type Counts = ReadonlyMap<string, readonly number[]>;

const counts: fc.Arbitrary<Counts> = fc
  .tuple(...TOPICS.map(() => fc.integer({ min: 0, max: 9 })))
  .map(
    (sizes) => new Map(TOPICS.map((topic, i) => [topic, Array.from({ length: sizes[i] ?? 0 }, (_, p) => p)])),
  );

const topicSet = fc.subarray(TOPICS);
const claims = fc.array(
  fc.record({ topic: fc.constantFrom(...TOPICS), partition: fc.integer({ min: 0, max: 10 }) }),
  { maxLength: 12 },
);

function membersOf(
  topics: fc.Arbitrary<readonly string[]>,
  claimed = claims,
): fc.Arbitrary<AssignableMember[]> {
  const member = fc.record({ topics, claims: claimed, generation: fc.integer({ min: -1, max: 2 }) });
  return fc
    .array(member, { minLength: 1, maxLength: 6 })
    .map((list) => list.map((m, i) => ({ memberId: `m${i}`, ...m })));
}

const anyMembers = membersOf(topicSet);
const equalMembers = topicSet.chain((topics) => membersOf(fc.constant(topics)));

/** Balance is about what exists; an owned partition missing from lagging metadata stays where it is, outside of it. */
const loadOf = (result: Assignment, id: string, partitions: Counts) =>
  ofMember(result, id).filter((tp) => partitions.get(tp.topic)?.includes(tp.partition) === true);

const ofMember = (result: Assignment, id: string): readonly TopicPartition[] => result.assigned.get(id) ?? [];

/** What the group looks like once everybody gave up what it was not assigned. */
function settled(
  members: readonly AssignableMember[],
  result: Assignment,
  generation: number,
): AssignableMember[] {
  return members.map((m) => ({ ...m, claims: ofMember(result, m.memberId), generation }));
}

function untilQuiet(members: readonly AssignableMember[], partitions: Counts) {
  let group = [...members];
  for (let round = 1; round <= 10; round += 1) {
    const result = assign(group, partitions);
    group = settled(group, result, 2 + round);
    if (result.withheld.length === 0) return { rounds: round, result, group };
  }
  throw new Error('still withholding after 10 rounds');
}

describe('cooperative-sticky assignor', () => {
  it('assigns a partition at most once, and exactly once unless withheld or without a subscriber (A1)', () => {
    fc.assert(
      fc.property(anyMembers, counts, (members, partitions) => {
        const result = assign(members, partitions);
        const given = [...result.assigned.values(), result.withheld].flat().map(keyOf);
        expect(new Set(given).size).toBe(given.length);
        for (const [topic, numbers] of partitions) {
          const wanted = members.some((m) => m.topics.includes(topic));
          for (const partition of numbers) {
            expect(given.includes(keyOf({ topic, partition }))).toBe(wanted);
          }
        }
      }),
    );
  });

  it('gives a claimed partition only to the one claimant of the highest generation, else to nobody (A2, pitfall 8)', () => {
    fc.assert(
      fc.property(anyMembers, counts, (members, partitions) => {
        const highest = Math.max(...members.map((m) => m.generation));
        const result = assign(members, partitions);
        for (const { memberId } of members) {
          for (const tp of ofMember(result, memberId)) {
            const claimants = members.filter((m) => m.claims.some((c) => keyOf(c) === keyOf(tp)));
            if (claimants.length === 0) continue;
            const believed = claimants.filter((m) => m.generation === highest).map((m) => m.memberId);
            expect(believed).toEqual([memberId]);
          }
        }
      }),
    );
  });

  it('assigns only topics the member subscribes to', () => {
    fc.assert(
      fc.property(anyMembers, counts, (members, partitions) => {
        const result = assign(members, partitions);
        for (const m of members) {
          expect(ofMember(result, m.memberId).every((tp) => m.topics.includes(tp.topic))).toBe(true);
        }
      }),
    );
  });

  it('ends every transfer within three rounds: disputes, then moves, then quiet (A5)', () => {
    fc.assert(
      fc.property(anyMembers, counts, (members, partitions) => {
        expect(untilQuiet(members, partitions).rounds).toBeLessThanOrEqual(3);
      }),
      { numRuns: 500 },
    );
  });

  it('is balanced within one when all subscribe alike (A3)', () => {
    fc.assert(
      fc.property(equalMembers, counts, (members, partitions) => {
        const { result, group } = untilQuiet(members, partitions);
        const loads = group.map((m) => loadOf(result, m.memberId, partitions).length);
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('leaves no chain of moves that would level the loads when subscriptions differ (A3)', () => {
    fc.assert(
      fc.property(anyMembers, counts, (members, partitions) => {
        const { result, group } = untilQuiet(members, partitions);
        for (const start of group)
          expect(isLevel(start, group, (id) => loadOf(result, id, partitions))).toBe(true);
      }),
    );
  });

  it('moves nothing when nothing changed, and keeps a balanced group as it is (A4)', () => {
    fc.assert(
      fc.property(anyMembers, counts, (members, partitions) => {
        const { result, group } = untilQuiet(members, partitions);
        const again = assign(group, partitions);
        expect(again).toEqual({ assigned: result.assigned, withheld: [] });
      }),
    );
  });

  it('moves no more than balance needs when a member joins (A4)', () => {
    fc.assert(
      fc.property(equalMembers, counts, (members, partitions) => {
        const { group, result } = untilQuiet(members, partitions);
        const joiner = { memberId: 'new', topics: group[0]?.topics ?? [], claims: [], generation: -1 };
        const next = assign([...group, joiner], partitions);
        const total = [...result.assigned.values()].flat().length;
        expect(next.withheld.length).toBeLessThanOrEqual(Math.floor(total / (group.length + 1)));
        for (const m of group) {
          const kept = ofMember(next, m.memberId).map(keyOf);
          expect(m.claims.map(keyOf)).toEqual(expect.arrayContaining(kept));
        }
      }),
    );
  });

  it('leaves an owned partition with its owner while the metadata do not show it', () => {
    const owner = { memberId: 'x', topics: ['a'], claims: [{ topic: 'a', partition: 7 }], generation: 4 };
    const other = { memberId: 'y', topics: ['a'], claims: [], generation: 4 };
    const result = assign([owner, other], new Map());
    expect(result).toEqual({
      assigned: new Map([
        ['x', owner.claims],
        ['y', []],
      ]),
      withheld: [],
    });
  });

  it('does not depend on the order in which members are named', () => {
    fc.assert(
      fc.property(anyMembers, counts, (members, partitions) => {
        const forward = assign(members, partitions);
        const backward = assign([...members].reverse(), partitions);
        for (const m of members)
          expect(ofMember(backward, m.memberId)).toEqual(ofMember(forward, m.memberId));
      }),
    );
  });
});

/** True when no member reachable by giving partitions along has two fewer than `start`: an independent reading of A3. */
function isLevel(
  start: AssignableMember,
  group: readonly AssignableMember[],
  held: (id: string) => readonly TopicPartition[],
): boolean {
  const seen = new Set([start.memberId]);
  const queue = [start];
  for (const from of queue) {
    const topics = new Set(held(from.memberId).map((tp) => tp.topic));
    for (const to of group) {
      if (seen.has(to.memberId) || !to.topics.some((topic) => topics.has(topic))) continue;
      if (held(to.memberId).length <= held(start.memberId).length - 2) return false;
      seen.add(to.memberId);
      queue.push(to);
    }
  }
  return true;
}
