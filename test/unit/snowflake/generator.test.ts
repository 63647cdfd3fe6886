import { describe, expect, it } from '@jest/globals';
import { Generator } from '../../../src/snowflake/generator.ts';
import { DEFAULT_LAYOUT } from '../../../src/snowflake/layout.ts';
import {
  at,
  duplicates,
  FULL,
  idsOf,
  incarnation,
  permit,
  permitted,
  refusalOf,
  runsOf,
  shape,
  T0,
} from './fixture.ts';

describe('reserve', () => {
  it('gives what is asked for in one run of the present millisecond', () => {
    const generator = permitted();
    expect(generator.reserve(3, at(0))).toEqual({
      ok: true,
      runs: [{ timestampMs: T0, firstSequence: 0, count: 3 }],
      count: 3,
      waitMs: 0,
    });
    expect(shape(generator.reserve(2, at(0.9)))).toEqual([[0, 3, 2]]);
  });

  it('begins the sequence at 0 with each new millisecond', () => {
    const generator = permitted();
    generator.reserve(3, at(0));
    expect(shape(generator.reserve(1, at(1)))).toEqual([[1, 0, 1]]);
  });

  it('runs ahead by the lead and no further, and tells how long the rest takes', () => {
    const generator = permitted();
    const reservation = generator.reserve(32_000, at(0));
    expect(shape(reservation)).toEqual([0, 1, 2, 3, 4, 5].map((ms) => [ms, 0, FULL]));
    expect(reservation).toMatchObject({ count: 6 * FULL, waitMs: 2 });
  });

  it('gives all of a large request to a caller who waits as told (all-or-nothing would never give it)', () => {
    const generator = permitted();
    let [missing, now, calls] = [32_000, 0, 0];
    while (missing > 0 && calls < 10) {
      const reservation = generator.reserve(missing, at(now));
      if (!reservation.ok) throw new Error(reservation.refused);
      missing -= reservation.count;
      now += reservation.waitMs;
      calls += 1;
    }
    expect([missing, calls]).toEqual([0, 2]);
  });

  it('takes no more than one run for each millisecond of lead, whatever is asked for (P6)', () => {
    const reservation = permitted().reserve(Number.MAX_SAFE_INTEGER, at(0));
    expect(runsOf(reservation)).toHaveLength(6);
    expect(reservation).toMatchObject({ waitMs: 4 });
  });

  it('with no lead at all gives each millisecond when it has come', () => {
    const generator = permitted({ maxLeadMs: 0 });
    expect(generator.reserve(FULL + 1, at(0))).toMatchObject({ count: FULL, waitMs: 1 });
    expect(shape(generator.reserve(1, at(1)))).toEqual([[1, 0, 1]]);
  });

  it('snaps to the wall clock after a pause: unused milliseconds are not made up for', () => {
    const generator = permitted();
    generator.reserve(30_000, at(0));
    expect(shape(generator.reserve(1, at(3_600_000)))).toEqual([[3_600_000, 0, 1]]);
  });

  it.each([0, -1, Number.NaN])('gives nothing for %p, without waiting', (wanted) => {
    expect(permitted().reserve(wanted, at(0))).toEqual({ ok: true, runs: [], count: 0, waitMs: 0 });
  });

  it('starts at the floor, and waits when the floor lies beyond the lead (P1)', () => {
    const generator = new Generator(DEFAULT_LAYOUT, incarnation({ floorMs: T0 + 2_000 }));
    generator.accept(permit());
    expect(generator.reserve(5, at(0))).toEqual({ ok: true, runs: [], count: 0, waitMs: 1_995 });
    expect(shape(generator.reserve(5, at(1_995)))).toEqual([[2_000, 0, 5]]);
  });

  it('control: without the floor, the next owner of the node with a slower clock repeats IDs', () => {
    const before = runsOf(permitted().reserve(10, at(50)));
    const owner = (floorMs: number): bigint[] => {
      const next = new Generator(DEFAULT_LAYOUT, incarnation({ floorMs, nonce: 'next' }));
      next.accept(permit({ incarnation: incarnation({ nonce: 'next' }) }));
      return idsOf(runsOf(next.reserve(10, at(50))));
    };
    expect(duplicates([...idsOf(before), ...owner(0)])).toBe(10);
    expect(duplicates([...idsOf(before), ...owner(T0 + 51)])).toBe(0);
  });

  it('never reaches below the epoch, though the clock stands there', () => {
    const early = { ...DEFAULT_LAYOUT, epochMs: T0 + 100 };
    const generator = new Generator(early, incarnation());
    generator.accept(permit());
    expect(generator.reserve(1, at(0))).toMatchObject({ count: 0, waitMs: 95 });
    expect(shape(generator.reserve(1, at(100)))).toEqual([[100, 0, 1]]);
  });

  it('halts when the timestamp field is full, to the last millisecond', () => {
    const small = {
      timestampBits: 31,
      datacenterBits: 10,
      workerBits: 10,
      sequenceBits: 12,
      epochMs: T0 - 2 ** 31 + 1,
    };
    const generator = new Generator(small, incarnation());
    generator.accept(permit());
    expect(shape(generator.reserve(FULL + 1, at(0)))).toEqual([[0, 0, FULL]]);
    expect(refusalOf(generator.reserve(1, at(0)))).toBe('timestamp-full');
    expect(refusalOf(generator.reserve(1, at(60_000)))).toBe('timestamp-full');
  });
});

