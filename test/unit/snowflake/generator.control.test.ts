import { describe, expect, it } from '@jest/globals';
import type { Instant } from '../../../src/clock.ts';
import { Generator } from '../../../src/snowflake/generator.ts';
import type { IdRun } from '../../../src/snowflake/generator.ts';
import { DEFAULT_LAYOUT } from '../../../src/snowflake/layout.ts';
import type { Permit } from '../../../src/snowflake/permit.ts';
import { at, duplicates, FULL, idsOf, incarnation, permit, permitted, runsOf, T0 } from './fixture.ts';

/** The ID generator everybody writes first: it believes the wall clock. Each switch takes one guard out. */
class NaiveGenerator {
  permit: Permit | undefined;
  readonly #wraps: boolean;
  #lastMs = 0;
  #sequence = 0;

  constructor(options: { wraps: boolean }) {
    this.#wraps = options.wraps;
  }

  reserve(count: number, now: Instant): IdRun[] {
    const runs: IdRun[] = [];
    for (let i = 0; i < count; i += 1) {
      if (now.wallMs !== this.#lastMs) this.#sequence = 0;
      this.#lastMs = now.wallMs;
      const firstSequence = this.#wraps ? this.#sequence % FULL : this.#sequence;
      if (this.permit === undefined || now.wallMs < this.permit.untilMs) {
        runs.push({ timestampMs: now.wallMs, firstSequence, count: 1 });
      }
      this.#sequence += 1;
    }
    return runs;
  }

  nextTimestampMs(now: Instant): number {
    return now.wallMs;
  }
}

/** IDs of the real generator for the same calls, waiting as told. */
function real(calls: readonly [count: number, now: Instant][]): bigint[] {
  const generator = permitted();
  return calls.flatMap(([count, now]) => idsOf(runsOf(generator.reserve(count, now))));
}

function naive(calls: readonly [count: number, now: Instant][]): bigint[] {
  const generator = new NaiveGenerator({ wraps: true });
  return calls.flatMap(([count, now]) => idsOf(generator.reserve(count, now)));
}

describe('the accident without the guard (P1, P2)', () => {
  it('a step back of 3 ms: the naive generator repeats IDs, the pinned one does not', () => {
    const calls: [number, Instant][] = [
      [10, at(0)],
      [10, at(3)],
      [10, at(0, 4)],
    ];
    expect(duplicates(naive(calls))).toBe(10);
    expect(duplicates(real(calls))).toBe(0);
    expect(real(calls)).toHaveLength(30);
  });

  it('more than 4096 in a millisecond: the naive sequence wraps, the other carries into the lead', () => {
    const calls: [number, Instant][] = [[FULL + 100, at(0)]];
    expect(duplicates(naive(calls))).toBe(100);
    expect(duplicates(real(calls))).toBe(0);
  });

  it('a sequence that neither wraps nor stops counts into the node bits and gives a neighbour’s IDs', () => {
    const generator = new NaiveGenerator({ wraps: false });
    const spilt = generator.reserve(FULL + 1, at(0)).slice(-1);
    // Node 37, sequence 4096 is the very number of node 38, sequence 0.
    const [{ timestampMs }] = spilt as [IdRun];
    const sum = (BigInt(timestampMs - DEFAULT_LAYOUT.epochMs) << 22n) + (37n << 12n) + 4_096n;
    expect(idsOf([{ timestampMs: T0, firstSequence: 0, count: 1 }], 38)).toEqual([sum]);
    expect(real([[FULL + 1, at(0)]])).not.toContain(sum);
  });

  it('a zombie that takes the permit of the next owner gives its IDs', () => {
    const next = incarnation({ createRevision: '900', nonce: 'next', floorMs: T0 + 100 });
    const nextPermit = permit({ incarnation: next, untilMs: T0 + 200 });
    const owner = new Generator(DEFAULT_LAYOUT, next);
    owner.accept(nextPermit);
    const ofOwner = idsOf(runsOf(owner.reserve(20, at(150))));

    const naiveZombie = new NaiveGenerator({ wraps: true });
    naiveZombie.permit = permit({ untilMs: T0 + 100 });
    expect(naiveZombie.reserve(20, at(149))).toEqual([]);
    naiveZombie.permit = nextPermit;
    expect(duplicates([...ofOwner, ...idsOf(naiveZombie.reserve(20, at(150)))])).toBe(20);

    const zombie = permitted({}, { untilMs: T0 + 100 });
    zombie.accept(nextPermit);
    expect(zombie.reserve(20, at(150))).toEqual({ ok: false, refused: 'window' });
  });

  it('a partition’s floor compared with the bare wall clock: a step back right after lets an ID below it (rule 9)', () => {
    const floorMs = T0 + 9;
    const generator = new NaiveGenerator({ wraps: true });
    expect(generator.nextTimestampMs(at(10))).toBeGreaterThan(floorMs);
    expect(generator.reserve(1, at(8, 11))[0]?.timestampMs).toBeLessThan(floorMs);

    const pinned = permitted();
    expect(pinned.nextTimestampMs(at(10))).toBeGreaterThan(floorMs);
    expect(runsOf(pinned.reserve(1, at(8, 11)))[0]?.timestampMs).toBeGreaterThan(floorMs);
  });

  it('all or nothing: a request larger than the lead holds is never met, in parts it is', () => {
    const generator = permitted();
    const allOrNothing = (count: number, now: Instant): boolean => {
      const room = (now.wallMs + 5 - generator.nextTimestampMs(now) + 1) * FULL;
      return room >= count;
    };
    const tries = Array.from({ length: 1_000 }, (_, ms) => allOrNothing(32_000, at(ms)));
    expect(tries).not.toContain(true);
    const inParts = [at(1_000), at(1_002)].map((now, i) => generator.reserve(i === 0 ? 32_000 : 7_424, now));
    expect(inParts).toMatchObject([
      { count: 6 * FULL, waitMs: 2 },
      { count: 7_424, waitMs: 0 },
    ]);
  });

  it('a lead without bound: what a busy process took of the future is repeated by the next one, seconds later', () => {
    const ahead = (maxLeadMs: number, restartMs: number): number => {
      const busy = permitted({ maxLeadMs });
      const taken = idsOf(runsOf(busy.reserve(50 * FULL, at(0))));
      return duplicates([...taken, ...idsOf(runsOf(permitted().reserve(FULL, at(restartMs))))]);
    };
    expect(ahead(Infinity, 20)).toBe(FULL);
    expect(ahead(5, 20)).toBe(0);
  });
});
