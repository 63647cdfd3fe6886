import { describe, expect, it } from '@jest/globals';
import { Generator } from '../../../src/snowflake/generator.ts';
import { DEFAULT_LAYOUT } from '../../../src/snowflake/layout.ts';
import {
  at,
  FULL,
  incarnation,
  MONOTONIC_0,
  permit,
  permitted,
  refusalOf,
  runsOf,
  shape,
  T0,
} from './fixture.ts';

const fresh = (): Generator => new Generator(DEFAULT_LAYOUT, incarnation());

describe('the permit (P1, P5)', () => {
  it('is needed for the first ID', () => {
    expect(refusalOf(fresh().reserve(1, at(0)))).toBe('no-permit');
  });

  it.each([
    ['another node', { node: 38 }],
    ['another claim', { createRevision: '813' }],
    ['another nonce', { nonce: 'beef' }],
  ])('is refused when it is of %s', (_, change) => {
    const generator = fresh();
    expect(generator.accept(permit({ incarnation: incarnation(change) }))).toBe(false);
    expect(refusalOf(generator.reserve(1, at(0)))).toBe('no-permit');
  });

  it('is taken from the incarnation by value, since it may have crossed a copy', () => {
    const generator = fresh();
    const own = permit({ incarnation: structuredClone(incarnation()) });
    expect(generator.accept(own)).toBe(true);
    expect(generator.permit).toBe(own);
  });

  it.each([
    ['window', { untilMs: T0 + 10 }],
    ['monotonic deadline', { deadlineMonotonicMs: 5 }],
  ])('does not take the %s back: a late answer changes nothing', (_, change) => {
    const generator = permitted();
    const held = generator.permit;
    expect(generator.accept(permit(change))).toBe(false);
    expect(generator.permit).toBe(held);
  });

  it('follows the wall clock with its wall deadline, back too', () => {
    const generator = permitted();
    expect(generator.accept(permit({ untilMs: T0 + 2e9, deadlineWallMs: T0 + 10 }))).toBe(true);
    expect(refusalOf(generator.reserve(1, at(10)))).toBe('lease-deadline');
  });

  it('bounds the timestamps: `until` itself is outside', () => {
    const generator = permitted({}, { untilMs: T0 + 3 });
    expect(shape(generator.reserve(10 * FULL, at(1)))).toEqual([
      [1, 0, FULL],
      [2, 0, FULL],
    ]);
    expect(refusalOf(generator.reserve(1, at(1)))).toBe('window');
    generator.accept(permit({ untilMs: T0 + 4 }));
    expect(shape(generator.reserve(1, at(1)))).toEqual([[3, 0, 1]]);
  });

  it.each([
    ['monotonic', { deadlineMonotonicMs: MONOTONIC_0 + 7 }, at(0, 6.99), at(0, 7)],
    ['wall', { deadlineWallMs: T0 + 7 }, at(6, 0), at(7, 0)],
  ])('ends at the %s deadline, in the call itself', (_, change, before, after) => {
    const generator = permitted({}, change);
    expect(refusalOf(generator.reserve(1, before))).toBeUndefined();
    expect(refusalOf(generator.reserve(1, after))).toBe('lease-deadline');
  });

  it('control: a deadline kept by a timer mints after a blocked event loop, before the timer had its turn', () => {
    const deadline = at(7).monotonicMs;
    let expired = false;
    const timer = (monotonicMs: number): void => {
      expired = monotonicMs >= deadline;
    };
    timer(at(1).monotonicMs);
    const woken = at(60_000);
    const timerLetsThrough = !expired;
    const generator = permitted({}, { deadlineMonotonicMs: deadline });
    generator.reserve(1, at(1));
    expect([timerLetsThrough, refusalOf(generator.reserve(1, woken))]).toEqual([true, 'lease-deadline']);
  });

  it.each(['untilMs', 'deadlineMonotonicMs', 'deadlineWallMs'])(
    'gives nothing under a %s that is not a number',
    (bound) => {
      expect(refusalOf(permitted({}, { [bound]: Number.NaN }).reserve(1, at(0)))).toBeDefined();
    },
  );

  it('gives every refusal its own reason, the lease before the clock', () => {
    const generator = permitted({}, { deadlineMonotonicMs: MONOTONIC_0 + 100 });
    generator.reserve(1, at(0));
    expect(refusalOf(generator.reserve(1, at(-10_000, 100)))).toBe('lease-deadline');
    expect(refusalOf(generator.reserve(1, at(-10_000, 99)))).toBe('clock-back');
  });
});

describe('stop (P5)', () => {
  it('is for good: neither a permit nor a confirmation revives it', () => {
    const generator = permitted();
    generator.reserve(5, at(0));
    generator.stop();
    expect(generator.accept(permit({ untilMs: T0 + 2e9 }))).toBe(false);
    generator.confirmClock();
    expect(refusalOf(generator.reserve(1, at(1)))).toBe('stopped');
    expect(refusalOf(generator.reserve(0, at(1)))).toBe('stopped');
  });

  it('covers every reserved ID, also those ahead of the clock and never published', () => {
    const generator = permitted();
    const runs = runsOf(generator.reserve(6 * FULL, at(0)));
    expect(generator.stop()).toEqual({ lastTimestampMs: T0 + 5 });
    expect(Math.max(...runs.map(({ timestampMs }) => timestampMs))).toBe(T0 + 5);
    expect(generator.stop()).toEqual({ lastTimestampMs: T0 + 5 });
  });

  it('answers floor − 1 when nothing was reserved, so that a release writes the floor again', () => {
    expect(fresh().stop()).toEqual({ lastTimestampMs: incarnation().floorMs - 1 });
  });
});
