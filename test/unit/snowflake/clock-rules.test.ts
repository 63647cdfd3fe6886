import { describe, expect, it } from '@jest/globals';
import { ClockJudge, DEFAULT_CLOCK_RULES } from '../../../src/snowflake/clock-rules.ts';
import { at, T0 } from './fixture.ts';

const judge = (): ClockJudge => {
  const clock = new ClockJudge(DEFAULT_CLOCK_RULES);
  clock.observe(at(0));
  return clock;
};

describe('steps back', () => {
  it.each([
    [1, 'trusted', { rollbacksAbsorbed: 1, rollbacksHeld: 0, rollbacksFailed: 0 }],
    [5, 'trusted', { rollbacksAbsorbed: 1, rollbacksHeld: 0, rollbacksFailed: 0 }],
    [6, 'trusted', { rollbacksAbsorbed: 0, rollbacksHeld: 1, rollbacksFailed: 0 }],
    [500, 'trusted', { rollbacksAbsorbed: 0, rollbacksHeld: 1, rollbacksFailed: 0 }],
    [501, 'clock-back', { rollbacksAbsorbed: 0, rollbacksHeld: 0, rollbacksFailed: 1 }],
    [3_600_000, 'clock-back', { rollbacksAbsorbed: 0, rollbacksHeld: 0, rollbacksFailed: 1 }],
  ])('%d ms back is %s, counted once in its class', (backMs, verdict, counted) => {
    const clock = judge();
    expect(clock.observe(at(-backMs, 0))).toBe(verdict);
    clock.observe(at(-backMs, 0));
    expect(clock.facts).toMatchObject(counted);
  });

  it('counts a rollback that deepens in each class it reaches', () => {
    const clock = judge();
    for (const wall of [-3, -30, -3, -3_000]) clock.observe(at(wall, 1));
    expect(clock.facts).toMatchObject({ rollbacksAbsorbed: 1, rollbacksHeld: 1, rollbacksFailed: 1 });
  });

  it('keeps the highest trusted reading through a rollback', () => {
    const clock = judge();
    clock.observe(at(-300, 1));
    expect(clock.highMs).toBe(T0);
    clock.observe(at(7.9, 310));
    expect(clock.highMs).toBe(T0 + 7);
  });

  it('refuses from a failed rollback until the clock is back where it was, then trusts it', () => {
    const clock = judge();
    clock.observe(at(-600, 1));
    expect(clock.observe(at(-300, 301))).toBe('clock-back');
    expect(clock.observe(at(-1, 600))).toBe('clock-back');
    expect(clock.observe(at(0, 601))).toBe('trusted');
    expect(clock.facts.heldMs).toBe(600);
  });

  it('takes a failed rollback that is corrected by a step for no forward step', () => {
    const clock = judge();
    clock.observe(at(-10_000, 1));
    expect(clock.observe(at(50, 50))).toBe('trusted');
    expect(clock.facts).toMatchObject({ forwardSteps: 0, forwardSuspensions: 0 });
  });

  it('fails when the clock does not come back within two seconds, however small the step', () => {
    const clock = judge();
    expect(clock.observe(at(-3, 1))).toBe('trusted');
    expect(clock.observe(at(-3, 2_001))).toBe('trusted');
    expect(clock.observe(at(-3, 2_001.5))).toBe('clock-back');
  });

  it('begins the two seconds anew with each rollback', () => {
    const clock = judge();
    clock.observe(at(-100, 1));
    clock.observe(at(10, 111));
    clock.observe(at(-90, 2_050));
    expect(clock.observe(at(-50, 2_090))).toBe('trusted');
    expect(clock.facts).toMatchObject({ rollbacksHeld: 2, heldMs: 110 });
  });
});

describe('steps ahead', () => {
  it('suspends beyond 500 ms gained on the monotonic clock, and stays so until confirmed', () => {
    const clock = judge();
    expect(clock.observe(at(600, 100))).toBe('trusted');
    expect(clock.observe(at(1_201, 200))).toBe('clock-forward');
    expect(clock.observe(at(1_301, 300))).toBe('clock-forward');
    clock.confirm();
    expect(clock.observe(at(1_401, 400))).toBe('trusted');
    expect(clock.facts).toMatchObject({ forwardSteps: 2, forwardSuspensions: 1 });
  });

  it('is no step when both clocks gain together: the caller was idle', () => {
    const clock = judge();
    expect(clock.observe(at(86_400_000))).toBe('trusted');
    expect(clock.facts.forwardSteps).toBe(0);
  });

  it('counts a step above 50 ms without suspending', () => {
    const clock = judge();
    expect(clock.observe(at(50, 0))).toBe('trusted');
    expect(clock.facts.forwardSteps).toBe(0);
    expect(clock.observe(at(101, 0))).toBe('trusted');
    expect(clock.facts.forwardSteps).toBe(1);
  });

  it('keeps no trace of a distrusted reading: a wrong hour put right costs no rollback', () => {
    const clock = judge();
    clock.observe(at(3_600_000, 1));
    expect(clock.highMs).toBe(T0);
    clock.confirm();
    expect(clock.observe(at(10, 10))).toBe('trusted');
    expect(clock.facts.rollbacksFailed).toBe(0);
  });

  it('suspends again for a step between the last reading and the confirmation', () => {
    const clock = judge();
    clock.observe(at(1_000, 1));
    clock.confirm();
    expect(clock.observe(at(3_000, 2))).toBe('clock-forward');
  });

  it('sees a machine that was suspended: the monotonic clock stood still', () => {
    expect(judge().observe(at(60_000, 5))).toBe('clock-forward');
  });
});
