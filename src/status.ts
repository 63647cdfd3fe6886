import type { Clock } from './clock.ts';
import type { LeaseFact } from './lease/port.ts';
import type { WorkerSnapshot } from './worker.ts';

/** What a worker tells the fleet of itself, in `status/<node>`, for `snowstamp workers`. Nothing hangs on it. */
export class StatusNote {
  readonly #clock: Clock;
  readonly #instance: string | undefined;
  #sinceMs: number | undefined;

  /** `instance`: tells the workers of one host apart. */
  constructor(clock: Clock, instance: string | undefined) {
    this.#clock = clock;
    this.#instance = instance;
  }

  lease(fact: LeaseFact): void {
    if (fact.fact === 'state' && fact.from === 'acquiring' && fact.node !== undefined)
      this.#sinceMs = Math.floor(this.#clock.now().wallMs);
  }

  of(snapshot: WorkerSnapshot): Record<string, string | number> {
    const told = {
      instance: this.#instance,
      sinceMs: this.#sinceMs,
      lastMs: snapshot.generator?.lastTimestampMs,
      phase: snapshot.phase.at,
    };
    return Object.fromEntries(
      Object.entries(told).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
    );
  }
}
