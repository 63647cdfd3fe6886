import type { Layout } from './layout.ts';
import type { Incarnation, Permit } from './permit.ts';
import { sameIncarnation } from './permit.ts';
import type { ClockFacts, ClockRules, Instant } from './clock-rules.ts';
import { ClockJudge, DEFAULT_CLOCK_RULES } from './clock-rules.ts';
import { idsPerMs, maxTimestampMs } from './layout.ts';
import { LogicalOffset } from './logical-offset.ts';
import { SequenceUse } from './use.ts';

/** IDs of one millisecond: sequences `firstSequence` … `firstSequence + count − 1`. */
export interface IdRun {
  /** Unix ms. */
  readonly timestampMs: number;
  readonly firstSequence: number;
  readonly count: number;
}

/** Why no ID is given, and waiting alone will not help (but for `clock-back`, which ends when the clock is back). */
export type Refusal =
  'stopped' | 'no-permit' | 'lease-deadline' | 'window' | 'clock-back' | 'clock-forward' | 'timestamp-full';

export type Reservation =
  | {
      readonly ok: true;
      /** In rising order, at most one per millisecond of lead. */
      readonly runs: readonly IdRun[];
      /** IDs in `runs`: 0 … as many as were asked for. */
      readonly count: number;
      /** 0 when all were given; else whole ms ≥ 1 after which, the clock going on, at least one more can be had. */
      readonly waitMs: number;
    }
  | { readonly ok: false; readonly refused: Refusal };

export interface GeneratorOptions extends ClockRules {
  /** IDs may carry a timestamp this far ahead of the wall clock. 0 … 1000 ms. */
  readonly maxLeadMs: number;
}

const DEFAULT_GENERATOR_OPTIONS: GeneratorOptions = { ...DEFAULT_CLOCK_RULES, maxLeadMs: 5 };

/** Counters since the incarnation began. */
export interface GeneratorFacts extends ClockFacts {
  readonly idsReserved: number;
  /** Of the highest ID reserved, used or not; undefined before the first. Unix ms. */
  readonly lastTimestampMs: number | undefined;
  /** Calls that gave less than was asked for, because time had to pass first. */
  readonly waits: number;
  /** Of the last reservation: its highest timestamp less the wall clock; negative where time was left unspent. */
  readonly leadMs: number;
  readonly refusals: Readonly<Record<Refusal, number>>;
}

/**
 * Reserves the IDs of one incarnation. Invariants, whatever clocks do between two calls:
 *
 * 1. (timestamp, sequence) rises strictly from reservation to reservation, and starts at the incarnation's floor (P1, P2).
 * 2. No timestamp reaches `untilMs` of the permit held, leaves the timestamp field, or is more than `maxLeadMs` ahead of the
 *    wall clock of the call; where steps back are carried, `carryBackMs` if that is more (P1, P5).
 * 3. Nothing is reserved at or past either lease deadline: they are compared here, in the call that gives the IDs (P5).
 * 4. After `stop` nothing is ever reserved again, and what `stop` returned covers every ID reserved before.
 * 5. No timestamp is below an earlier answer of `nextTimestampMs`, so a partition's floor may be compared with it (rule 9).
 *
 * The next timestamp is max(last, wall, floor), where the wall clock counts with the highest reading it was trusted for:
 * that is the pinning that absorbs steps back, and what makes 5 true.
 */
