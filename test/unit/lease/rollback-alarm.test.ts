import { describe, expect, it } from '@jest/globals';
import { ClockGuard, DEFAULT_GUARD_RULES } from '../../../src/lease/clock-guard.ts';
import type { LeaseFact } from '../../../src/lease/port.ts';
import { isRollback } from '../../../src/lease/rollback-alarm.ts';

const WALL_MS = 1_700_000_000_000;

/** A guard that looks four times a second; `steps` are [after ms, by ms] of the wall clock. */
function watch(steps: readonly (readonly [number, number])[], forMs: number, rules = DEFAULT_GUARD_RULES) {
  const guard = new ClockGuard(rules, undefined);
  const facts: LeaseFact[] = [];
  const alarms: boolean[] = [];
  let aheadMs = 0;
  const left = [...steps];
  for (let ms = 0; ms <= forMs; ms += 250) {
    while (left[0] !== undefined && left[0][0] <= ms) aheadMs += left.shift()![1];
    const now = { wallMs: Math.floor(WALL_MS + ms + aheadMs), monotonicMs: ms + 0.4 };
    facts.push(...guard.observe(now));
    alarms.push(guard.standing(now).rollbackAlarm);
  }
  return { facts, alarms, rang: alarms.includes(true), now: alarms.at(-1) };
}
const levels = (facts: LeaseFact[]) =>
  facts.flatMap((fact) => (fact.fact === 'clock-level' ? [[fact.was, fact.level, fact.why]] : []));

describe('three steps back in ten minutes, of any size (facts §5.3)', () => {
  it('ring, are told, and clear when the first is ten minutes old', () => {
    const seen = watch(
      [
        [1_000, -3],
        [60_000, -300],
        [500_000, -3],
      ] as const,
      602_500,
    );
    expect(seen.rang).toBe(true);
    expect(seen.now).toBe(false);
    expect(levels(seen.facts)).toEqual([
      ['fine', 'warn', 'set back 3 times within 600 s'],
      ['warn', 'fine', undefined],
    ]);
    expect(seen.facts.filter(({ fact }) => fact === 'clock-stepped')).toHaveLength(3);
  });

  it.each([
    [
      'two',
      [
        [1_000, -3],
        [2_000, -300],
      ] as const,
    ],
    [
      'three over more than ten minutes',
      [
        [1_000, -3],
        [400_000, -3],
        [601_500, -3],
      ] as const,
    ],
  ])('%s do not ring', (_, steps) => {
    expect(watch(steps, 620_000).rang).toBe(false);
  });

  it('so many as are configured, within the span that is', () => {
    const rules = { ...DEFAULT_GUARD_RULES, rollbackAlarmCount: 2, rollbackAlarmMs: 10_000 };
    expect(
      watch(
        [
          [1_000, -3],
          [10_000, -3],
        ],
        12_500,
        rules,
      ),
    ).toMatchObject({ rang: true, now: false });
    expect(
      watch(
        [
          [1_000, -3],
          [12_000, -3],
        ],
        13_000,
        rules,
      ).rang,
    ).toBe(false);
  });

  it('resolution and slewing of a good clock are no steps', () => {
    expect(isRollback(-2, 250)).toBe(false);
    expect(isRollback(-3, 250)).toBe(true);
    expect(isRollback(-30, 60_000)).toBe(false);
    const slewing = Array.from({ length: 800 }, (_, n) => [n * 250, -0.125] as const);
    const seen = watch(slewing, 200_000);
    expect(seen.rang).toBe(false);
    expect(seen.facts).toEqual([]);
  });
});
