import { beforeEach, describe, expect, it } from '@jest/globals';
import { Metrics } from '../../../src/ops/metrics.ts';
import { gauges, held } from './snapshot.ts';

let metrics: Metrics;
beforeEach(() => {
  metrics = new Metrics(['orders']);
});

const family = async (name: string, changes: Partial<typeof gauges> = {}): Promise<string[]> =>
  (await metrics.text({ ...gauges, ...changes }))
    .split('\n')
    .filter((line) => line.startsWith(`snowstamp_${name}{`) || line.startsWith(`snowstamp_${name} `))
    .map((line) => line.slice(`snowstamp_${name}`.length).trim());

describe('lease and clock (P1, P5)', () => {
  it('rollbacks are told by class, with the time held, the lead and the alarm', async () => {
    expect(await family('clock_rollbacks')).toEqual([
      '{class="absorbed"} 4',
      '{class="carried"} 3',
      '{class="held"} 2',
      '{class="failed"} 1',
    ]);
    expect(await family('clock_held_seconds')).toEqual(['0.25']);
    expect(await family('clock_lead_seconds')).toEqual(['0.003']);
    expect(await family('clock_rollback_alarm')).toEqual(['1']);
    expect(await family('clock_rollback_alarm', { lease: held })).toEqual(['0']);
  });

  it('one level of the clock is 1; an offset that is not known is no sample', async () => {
    const one = (lines: string[]): string[] => lines.filter((line) => line.endsWith(' 1'));
    expect(one(await family('clock_level'))).toEqual(['{level="warn"} 1']);
    expect(await family('clock_offset_seconds')).toEqual(['-0.0125']);
    expect(await family('clock_offset_bound_seconds')).toEqual(['0.04']);
    const clock = { ...held.clock, offsetMs: undefined, boundMs: undefined };
    expect(await family('clock_offset_seconds', { lease: { ...held, clock } })).toEqual([]);
    expect(await family('clock_offset_bound_seconds', { lease: { ...held, clock } })).toEqual([]);
  });

  it('refusals of the generator are told by reason', async () => {
    expect(await family('mint_refusals')).toContain('{why="lease-deadline"} 7');
    expect(await family('mint_refusals', { generator: undefined })).toEqual([]);
  });

  it('resting nodes count while they are waited for, and no longer', async () => {
    metrics.lease({ fact: 'resting', nodes: 3, readyInMs: 1 }, 0);
    expect(await family('lease_resting_nodes')).toEqual(['3']);
    metrics.lease({ fact: 'state', from: 'acquiring', to: 'claimed', node: 1 }, 2_500);
    expect(await family('lease_resting_nodes')).toEqual(['0']);
    expect(await family('lease_claimed_timestamp_seconds')).toEqual(['2.5']);
    metrics.lease({ fact: 'lost', node: 1, why: '' }, 3_000);
    expect(await family('lease_claimed_timestamp_seconds')).toEqual(['0']);
  });
});
