import { once } from 'node:events';
import type { Clock } from './clock.ts';
import { codeOf, SnowstampError, type ErrorCode } from './errors.ts';
import type { Membership } from './kafka/membership/port.ts';
import type { TransactionalProducer } from './kafka/transaction/port.ts';
import type { LeaseFacts, LeaseKeeper, LeaseListener } from './lease/port.ts';
import { next, type Event, type Phase } from './lifecycle.ts';
import type { Pipeline } from './pipeline/pipeline.ts';
import { isPermitted, lapseOf, minterOf, PermitWatch, timestampFull } from './minter.ts';
import type { Spell } from './pipeline/publisher.ts';
import { atMost, Doubt, Stay } from './stay.ts';
import {
  Generator,
  type GeneratorFacts,
  type GeneratorOptions,
  type Refusal,
} from './snowflake/generator.ts';
import type { Layout } from './snowflake/layout.ts';
import type { Incarnation, Permit } from './snowflake/permit.ts';

/** Halting waits this long for everything to be let go: it may come after a whole drain deadline. */
const ABANDON_MS = 3_000;

export interface WorkerParts {
  readonly clock: Clock;
  readonly layout: Layout;
  readonly generator: GeneratorOptions;
  readonly keeper: (listener: LeaseListener, snapshot: () => WorkerSnapshot) => LeaseKeeper;
  readonly membership: Membership;
  readonly pipeline: Pipeline;
  /** A producer under node's transactional id. */
  readonly producer: (node: number, permitted: () => boolean) => TransactionalProducer;
  /** In doubt for this long, the worker leaves the group, so that healthy members take its partitions. */
  readonly leaveGroupAfterMs: number;
  /** Without a permit for this long after having had one, the worker halts. */
  readonly reacquireTimeoutMs: number;
  readonly drainTimeoutMs: number;
  /** Called once per change of phase. */
  readonly announce: (from: Phase, to: Phase, why: string) => void;
}

/** What operators see of one worker. */
export interface WorkerSnapshot {
  readonly phase: Phase;
  readonly lease: LeaseFacts;
  readonly generator: GeneratorFacts | undefined;
  readonly sequenceUse: number;
  readonly joined: boolean;
}

interface Running {
  readonly intake: AbortController;
  readonly work: AbortController;
  readonly over: Promise<void>;
}

/**
 * Joins the lease to the pipeline, which do not know each other: permits go in, spells of serving come out. The only
 * writer of the phase. Three verbs: stop (asked), suspend (lease or clock in doubt), halt (an invariant is broken).
 */