describe('steps back', () => {
  it('absorbs up to 5 ms: goes on in the pinned millisecond, without waiting (P1)', () => {
    const generator = permitted();
    generator.reserve(10, at(0));
    expect(shape(generator.reserve(10, at(-5, 1)))).toEqual([[0, 10, 10]]);
    expect(generator.facts).toMatchObject({ rollbacksAbsorbed: 1, rollbacksHeld: 0 });
  });

  it('pins to the highest time seen, not only to the last ID: an ID never precedes an answer given', () => {
    const generator = permitted();
    expect(generator.nextTimestampMs(at(0))).toBe(T0);
    expect(shape(generator.reserve(1, at(-3, 0)))).toEqual([[0, 0, 1]]);
  });

  it('holds up to 500 ms: gives nothing and says how long, and goes on when the clock is back', () => {
    const generator = permitted();
    generator.reserve(10, at(0));
    expect(generator.reserve(1, at(-300, 0))).toEqual({ ok: true, runs: [], count: 0, waitMs: 295 });
    expect(shape(generator.reserve(1, at(-5, 295)))).toEqual([[0, 10, 1]]);
    expect(generator.facts).toMatchObject({ rollbacksAbsorbed: 0, rollbacksHeld: 1, rollbacksFailed: 0 });
  });

  it('fails fast beyond 500 ms, until the clock is back', () => {
    const generator = permitted();
    generator.reserve(10, at(0));
    expect(refusalOf(generator.reserve(1, at(-501, 0)))).toBe('clock-back');
    expect(refusalOf(generator.reserve(1, at(-1, 500)))).toBe('clock-back');
    expect(shape(generator.reserve(1, at(0, 501)))).toEqual([[0, 10, 1]]);
  });

  it('fails when held for more than two seconds', () => {
    const generator = permitted();
    generator.reserve(10, at(0));
    expect(generator.reserve(1, at(-400, 0))).toMatchObject({ ok: true, count: 0 });
    expect(refusalOf(generator.reserve(1, at(-400, 2_001)))).toBe('clock-back');
  });

  it('is not ended by a new permit: the clock itself has to come back', () => {
    const generator = permitted();
    generator.reserve(10, at(0));
    generator.reserve(1, at(-10_000, 0));
    generator.accept(permit({ untilMs: T0 + 2e9 }));
    expect(refusalOf(generator.reserve(1, at(-9_990, 10)))).toBe('clock-back');
  });
});

describe('steps ahead', () => {
  it('suspends beyond 500 ms, and mints nothing of the new time', () => {
    const generator = permitted();
    generator.reserve(1, at(0));
    expect(refusalOf(generator.reserve(1, at(501, 0)))).toBe('clock-forward');
    expect(generator.lastTimestampMs).toBe(T0);
    expect(generator.nextTimestampMs(at(501, 0))).toBe(T0);
  });

  it('ends by confirmClock', () => {
    const generator = permitted();
    generator.reserve(1, at(0));
    generator.reserve(1, at(501, 0));
    generator.confirmClock();
    expect(shape(generator.reserve(1, at(502, 1)))).toEqual([[502, 0, 1]]);
  });

  it('ends by a permit with a risen window, not by one that grants nothing new', () => {
    const generator = permitted();
    generator.reserve(1, at(0));
    generator.reserve(1, at(501, 0));
    expect(generator.accept(permit({ deadlineMonotonicMs: 2e9 }))).toBe(true);
    expect(refusalOf(generator.reserve(1, at(502, 1)))).toBe('clock-forward');
    expect(generator.accept(permit({ untilMs: T0 + 2e9, deadlineMonotonicMs: 2e9 }))).toBe(true);
    expect(refusalOf(generator.reserve(1, at(503, 2)))).toBeUndefined();
  });

  it('is noticed by calls that are refused for other reasons, so the permit that cures them confirms the clock', () => {
    const generator = new Generator(DEFAULT_LAYOUT, incarnation());
    generator.reserve(1, at(0));
    expect(refusalOf(generator.reserve(1, at(60_000, 1)))).toBe('no-permit');
    generator.accept(permit());
    expect(shape(generator.reserve(1, at(60_001, 2)))).toEqual([[60_001, 0, 1]]);
  });

  it('goes on through a step the window covers and the rules allow', () => {
    const generator = permitted();
    generator.reserve(1, at(0));
    expect(shape(generator.reserve(1, at(300, 0)))).toEqual([[300, 0, 1]]);
    expect(generator.facts).toMatchObject({ forwardSteps: 1, forwardSuspensions: 0 });
  });
});

describe('what it tells', () => {
  it('counts IDs, waits and refusals by reason', () => {
    const generator = new Generator(DEFAULT_LAYOUT, incarnation());
    generator.reserve(1, at(0));
    generator.accept(permit());
    generator.reserve(100_000, at(0));
    generator.stop();
    generator.reserve(1, at(0));
    const { idsReserved, waits, refusals } = generator.facts;
    expect({ idsReserved, waits }).toEqual({ idsReserved: 6 * FULL, waits: 1 });
    expect(refusals).toMatchObject({ 'no-permit': 1, stopped: 1, window: 0 });
  });

  it('shows sequence use near 1 at full load, falling when idle (P6)', () => {
    const generator = permitted();
    for (let ms = 0; ms < 5_000; ms += 4) generator.reserve(4 * FULL, at(ms));
    expect(generator.sequenceUse(at(5_000))).toBeGreaterThan(0.98);
    expect(generator.sequenceUse(at(6_000))).toBeLessThan(0.4);
  });

  it('answers the next millisecond once the present one is spent (rule 9)', () => {
    const generator = permitted();
    generator.reserve(FULL - 1, at(0));
    expect(generator.nextTimestampMs(at(0))).toBe(T0);
    generator.reserve(1, at(0));
    expect(generator.nextTimestampMs(at(0))).toBe(T0 + 1);
    expect(generator.nextTimestampMs(at(40))).toBe(T0 + 40);
  });
});
