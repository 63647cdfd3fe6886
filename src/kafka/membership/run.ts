import { SnowstampError } from '../../errors.ts';
import type { SyncGroupAssignment } from '../wire/sync-group.ts';
import { Identity } from './identity.ts';
import { Leader } from './leader.ts';
import { step } from './machine.ts';
import type { Settings } from './options.ts';
import { jittered, Requests } from './requests.ts';
import { Session } from './session.ts';
import { birth, type Effect, type Event, type State } from './state.ts';
import { Tokens } from './tokens.ts';

type Act<Name extends Effect['act']> = Extract<Effect, { act: Name }>;

/** While a subscribed topic is missing, metadata are looked at this many times as often. */
const MISSING_TOPIC_HASTE = 10;

/** One stay in the group: drives the machine, does what it says, hands back what came of it. Used once. */
export class Run {
  readonly identity: Identity;
  readonly #settings: Settings;
  readonly #tokens = new Tokens();
  readonly #session: Session;
  readonly #requests: Requests;
  readonly #leader: Leader;
  /** Ends every wait of this run. */
  readonly #over = new AbortController();
  readonly #outcome = Promise.withResolvers<undefined>();
  readonly #inbox: Event[] = [];
  #stepping = false;
  #state: State = birth;
  #assignments: { readonly round: number; readonly made: Promise<SyncGroupAssignment[]> } | undefined;

