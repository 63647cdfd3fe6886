import { CATALOGUE } from '../errors.ts';
import type { LeaseFact, LeaseFacts } from '../lease/port.ts';
import type { Phase } from '../lifecycle.ts';
import type { MembershipFact } from '../kafka/membership/facts.ts';
import type { TransactionFact } from '../kafka/transaction/port.ts';
import type { Lag, PipelineFact } from '../pipeline/port.ts';
import type { RegistryFact } from '../registry/book.ts';
import type { GeneratorFacts } from '../snowflake/generator.ts';
import { Declaration } from './declaration.ts';
import { LeaseMetrics } from './lease-metrics.ts';

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
  readonly lease: LeaseFacts;
  /** Of the worker ID held; undefined before the first. */
  readonly generator: GeneratorFacts | undefined;
  readonly sequenceUse: number;
  readonly bytesInFlight: number;
  readonly yearsLeft: number;
  readonly lag: readonly Lag[];
}

/**
 * Every metric, declared once. Facts go in, numbers come out; a registry of its own per worker. Names: prefix `snowstamp_`,
 * base units, `_total` on counters; counters with known labels are born at 0, so that the first error is a rate.
 */
export class Metrics {
  readonly #declare = new Declaration();
  readonly #lease = new LeaseMetrics(this.#declare);
  readonly #phase = this.#declare.gauge('phase', 'The worker’s phase: 1 for the one it is in.', ['phase']);
  readonly #phaseChanges = this.#declare.counter(
    'phase_changes_total',
    'Changes of phase, by the phase entered.',
    ['phase'],
  );
  readonly #events = this.#declare.counter('events_total', 'Records committed, by route and result.', [
    'route',
    'result',
  ]);
  readonly #mappings = this.#declare.counter(
    'mappings_total',
    'Records stamped on routes with a mapping, by whether a legacy ID was found and mapped.',
    ['route', 'result'],
  );
  readonly #lagRecords = this.#declare.gauge(
    'lag_records',
    'Records between the committed position and the last stable offset.',
    ['route', 'topic', 'partition'],
  );
  readonly #lagSeconds = this.#declare.gauge(
    'lag_seconds',
    'Age of the oldest record fetched and not yet committed.',
    ['route', 'topic', 'partition'],
  );
  readonly #partitions = this.#declare.gauge(
    'partition_state',
    'Owned partitions: 1 for the state each is in.',
    ['topic', 'partition', 'state'],
  );
  readonly #transactions = this.#declare.counter('transactions_total', 'Transactions, by result.', [
    'result',
  ]);
  readonly #transactionSeconds = this.#declare.histogram(
    'transaction_seconds',
    'From the first record stamped to the outcome.',
  );
  readonly #use = this.#declare.gauge(
    'sequence_use_ratio',
    'Share of the IDs one worker can mint that is in use, smoothed.',
    [],
  );
  readonly #valve = this.#declare.gauge('valve_shut', 'Intake valves: 1 when shut, by reason.', ['why']);
  readonly #bytes = this.#declare.gauge('in_flight_bytes', 'Fetched, inflated and outgoing bytes.', []);
  readonly #years = this.#declare.gauge('years_left', 'Until the timestamp field is full.', []);
  readonly #stops = this.#declare.counter('partition_stops_total', 'Partitions stopped, by code.', ['code']);
  readonly #retries = this.#declare.counter('retries_total', 'Requests repeated, by room and request.', [
    'room',
    'request',
  ]);
  readonly #rebalances = this.#declare.counter(
    'rebalances_total',
    'Rebalances this worker took part in.',
    [],
  );
  readonly #schemas = this.#declare.counter(
    'schemas_total',
    'Schemas looked up in the registry, by route and outcome.',
    ['route', 'outcome'],
  );

  constructor(routes: readonly string[]) {
    for (const route of routes) for (const result of RESULTS) this.#events.inc({ route, result }, 0);
    for (const route of routes) for (const outcome of OUTCOMES) this.#schemas.inc({ route, outcome }, 0);
    for (const result of ['committed', 'aborted', 'doubtful']) this.#transactions.inc({ result }, 0);
    for (const code of STOP_CODES) this.#stops.inc({ code }, 0);
    for (const phase of PHASES) this.#phaseChanges.inc({ phase }, 0);
    this.#rebalances.inc(0);
    this.#enter({ at: 'acquiring' });
  }

  get contentType(): string {
    return this.#declare.contentType;
  }

  text(gauges: Gauges): Promise<string> {
    this.#use.set(gauges.sequenceUse);
    this.#bytes.set(gauges.bytesInFlight);
    this.#years.set(gauges.yearsLeft);
    this.#lease.read(gauges.lease, gauges.generator);
    for (const gauge of [this.#lagRecords, this.#lagSeconds, this.#partitions]) gauge.reset();
    for (const { route, topic, partition, records, seconds, state } of gauges.lag) {
      // Unknown is no sample: a 0 would tell an alert that all is well.
      if (records !== undefined) this.#lagRecords.set({ route, topic, partition }, records);
      if (seconds !== undefined) this.#lagSeconds.set({ route, topic, partition }, seconds);
      this.#partitions.set({ topic, partition, state }, 1);
    }
    return this.#declare.text();
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

  /** `wallMs`: when it was told, Unix ms. */
  lease(fact: LeaseFact, wallMs: number): void {
    this.#lease.take(fact, wallMs);
  }

  registry({ route, fact: outcome }: RegistryFact): void {
    this.#schemas.inc({ route, outcome });
  }
}
