import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { CATALOGUE } from '../errors.ts';
import type { LeaseFact } from '../lease/port.ts';
import type { Phase } from '../lifecycle.ts';
import type { MembershipFact } from '../kafka/membership/facts.ts';
import type { TransactionFact } from '../kafka/transaction/port.ts';
import type { Lag, PipelineFact } from '../pipeline/port.ts';
import type { RegistryFact } from '../registry/book.ts';

const PHASES = ['acquiring', 'serving', 'suspended', 'draining', 'stopped', 'halted'] as const;
/** Valve reasons by the valve that shuts for them: one valve is shut for one reason at a time. */
const VALVES = { minting: ['sequenceUse'], intake: ['records', 'bytes'] } as const;
const STOP_CODES = Object.entries(CATALOGUE).flatMap(([code, { next }]) =>
  next === 'stop-partition' ? [code] : [],
);
const OUTCOMES = ['ready', 'refused', 'unavailable', 'proven', 'condemned'] as const;
const RESULTS = ['stamped', 'header_only', 'kept', 'dead_lettered'] as const;

/** What is only known when asked: read at every scrape. */
export interface Gauges {
  readonly node: number | undefined;
  readonly leaseSecondsLeft: number;
  readonly windowSecondsLeft: number;
  readonly sequenceUse: number;
  readonly idsReserved: number;
  readonly rollbacks: number;
  readonly bytesInFlight: number;
  readonly yearsLeft: number;
  /** 0 while no resting worker ID is waited for. */
  readonly restingSecondsLeft: number;
  readonly lag: readonly Lag[];
}

