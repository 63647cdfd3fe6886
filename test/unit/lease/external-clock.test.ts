import { beforeEach, describe, expect, it } from '@jest/globals';
import { ExternalClock } from '../../../src/lease/external-clock.ts';
import type { ClockSource, Measured, SourceFact } from '../../../src/lease/external-clock.ts';
import { ManualClock } from './manual-clock.ts';

const RULES = { everyMs: 30_000, maxErrorMs: 250, refuseOffsetMs: 2_000 };

type Says = Measured | Error | 'hang';

describe('ExternalClock', () => {
  let clock: ManualClock;
  let facts: SourceFact[];

  beforeEach(() => {
    clock = new ManualClock();
    facts = [];
  });

  const says: Record<string, Says> = {};
  function external(sources: Readonly<Record<string, Says>>): ExternalClock {
    Object.assign(says, sources);
    const all = Object.keys(sources).map((name): ClockSource => ({
      name,
      measure: () => {
        const said = says[name]!;
        if (said === 'hang') return new Promise(() => undefined);
        return said instanceof Error ? Promise.reject(said) : Promise.resolve(said);
      },
    }));
    return new ExternalClock(all, clock, RULES, (fact) => facts.push(fact));
  }
  const off = (aheadMs: number, boundMs = 1, synchronised = true): Measured => ({
    aheadMs,
    boundMs,
    synchronised,
  });

  it.each([
    ['within the error allowed', off(240, 10), { at: 'proven', by: 'a' }],
    ['beyond it, on the bound alone', off(240, 11), { at: 'unavailable', why: 'a: off by up to 251 ms' }],
    ['wrong, not for certain', off(-2_500, 600), { at: 'unavailable', why: 'a: off by up to 3100 ms' }],
    ['wrong for certain', off(-2_500, 400), { at: 'off', byMs: -2_500, by: 'a' }],
    ['a year ahead', off(365 * 86_400_000), { at: 'off', byMs: 365 * 86_400_000, by: 'a' }],
    ['of a source that does not know', off(0, 1, false), { at: 'unavailable', why: 'a: not synchronised' }],
    ['of a source that fails', new Error('gone'), { at: 'unavailable', why: 'a: gone' }],
  ])('a clock %s', async (_, said, proof) => {
    expect(await external({ a: said }).prove()).toEqual(proof);
  });

  it('of several the one with the tightest bound counts, and one that hangs holds up nothing for long', async () => {
    const source = external({ a: off(100, 50), b: off(5, 2), c: new Error('gone'), d: 'hang' });
    const proving = source.prove();
    await clock.advance(1_500);
    expect(await proving).toEqual({ at: 'proven', by: 'b' });
    expect(facts).toContainEqual({
      fact: 'clock-source',
      source: 'd',
      answers: false,
      detail: 'no answer within 1500 ms',
    });
  });

  it('a step of our wall clock shows at once, without asking again', async () => {
    const source = external({ a: off(0) });
    await source.prove();
    clock.stepWall(5_000);
    const { best } = source.standing(clock.now());
    expect(best).toMatchObject({ by: 'a', leastMs: 4_999, mostMs: 5_001 });
  });

  it('an answer is good for three rounds; how long none knew is counted from the last that did', async () => {
    const source = external({ a: off(0) });
    const stop = new AbortController();
    const running = source.run(stop.signal);
    await clock.advance(30_000);
    says['a'] = new Error('gone');
    await clock.advance(89_000);
    expect(source.standing(clock.now()).best).toMatchObject({ by: 'a', mostMs: 90 });
    await clock.advance(2_000);
    expect(source.standing(clock.now())).toMatchObject({ best: undefined, unsynchronisedMs: 91_000 });
    says['a'] = off(3);
    await clock.advance(30_000);
    expect(source.standing(clock.now()).best).toMatchObject({ by: 'a' });
    expect(source.standing(clock.now()).unsynchronisedMs).toBeLessThan(30_000);
    stop.abort();
    await running;
  });

  it('tells once when a source begins to answer, and once when it stops', async () => {
    const source = external({ a: off(0.04) });
    await source.prove();
    await source.prove();
    says['a'] = new Error('gone');
    await source.prove();
    await source.prove();
    expect(facts.map(({ answers, detail }) => [answers, detail])).toEqual([
      [true, 'ahead by 0.0 ms ± 1.0 ms'],
      [false, 'gone'],
    ]);
  });

  it('after forget nothing is known', async () => {
    const source = external({ a: off(0) });
    await source.prove();
    source.forget();
    expect(source.standing(clock.now()).best).toBeUndefined();
  });

  it('without sources there is no proof', async () => {
    expect(await external({}).prove()).toEqual({ at: 'unavailable', why: '' });
  });
});