export class Worker implements LeaseListener {
  readonly #parts: WorkerParts;
  readonly #keeper: LeaseKeeper;
  readonly #halted = Promise.withResolvers<never>();
  #phase: Phase = { at: 'acquiring' };
  #generator: Generator | undefined;
  #spell: Running | undefined;
  readonly #stay: Stay;
  readonly #doubt = new Doubt();
  readonly #overdue = new Doubt();
  readonly #watch: PermitWatch;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.#watch = new PermitWatch(parts.clock);
    this.#stay = new Stay(parts.membership, (error) => {
      this.#halt(error);
    });
    this.#keeper = parts.keeper(this, () => this.snapshot());
    this.#halted.promise.catch(() => undefined);
  }

  /** Works until `stop` aborts, then drains and resolves. Rejects with the SnowstampError that halted it. */
  async run(stop: AbortSignal): Promise<void> {
    const lease = new AbortController();
    const keeping = this.#keeper.run(lease.signal);
    keeping.catch((error: unknown) => {
      this.#halt(error);
    });
    const stopping = stop.aborted ? Promise.resolve() : once(stop, 'abort');
    try {
      await Promise.race([stopping, this.#halted.promise]);
      this.#on({ on: 'stop' }, 'asked to');
      await Promise.race([this.#drain(), this.#halted.promise]);
      this.#on({ on: 'drained' }, 'nothing is open');
    } catch (error) {
      this.#on({ on: 'broken', code: codeOf(error) }, error instanceof Error ? error.message : String(error));
      await this.#abandon();
      throw error;
    } finally {
      lease.abort();
      await keeping.catch(() => undefined);
      for (const each of [this.#doubt, this.#overdue, this.#watch]) each.end();
    }
  }

  snapshot(): WorkerSnapshot {
    return {
      phase: this.#phase,
      lease: this.#keeper.facts(),
      generator: this.#generator?.facts,
      sequenceUse: this.#generator?.sequenceUse(this.#parts.clock.now()) ?? 0,
      joined: this.#parts.membership.identity() !== undefined,
    };
  }

  claimed(incarnation: Incarnation): void {
    this.#generator = new Generator(this.#parts.layout, incarnation, this.#parts.generator);
  }

  permit(permit: Permit): void {
    const generator = this.#generator;
    if (generator?.accept(permit) !== true) return;
    if (!this.#watch.hold(generator, permit, this.#answered(generator))) return;
    this.#doubt.end();
    const until = new Date(permit.untilMs).toISOString();
    this.#on({ on: 'permit' }, `node ${permit.incarnation.node} until ${until}`);
    if (this.#phase.at !== 'serving') return;
    this.#stay.join();
    this.#spell ??= this.#serve(generator);
  }

  lost(incarnation: Incarnation, why: string): void {
    this.#generator?.stop(); // P5: in this call, before anything else
    this.#on({ on: 'permit-lapsed', why: 'lease' }, `node ${incarnation.node}: ${why}`);
    const reason = new SnowstampError('LEASE_LOST', why);
    this.#spell?.intake.abort(reason);
    this.#spell?.work.abort(reason);
    this.#inDoubt('LEASE_LOST', 'no worker ID');
  }

  #on(event: Event, why: string): void {
    const before = this.#phase;
    this.#phase = next(before, event);
    if (this.#phase !== before) this.#parts.announce(before, this.#phase, why);
  }

  #halt(error: unknown): void {
    this.#halted.reject(error);
  }

  /** One spell: from a permit until it is lost, or the worker stops. */
  #serve(generator: Generator): Running {
    const { pipeline, membership, producer } = this.#parts;
    const intake = new AbortController();
    const work = new AbortController();
    const spell: Spell = {
      minter: minterOf(generator, this.#parts, this.#answered(generator)),
      producer: () =>
        producer(
          generator.incarnation.node,
          () => generator === this.#generator && isPermitted(generator, this.#parts.clock.now()),
        ),
      intake: intake.signal,
      work: work.signal,
      stillOurs: () => this.#keeper.stillOurs(generator.incarnation),
    };
    const over = pipeline
      .serve(spell, membership)
      .then((end) => {
        if (end === 'claim-lost') generator.stop();
        if (end !== 'drained' && generator === this.#generator)
          this.#on({ on: 'permit-lapsed', why: 'lease' }, end);
      })
      .catch((error: unknown) => {
        this.#halt(error);
      })
      .finally(() => {
        for (const each of [intake, work]) each.abort();
        this.#spell = undefined;
        const current = this.#generator;
        if (this.#phase.at === 'serving' && current !== undefined && current !== generator)
          this.#spell = this.#serve(current);
      });
    return { intake, work, over };
  }

  /** What the generator's answers say about the phase; undefined: it gives IDs. */
  #answered(generator: Generator): (refused: Refusal | undefined) => void {
    return (refused) => {
      if (generator !== this.#generator) return;
      if (refused === 'timestamp-full') this.#halt(timestampFull());
      const lapse = refused === undefined ? undefined : lapseOf(refused);
      if (lapse !== undefined) this.#on({ on: 'permit-lapsed', why: lapse.why }, `${refused}`);
      if (this.#phase.at !== 'suspended') return;
      if (lapse !== undefined) this.#inDoubt(lapse.code, `no IDs (${refused})`);
      if (refused !== undefined) return;
      this.#doubt.end();
      this.#on({ on: 'permit' }, 'IDs are given again');
      this.#stay.join();
    };
  }

  /** Lease or clock in doubt: after a while the group is left to the healthy, after a longer one the worker gives up. */
  #inDoubt(code: ErrorCode, what: string): void {
    const { clock, leaveGroupAfterMs, reacquireTimeoutMs } = this.#parts;
    const giveUp = (): void => {
      this.#halt(new SnowstampError(code, `${what} for ${reacquireTimeoutMs} ms: check etcd and clocks`));
    };
    this.#doubt.begin(clock, [
      [leaveGroupAfterMs, () => void this.#stay.leave()],
      [reacquireTimeoutMs, giveUp],
    ]);
  }

  /** SIGTERM: take nothing new, commit what is open, leave the group, release the worker ID. */
  async #drain(): Promise<void> {
    const { clock, drainTimeoutMs } = this.#parts;
    const giveUp = (): void => {
      const error = new SnowstampError('DRAIN_TIMEOUT', `not drained within ${drainTimeoutMs} ms`);
      this.#spell?.work.abort(error);
      this.#halt(error);
    };
    this.#overdue.begin(clock, [[drainTimeoutMs, giveUp]]);
    this.#doubt.end();
    this.#spell?.intake.abort();
    await this.#spell?.over;
    await this.#stay.leave();
    await this.#release();
  }

  /** Halting: drop everything; the worker ID is released all the same, since nothing is minted after `stop`. */
  async #abandon(): Promise<void> {
    this.#generator?.stop();
    this.#doubt.end();
    this.#spell?.intake.abort();
    this.#spell?.work.abort();
    const parting = Promise.all([this.#spell?.over, this.#stay.leave()]).then(() => this.#release());
    await atMost(this.#parts.clock, Math.min(ABANDON_MS, this.#parts.drainTimeoutMs), parting);
  }

  async #release(): Promise<void> {
    const generator = this.#generator;
    if (generator === undefined) return;
    const { lastTimestampMs } = generator.stop();
    await this.#keeper.release(generator.incarnation, lastTimestampMs);
  }
}
