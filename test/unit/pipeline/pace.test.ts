import { describe, expect, it } from '@jest/globals';
import { newDraft, partOf, type Part } from '../../../src/pipeline/draft.ts';
import { Pace } from '../../../src/pipeline/pace.ts';
import { Partition } from '../../../src/pipeline/partition.ts';
import { route } from '../../support/settings.ts';

const ROUTE = route({ name: 'r', input: 'in', output: 'out' });
const partitions = (count: number): Partition[] =>
  Array.from(
    { length: count },
    (_, partition) => new Partition({ topic: 'in', partition, alive: true }, ROUTE, () => undefined),
  );
const partsOf = (list: readonly Partition[]): Part[] => {
  const draft = newDraft();
  return list.map((partition) => partOf(draft, partition));
};

describe('pace (rule 5)', () => {
  it('the budget halves after each doubt down to the least, and doubles back up to the most', () => {
    const pace = new Pace(2 ** 20);
    const seen: number[] = [];
    for (let i = 0; i < 6; i++) {
      pace.doubted([]);
      seen.push(pace.budgetBytes);
    }
    expect(seen).toEqual([2 ** 19, 2 ** 18, 2 ** 17, 2 ** 16, 2 ** 16, 2 ** 16]);
    for (let i = 0; i < 6; i++) pace.wentWell();
    expect(pace.budgetBytes).toBe(2 ** 20);
  });

  it('each partition comes first in its turn', () => {
    const pace = new Pace(1);
    const all = partitions(3);
    expect([0, 1, 2, 3].map(() => pace.choose(all)[0]!.token.partition)).toEqual([0, 1, 2, 0]);
    expect(pace.choose([])).toEqual([]);
  });

  it('a partition that never answers is alone after log2(n) doubts; the others flow meanwhile', () => {
    const all = partitions(16);
    const bad = all[5]!;
    const pace = new Pace(2 ** 20);
    let doubts = 0;
    const flowed = new Set<Partition>();
    for (let i = 0; i < 100; i++) {
      const chosen = pace.choose(all);
      if (!chosen.includes(bad)) {
        for (const partition of chosen) {
          partition.suspect = false; // as `committed` does
          flowed.add(partition);
        }
        continue;
      }
      doubts++;
      if (chosen.length === 1) break;
      pace.doubted(partsOf(chosen));
    }
    const rest = all.filter((partition) => partition !== bad); // it is sidelined now
    for (let i = 0; i < 32; i++) {
      for (const partition of pace.choose(rest)) {
        partition.suspect = false;
        flowed.add(partition);
      }
    }
    expect(doubts).toBeLessThanOrEqual(5);
    expect(flowed.size).toBe(15);
  });
});
