import { once } from 'node:events';
import type { GroupIdentity, Membership } from '../../../src/kafka/membership/port.ts';
import type { TransactionalProducer } from '../../../src/kafka/transaction/port.ts';
import type { LeaseFacts, LeaseKeeper, LeaseListener } from '../../../src/lease/port.ts';
import type { Phase } from '../../../src/lifecycle.ts';
import type { Pipeline } from '../../../src/pipeline/pipeline.ts';
import type { Spell, SpellEnd } from '../../../src/pipeline/publisher.ts';
import { DEFAULT_LAYOUT } from '../../../src/snowflake/layout.ts';
import type { Incarnation } from '../../../src/snowflake/permit.ts';
import { Worker } from '../../../src/worker.ts';
import { ManualClock, settle } from '../lease/manual-clock.ts';

const IDENTITY: GroupIdentity = { groupId: 'g', generationId: 1, memberId: 'm', groupInstanceId: null };

/** A spell of serving that goes on until it is told to end. */
export interface Served {
  readonly spell: Spell;
  end(how: SpellEnd): void;
  fail(error: unknown): void;
  /** Drains by itself when intake aborts; a test that wants it to hang says so. */
  hangs: boolean;
}

/** A worker with everything around it in the test's hands. `log` is what happened, in order. */
export class WorkerScene {
  readonly clock = new ManualClock();
  readonly log: string[] = [];
  readonly spells: Served[] = [];
  readonly released: (readonly [node: number, lastTimestampMs: number])[] = [];
  readonly stop = new AbortController();
  readonly worker: Worker;
  listener!: LeaseListener;
  hangs = false;
  group: 'well' | Error = 'well';
  joins = 0;
  joined = false;
  #next = 1;

  constructor() {
    this.worker = new Worker({
      clock: this.clock,
      layout: DEFAULT_LAYOUT,
      generator: {
        ...{ absorbBackMs: 5, carryBackMs: 0, holdBackMs: 500, maxHoldMs: 2_000 },
        ...{ noticeForwardMs: 50, forwardStepMs: 500 },
        maxLeadMs: 5,
      },
      keeper: (listener) => this.#keeper(listener),
      membership: this.#membership(),
      pipeline: { serve: (spell: Spell) => this.#serve(spell) } as unknown as Pipeline,
      producer: () => ({}) as TransactionalProducer,
      leaveGroupAfterMs: 10_000,
      reacquireTimeoutMs: 60_000,
      drainTimeoutMs: 15_000,
      announce: (_from, to) => {
        this.log.push(words(to));
      },
    });
  }

  get phase(): string {
    return words(this.worker.snapshot().phase);
  }

  get spell(): Served {
    return this.spells.at(-1)!;
  }

  claim(): Incarnation {
    const { wallMs } = this.clock.now();
    const node = this.#next++;
    const incarnation = { node, createRevision: `${node}`, nonce: `n${node}`, floorMs: wallMs };
    this.listener.claimed(incarnation);
    return incarnation;
  }

  grant(incarnation: Incarnation, forMs = 10_000): void {
    const { wallMs, monotonicMs } = this.clock.now();
    this.listener.permit({
      incarnation,
      untilMs: wallMs + forMs,
      deadlineMonotonicMs: monotonicMs + forMs + 3_500,
      deadlineWallMs: wallMs + forMs + 3_500,
    });
  }

  /** Claimed, granted, serving. */
  start(): { readonly over: Promise<string>; readonly incarnation: Incarnation } {
    const over = this.worker.run(this.stop.signal).then(
      () => 'stopped',
      (error: unknown) => (error as { readonly code: string }).code,
    );
    const incarnation = this.claim();
    this.grant(incarnation, 100_000);
    return { over, incarnation };
  }

  /** Grants every 3 s while time passes. */
  async goOn(incarnation: Incarnation, ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 3_000) {
      await this.clock.advance(Math.min(3_000, left));
      this.grant(incarnation, 100_000);
    }
  }

  #keeper(listener: LeaseListener): LeaseKeeper {
    this.listener = listener;
    return {
      run: async (signal) => {
        if (!signal.aborted) await once(signal, 'abort');
      },
      stillOurs: () => Promise.resolve(true),
      release: ({ node }, lastTimestampMs) => {
        this.log.push('released');
        this.released.push([node, lastTimestampMs]);
        return Promise.resolve();
      },
      facts: () => ({}) as LeaseFacts,
    };
  }

  #membership(): Membership {
    return {
      run: async (signal) => {
        this.joins++;
        this.log.push('joined');
        if (this.group !== 'well') throw this.group;
        this.joined = true;
        if (!signal.aborted) await once(signal, 'abort');
        this.joined = false;
        this.log.push('left');
      },
      identity: () => (this.joined ? IDENTITY : undefined),
      successor: () => Promise.resolve(undefined),
      suspect: () => undefined,
      subscribe: () => undefined,
    };
  }

  #serve(spell: Spell): Promise<SpellEnd> {
    const { promise, resolve, reject } = Promise.withResolvers<SpellEnd>();
    const served: Served = { spell, end: resolve, fail: reject, hangs: this.hangs };
    this.spells.push(served);
    this.log.push('spell');
    spell.intake.addEventListener('abort', () => {
      this.log.push('intake shut');
      if (!served.hangs) resolve('drained');
    });
    spell.work.addEventListener('abort', () => this.log.push('work dropped'));
    return promise.finally(() => this.log.push('spell over'));
  }
}

export const words = (phase: Phase): string =>
  phase.at === 'suspended'
    ? `suspended(${phase.why})`
    : phase.at === 'halted'
      ? `halted(${phase.code})`
      : phase.at;

export { settle };
