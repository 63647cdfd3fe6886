import type { Instant } from '../../../src/clock.ts';
import type { GeneratorOptions, IdRun, Reservation } from '../../../src/snowflake/generator.ts';
import { Generator } from '../../../src/snowflake/generator.ts';
import type { Layout } from '../../../src/snowflake/layout.ts';
import { compose, DEFAULT_LAYOUT } from '../../../src/snowflake/layout.ts';
import type { Incarnation, Permit } from '../../../src/snowflake/permit.ts';

/** The wall clock of most tests begins here; the monotonic one at 1,000. */
export const T0 = Date.UTC(2026, 5, 1);
export const MONOTONIC_0 = 1_000;
export const FULL = 4_096;

export function incarnation(change: Partial<Incarnation> = {}): Incarnation {
  return { node: 37, createRevision: '812', nonce: 'c0ffee', floorMs: T0 - 60_000, ...change };
}

/** Wide enough to be out of the way, unless changed. */
export function permit(change: Partial<Permit> = {}): Permit {
  return {
    incarnation: incarnation(),
    untilMs: T0 + 1e9,
    deadlineMonotonicMs: 1e9,
    deadlineWallMs: T0 + 1e9,
    ...change,
  };
}

/** A clock reading: `wall` and `monotonic` ms after the beginning. */
export function at(wall: number, monotonic = wall): Instant {
  return { wallMs: T0 + wall, monotonicMs: MONOTONIC_0 + monotonic };
}

export function permitted(options: Partial<GeneratorOptions> = {}, change: Partial<Permit> = {}): Generator {
  const generator = new Generator(DEFAULT_LAYOUT, incarnation(), options);
  generator.accept(permit(change));
  return generator;
}

export function runsOf(reservation: Reservation): readonly IdRun[] {
  if (!reservation.ok) throw new Error(`refused: ${reservation.refused}`);
  return reservation.runs;
}

/** Runs as `[ms after T0, first sequence, count]`. */
export function shape(reservation: Reservation): number[][] {
  return runsOf(reservation).map((run) => [run.timestampMs - T0, run.firstSequence, run.count]);
}

export function refusalOf(reservation: Reservation): string | undefined {
  return reservation.ok ? undefined : reservation.refused;
}

/** Every ID of some runs, by the plain definition. */
export function idsOf(runs: readonly IdRun[], node = 37, layout: Layout = DEFAULT_LAYOUT): bigint[] {
  return runs.flatMap(({ timestampMs, firstSequence, count }) =>
    Array.from({ length: count }, (_, i) =>
      compose(layout, { timestampMs, node, sequence: firstSequence + i }),
    ),
  );
}

export function duplicates(ids: readonly bigint[]): number {
  return ids.length - new Set(ids).size;
}
