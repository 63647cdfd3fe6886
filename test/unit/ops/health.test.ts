import { describe, expect, it } from '@jest/globals';
import type { Phase } from '../../../src/lifecycle.ts';
import { healthOf, type Snapshot } from '../../../src/ops/health.ts';
import { held, well } from './snapshot.ts';

const none = { ...held, node: undefined, incarnation: undefined, leaseSecondsLeft: 0 } as const;

const PHASES: readonly (readonly [Phase, boolean, readonly string[]])[] = [
  [{ at: 'acquiring' }, true, ['acquiring']],
  [{ at: 'serving' }, true, []],
  [{ at: 'suspended', why: 'lease' }, true, ['suspended: lease']],
  [{ at: 'suspended', why: 'clock' }, true, ['suspended: clock']],
  [{ at: 'draining' }, true, ['draining']],
  [{ at: 'stopped' }, false, ['stopped']],
  [{ at: 'halted', code: 'DUPLICATE_OWNER' }, false, ['halted: DUPLICATE_OWNER']],
];

describe('healthOf, in the words of the phases', () => {
  it.each(PHASES)('%j: live %s, reasons %j; ready in serving alone', (phase, live, reasons) => {
    expect(healthOf({ ...well, phase })).toEqual({ live, ready: phase.at === 'serving', reasons });
  });

  it.each(PHASES)('%j and no member of the group: never ready', (phase, live) => {
    expect(healthOf({ ...well, phase, joined: false })).toMatchObject({ live, ready: false });
  });

  const TOLD: readonly (readonly [string, Partial<Snapshot>, boolean, readonly string[]])[] = [
    ['not in the group', { joined: false }, false, ['not in the consumer group yet']],
    ['a shut valve, which is the worker doing its duty', { valve: 'bytes' }, true, ['intake shut: bytes']],
    [
      'a stopped partition, while the others flow',
      { lag: [...well.lag, { ...well.lag[0]!, partition: 4, state: 'stopped:OUTPUT_TRUNCATED' }] },
      true,
      ['in-4 stopped:OUTPUT_TRUNCATED'],
    ],
    [
      'partitions nobody stopped that do not get on, with what keeps them',
      {
        lag: [
          { ...well.lag[0]!, state: 'opening', why: 'output topic out is not there: create it' },
          { ...well.lag[1]!, state: 'open', why: 'KAFKA_STORAGE_ERROR' },
          { ...well.lag[0]!, partition: 2, state: 'floor' },
        ],
      },
      true,
      ['in-0 opening: output topic out is not there: create it', 'in-1 open: KAFKA_STORAGE_ERROR'],
    ],
    [
      'a clock nobody vouches for',
      { lease: { ...held, clockUnproven: true } },
      true,
      ['no proof that the clock is right'],
    ],
    [
      'a clock that is off a little',
      { lease: { ...held, clock: { ...held.clock, level: 'warn', why: '120 ms off at least, by 2 peers' } } },
      true,
      ['clock: 120 ms off at least, by 2 peers'],
    ],
    [
      'a clock that is off by more than is well',
      {
        lease: {
          ...held,
          clock: { ...held.clock, level: 'not-ready', why: '600 ms off at least, by chrony' },
        },
      },
      false,
      ['clock: 600 ms off at least, by chrony'],
    ],
    [
      'a clock that is off by so much that nothing is granted any more',
      {
        lease: {
          ...held,
          clockAwaited: 'chrony: does not answer',
          clock: { ...held.clock, level: 'refuse', why: '3000 ms off at least, by 2 peers' },
        },
      },
      false,
      ['clock: 3000 ms off at least, by 2 peers', 'no window is granted: chrony: does not answer'],
    ],
    [
      'waiting for a resting worker ID',
      { phase: { at: 'acquiring' }, lease: { ...none, restingMs: 31_200 } },
      false,
      ['acquiring: resting, 32 s'],
    ],
    [
      'the same after a loss',
      { phase: { at: 'suspended', why: 'lease' }, lease: { ...none, restingMs: 31_200 } },
      false,
      ['suspended: lease, resting, 32 s'],
    ],
  ];

  it.each(TOLD)('%s', (_, changes, ready, reasons) => {
    expect(healthOf({ ...well, ...changes })).toEqual({ live: true, ready, reasons });
  });

  it('everything there is to know is told at once', () => {
    const lag = [{ ...well.lag[0]!, state: 'stopped:FLOOR_TOO_FAR' }];
    const { reasons } = healthOf({ ...well, joined: false, valve: 'sequenceUse', lag });
    expect(reasons).toEqual([
      'not in the consumer group yet',
      'intake shut: sequenceUse',
      'in-0 stopped:FLOOR_TOO_FAR',
    ]);
  });
});
