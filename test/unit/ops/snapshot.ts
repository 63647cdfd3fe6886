import type { LeaseFacts } from '../../../src/lease/port.ts';
import type { Snapshot } from '../../../src/ops/health.ts';
import type { Gauges } from '../../../src/ops/metrics.ts';

export const held: LeaseFacts = {
  state: 'held',
  node: 7,
  incarnation: { node: 7, createRevision: '12', nonce: 'ab', floorMs: 1_000 },
  leaseSecondsLeft: 12.5,
  windowLeftMs: 9_000,
  grants: 3,
  unanswered: 1,
  clockUnproven: false,
  clockAwaited: undefined,
  clock: {
    ...{ level: 'fine', why: undefined, by: '3 peers', clocks: 3, rollbackAlarm: false },
    ...{ offsetMs: -12.5, boundMs: 40 },
  },
  restingMs: undefined,
};

/** A worker that is well. */
export const well: Snapshot = {
  phase: { at: 'serving' },
  joined: true,
  lease: held,
  sequenceUse: 0.25,
  valve: undefined,
  lag: [
    { route: 'orders', topic: 'in', partition: 0, records: 5, seconds: 1.5, state: 'open', why: undefined },
    { route: 'orders', topic: 'in', partition: 1, records: 0, seconds: 0, state: 'open', why: undefined },
  ],
};

export const gauges: Gauges = {
  lease: { ...held, clock: { ...held.clock, level: 'warn', rollbackAlarm: true } },
  generator: {
    ...{ idsReserved: 1_000, lastTimestampMs: 5_000, waits: 1, leadMs: 3, heldMs: 250 },
    ...{ rollbacksAbsorbed: 4, rollbacksCarried: 3, rollbacksHeld: 2, rollbacksFailed: 1 },
    ...{ forwardSteps: 6, forwardSuspensions: 5 },
    refusals: {
      ...{ stopped: 0, 'no-permit': 0, 'lease-deadline': 7, window: 0 },
      ...{ 'clock-back': 8, 'clock-forward': 0, 'timestamp-full': 0 },
    },
  },
  sequenceUse: 0.25,
  bytesInFlight: 4_096,
  yearsLeft: 67.5,
  lag: well.lag,
};