  constructor(settings: Settings) {
    const { clock, cluster, observe, sessionTimeoutMs } = settings;
    this.#settings = settings;
    this.identity = new Identity(clock);
    this.#session = new Session(clock, sessionTimeoutMs, observe);
    this.#leader = new Leader(cluster, observe);
    this.#requests = new Requests(settings, this.#session, (event) => {
      this.dispatch(event);
    });
  }

  /** Resolves once stopped and left; rejects with SnowstampError when the group refuses us for good. */
  async until(signal: AbortSignal, topics: readonly string[]): Promise<void> {
    const stop = () => {
      this.dispatch({ on: 'stop' });
    };
    this.#settings.cluster.watch(topics);
    this.dispatch({ on: 'start', topics });
    this.#launch(this.#beat());
    this.#launch(this.#watchMetadata());
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      await this.#outcome.promise;
    } finally {
      signal.removeEventListener('abort', stop);
      this.#over.abort();
    }
  }

  /** Steps run one after the other, each with its effects, even when an effect answers in the same turn. */
  dispatch(event: Event): void {
    this.#inbox.push(event);
    if (this.#stepping) return;
    this.#stepping = true;
    try {
      for (let next = this.#inbox.shift(); next !== undefined; next = this.#inbox.shift()) {
        if (this.#isOver()) continue;
        const { state, effects } = step(
          { isStatic: this.#settings.groupInstanceId !== null },
          this.#state,
          next,
        );
        this.#state = state;
        for (const effect of effects) this.#perform(effect);
      }
    } catch (error) {
      this.#break(error);
    } finally {
      this.#stepping = false;
    }
  }

  #perform(effect: Effect): void {
    const { listener, observe, groupId } = this.#settings;
    switch (effect.act) {
      case 'identify':
        this.#identify(effect);
        break;
      case 'add':
        listener.added(this.#tokens.create(effect.partitions));
        break;
      case 'destroy':
        this.#tokens.destroy(effect.partitions);
        this.identity.announce();
        break;
      case 'lose':
        this.#lose(effect.why);
        break;
      case 'tell':
        observe(effect.fact);
        break;
      case 'finish':
        this.identity.clear();
        this.#outcome.resolve(undefined);
        this.#over.abort();
        break;
      case 'fail':
        this.#outcome.reject(new SnowstampError(effect.code, `group ${groupId}: ${effect.why}`));
        this.#over.abort();
        break;
      case 'find':
      case 'join':
      case 'sync':
      case 'heartbeat':
      case 'probe':
      case 'leave':
      case 'drain':
      case 'wait':
        this.#launch(this.#work(effect));
    }
  }

  #work(
    effect: Exclude<Effect, Act<'identify' | 'add' | 'destroy' | 'lose' | 'tell' | 'finish' | 'fail'>>,
  ): Promise<void> {
    switch (effect.act) {
      case 'find':
        return this.#requests.find(effect, this.#over.signal);
      case 'join':
        return this.#join(effect);
      case 'sync':
        return this.#sync(effect);
      case 'heartbeat':
        return this.#requests.heartbeat(effect);
      case 'probe':
        return this.#requests.probe(effect);
      case 'leave':
        return this.#requests.leave(effect);
      case 'drain':
        return this.#drain(effect);
      case 'wait':
        return this.#wait(effect);
    }
  }

  /** Declares in this very turn what is alive in it. */
  #join(effect: Act<'join'>): Promise<void> {
    const owned = this.#tokens.alive();
    this.identity.declare(effect.tag.round, owned);
    return this.#requests.join(effect, owned);
  }

  #identify({ round, generation, memberId }: Act<'identify'>): void {
    const { groupId, groupInstanceId } = this.#settings;
    this.identity.adopt(round, { groupId, generationId: generation, memberId, groupInstanceId });
  }

  /** The leader assigns once per round; a repeated SyncGroup sends the same. Skipped if the round is over by then. */
  async #sync(effect: Act<'sync'>): Promise<void> {
    const { round } = effect.tag;
    const answer = this.#requests.joinAnswer(round);
    if (answer === undefined || answer.leader !== answer.memberId) {
      this.#leader.follow();
      return this.#requests.sync(effect, []);
    }
    if (this.#assignments?.round !== round) this.#assignments = { round, made: this.#leader.assign(answer) };
    const assignments = await this.#assignments.made;
    if (this.#state.core.round === round) await this.#requests.sync(effect, assignments);
  }

  async #drain({ incarnation, drain, partitions }: Act<'drain'>): Promise<void> {
    const { clock, drainBoundMs, listener, observe } = this.#settings;
    const tokens = this.#tokens.of(partitions);
    const done = new AbortController();
    const bound = clock
      .sleep(drainBoundMs, AbortSignal.any([done.signal, this.#over.signal]))
      .then(() => true);
    const revoked = listener.revoking(tokens).then(() => false);
    const overdue = await Promise.race([revoked, bound]);
    done.abort();
    if (this.#isOver()) return;
    if (overdue) this.#launch(revoked.then(() => undefined));
    observe({ fact: 'drained', partitions: partitions.length, overdue });
    this.dispatch({ on: 'drained', incarnation, drain, partitions });
  }

  #lose(why: string): void {
    const dead = this.#tokens.destroyAll();
    this.identity.clear();
    if (dead.length > 0) this.#settings.listener.lost(dead, why);
  }

  async #wait({ ms, then }: Act<'wait'>): Promise<void> {
    const { clock, random } = this.#settings;
    await clock.sleep(jittered(ms, random()), this.#over.signal);
    this.dispatch(then);
  }

  async #beat(): Promise<void> {
    const { clock, heartbeatMs } = this.#settings;
    for (;;) {
      await clock.sleep(heartbeatMs, this.#over.signal);
      if (this.#isOver()) return;
      if (this.identity.current !== undefined) this.#session.check();
      this.dispatch({ on: 'beat-due' });
    }
  }

  async #watchMetadata(): Promise<void> {
    const { clock, metadataRefreshMs } = this.#settings;
    for (;;) {
      const haste = this.#leader.lacks(this.#state.core.topics) ? MISSING_TOPIC_HASTE : 1;
      await clock.sleep(metadataRefreshMs / haste, this.#over.signal);
      if (this.#isOver()) return;
      await this.#leader.refresh();
      const why = this.#leader.outdated();
      if (why !== undefined) this.dispatch({ on: 'metadata-changed', why });
    }
  }

  #isOver(): boolean {
    return this.#over.signal.aborted;
  }

  /** Work whose outcome comes back as an event; only a broken invariant rejects. */
  #launch(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#break(error);
    });
  }

  /** Of the program, not of the group: nothing of this run may be trusted any more. */
  #break(error: unknown): void {
    if (this.#isOver()) return;
    this.#over.abort();
    this.#tokens.destroyAll();
    this.identity.clear();
    const detail = error instanceof Error ? error.message : String(error);
    this.#outcome.reject(new SnowstampError('INTERNAL', `group ${this.#settings.groupId}: ${detail}`, error));
  }
}
