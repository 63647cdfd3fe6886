import type { Clock } from '../../src/clock.ts';
import { SnowstampError } from '../../src/errors.ts';
import { openDomain } from '../../src/lease/domain-handle.ts';
import type { DomainPin } from '../../src/lease/domain.ts';
import { Keeper } from '../../src/lease/keeper.ts';
import type { KeeperOptions } from '../../src/lease/options.ts';
import type { LeaseFact, LeaseListener } from '../../src/lease/port.ts';
import type { LeaseStore } from '../../src/lease/store.ts';
import { Generator } from '../../src/snowflake/generator.ts';
import type { GeneratorOptions } from '../../src/snowflake/generator.ts';
import type { Incarnation, Permit } from '../../src/snowflake/permit.ts';
import { entriesOf, hostMs } from './mint-log.ts';
import type { EntryOf, MintEntry, WorkerLog } from './mint-log.ts';

/**
 * How a worker minds what it is told. `all`: as the product does. The others are the accidents of the control tests:
 * `told-only` looks at no bound and stops when it is told of the loss, as with a lease client's `lost` event; `none` does
 * not even that.
 */
export type Heed = 'all' | 'told-only' | 'none';

export interface MintingOptions {
  readonly name: string;
  readonly prefix: string;
  readonly timing: Pick<KeeperOptions, 'ttlS' | 'windowMs' | 'refreshMs'>;
  readonly heed?: Heed;
  readonly pin?: DomainPin;
  /** Where it was read before. */
  readonly domain?: KeeperOptions['domain'];
  readonly keeper?: Partial<KeeperOptions>;
  readonly generator?: Partial<GeneratorOptions>;
  /** Default 2 ms: every millisecond is used, and a timer that is late loses none to the lead. */
  readonly everyMs?: number;
  /** Where entries go as they are made; they are kept in `entries` as well. */
  readonly write?: (entry: MintEntry) => void;
  readonly observe?: (fact: LeaseFact) => void;
}

/** Far beyond all a node can give in a lead: every millisecond is used up, so that any overlap shows as a duplicate. */
const ALL_THERE_ARE = 2 ** 26;
const FAR = Number.MAX_SAFE_INTEGER;
const REFUSED_PAUSE_MS = 5;

/** Keeper and generator as the product joins them, minting every ID it may, with everything written down. */
export class MintingWorker implements LeaseListener, WorkerLog {
  readonly worker: string;
  readonly entries: MintEntry[] = [];
  readonly keeper: Keeper;
  readonly #clock: Clock;
  readonly #options: MintingOptions;
  readonly #layout: ConstructorParameters<typeof Generator>[0];
  readonly #stop = new AbortController();
  #generator: Generator | undefined;
  #refused: string | undefined;
  readonly #ended: Promise<void>;

  private constructor(
    store: LeaseStore,
    clock: Clock,
    options: MintingOptions,
    domain: KeeperOptions['domain'],
  ) {
    this.worker = options.name;
    this.#clock = clock;
    this.#options = options;
    this.#layout = domain.record.layout;
    const { timing, name, keeper = {}, observe = () => undefined } = options;
    const wiring = { ...timing, name, domain, listener: this, datacenter: 0, ...keeper };
    this.keeper = new Keeper(store, clock, wiring, observe);
    this.#ended = this.#run();
  }

  /** @throws SnowstampError as a worker at its start does. */
  static async start(store: LeaseStore, clock: Clock, options: MintingOptions): Promise<MintingWorker> {
    const domain = options.domain ?? (await openDomain(store, options.prefix, options.pin ?? {}));
    return new MintingWorker(store, clock, options, domain);
  }

  get node(): number | undefined {
    return this.#generator?.incarnation.node;
  }

  get generator(): Generator | undefined {
    return this.#generator;
  }

  all<I extends MintEntry['is']>(is: I): EntryOf<I>[] {
    return entriesOf(this, is);
  }

  /** Mints what there is right now, in the caller's tick; false when refused. */
  mint(): boolean {
    const generator = this.#generator;
    if (generator === undefined) return false;
    const at = hostMs();
    const now = this.#clock.now();
    const reservation = generator.reserve(ALL_THERE_ARE, now);
    const { nonce } = generator.incarnation;
    if (!reservation.ok) {
      if (this.#refused !== reservation.refused)
        this.#enter({ is: 'refused', hostMs: at, nonce, now, why: reservation.refused });
      this.#refused = reservation.refused;
      return false;
    }
    this.#refused = undefined;
    if (reservation.count === 0) return true;
    const runs = reservation.runs.map((run) => [run.timestampMs, run.firstSequence, run.count] as const);
    this.#enter({ is: 'minted', hostMs: at, nonce, now, runs });
    return true;
  }

  claimed(incarnation: Incarnation): void {
    this.#enter({ is: 'claimed', hostMs: hostMs(), incarnation });
    this.#generator = new Generator(this.#layout, incarnation, this.#options.generator);
  }

  permit(permit: Permit): void {
    this.#enter({ is: 'permit', hostMs: hostMs(), permit });
    const endless = { untilMs: FAR, deadlineMonotonicMs: FAR, deadlineWallMs: FAR };
    this.#generator?.accept(this.#heed === 'all' ? permit : { ...permit, ...endless });
  }

  lost({ nonce }: Incarnation, why: string): void {
    if (this.#heed !== 'none') this.#generator?.stop();
    this.#enter({ is: 'lost', hostMs: hostMs(), nonce, why });
  }

  /** As after SIGTERM: the node is released. */
  async release(): Promise<void> {
    const generator = this.#generator;
    if (generator === undefined) return this.vanish();
    const { lastTimestampMs } = generator.stop();
    await this.keeper.release(generator.incarnation, lastTimestampMs);
    await this.vanish();
  }

  /** As after a power cut: nothing is told to the store; the lease is left to run out. */
  async vanish(): Promise<void> {
    this.#generator?.stop();
    this.#stop.abort();
    await this.#ended;
  }

  /** Until the keeper has ended by itself. */
  get ended(): Promise<EntryOf<'ended'>> {
    return this.#ended.then(() => this.all('ended')[0]!);
  }

  get #heed(): Heed {
    return this.#options.heed ?? 'all';
  }

  async #run(): Promise<void> {
    const minting = this.#mintOn();
    const error = await this.keeper.run(this.#stop.signal).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    this.#stop.abort();
    await minting;
    const code = error instanceof SnowstampError ? error.code : undefined;
    const why = error instanceof Error ? error.message : undefined;
    this.#enter({ is: 'ended', hostMs: hostMs(), code, why });
  }

  async #mintOn(): Promise<void> {
    const { everyMs = 2 } = this.#options;
    while (!this.#stop.signal.aborted) {
      const minted = this.mint();
      await this.#clock.sleep(minted ? everyMs : Math.max(everyMs, REFUSED_PAUSE_MS), this.#stop.signal);
    }
  }

  #enter(entry: MintEntry): void {
    this.entries.push(entry);
    this.#options.write?.(entry);
  }
}
