import { beforeEach, describe, expect, it } from '@jest/globals';
import { CATALOGUE } from '../../../src/errors.ts';
import { Metrics } from '../../../src/ops/metrics.ts';
import { gauges, held } from './snapshot.ts';

let metrics: Metrics;
beforeEach(() => {
  metrics = new Metrics(['orders']);
});

/** Our own samples, without help texts and without Node's. */
async function samples(changes: Partial<typeof gauges> = {}): Promise<string[]> {
  const text = await metrics.text({ ...gauges, ...changes });
  return text.split('\n').filter((line) => line.startsWith('snowstamp_'));
}
const family = async (name: string, changes: Partial<typeof gauges> = {}): Promise<string[]> =>
  (await samples(changes))
    .filter((line) => line.startsWith(`snowstamp_${name}{`) || line.startsWith(`snowstamp_${name} `))
    .map((line) => line.slice(`snowstamp_${name}`.length).trim());

const load = { sequenceUse: 0.9, records: 1, bytes: 2 };
const shut = (why: string): void => {
  metrics.pipeline({ fact: 'valve', at: 'shut', why, load });
};
const open = (why: 'minting' | 'intake'): void => {
  metrics.pipeline({ fact: 'valve', at: 'open', why, load });
};

describe('what a scrape reads', () => {
  it('golden: a worker that is well, after one transaction', async () => {
    metrics.phase({ at: 'serving' });
    metrics.lease({ fact: 'state', from: 'acquiring', to: 'claimed', node: 7 }, 1_500);
    metrics.lease({ fact: 'granted', node: 7, untilMs: 1, tookMs: 1 }, 1_600);
    metrics.membership({ fact: 'synced', added: 2, revoked: 0, kept: 0 });
    metrics.pipeline({
      fact: 'committed',
      route: 'orders',
      stamped: 10,
      headerOnly: 3,
      kept: 1,
      deadLettered: 2,
      mapped: 6,
      unmapped: 4,
    });
    metrics.pipeline({ fact: 'transaction', result: 'committed', seconds: 0.02, why: '' });
    metrics.transaction({ fact: 'retried', request: 'EndTxn', errorCode: 51, attempt: 1 });
    const quiet = /_bucket|_refusals|partition_stops_total|phase_changes_total\{phase="(?!serving)/;
    expect((await samples()).filter((line) => !quiet.test(line))).toEqual([
      'snowstamp_worker_info{node="7"} 1',
      'snowstamp_ids_reserved 1000',
      'snowstamp_lease_seconds_left 12.5',
      'snowstamp_window_seconds_left 9',
      'snowstamp_lease_claimed_timestamp_seconds 1.5',
      'snowstamp_lease_resting_seconds_left 0',
      'snowstamp_lease_resting_nodes 0',
      'snowstamp_lease_grants_total 1',
      'snowstamp_lease_grant_seconds_sum 0.001',
      'snowstamp_lease_grant_seconds_count 1',
      'snowstamp_lease_lost_total 0',
      'snowstamp_lease_trouble_total 0',
      'snowstamp_lease_unknown_outcomes_total 0',
      'snowstamp_clock_rollbacks{class="absorbed"} 4',
      'snowstamp_clock_rollbacks{class="carried"} 3',
      'snowstamp_clock_rollbacks{class="held"} 2',
      'snowstamp_clock_rollbacks{class="failed"} 1',
      'snowstamp_clock_rollback_alarm 1',
      'snowstamp_clock_held_seconds 0.25',
      'snowstamp_clock_forward_steps 6',
      'snowstamp_clock_lead_seconds 0.003',
      'snowstamp_clock_level{level="fine"} 0',
      'snowstamp_clock_level{level="warn"} 1',
      'snowstamp_clock_level{level="not-ready"} 0',
      'snowstamp_clock_level{level="refuse"} 0',
      'snowstamp_clock_offset_seconds -0.0125',
      'snowstamp_clock_offset_bound_seconds 0.04',
      'snowstamp_phase{phase="acquiring"} 0',
      'snowstamp_phase{phase="serving"} 1',
      'snowstamp_phase{phase="suspended"} 0',
      'snowstamp_phase{phase="draining"} 0',
      'snowstamp_phase{phase="stopped"} 0',
      'snowstamp_phase{phase="halted"} 0',
      'snowstamp_phase_changes_total{phase="serving"} 1',
      'snowstamp_events_total{route="orders",result="stamped"} 7',
      'snowstamp_events_total{route="orders",result="header_only"} 3',
      'snowstamp_events_total{route="orders",result="kept"} 1',
      'snowstamp_events_total{route="orders",result="dead_lettered"} 2',
      'snowstamp_mappings_total{route="orders",result="mapped"} 6',
      'snowstamp_mappings_total{route="orders",result="missing"} 4',
      'snowstamp_lag_records{route="orders",topic="in",partition="0"} 5',
      'snowstamp_lag_records{route="orders",topic="in",partition="1"} 0',
      'snowstamp_lag_seconds{route="orders",topic="in",partition="0"} 1.5',
      'snowstamp_lag_seconds{route="orders",topic="in",partition="1"} 0',
      'snowstamp_partition_state{topic="in",partition="0",state="open"} 1',
      'snowstamp_partition_state{topic="in",partition="1",state="open"} 1',
      'snowstamp_transactions_total{result="committed"} 1',
      'snowstamp_transactions_total{result="aborted"} 0',
      'snowstamp_transactions_total{result="doubtful"} 0',
      'snowstamp_transaction_seconds_sum 0.02',
      'snowstamp_transaction_seconds_count 1',
      'snowstamp_sequence_use_ratio 0.25',
      'snowstamp_valve_shut{why="sequenceUse"} 0',
      'snowstamp_valve_shut{why="records"} 0',
      'snowstamp_valve_shut{why="bytes"} 0',
      'snowstamp_in_flight_bytes 4096',
      'snowstamp_years_left 67.5',
      'snowstamp_retries_total{room="transaction",request="EndTxn"} 1',
      'snowstamp_rebalances_total 1',
      ...['ready', 'refused', 'unavailable', 'proven', 'condemned'].map(
        (outcome) => `snowstamp_schemas_total{route="orders",outcome="${outcome}"} 0`,
      ),
    ]);
  });

  it('error counters are born at 0, so that the first error is a rate', async () => {
    const stops = Object.entries(CATALOGUE).filter(([, { next }]) => next === 'stop-partition');
    expect(stops.length).toBeGreaterThan(10);
    expect(await family('partition_stops_total')).toEqual(stops.map(([code]) => `{code="${code}"} 0`));
    expect(await family('transactions_total')).toHaveLength(3);
    expect(await family('phase_changes_total')).toHaveLength(6);
    for (const name of ['lease_lost_total', 'lease_trouble_total', 'rebalances_total'])
      expect([name, await family(name)]).toEqual([name, ['0']]);
  });

  it('each counter counts its fact', async () => {
    metrics.pipeline({ fact: 'stopped', topic: 'in', partition: 0, code: 'BATCH_CORRUPT', detail: '' });
    metrics.lease({ fact: 'lost', node: 7, why: '' }, 0);
    metrics.lease({ fact: 'trouble', during: 'grant', why: '', detail: '', unknown: true }, 0);
    metrics.lease({ fact: 'trouble', during: 'renew', why: '', detail: '', unknown: false }, 0);
    metrics.pipeline({ fact: 'transaction', result: 'doubtful', seconds: 1, why: '' });
    metrics.pipeline({ fact: 'retried', request: 'Fetch of node 3', why: '' });
    metrics.membership({ fact: 'retried', request: 'JoinGroup', code: 15, why: '', delayMs: 1 });
    metrics.registry({ route: 'orders', schemaId: 7, fact: 'condemned', why: '' });
    expect(await family('schemas_total')).toContain('{route="orders",outcome="condemned"} 1');
    expect(await family('partition_stops_total')).toContain('{code="BATCH_CORRUPT"} 1');
    expect(await family('lease_lost_total')).toEqual(['1']);
    expect(await family('lease_trouble_total')).toEqual(['2']);
    expect(await family('lease_unknown_outcomes_total')).toEqual(['1']);
    expect(await family('transactions_total')).toContain('{result="doubtful"} 1');
    expect(await family('retries_total')).toEqual([
      '{room="pipeline",request="Fetch"} 1',
      '{room="membership",request="JoinGroup"} 1',
    ]);
  });

  it('a partition given up and a worker ID lost are gone from the next scrape', async () => {
    await samples();
    const kept = gauges.lag.slice(0, 1);
    expect(await family('lag_records', { lag: kept })).toHaveLength(1);
    expect(await family('partition_state', { lag: [{ ...kept[0]!, state: 'stopped:X' }] })).toEqual([
      '{topic="in",partition="0",state="stopped:X"} 1',
    ]);
    expect(await family('worker_info', { lease: { ...held, node: undefined } })).toEqual([]);
    expect(await family('worker_info', { lease: { ...held, node: 9 } })).toEqual(['{node="9"} 1']);
  });

  it('lag that is not known is no sample: a 0 would tell an alert that all is well', async () => {
    const lag = [{ ...gauges.lag[0]!, records: undefined, seconds: undefined, state: 'stopped:X' }];
    expect(await family('lag_records', { lag })).toEqual([]);
    expect(await family('lag_seconds', { lag })).toEqual([]);
    expect(await family('partition_state', { lag })).toHaveLength(1);
  });

  it('the rest of a worker ID is told while it is waited for (quarantine)', async () => {
    expect(await family('lease_resting_seconds_left', { lease: { ...held, restingMs: 34_500 } })).toEqual([
      '34.5',
    ]);
    expect(await family('lease_resting_seconds_left')).toEqual(['0']);
  });

  it('one phase is 1 at a time; starting is no change of phase', async () => {
    expect(await family('phase_changes_total')).toContain('{phase="acquiring"} 0');
    for (const phase of [{ at: 'serving' }, { at: 'suspended', why: 'lease' }] as const) {
      metrics.phase(phase);
      expect((await family('phase')).filter((line) => line.endsWith(' 1'))).toEqual([
        `{phase="${phase.at}"} 1`,
      ]);
    }
  });
});

describe('the valves (P6)', () => {
  const reasons = async (): Promise<string[]> =>
    (await family('valve_shut')).filter((line) => line.endsWith(' 1')).map((line) => line.split('"')[1]!);

  it('minting and intake shut and open apart', async () => {
    shut('sequenceUse');
    shut('records');
    expect(await reasons()).toEqual(['sequenceUse', 'records']);
    open('minting');
    expect(await reasons()).toEqual(['records']);
    open('intake');
    expect(await reasons()).toEqual([]);
  });

  it('a valve that stays shut for another reason is shut for that one alone', async () => {
    shut('records');
    shut('bytes');
    expect(await reasons()).toEqual(['bytes']);
  });

  it('a valve that was shut when the lease was lost does not stay shut for ever: the next spell begins open', async () => {
    shut('sequenceUse');
    metrics.phase({ at: 'draining' });
    expect(await reasons()).toEqual(['sequenceUse']);
    metrics.phase({ at: 'suspended', why: 'lease' });
    expect(await reasons()).toEqual([]);
  });
});

describe('names', () => {
  it('counters end in _total, nothing else does; every metric has a sentence', async () => {
    const text = await metrics.text(gauges);
    const types = [...text.matchAll(/^# TYPE snowstamp_(\S+) (\S+)$/gm)].map(([, name, type]) => [
      name!,
      type!,
    ]);
    expect(types.length).toBeGreaterThan(20);
    for (const [name, type] of types)
      expect([name, name!.endsWith('_total')]).toEqual([name, type === 'counter']);
    const sentences = [...text.matchAll(/^# HELP snowstamp_\S+ (.*)$/gm)].map(([, help]) => help!);
    expect(sentences.filter((help) => !/^[A-Z].*\.$/.test(help))).toEqual([]);
  });
});
