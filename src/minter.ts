import type { Clock, Instant } from './clock.ts';
import { SnowstampError, type ErrorCode } from './errors.ts';
import type { Minter } from './pipeline/port.ts';
import type { Generator, Refusal } from './snowflake/generator.ts';
import type { Layout } from './snowflake/layout.ts';
import type { Permit } from './snowflake/permit.ts';
import { Doubt } from './stay.ts';

/** Whether the generator's permit stands right now: asked in the very tick in which it matters (rule 3). */
export function isPermitted({ permit }: Generator, now: Instant): boolean {
  return (
    permit !== undefined && now.monotonicMs < permit.deadlineMonotonicMs && now.wallMs < permit.deadlineWallMs
  );
}

export const timestampFull = (): SnowstampError =>
  new SnowstampError(
    'TIMESTAMP_FULL',
    'no timestamp is left in the layout: make a new domain (README, rollover)',
  );

/** What a refusal says about the worker: which of lease and clock is in doubt, and the code it gives up with. PURE. */
export function lapseOf(
  refused: Refusal,
): { readonly why: 'lease' | 'clock'; readonly code: ErrorCode } | undefined {
  switch (refused) {
    case 'clock-back':
      return { why: 'clock', code: 'CLOCK_BACK' };
    case 'clock-forward':
      return { why: 'clock', code: 'CLOCK_FORWARD' };
    case 'no-permit':
    case 'lease-deadline':
    case 'window':
      return { why: 'lease', code: 'LEASE_LOST' };
    case 'stopped':
    case 'timestamp-full':
      return undefined;
  }
}

/** Notices, input or no input, that the permit held ended and no other came (P5). */
export class PermitWatch {
  readonly #clock: Clock;
  readonly #lapse = new Doubt();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Of the newest permit: false when it gives no IDs even now; `lapsed` is told why the generator refuses, now or then. */
  hold(generator: Generator, permit: Permit, lapsed: (refused: Refusal) => void): boolean {
    const { wallMs, monotonicMs } = this.#clock.now();
    const wallEndMs = Math.min(permit.untilMs, permit.deadlineWallMs) - wallMs;
    const lastsMs = Math.max(0, Math.min(wallEndMs, permit.deadlineMonotonicMs - monotonicMs)) + 1;
    const look = (): boolean => {
      const probe = generator.reserve(0, this.#clock.now()); // takes no ID
      if (!probe.ok) lapsed(probe.refused);
      return probe.ok;
    };
    this.#lapse.end();
    this.#lapse.begin(this.#clock, [[lastsMs, () => void look()]]);
    return look();
  }

  end(): void {
    this.#lapse.end();
  }
}

/** A generator as the pipeline sees it: one clock reading per call; every answer is told to `answered` (undefined: it gave IDs). */
export function minterOf(
  generator: Generator,
  { clock, layout }: { readonly clock: Clock; readonly layout: Layout },
  answered: (refused: Refusal | undefined) => void,
): Minter {
  return {
    node: generator.incarnation.node,
    layout,
    reserve: (count) => {
      const reservation = generator.reserve(count, clock.now());
      answered(reservation.ok ? undefined : reservation.refused);
      return reservation;
    },
    nextTimestampMs: () => generator.nextTimestampMs(clock.now()),
    sequenceUse: () => generator.sequenceUse(clock.now()),
  };
}
