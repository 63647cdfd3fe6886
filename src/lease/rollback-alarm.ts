/** A gain of the wall clock below this is not told from its own resolution, or from slewing (500 ppm at most, taken double). */
const RESOLUTION_MS = 2;
const SLEWING = 0.001;

export interface AlarmRules {
  /** So many steps back of the wall clock, of any size, within `rollbackAlarmMs`: alarm. */
  readonly rollbackAlarmCount: number;
  readonly rollbackAlarmMs: number;
}

/** PURE: whether the wall clock, having gained `gainedMs` on the monotonic one in `passedMs`, was set back. */
export const isRollback = (gainedMs: number, passedMs: number): boolean =>
  gainedMs < -(RESOLUTION_MS + SLEWING * passedMs);

/**
 * A clock that is set back again and again is no accident: two time daemons at odds, a bad hypervisor. Each single step may be
 * absorbed, so somebody has to be told. PURE: time is an argument. Rings from the n-th step until fewer lie within the span.
 */
export class RollbackAlarm {
  readonly #rules: AlarmRules;
  /** Monotonic ms of the latest steps, `rollbackAlarmCount` at most, oldest first. */
  readonly #steps: number[] = [];

  constructor(rules: AlarmRules) {
    this.#rules = rules;
  }

  note(monotonicMs: number): void {
    this.#steps.push(monotonicMs);
    if (this.#steps.length > this.#rules.rollbackAlarmCount) this.#steps.shift();
  }

  /** Why it rings; undefined while it does not. */
  why(monotonicMs: number): string | undefined {
    const { rollbackAlarmCount, rollbackAlarmMs } = this.#rules;
    const [oldest] = this.#steps;
    if (this.#steps.length < rollbackAlarmCount || oldest === undefined) return undefined;
    if (monotonicMs - oldest > rollbackAlarmMs) return undefined;
    const times = rollbackAlarmCount === 1 ? 'once' : `${rollbackAlarmCount} times`;
    return `set back ${times} within ${Math.round(rollbackAlarmMs / 1_000)} s`;
  }
}
