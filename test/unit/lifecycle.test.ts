import { describe, expect, it } from '@jest/globals';
import { next, permits, type Event, type Phase } from '../../src/lifecycle.ts';

const acquiring: Phase = { at: 'acquiring' };
const serving: Phase = { at: 'serving' };
const noLease: Phase = { at: 'suspended', why: 'lease' };
const noClock: Phase = { at: 'suspended', why: 'clock' };
const draining: Phase = { at: 'draining' };
const stopped: Phase = { at: 'stopped' };
const halted: Phase = { at: 'halted', code: 'FIRST' };
const broken: Phase = { at: 'halted', code: 'SECOND' };

const EVENTS = {
  permit: { on: 'permit' },
  leaseLapsed: { on: 'permit-lapsed', why: 'lease' },
  clockLapsed: { on: 'permit-lapsed', why: 'clock' },
  stop: { on: 'stop' },
  drained: { on: 'drained' },
  broken: { on: 'broken', code: 'SECOND' },
} as const satisfies Record<string, Event>;

type Row = Readonly<Record<keyof typeof EVENTS, Phase>>;

/** The whole machine: every phase answers every event. */
const TABLE: readonly (readonly [Phase, Row])[] = [
  [
    acquiring,
    {
      permit: serving,
      leaseLapsed: acquiring,
      clockLapsed: acquiring,
      stop: draining,
      drained: acquiring,
      broken,
    },
  ],
  [
    serving,
    { permit: serving, leaseLapsed: noLease, clockLapsed: noClock, stop: draining, drained: serving, broken },
  ],
  [
    noLease,
    { permit: serving, leaseLapsed: noLease, clockLapsed: noLease, stop: draining, drained: noLease, broken },
  ],
  [
    noClock,
    { permit: serving, leaseLapsed: noLease, clockLapsed: noClock, stop: draining, drained: noClock, broken },
  ],
  [
    draining,
    {
      permit: draining,
      leaseLapsed: draining,
      clockLapsed: draining,
      stop: draining,
      drained: stopped,
      broken,
    },
  ],
  [
    stopped,
    {
      permit: stopped,
      leaseLapsed: stopped,
      clockLapsed: stopped,
      stop: stopped,
      drained: stopped,
      broken: stopped,
    },
  ],
  [
    halted,
    {
      permit: halted,
      leaseLapsed: halted,
      clockLapsed: halted,
      stop: halted,
      drained: halted,
      broken: halted,
    },
  ],
];

const named = (phase: Phase): string => (phase.at === 'suspended' ? `${phase.at} (${phase.why})` : phase.at);

describe('next', () => {
  it.each(
    TABLE.flatMap(([phase, row]) =>
      Object.entries(row).map(([name, then]) => [named(phase), name, named(then), phase, then] as const),
    ),
  )('%s, on %s: %s', (_, name, __, phase, then) => {
    expect(next(phase, EVENTS[name as keyof typeof EVENTS])).toEqual(then);
  });

  it('an event a phase has no use for returns the phase itself, so that nothing is announced', () => {
    for (const [phase, row] of TABLE)
      for (const [name, then] of Object.entries(row))
        if (then === phase) expect(next(phase, EVENTS[name as keyof typeof EVENTS])).toBe(phase);
  });
});

describe('permits', () => {
  it('only serving takes input and is ready; draining may finish, doubt aborts', () => {
    expect(Object.fromEntries(TABLE.map(([phase]) => [named(phase), permits(phase)]))).toEqual({
      acquiring: { intake: false, openTransaction: 'none', ready: false },
      serving: { intake: true, openTransaction: 'runs', ready: true },
      'suspended (lease)': { intake: false, openTransaction: 'aborted', ready: false },
      'suspended (clock)': { intake: false, openTransaction: 'aborted', ready: false },
      draining: { intake: false, openTransaction: 'may-finish', ready: false },
      stopped: { intake: false, openTransaction: 'none', ready: false },
      halted: { intake: false, openTransaction: 'aborted', ready: false },
    });
  });
});
