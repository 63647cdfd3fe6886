import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Instant } from '../../src/clock.ts';
import { Generator } from '../../src/snowflake/generator.ts';
import type { Reservation } from '../../src/snowflake/generator.ts';
import type { Layout } from '../../src/snowflake/layout.ts';
import { idsPerMs, maxTimestampMs } from '../../src/snowflake/layout.ts';
import type { Incarnation, Permit } from '../../src/snowflake/permit.ts';

/** Four IDs a millisecond: sequences run out all the time. */
const LAYOUT: Layout = {
  timestampBits: 50,
  datacenterBits: 0,
  workerBits: 11,
  sequenceBits: 2,
  epochMs: 1_000_000,
};
const PER_MS = idsPerMs(LAYOUT);
const START_MS = 10_000_000;
const FAR_MS = 1e12;
type Step =
  | { readonly do: 'reserve'; readonly count: number }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'clock'; readonly ms: number }
  | { readonly do: 'grant'; readonly windowMs: number; readonly leaseMs: number; readonly foreign: boolean }
  | { readonly do: 'ask' }
  | { readonly do: 'confirm' }
  | { readonly do: 'stop' };

const ms = (max: number): fc.Arbitrary<number> =>
  fc.oneof(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max }));
const stepMs = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: -8, max: 8 }) },
  { weight: 3, arbitrary: fc.integer({ min: -700, max: 700 }) },
  { weight: 1, arbitrary: fc.integer({ min: -20_000, max: 20_000 }) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('reserve' as const), count: fc.integer({ min: 0, max: 60 }) }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: ms(3_000) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('clock' as const), ms: stepMs }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('grant' as const),
      windowMs: fc.integer({ min: -50, max: 10_000 }),
      leaseMs: fc.integer({ min: -50, max: 15_000 }),
      foreign: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'ask' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'confirm' as const }) },
);
const walk = fc
  .tuple(fc.array(step, { minLength: 5, maxLength: 60 }), fc.boolean(), fc.array(step, { maxLength: 6 }))
  .map(([before, stops, after]): Step[] => (stops ? [...before, { do: 'stop' }, ...after] : before));
const settings = fc.record({
  maxLeadMs: fc.integer({ min: 0, max: 20 }),
  floorMs: fc.integer({ min: -100, max: 200 }),
  carryBackMs: fc.constantFrom(0, 0, 50, 1_000),
});

/** `expect` costs microseconds; these are asked millions of times. */
function must(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

class World {
  readonly generator: Generator;
  /** The most an ID may be ahead of the wall clock. */
  readonly maxAheadMs: number;
  readonly mine: Incarnation;
  now: Instant = { wallMs: START_MS, monotonicMs: 500 };
  /** Position of the last ID in (timestamp, sequence) order. */
  last = -Infinity;
  promisedMs = -Infinity;
  stopped = false;
  given = 0;
  /** What the world granted to this incarnation: the generator may never go beyond, whatever it keeps. */
  readonly granted = { untilMs: -Infinity, deadlineMonotonicMs: -Infinity };

  constructor(options: { maxLeadMs: number; floorMs: number; carryBackMs: number }) {
    this.mine = { node: 5, createRevision: '7', nonce: 'mine', floorMs: START_MS + options.floorMs };
    this.maxAheadMs = Math.max(options.maxLeadMs, options.carryBackMs);
    this.generator = new Generator(LAYOUT, this.mine, options);
  }

  take(next: Step): void {
    if (next.do === 'pass') this.pass(next.ms);
    else if (next.do === 'clock') this.now = { ...this.now, wallMs: this.now.wallMs + next.ms };
    else if (next.do === 'grant') this.#grant(next);
    else if (next.do === 'confirm') this.generator.confirmClock();
    else if (next.do === 'ask')
      this.promisedMs = Math.max(this.promisedMs, this.generator.nextTimestampMs(this.now));
    else if (next.do === 'stop') this.#stop();
    else this.reserve(next.count);
  }

  pass(ms: number): void {
    this.now = { wallMs: this.now.wallMs + ms, monotonicMs: this.now.monotonicMs + ms };
  }

  #grant({ windowMs, leaseMs, foreign }: Extract<Step, { do: 'grant' }>): void {
    const permit: Permit = {
      incarnation: foreign ? { ...this.mine, nonce: 'other' } : { ...this.mine },
      untilMs: this.now.wallMs + windowMs,
      deadlineMonotonicMs: this.now.monotonicMs + leaseMs,
      deadlineWallMs: this.now.wallMs + leaseMs,
    };
    const taken = this.generator.accept(permit);
    if (foreign || this.stopped) must(!taken, 'a permit was taken that is not ours, or after stop');
    if (foreign) return;
    this.granted.untilMs = Math.max(this.granted.untilMs, permit.untilMs);
    this.granted.deadlineMonotonicMs = Math.max(this.granted.deadlineMonotonicMs, permit.deadlineMonotonicMs);
  }

  #stop(): void {
    this.stopped = true;
    const { lastTimestampMs } = this.generator.stop();
    const covered = this.given === 0 ? this.mine.floorMs - 1 : Math.floor(this.last / PER_MS);
    must(lastTimestampMs === covered, `stop says ${lastTimestampMs}, IDs reach ${covered}`);
  }

  reserve(count: number): Reservation {
    const reservation = this.generator.reserve(count, this.now);
    if (!reservation.ok) return reservation;
    const { runs, waitMs } = reservation;
    must(!this.stopped, 'reserved after stop');
    must(this.now.monotonicMs < this.granted.deadlineMonotonicMs, 'reserved past the monotonic deadline');
    must(this.now.wallMs < (this.generator.permit?.deadlineWallMs ?? 0), 'reserved past the wall deadline');
    must(
      reservation.count === runs.reduce((sum, run) => sum + run.count, 0),
      'count is not that of the runs',
    );
    must(reservation.count <= count, 'more than asked for');
    must(
      reservation.count === count ? waitMs === 0 : waitMs >= 1,
      `waitMs ${waitMs} for ${reservation.count} of ${count}`,
    );
    must(Number.isInteger(waitMs), 'waitMs is not whole');
    for (const run of runs) this.#check(run.timestampMs, run.firstSequence, run.count);
    return reservation;
  }

  #check(timestampMs: number, firstSequence: number, count: number): void {
    must(Number.isInteger(timestampMs) && count >= 1, 'a run without IDs or a whole timestamp');
    must(firstSequence >= 0 && firstSequence + count <= PER_MS, 'the sequence leaves its field');
    must(timestampMs >= this.mine.floorMs, 'below the floor');
    must(timestampMs >= this.promisedMs, 'below an answer of nextTimestampMs');
    must(timestampMs < this.granted.untilMs, 'beyond the window');
    must(timestampMs <= this.now.wallMs + this.maxAheadMs, 'beyond the lead');
    must(timestampMs <= maxTimestampMs(LAYOUT), 'beyond the timestamp field');
    const first = timestampMs * PER_MS + firstSequence;
    must(first > this.last, 'not above the ID before');
    must(
      firstSequence === 0 || Math.floor(this.last / PER_MS) === timestampMs,
      'a millisecond not begun at 0',
    );
    this.last = first + count - 1;
    this.given += count;
  }
}

