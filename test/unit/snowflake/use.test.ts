import { describe, expect, it } from '@jest/globals';
import { SequenceUse } from '../../../src/snowflake/use.ts';

const PER_MS = 4_096;

/** Records at a share of the capacity, every `everyMs`, from `fromMs` on; returns the time it ended. */
function load(use: SequenceUse, share: number, fromMs: number, forMs: number, everyMs = 10): number {
  for (let ms = fromMs; ms < fromMs + forMs; ms += everyMs) use.record(share * PER_MS * everyMs, ms);
  return fromMs + forMs;
}

describe('SequenceUse', () => {
  it('is 0 before anything was reserved', () => {
    expect(new SequenceUse(PER_MS).read(5_000)).toBe(0);
  });

  it('reaches 63 % of a constant load after one second and settles on it', () => {
    const use = new SequenceUse(PER_MS);
    expect(use.read(load(use, 0.8, 0, 1_000))).toBeCloseTo(0.8 * (1 - Math.exp(-1)), 6);
    expect(use.read(load(use, 0.8, 1_000, 9_000))).toBeCloseTo(0.8, 3);
  });

  it('decays with time though nothing is reserved, so that a shut valve opens again (P6)', () => {
    const use = new SequenceUse(PER_MS);
    const full = load(use, 1, 0, 10_000);
    expect(use.read(full)).toBeGreaterThan(0.99);
    expect(use.read(full + 500)).toBeLessThan(0.62);
    expect(use.read(full + 1_000)).toBeCloseTo(Math.exp(-1), 3);
    expect(use.read(full + 3_600_000)).toBeLessThan(1e-9);
  });

  it('control: a mean updated only by reservations stays shut for ever', () => {
    let mean = 0;
    for (let i = 0; i < 100; i += 1) mean += 0.1 * (1 - mean);
    const shut = mean > 0.8;
    const opensWhenIdle = mean < 0.6;
    expect([shut, opensWhenIdle]).toEqual([true, false]);
  });

  it('depends on what was reserved when, not on how often it is read', () => {
    const [read, left] = [new SequenceUse(PER_MS), new SequenceUse(PER_MS)];
    for (let ms = 0; ms < 3_000; ms += 7) {
      for (const use of [read, left]) use.record(ms % 5 === 0 ? 9_000 : 0, ms);
      read.read(ms + 3);
    }
    expect(read.read(60_000)).toBe(left.read(60_000));
    expect(read.read(3_000)).toBeCloseTo(left.read(3_000), 12);
  });

  it('counts a burst once, in its own sample, however late it is read', () => {
    const use = new SequenceUse(PER_MS);
    use.record(PER_MS * 50, 0);
    const afterOneSample = use.read(100);
    expect(afterOneSample).toBeCloseTo(0.5 * (1 - Math.exp(-0.1)), 9);
    const late = new SequenceUse(PER_MS);
    late.record(PER_MS * 50, 0);
    expect(late.read(1_100)).toBeCloseTo(afterOneSample * Math.exp(-1), 9);
  });
});
