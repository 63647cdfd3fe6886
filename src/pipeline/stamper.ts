import type { Clock } from '../clock.ts';
import type { GroupIdentity, Membership } from '../kafka/membership/port.ts';
import { fatalError } from '../kafka/transaction/fatal.ts';
import type { TransactionOutcome } from '../kafka/transaction/port.ts';
import { admit, type Admission, OPEN } from './admission.ts';
import type { Composer } from './compose.ts';
import { isEmpty, movingParts, releaseDraft, type Draft } from './draft.ts';
import type { Fetcher } from './fetcher.ts';
import type { IdSource } from './ids.ts';
import { prepare } from './intent.ts';
import type { Opener } from './opener.ts';
import type { Owned } from './owned.ts';
import { Pace } from './pace.ts';
import type { Partition } from './partition.ts';
import type { SchemaWaits } from './schema-waits.ts';
import type { Load, Observe, PipelineSettings } from './port.ts';
import { NOTHING, type Settlement, type Verdict } from './settlement.ts';
import { Publisher, type Readiness, type Spell, type SpellEnd } from './publisher.ts';
import type { Wake } from './wake.ts';

const IDLE_MS = 100;
/** This much input is worth a transaction at once; less is gathered for `lingerMs`. */
const WORTH_BYTES = 262_144;
const PAUSE_MS = 20;

/**
 * *fetch → admit → mint → stamp → publish → commit*: one spell of serving under one incarnation of the lease.
 *
 * Invariants: one transaction at a time (rule 1); nothing waits inside it except for brokers; a partition's position
 * moves only on a committed outcome, or through the door (rules 6, 8); what was composed for an outcome that is not
 * `committed` is composed anew with new IDs (rule 4).
 */
export class Stamper {
  readonly #clock: Clock;
  readonly #settings: PipelineSettings;
  readonly #membership: Membership;
  readonly #owned: Owned;
  readonly #opener: Opener;
  readonly #fetcher: Fetcher;
  readonly #composer: Composer;
  readonly #waits: SchemaWaits;
  readonly #ids: IdSource;
  readonly #settlement: Settlement;
  readonly #wake: Wake;
  readonly #observe: Observe;
  readonly #spell: Spell;
  readonly #publisher: Publisher;
  #admission: Admission = OPEN;
  readonly #pace: Pace;
  #broken: { readonly error: unknown } | undefined;

  constructor(
    spell: Spell,
    deps: {
      clock: Clock;
      settings: PipelineSettings;
      membership: Membership;
      owned: Owned;
      opener: Opener;
      fetcher: Fetcher;
      composer: Composer;
      waits: SchemaWaits;
      ids: IdSource;
      settlement: Settlement;
      wake: Wake;
      observe: Observe;
    },
  ) {
    this.#spell = spell;
    this.#clock = deps.clock;
    this.#settings = deps.settings;
    this.#membership = deps.membership;
    this.#owned = deps.owned;
    this.#opener = deps.opener;
    this.#fetcher = deps.fetcher;
    this.#composer = deps.composer;
    this.#waits = deps.waits;
    this.#ids = deps.ids;
    this.#settlement = deps.settlement;
    this.#wake = deps.wake;
    this.#observe = deps.observe;
    this.#pace = new Pace(deps.settings.transactionBytes);
    this.#publisher = new Publisher(spell, deps.clock, deps.observe);
  }

  get admission(): Admission {
    return this.#admission;
  }