function far(world: World): void {
  world.generator.accept({
    incarnation: world.mine,
    untilMs: START_MS + FAR_MS,
    deadlineMonotonicMs: FAR_MS,
    deadlineWallMs: START_MS + FAR_MS,
  });
  world.granted.untilMs = START_MS + FAR_MS;
  world.granted.deadlineMonotonicMs = FAR_MS;
}

describe('whatever clocks, permits and callers do', () => {
  it('IDs rise strictly, from the floor, inside window, deadlines and lead, and end with stop (P1, P2, P5)', () => {
    let given = 0;
    fc.assert(
      fc.property(settings, walk, (options, steps) => {
        const world = new World(options);
        world.take({ do: 'grant', windowMs: 10_000, leaseMs: 15_000, foreign: false });
        for (const next of steps) world.take(next);
        given += world.given;
      }),
      { numRuns: 2_000 },
    );
    expect(given).toBeGreaterThan(50_000); // the walks do mint
  });

  it('who waits as told, by an honest clock, gets at least one ID; a failed clock recovers once it is back', () => {
    let waits = 0;
    fc.assert(
      fc.property(settings, walk, fc.integer({ min: 1, max: 500 }), (options, steps, count) => {
        const world = new World(options);
        far(world);
        for (const next of steps) if (next.do !== 'stop') world.take(next);
        world.reserve(0);
        world.generator.confirmClock(); // of a step the walk ended with
        let reservation = world.reserve(count);
        if (reservation.ok && reservation.waitMs === 0) return;
        if (reservation.ok) {
          waits += 1;
          world.pass(reservation.waitMs);
          reservation = world.reserve(count);
          if (reservation.ok) expect(reservation.count).toBeGreaterThanOrEqual(1);
        }
        if (reservation.ok) return;
        expect(reservation.refused).toBe('clock-back');
        world.pass(2_000_000);
        expect(world.reserve(1)).toMatchObject({ ok: true, count: 1 });
      }),
      { numRuns: 2_000 },
    );
    expect(waits).toBeGreaterThan(200);
  });

  it('a caller who always waits as told gets all a node can mint, and no millisecond is left unspent', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 300 }), (maxLeadMs, count) => {
        const world = new World({ maxLeadMs, floorMs: 0, carryBackMs: 0 });
        far(world);
        const endMs = START_MS + 400;
        while (world.now.wallMs < endMs) {
          const reservation = world.reserve(count);
          if (reservation.ok && reservation.waitMs > 0) world.pass(reservation.waitMs);
        }
        expect(world.given).toBeGreaterThanOrEqual(PER_MS * 400);
      }),
      { numRuns: 100 },
    );
  });

  it('sequence use is never negative, and falls to nothing when idle (P6)', () => {
    fc.assert(
      fc.property(settings, walk, (options, steps) => {
        const world = new World(options);
        far(world);
        for (const next of steps) {
          world.take(next);
          must(world.generator.sequenceUse(world.now) >= 0, 'negative use');
        }
        world.pass(30_000);
        expect(world.generator.sequenceUse(world.now)).toBeLessThan(1e-6);
      }),
      { numRuns: 300 },
    );
  });
});
