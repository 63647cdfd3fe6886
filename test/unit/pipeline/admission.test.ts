import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { admit, intakeOf, OPEN, turn, type Admission, type Valve } from '../../../src/pipeline/admission.ts';
import type { Load, Marks } from '../../../src/pipeline/port.ts';

const MARKS: Marks = {
  shutAt: { sequenceUse: 0.8, records: 100, bytes: 1_000 },
  openAt: { sequenceUse: 0.6, records: 50, bytes: 500 },
};
const IDLE: Load = { sequenceUse: 0, records: 0, bytes: 0 };
const IN_FLIGHT = ['records', 'bytes'] as const;

const loads = fc.record({
  sequenceUse: fc.double({ min: 0, max: 1.2, noNaN: true }),
  records: fc.integer({ min: 0, max: 200 }),
  bytes: fc.integer({ min: 0, max: 2_000 }),
});

const between = (load: Load, name: keyof Load): boolean =>
  load[name] > MARKS.openAt[name] && load[name] < MARKS.shutAt[name];

/** One mark for both ways: what hysteresis is there for. */
const fluttering = (load: Load): Valve =>
  load.records >= MARKS.shutAt.records ? { at: 'shut', why: 'records' } : { at: 'open' };

const changes = (valves: readonly Valve[]): number =>
  valves.filter((valve, i) => i > 0 && valve.at !== valves[i - 1]!.at).length;

describe('admission (P6)', () => {
  it('between the marks a valve stays as it is', () => {
    fc.assert(
      fc.property(fc.array(loads, { maxLength: 20 }), loads, (history, load) => {
        const before = history.reduce<Admission>((admission, each) => admit(admission, each, MARKS), OPEN);
        const after = admit(before, load, MARKS);
        if (between(load, 'sequenceUse')) expect(after.minting).toBe(before.minting);
        if (between(load, 'records') && between(load, 'bytes')) expect(after.intake).toBe(before.intake);
      }),
    );
  });

  it('a load that swings about a mark moves the valve once; control: without the second mark it flutters', () => {
    const swing = Array.from({ length: 20 }, (_, i) => ({ ...IDLE, records: i % 2 === 0 ? 101 : 99 }));
    let valve: Valve = { at: 'open' };
    const valves = swing.map((load) => (valve = turn(valve, load, MARKS, IN_FLIGHT)));
    expect(changes(valves)).toBe(0);
    expect(changes(swing.map(fluttering))).toBe(19);
  });

  it('shuts at each shut mark and says which; opens once all of its loads are at or below their open marks', () => {
    expect(admit(OPEN, { ...IDLE, sequenceUse: 0.8 }, MARKS)).toEqual({
      minting: { at: 'shut', why: 'sequenceUse' },
      intake: { at: 'open' },
    });
    const shut = admit(OPEN, { ...IDLE, bytes: 1_000 }, MARKS);
    expect(shut.intake).toEqual({ at: 'shut', why: 'bytes' });
    expect(admit(shut, { ...IDLE, bytes: 500, records: 51 }, MARKS).intake.at).toBe('shut');
    expect(admit(shut, { ...IDLE, bytes: 500, records: 50 }, MARKS).intake.at).toBe('open');
  });

  it('the reason follows the load that holds it shut; fetching needs both valves and names minting first', () => {
    const bytes = admit(OPEN, { ...IDLE, bytes: 1_000 }, MARKS);
    const both = admit(bytes, { ...IDLE, bytes: 1_000, sequenceUse: 0.9 }, MARKS);
    expect(intakeOf(both)).toEqual({ at: 'shut', why: 'sequenceUse' });
    expect(intakeOf(bytes)).toEqual({ at: 'shut', why: 'bytes' });
    expect(admit(bytes, { ...IDLE, records: 100 }, MARKS).intake).toEqual({ at: 'shut', why: 'records' });
    expect(intakeOf(OPEN)).toEqual({ at: 'open' });
  });

  it('both valves shut always drain: use decays by itself, and minting then empties what is in flight', () => {
    /** Minting lets 10 records go a step while `allowed`; use halves a step while nothing is minted. */
    const drains = (allowed: (admission: Admission) => boolean): boolean => {
      let load: Load = { sequenceUse: 0.9, records: 150, bytes: 1_500 };
      let admission = admit(OPEN, load, MARKS);
      expect([admission.minting.at, admission.intake.at]).toEqual(['shut', 'shut']);
      for (let step = 0; step < 100 && admission.intake.at === 'shut'; step++) {
        const mints = allowed(admission);
        load = {
          sequenceUse: load.sequenceUse / 2,
          records: load.records - (mints ? 10 : 0),
          bytes: load.bytes - (mints ? 100 : 0),
        };
        admission = admit(admission, load, MARKS);
      }
      return intakeOf(admission).at === 'open';
    };
    expect(drains(({ minting }) => minting.at === 'open')).toBe(true);
    // Control: one valve for both currencies, and minting waits for memory that only minting frees.
    expect(drains(({ minting, intake }) => minting.at === 'open' && intake.at === 'open')).toBe(false);
  });
});
