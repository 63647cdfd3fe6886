import type { Clock } from '../../../src/clock.ts';
import { openDomain } from '../../../src/lease/domain-handle.ts';
import { initialise } from '../../../src/lease/init.ts';
import { Keeper } from '../../../src/lease/keeper.ts';
import type { KeeperOptions } from '../../../src/lease/options.ts';
import type { LeaseFact, LeaseListener } from '../../../src/lease/port.ts';
import type { LeaseStore } from '../../../src/lease/store.ts';
import { DEFAULT_LAYOUT } from '../../../src/snowflake/layout.ts';
import type { Layout } from '../../../src/snowflake/layout.ts';
import type { Incarnation, Permit } from '../../../src/snowflake/permit.ts';

export type Told =
  | { what: 'claimed'; incarnation: Incarnation; atMs: number }
  | { what: 'permit'; permit: Permit; atMs: number }
  | { what: 'lost'; incarnation: Incarnation; why: string; atMs: number };

/** A worker reduced to its ears. */
export class Listener implements LeaseListener {
  readonly told: Told[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  claimed(incarnation: Incarnation): void {
    this.told.push({ what: 'claimed', incarnation, atMs: this.#clock.now().monotonicMs });
  }

  permit(permit: Permit): void {
    this.told.push({ what: 'permit', permit, atMs: this.#clock.now().monotonicMs });
  }

  lost(incarnation: Incarnation, why: string): void {
    this.told.push({ what: 'lost', incarnation, why, atMs: this.#clock.now().monotonicMs });
  }

  get permits(): Permit[] {
    return this.told.flatMap((told) => (told.what === 'permit' ? [told.permit] : []));
  }

  get losses(): Extract<Told, { what: 'lost' }>[] {
    return this.told.filter((told) => told.what === 'lost');
  }
}

export interface Running {
  readonly keeper: Keeper;
  readonly listener: Listener;
  readonly facts: LeaseFact[];
  readonly stop: AbortController;
  /** How the run ended: undefined, or its error. */
  readonly end: Promise<unknown>;
}

/** A fleet's worth of set-up on one store: a domain of 2^workerBits nodes, and keepers on it. */
export class Bench {
  readonly store: LeaseStore;
  readonly clock: Clock;
  readonly prefix: string;
  readonly layout: Layout;

  constructor(store: LeaseStore, clock: Clock, { prefix = '/t', workerBits = 2 } = {}) {
    this.store = store;
    this.clock = clock;
    this.prefix = prefix;
    this.layout = { ...DEFAULT_LAYOUT, sequenceBits: 22 - workerBits, datacenterBits: 0, workerBits };
  }

  init(notBeforeMs?: number) {
    return initialise(this.store, this.clock, {
      prefix: this.prefix,
      layout: this.layout,
      slices: [{ datacenter: 0 }],
      fresh: { domainId: 'd', clusterId: 'c' },
      notBeforeMs,
    });
  }

  async keep(changes: Partial<KeeperOptions> = {}, store = this.store, clock = this.clock): Promise<Running> {
    const domain = await openDomain(store, this.prefix, {});
    const listener = new Listener(clock);
    const facts: LeaseFact[] = [];
    const keeper = new Keeper(
      store,
      clock,
      {
        ttlS: 15,
        windowMs: 10_000,
        refreshMs: 3_000,
        datacenter: 0,
        name: 'test',
        domain,
        listener,
        ...changes,
      },
      (fact) => facts.push(fact),
    );
    const stop = new AbortController();
    const end = keeper.run(stop.signal).then(
      () => undefined,
      (error: unknown) => error,
    );
    return { keeper, listener, facts, stop, end };
  }
}
