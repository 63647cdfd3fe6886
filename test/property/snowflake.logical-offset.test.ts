import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ClockJudge, DEFAULT_CLOCK_RULES } from '../../src/snowflake/clock-rules.ts';
import type { Instant } from '../../src/snowflake/clock-rules.ts';
import type { Generator } from '../../src/snowflake/generator.ts';
import { LogicalOffset } from '../../src/snowflake/logical-offset.ts';
import { at, FULL, permitted, runsOf, shape, T0 } from '../unit/snowflake/fixture.ts';

const CARRY_MS = 1_000;
const carrying = (): Generator => permitted({ carryBackMs: CARRY_MS });

interface Minted {
  readonly ids: number;
  readonly longestPauseMs: number;
  readonly highestLeadMs: number;
}

/** `perMs` IDs wanted in each millisecond of a span, what was not given being asked for again; the wall clock is `backMs` behind. */
function mint(generator: Generator, perMs: number, backMs: number, [fromMs, toMs]: [number, number]): Minted {
  let ids = 0;
  let owed = 0;
  let gaveMs = fromMs;
  let longestPauseMs = 0;
  let highestLeadMs = -Infinity;
  for (let ms = fromMs + 1; ms <= toMs; ms += 1) {
    owed += perMs;
    const now = at(ms - backMs, ms);
    const runs = runsOf(generator.reserve(owed, now));
    const count = runs.reduce((sum, run) => sum + run.count, 0);
    ids += count;
    owed -= count;
    if (count === 0) continue;
    longestPauseMs = Math.max(longestPauseMs, ms - gaveMs);
    highestLeadMs = Math.max(highestLeadMs, runs.at(-1)!.timestampMs - now.wallMs);
    gaveMs = ms;
  }
  return { ids, longestPauseMs: Math.max(longestPauseMs, toMs - gaveMs), highestLeadMs };
}

describe('clock.mode logicalOffset: a step back is carried', () => {
  it.each([
    ['a busy worker', 1_000],
    ['a worker at eight tenths of all it can mint', 0.8 * FULL],
  ])('%s mints on through 300 ms back without a pause; control: by default it pauses', (_, perMs) => {
    const generator = carrying();
    mint(generator, perMs, 0, [0, 100]);
    const carried = mint(generator, perMs, 300, [100, 1_100]);
    expect(carried.longestPauseMs).toBeLessThanOrEqual(2);
    expect(carried.highestLeadMs).toBeLessThanOrEqual(CARRY_MS);

    const waiting = permitted();
    mint(waiting, perMs, 0, [0, 100]);
    expect(mint(waiting, perMs, 300, [100, 1_100]).longestPauseMs).toBeGreaterThan(150);
  });

  it('even a full node gives nine tenths of its IDs all the while, and is back in step after ten times the step', () => {
    const generator = carrying();
    mint(generator, FULL, 0, [0, 100]);
    const { ids, longestPauseMs } = mint(generator, FULL, 300, [100, 3_200]);
    expect(ids).toBeGreaterThan(0.88 * FULL * 3_100);
    expect(longestPauseMs).toBeLessThanOrEqual(3);
    runsOf(generator.reserve(50 * FULL, at(3_201 - 300, 3_201)));
    expect(generator.facts.leadMs).toBeLessThanOrEqual(5);
  });

  it('counts it in a class of its own, without time held, and does not fail however long it lasts', () => {
    const judge = new ClockJudge({ ...DEFAULT_CLOCK_RULES, carryBackMs: CARRY_MS });
    judge.observe(at(0));
    expect(judge.observe(at(-700, 1))).toBe('trusted');
    expect(judge.observe(at(-700, 60_000))).toBe('trusted');
    judge.observe(at(1, 60_701));
    expect(judge.facts).toMatchObject({
      rollbacksCarried: 1,
      rollbacksHeld: 0,
      rollbacksFailed: 0,
      heldMs: 0,
    });
  });

  it('what is larger than may be carried, but is held, is held; larger still fails', () => {
    const judge = new ClockJudge({ ...DEFAULT_CLOCK_RULES, carryBackMs: 100 });
    judge.observe(at(0));
    expect(judge.observe(at(-100, 1))).toBe('trusted');
    expect(judge.observe(at(-101, 2))).toBe('trusted');
    expect(judge.observe(at(-501, 3))).toBe('clock-back');
    expect(judge.facts).toMatchObject({ rollbacksCarried: 1, rollbacksHeld: 1, rollbacksFailed: 1 });
  });

  it('after a failure the old logical clock is not taken up again', () => {
    const generator = carrying();
    runsOf(generator.reserve(1, at(0)));
    expect(generator.reserve(1, at(-10_000, 1))).toMatchObject({ ok: false, refused: 'clock-back' });
    const [run] = shape(generator.reserve(50 * FULL, at(0, 10_001))).slice(-1);
    expect(run?.[0]).toBeLessThanOrEqual(5);
  });
});

describe('the logical clock, whatever the clocks do', () => {
  const steps = fc.array(
    fc.record({
      passedMs: fc.double({ min: 0, max: 3_000, noNaN: true }),
      gainedMs: fc.double({ min: -2_000, max: 2_000, noNaN: true }),
    }),
    { minLength: 1, maxLength: 50 },
  );
  const follow = (clock: LogicalOffset, moves: { passedMs: number; gainedMs: number }[]) => {
    let now: Instant = { wallMs: T0, monotonicMs: 0 };
    return moves.map(({ passedMs, gainedMs }) => {
      now = { wallMs: now.wallMs + passedMs + gainedMs, monotonicMs: now.monotonicMs + passedMs };
      return { now, readMs: clock.read(now) };
    });
  };

  it('is between the wall clock and `maxAheadMs` above it', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 1_000 }), (moves, maxAheadMs) => {
        for (const { now, readMs } of follow(new LogicalOffset(maxAheadMs), moves)) {
          expect(readMs).toBeGreaterThanOrEqual(now.wallMs);
          expect(readMs).toBeLessThanOrEqual(now.wallMs + maxAheadMs);
        }
      }),
    );
  });

  it('is the wall clock while that goes on at the monotonic pace, and always where nothing is carried', () => {
    fc.assert(
      fc.property(steps, (moves) => {
        const steady = moves.map((move) => ({ ...move, gainedMs: 0 }));
        for (const { now, readMs } of follow(new LogicalOffset(1_000), steady))
          expect(readMs).toBe(now.wallMs);
        for (const { now, readMs } of follow(new LogicalOffset(0), moves)) expect(readMs).toBe(now.wallMs);
      }),
    );
  });
});
