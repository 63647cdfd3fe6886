import type { ClockLevel, LeaseFact, LeaseFacts } from '../lease/port.ts';
import type { GeneratorFacts } from '../snowflake/generator.ts';
import type { Declaration } from './declaration.ts';

const LEVELS: readonly ClockLevel[] = ['fine', 'warn', 'not-ready', 'refuse'];

/** The worker ID held and the clock it is held by: P1 and P5 as seen by whoever is on call. */
export class LeaseMetrics {
  readonly #worker;
  readonly #ids;
  readonly #refusals;
  readonly #left;
  readonly #window;
  readonly #claimed;
  readonly #restingSeconds;
  readonly #restingNodes;
  readonly #grants;
  readonly #grantSeconds;
  readonly #lost;
  readonly #trouble;
  readonly #unknown;
  readonly #rollbacks;
  readonly #alarm;
  readonly #held;
  readonly #forward;
  readonly #lead;
  readonly #level;
  readonly #offset;
  readonly #bound;

  constructor(declare: Declaration) {
    const gauge = (name: string, help: string) => declare.gauge(name, help, []);
    this.#worker = declare.gauge('worker_info', 'The worker ID held.', ['node']);
    this.#ids = gauge('ids_reserved', 'IDs reserved since the worker ID was claimed, burnt ones included.');
    this.#refusals = declare.gauge('mint_refusals', 'Times no ID was given since the claim, by reason.', [
      'why',
    ]);
    this.#left = gauge('lease_seconds_left', 'Until minting must stop for the lease’s sake.');
    this.#window = gauge('window_seconds_left', 'How far granted timestamps reach ahead of the clock.');
    this.#claimed = gauge(
      'lease_claimed_timestamp_seconds',
      'When the worker ID was claimed, Unix time; 0 while none is.',
    );
    this.#restingSeconds = gauge(
      'lease_resting_seconds_left',
      'Until the next resting worker ID is free, while all others are held; 0 when none is waited for.',
    );
    this.#restingNodes = gauge(
      'lease_resting_nodes',
      'Worker IDs in quarantine, while one of them is waited for.',
    );
    this.#grants = declare.counter('lease_grants_total', 'Windows granted.', []);
    this.#grantSeconds = declare.histogram(
      'lease_grant_seconds',
      'From asking for a window to the answer of etcd.',
    );
    this.#lost = declare.counter('lease_lost_total', 'Worker IDs lost.', []);
    this.#trouble = declare.counter('lease_trouble_total', 'Requests to etcd without a good answer.', []);
    this.#unknown = declare.counter(
      'lease_unknown_outcomes_total',
      'Those of them that may have been carried out: settled by a read.',
      [],
    );
    this.#rollbacks = declare.gauge(
      'clock_rollbacks',
      'Steps back of the wall clock that minting met since the claim, by what was done.',
      ['class'],
    );
    this.#alarm = gauge(
      'clock_rollback_alarm',
      'Whether the wall clock is set back again and again: 1 while it is.',
    );
    this.#held = gauge('clock_held_seconds', 'Time minting waited for the wall clock since the claim.');
    this.#forward = gauge('clock_forward_steps', 'Steps ahead of the wall clock since the claim.');
    this.#lead = gauge('clock_lead_seconds', 'How far the last ID was ahead of the wall clock.');
    this.#level = declare.gauge('clock_level', 'What is thought of the wall clock: 1 for what is.', [
      'level',
    ]);
    this.#offset = gauge('clock_offset_seconds', 'Wall clock less that of peers or sources, where known.');
    this.#bound = gauge('clock_offset_bound_seconds', 'How far that may be wrong.');
    for (const counter of [this.#grants, this.#lost, this.#trouble, this.#unknown]) counter.inc(0);
  }

  take(fact: LeaseFact, wallMs: number): void {
    switch (fact.fact) {
      case 'granted':
        this.#grants.inc();
        this.#grantSeconds.observe(fact.tookMs / 1_000);
        return;
      case 'lost':
        this.#lost.inc();
        this.#claimed.set(0);
        return;
      case 'trouble':
        this.#trouble.inc();
        if (fact.unknown) this.#unknown.inc();
        return;
      case 'resting':
        this.#restingNodes.set(fact.nodes);
        return;
      case 'state':
        if (fact.from !== 'acquiring' || fact.to === 'acquiring') return;
        this.#restingNodes.set(0);
        if (fact.node !== undefined) this.#claimed.set(wallMs / 1_000);
        return;
      case 'renewed':
      case 'clock-proven':
      case 'clock-unproven':
      case 'clock-awaited':
      case 'clock-off':
      case 'clock-stepped':
      case 'clock-level':
      case 'clock-source':
      case 'stalled':
      case 'beacon':
      case 'released':
        return;
    }
  }

  /** What is only known when asked. */
  read(lease: LeaseFacts, generator: GeneratorFacts | undefined): void {
    this.#left.set(lease.leaseSecondsLeft);
    this.#window.set(lease.windowLeftMs / 1_000);
    this.#restingSeconds.set((lease.restingMs ?? 0) / 1_000);
    this.#worker.reset();
    if (lease.node !== undefined) this.#worker.set({ node: lease.node }, 1);
    this.#clock(lease.clock);
    this.#minted(generator);
  }

  /** Unknown is no sample: a 0 would tell an alert that all is well. */
  #clock({ level, rollbackAlarm, offsetMs, boundMs }: LeaseFacts['clock']): void {
    for (const name of LEVELS) this.#level.set({ level: name }, name === level ? 1 : 0);
    this.#alarm.set(rollbackAlarm ? 1 : 0);
    this.#offset.remove();
    this.#bound.remove();
    if (offsetMs !== undefined) this.#offset.set(offsetMs / 1_000);
    if (boundMs !== undefined) this.#bound.set(boundMs / 1_000);
  }

  #minted(facts: GeneratorFacts | undefined): void {
    this.#refusals.reset();
    for (const [why, times] of Object.entries(facts?.refusals ?? {})) this.#refusals.set({ why }, times);
    this.#ids.set(facts?.idsReserved ?? 0);
    this.#rollbacks.set({ class: 'absorbed' }, facts?.rollbacksAbsorbed ?? 0);
    this.#rollbacks.set({ class: 'carried' }, facts?.rollbacksCarried ?? 0);
    this.#rollbacks.set({ class: 'held' }, facts?.rollbacksHeld ?? 0);
    this.#rollbacks.set({ class: 'failed' }, facts?.rollbacksFailed ?? 0);
    this.#held.set((facts?.heldMs ?? 0) / 1_000);
    this.#forward.set(facts?.forwardSteps ?? 0);
    this.#lead.set((facts?.leadMs ?? 0) / 1_000);
  }
}