  /** Serves until `intake` aborts. Rejects with a SnowstampError that halts the worker. */
  async serve(): Promise<SpellEnd> {
    for (const partition of this.#owned.all()) partition.reopen();
    try {
      let ready = await this.#publisher.initialise();
      while (!this.#spell.intake.aborted) {
        if (this.#broken !== undefined) throw this.#broken.error;
        if (ready !== 'ready') return ready;
        ready = await this.#step();
      }
      return 'drained';
    } finally {
      await this.#publisher.close();
    }
  }

  /** One turn of the sentence. */
  async #step(): Promise<Readiness> {
    const { intake } = this.#spell;
    const broken = (error: unknown): void => {
      this.#broken ??= { error };
      this.#wake.ring();
    };
    this.#opener.start(this.#owned.all(), intake, broken);
    this.#fetcher.kick(intake, broken); //                                                     fetch
    this.#waits.settle();
    this.#admit(); //                                                                  admit
    const identity = this.#membership.identity();
    const partitions = identity === undefined ? [] : this.#due();
    if (identity === undefined || partitions.length === 0) {
      await this.#wake.wait(this.#pauseMs(), intake);
      return 'ready';
    }
    const isAlone = partitions[0]!.state.at === 'sidelined';
    const end = await this.#owned.holding(partitions, async () => {
      const draft = await this.#compose(partitions); //                                mint, stamp
      const startedMs = this.#clock.now().monotonicMs;
      const outcome = isEmpty(draft) ? NOTHING : await this.#send(draft, identity); // publish, commit
      releaseDraft(draft);
      const verdict = this.#settlement.settle(draft, outcome, identity, startedMs);
      if (isAlone) this.#pace.triedAlone(startedMs, this.#clock.now().monotonicMs);
      return this.#conclude(verdict, draft);
    });
    if (end === 'pause') await this.#clock.sleep(PAUSE_MS, intake); // nobody who waits for a partition waits for this
    return end === 'pause' ? 'ready' : end;
  }

  async #conclude(verdict: Verdict, draft: Draft): Promise<Readiness | 'pause'> {
    switch (verdict.then) {
      case 'go-on':
        this.#pace.wentWell();
        return 'ready';
      case 'again':
        return 'ready';
      case 'shrink': // rule 5: nobody asked, so it took too long
        if (!this.#spell.work.aborted) this.#pace.doubted(movingParts(draft));
        return 'pause';
      case 'pause':
        return 'pause';
      case 'recover':
        this.#pace.doubted(movingParts(draft));
        return this.#anew(this.#publisher.initialise(), 'the outcome of a transaction is not known');
      case 'fenced':
        return this.#anew(this.#publisher.fenced(verdict.why), verdict.why);
      case 'fatal':
        throw fatalError('transaction', verdict.errorCode, verdict.why);
    }
  }

  async #send(draft: Draft, identity: GroupIdentity): Promise<TransactionOutcome> {
    this.#observe({ fact: 'minted', ids: this.#ids.reserved, records: draft.records, bytes: draft.bytes });
    const prepared = prepare(draft, identity, this.#spell.minter, this.#membership);
    try {
      return await this.#publisher.run(prepared.intent);
    } finally {
      prepared.release();
    }
  }

  #admit(): void {
    const load = this.#load();
    const before = this.#admission;
    this.#admission = admit(before, load, this.#settings.admission);
    for (const name of ['minting', 'intake'] as const) {
      const valve = this.#admission[name];
      if (valve !== before[name])
        this.#observe({ fact: 'valve', at: valve.at, why: valve.at === 'shut' ? valve.why : name, load });
    }
  }

  #load(): Load {
    let records = 0;
    let bytes = 0;
    for (const { inflow } of this.#owned.all()) {
      records += inflow.records;
      bytes += inflow.bytes;
    }
    return { sequenceUse: this.#spell.minter.sequenceUse(), records, bytes };
  }

  /** Partitions to compose from now: a sidelined one whose time has come goes alone (rule 5), else all open ones with work. */
  #due(): Partition[] {
    const now = this.#clock.now().monotonicMs;
    const nextTimestampMs = this.#spell.minter.nextTimestampMs();
    const owned = [...this.#owned.all()].filter((p) => this.#owned.composable(p) && !this.#waits.has(p));
    for (const partition of owned) {
      const { state } = partition;
      if (state.at === 'floor' && nextTimestampMs > state.floorTimestampMs) partition.passFloor();
    }
    const pending = (at: 'open' | 'sidelined') =>
      owned.filter(({ state, inflow }) => state.at === at && inflow.pending);
    const others = owned.some(({ state }) => state.at === 'open');
    const alone = this.#pace.chooseAlone(pending('sidelined'), others, now);
    if (alone !== undefined) return [alone];
    const open = pending('open');
    const bytes = open.reduce((sum, { inflow }) => sum + inflow.bytes, 0);
    const oldestMs = Math.min(...open.map(({ inflow }) => inflow.oldestMs));
    const worth = bytes >= WORTH_BYTES || now - oldestMs >= this.#settings.lingerMs;
    return this.#admission.minting.at === 'shut' || !worth ? [] : this.#pace.choose(open);
  }

  #pauseMs(): number {
    let waitingForSomething = this.#admission.minting.at === 'shut';
    for (const { state, inflow } of this.#owned.all())
      waitingForSomething ||= state.at === 'floor' || (state.at === 'open' && inflow.pending);
    return waitingForSomething ? Math.max(1, Math.min(IDLE_MS, this.#settings.lingerMs)) : IDLE_MS;
  }

  /** Rule 1: IDs are waited for here, before anything is begun, and not beyond `commitIntervalMs`. */
  async #compose(partitions: readonly Partition[]): Promise<Draft> {
    const { commitIntervalMs } = this.#settings;
    const draft = this.#composer.begin();
    const startedMs = this.#clock.now().monotonicMs;
    const done = new Set<Partition>();
    while (!this.#spell.intake.aborted) {
      for (const partition of partitions) {
        if (done.has(partition) || !partition.token.alive) continue;
        const end = this.#composer.fill(draft, partition, this.#pace.budgetBytes);
        if (end === 'ids') break;
        done.add(partition);
        if (end === 'budget') return draft;
      }
      const { dry } = this.#ids;
      const elapsedMs = this.#clock.now().monotonicMs - startedMs;
      if (dry === undefined || done.size === partitions.length || elapsedMs >= commitIntervalMs) break;
      const wantedMs = dry.why === 'wait' ? dry.waitMs : IDLE_MS;
      await this.#clock.sleep(Math.min(wantedMs, commitIntervalMs - elapsedMs), this.#spell.intake);
      this.#admit();
    }
    return draft;
  }

  /** Rule 4: the epoch has ended; a new one under the permit, then every position is read anew. */
  async #anew(ready: Promise<Readiness>, why: string): Promise<Readiness> {
    this.#observe({ fact: 'recovering', why });
    const readiness = await ready;
    for (const partition of this.#owned.all()) if (partition.state.at !== 'stopped') partition.reopen();
    return readiness;
  }
}