export class Generator {
  readonly incarnation: Incarnation;
  readonly #maxTimestampMs: number;
  readonly #idsPerMs: number;
  readonly #maxLeadMs: number;
  readonly #logical: LogicalOffset;
  readonly #clock: ClockJudge;
  readonly #use: SequenceUse;
  readonly #refusals: Record<Refusal, number> = {
    stopped: 0,
    'no-permit': 0,
    'lease-deadline': 0,
    window: 0,
    'clock-back': 0,
    'clock-forward': 0,
    'timestamp-full': 0,
  };
  #idsReserved = 0;
  #waits = 0;
  #leadMs = 0;
  #permit: Permit | undefined;
  #stopped = false;
  /** The millisecond IDs are taken from, and the first sequence of it still free; `#idsPerMs` when none is. */
  #timestampMs: number;
  #sequence = 0;
  #lastTimestampMs: number;

  constructor(layout: Layout, incarnation: Incarnation, options: Partial<GeneratorOptions> = {}) {
    const settings = { ...DEFAULT_GENERATOR_OPTIONS, ...options };
    this.incarnation = incarnation;
    this.#maxTimestampMs = maxTimestampMs(layout);
    this.#idsPerMs = idsPerMs(layout);
    this.#maxLeadMs = settings.maxLeadMs;
    this.#logical = new LogicalOffset(settings.carryBackMs);
    this.#clock = new ClockJudge(settings);
    this.#use = new SequenceUse(this.#idsPerMs);
    this.#timestampMs = Math.max(incarnation.floorMs, layout.epochMs);
    this.#lastTimestampMs = incarnation.floorMs - 1;
  }

  /** The permit IDs are reserved under; undefined before the first. */
  get permit(): Permit | undefined {
    return this.#permit;
  }

  /** Timestamp of the highest ID ever reserved, used or not; floor − 1 before the first. Unix ms. */
  get lastTimestampMs(): number {
    return this.#lastTimestampMs;
  }

  get facts(): GeneratorFacts {
    const refusals = { ...this.#refusals };
    const lastTimestampMs = this.#idsReserved === 0 ? undefined : this.#lastTimestampMs;
    return {
      ...this.#clock.facts,
      ...{
        idsReserved: this.#idsReserved,
        lastTimestampMs,
        waits: this.#waits,
        leadMs: this.#leadMs,
        refusals,
      },
    };
  }

  /**
   * Takes a permit in place of the one held. False, and nothing changes, when it is another incarnation's, when it would take
   * the window or the monotonic deadline back (a late answer), or after `stop`. The wall deadline may fall: it follows
   * the wall clock, and the newer one is right. A risen window was granted since a suspected forward step was seen,
   * which confirms the clock.
   */
  accept(permit: Permit): boolean {
    if (this.#stopped || !sameIncarnation(permit.incarnation, this.incarnation)) return false;
    const held = this.#permit;
    if (held !== undefined) {
      const falls = permit.untilMs < held.untilMs || permit.deadlineMonotonicMs < held.deadlineMonotonicMs;
      if (falls) return false;
    }
    if (held === undefined || permit.untilMs > held.untilMs) this.#clock.confirm();
    this.#permit = permit;
    return true;
  }

  /** Ends a `clock-forward` suspension: the time as last read was found right by other means than a new permit. */
  confirmClock(): void {
    this.#clock.confirm();
  }

  /** Reserves up to `wanted` IDs. Nothing of the reading is kept back: pass a fresh one to every call. */
  reserve(wanted: number, now: Instant): Reservation {
    const permit = this.#permit;
    const refused = this.#refusal(permit, now);
    if (refused !== undefined || permit === undefined) return this.#refuse(refused ?? 'no-permit');

    const leadEndMs = this.#logical.leadEndMs(now, this.#maxLeadMs);
    const endMs = Math.min(leadEndMs, Math.ceil(permit.untilMs) - 1, this.#maxTimestampMs);
    const runs: IdRun[] = [];
    const asked = wanted > 0 ? Math.ceil(wanted) : 0;
    let missing = asked;
    while (missing > 0 && this.#nextMs() <= endMs) {
      const run = this.#take(missing);
      runs.push(run);
      missing -= run.count;
    }
    const count = asked - missing;
    this.#idsReserved += count;
    if (count > 0) this.#leadMs = this.#lastTimestampMs - now.wallMs;
    this.#use.record(count, now.monotonicMs);
    if (missing > 0) this.#waits += 1;
    return { ok: true, runs, count, waitMs: missing > 0 ? this.#waitMs(missing, leadEndMs) : 0 };
  }

  /** Stops for good (P5). Release the worker ID only with the answer: it covers every ID reserved, published or not. */
  stop(): { lastTimestampMs: number } {
    this.#stopped = true;
    return { lastTimestampMs: this.#lastTimestampMs };
  }

  /**
   * The lowest timestamp any later ID can have, Unix ms. A promise, not a guess: the reading is judged and, if trusted, kept
   * as `reserve` does, so that a step back between this call and the next does not break it.
   */
  nextTimestampMs(now: Instant): number {
    if (!this.#stopped) this.#clock.observe(now);
    return this.#nextMs();
  }

  /** Share of the node's IDs reserved lately; see use.ts. */
  sequenceUse(now: Instant): number {
    return this.#use.read(now.monotonicMs);
  }

  /**
   * The clock is judged even when something else refuses: a permit that comes then must find the step already seen. Not
   * before the first permit, for which somebody vouches for the clock: until then it may be wrong and be put right.
   */
  #refusal(permit: Permit | undefined, now: Instant): Refusal | undefined {
    if (this.#stopped) return 'stopped';
    if (permit === undefined) return 'no-permit';
    const verdict = this.#clock.observe(now);
    if (verdict !== 'trusted') this.#logical.forget();
    // Each bound is written so that a NaN refuses.
    const leased = now.monotonicMs < permit.deadlineMonotonicMs && now.wallMs < permit.deadlineWallMs;
    if (!leased) return 'lease-deadline';
    if (verdict !== 'trusted') return verdict;
    const nextMs = this.#nextMs();
    if (!(nextMs <= this.#maxTimestampMs)) return 'timestamp-full';
    if (!(nextMs < permit.untilMs)) return 'window';
    return undefined;
  }

  #refuse(refused: Refusal): Reservation {
    this.#refusals[refused] += 1;
    return { ok: false, refused };
  }

  #nextMs(): number {
    const afterLastMs = this.#sequence < this.#idsPerMs ? this.#timestampMs : this.#timestampMs + 1;
    return Math.max(afterLastMs, this.#clock.highMs);
  }

  /** IDs of the next millisecond that has any: as many as wanted, or all it has left. */
  #take(wanted: number): IdRun {
    const timestampMs = this.#nextMs();
    if (timestampMs > this.#timestampMs) this.#sequence = 0;
    const firstSequence = this.#sequence;
    const count = Math.min(wanted, this.#idsPerMs - firstSequence);
    this.#timestampMs = timestampMs;
    this.#lastTimestampMs = timestampMs;
    this.#sequence = firstSequence + count;
    return { timestampMs, firstSequence, count };
  }

  /**
   * At least until the next ID is within the lead. Longer for many, so that a caller is not woken each millisecond, but
   * within the lead less one: a timer that is late by a millisecond or two then still finds every millisecond unspent.
   */
  #waitMs(missing: number, leadEndMs: number): number {
    const firstMs = this.#nextMs() - leadEndMs;
    const lastMs = firstMs + Math.ceil(missing / this.#idsPerMs) - 1;
    return Math.max(1, this.#logical.paceMs(firstMs), Math.min(lastMs, this.#maxLeadMs - 1));
  }
}