/**
 * Every metric, declared once. Facts go in, numbers come out; a registry of its own per worker. Names: prefix `snowstamp_`,
 * base units, `_total` on counters; counters with known labels are born at 0, so that the first error is a rate.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #phase = this.#gauge('phase', 'The worker’s phase: 1 for the one it is in.', ['phase']);
  readonly #phaseChanges = this.#counter('phase_changes_total', 'Changes of phase, by the phase entered.', [
    'phase',
  ]);
  readonly #ids = this.#gauge(
    'ids_reserved',
    'IDs reserved since the worker ID was claimed, burnt ones included.',
    [],
  );
  readonly #events = this.#counter('events_total', 'Records committed, by route and result.', [
    'route',
    'result',
  ]);
  readonly #mappings = this.#counter(
    'mappings_total',
    'Records stamped on routes with a mapping, by whether a legacy ID was found and mapped.',
    ['route', 'result'],
  );
  readonly #lagRecords = this.#gauge(
    'lag_records',
    'Records between the committed position and the last stable offset.',
    ['route', 'topic', 'partition'],
  );
  readonly #lagSeconds = this.#gauge(
    'lag_seconds',
    'Age of the oldest record fetched and not yet committed.',
    ['route', 'topic', 'partition'],
  );
  readonly #partitions = this.#gauge('partition_state', 'Owned partitions: 1 for the state each is in.', [
    'topic',
    'partition',
    'state',
  ]);
  readonly #transactions = this.#counter('transactions_total', 'Transactions, by result.', ['result']);
  readonly #transactionSeconds = this.#histogram(
    'transaction_seconds',
    'From the first record stamped to the outcome.',
  );
  readonly #lease = this.#gauge('lease_seconds_left', 'Until minting must stop for the lease’s sake.', []);
  readonly #window = this.#gauge(
    'window_seconds_left',
    'How far granted timestamps reach ahead of the clock.',
    [],
  );
  readonly #resting = this.#gauge(
    'lease_resting_seconds_left',
    'Until the next resting worker ID is free, while all others are held; 0 when none is waited for.',
    [],
  );
  readonly #use = this.#gauge(
    'sequence_use_ratio',
    'Share of the IDs one worker can mint that is in use, smoothed.',
    [],
  );
  readonly #valve = this.#gauge('valve_shut', 'Intake valves: 1 when shut, by reason.', ['why']);
  readonly #worker = this.#gauge('worker_info', 'The worker ID held.', ['node']);
  readonly #bytes = this.#gauge('in_flight_bytes', 'Fetched, inflated and outgoing bytes.', []);
  readonly #rollbacks = this.#gauge(
    'clock_rollbacks',
    'Steps back of the wall clock seen since the claim.',
    [],
  );
  readonly #years = this.#gauge('years_left', 'Until the timestamp field is full.', []);
  readonly #stops = this.#counter('partition_stops_total', 'Partitions stopped, by code.', ['code']);
  readonly #retries = this.#counter('retries_total', 'Requests repeated, by room and request.', [
    'room',
    'request',
  ]);
  readonly #rebalances = this.#counter('rebalances_total', 'Rebalances this worker took part in.', []);
  readonly #lost = this.#counter('lease_lost_total', 'Worker IDs lost.', []);
  readonly #grants = this.#counter('lease_grants_total', 'Windows granted.', []);
  readonly #trouble = this.#counter('lease_trouble_total', 'Requests to etcd without a good answer.', []);

  readonly #schemas = this.#counter(
    'schemas_total',
    'Schemas looked up in the registry, by route and outcome.',
    ['route', 'outcome'],
  );

  constructor(routes: readonly string[]) {
    collectDefaultMetrics({ register: this.#registry });
    for (const route of routes) for (const result of RESULTS) this.#events.inc({ route, result }, 0);
    for (const route of routes) for (const outcome of OUTCOMES) this.#schemas.inc({ route, outcome }, 0);
    for (const result of ['committed', 'aborted', 'doubtful']) this.#transactions.inc({ result }, 0);
    for (const code of STOP_CODES) this.#stops.inc({ code }, 0);
    for (const phase of PHASES) this.#phaseChanges.inc({ phase }, 0);
    for (const counter of [this.#rebalances, this.#lost, this.#grants, this.#trouble]) counter.inc(0);
    this.#enter({ at: 'acquiring' });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(gauges: Gauges): Promise<string> {
    this.#lease.set(gauges.leaseSecondsLeft);
    this.#window.set(gauges.windowSecondsLeft);
    this.#use.set(gauges.sequenceUse);
    this.#ids.set(gauges.idsReserved);
    this.#rollbacks.set(gauges.rollbacks);
    this.#bytes.set(gauges.bytesInFlight);
    this.#resting.set(gauges.restingSecondsLeft);
    this.#years.set(gauges.yearsLeft);
    this.#worker.reset();
    if (gauges.node !== undefined) this.#worker.set({ node: gauges.node }, 1);
    for (const gauge of [this.#lagRecords, this.#lagSeconds, this.#partitions]) gauge.reset();
    for (const { route, topic, partition, records, seconds, state } of gauges.lag) {
      // Unknown is no sample: a 0 would tell an alert that all is well.
      if (records !== undefined) this.#lagRecords.set({ route, topic, partition }, records);
      if (seconds !== undefined) this.#lagSeconds.set({ route, topic, partition }, seconds);
      this.#partitions.set({ topic, partition, state }, 1);
    }
    return this.#registry.metrics();
  }

  phase(phase: Phase): void {
    this.#enter(phase);
    this.#phaseChanges.inc({ phase: phase.at });
  }

  /** Both valves open with the spell of serving they belong to; nobody tells of their opening once it is over. */
  #enter(phase: Phase): void {
    for (const name of PHASES) this.#phase.set({ phase: name }, name === phase.at ? 1 : 0);
    if (phase.at !== 'serving' && phase.at !== 'draining')
      for (const why of [...VALVES.minting, ...VALVES.intake]) this.#valve.set({ why }, 0);
  }

  #turn(at: 'open' | 'shut', why: string): void {
    const valve = why === 'minting' || why === 'sequenceUse' ? VALVES.minting : VALVES.intake;
    for (const reason of valve) this.#valve.set({ why: reason }, at === 'shut' && reason === why ? 1 : 0);
  }

  pipeline(fact: PipelineFact): void {
    switch (fact.fact) {
      case 'committed':
        this.#events.inc({ route: fact.route, result: 'stamped' }, fact.stamped - fact.headerOnly);
        this.#events.inc({ route: fact.route, result: 'header_only' }, fact.headerOnly);
        this.#events.inc({ route: fact.route, result: 'kept' }, fact.kept);
        this.#events.inc({ route: fact.route, result: 'dead_lettered' }, fact.deadLettered);
        this.#mapped(fact.route, fact.mapped, fact.unmapped);
        return;
      case 'transaction':
        this.#transactions.inc({ result: fact.result });
        this.#transactionSeconds.observe(fact.seconds);
        return;
      case 'valve':
        this.#turn(fact.at, fact.why);
        return;
      case 'stopped':
        this.#stops.inc({ code: fact.code });
        return;
      case 'retried':
        this.#retries.inc({ room: 'pipeline', request: fact.request.split(' ')[0]! });
        return;
      case 'fetched':
      case 'minted':
      case 'opened':
      case 'floor':
      case 'sidelined':
      case 'stuck':
      case 'dead-letter':
      case 'recovering':
        return;
    }
  }

  /** A route without a mapping has no such series. */
  #mapped(route: string, mapped: number, unmapped: number): void {
    if (mapped + unmapped === 0) return;
    this.#mappings.inc({ route, result: 'mapped' }, mapped);
    this.#mappings.inc({ route, result: 'missing' }, unmapped);
  }

  transaction(fact: TransactionFact): void {
    if (fact.fact === 'retried') this.#retries.inc({ room: 'transaction', request: fact.request });
  }

  membership(fact: MembershipFact): void {
    if (fact.fact === 'retried') this.#retries.inc({ room: 'membership', request: fact.request });
    if (fact.fact === 'synced') this.#rebalances.inc();
  }

  lease(fact: LeaseFact): void {
    if (fact.fact === 'granted') this.#grants.inc();
    if (fact.fact === 'lost') this.#lost.inc();
    if (fact.fact === 'trouble') this.#trouble.inc();
  }

  registry({ route, fact: outcome }: RegistryFact): void {
    this.#schemas.inc({ route, outcome });
  }

  #gauge<Label extends string>(name: string, help: string, labelNames: Label[]): Gauge<Label> {
    return new Gauge({ name: `snowstamp_${name}`, help, labelNames, registers: [this.#registry] });
  }

  #counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new Counter({ name: `snowstamp_${name}`, help, labelNames, registers: [this.#registry] });
  }

  #histogram(name: string, help: string): Histogram {
    const buckets = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
    return new Histogram({ name: `snowstamp_${name}`, help, buckets, registers: [this.#registry] });
  }
}
