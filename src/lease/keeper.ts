import { randomBytes } from 'node:crypto';
import type { Clock, Instant } from '../clock.ts';
import { SnowstampError } from '../errors.ts';
import type { Incarnation, Permit } from '../snowflake/permit.ts';
import { ClockGuard } from './clock-guard.ts';
import { leftMs } from './deadline.ts';
import { EffectRunner, isOutward } from './effects.ts';
import { initialState, step, waitMs } from './machine.ts';
import { guardRulesOf, rulesOf } from './options.ts';
import type { KeeperOptions } from './options.ts';
import type { LeaseFact, LeaseFacts, LeaseKeeper } from './port.ts';
import { judgeHoldSight, sight } from './protocol.ts';
import type { Effect, Event, Moment, Rules, State } from './state.ts';
import type { LeaseStore } from './store.ts';
import { timingMistakes } from './timing.ts';

/** However little is to be done, the clocks are looked at this often: a step is noticed within one look. */
const LONGEST_SLEEP_MS = 250;
const WOKEN = 'something happened';

/**
 * The machine joined to a store, a clock and a listener. Every event passes `#dispatch`, one at a time and whole:
 * the listener may call back into the keeper without meeting a half-made state.
 */
export class Keeper implements LeaseKeeper {
  readonly #store: LeaseStore;
  readonly #clock: Clock;
  readonly #options: KeeperOptions;
  readonly #observe: (fact: LeaseFact) => void;
  readonly #rules: Rules;
  readonly #guard: ClockGuard;
  readonly #runner: EffectRunner;
  readonly #queue: Event[] = [];
  #dispatching = false;
  #state: State = initialState();
  #wake = new AbortController();
  #failure: SnowstampError | undefined;
  #permit: Permit | undefined;
  #grants = 0;
  #unanswered = 0;
  #clockUnproven = false;
  #restingUntilMs: number | undefined;
  #released: PromiseWithResolvers<undefined> | undefined;

  /** @throws SnowstampError CONFIG_INVALID when the times break a rule of `timingMistakes`. */
  constructor(store: LeaseStore, clock: Clock, options: KeeperOptions, observe: (fact: LeaseFact) => void) {
    const mistakes = timingMistakes(options);
    if (mistakes.length > 0) throw new SnowstampError('CONFIG_INVALID', mistakes.join('; '));
    this.#store = store;
    this.#clock = clock;
    this.#options = options;
    this.#observe = observe;
    this.#rules = rulesOf(options);
    this.#guard = new ClockGuard(guardRulesOf(options), options.externalClock);
    this.#runner = new EffectRunner({ store, clock, guard: this.#guard }, options, {
      dispatch: (event) => {
        this.#dispatch(event);
      },
      note: (fact) => {
        this.#note(fact);
      },
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    const wake = (): void => {
      this.#wake.abort();
    };
    signal.addEventListener('abort', wake);
    while (!this.#ended() && !signal.aborted) {
      this.#dispatch({ on: 'tick' });
      if (!this.#ended()) await this.#nap();
    }
    signal.removeEventListener('abort', wake);
    if (this.#state.at !== 'releasing') this.#dispatch({ on: 'stop' });
    await this.#finishRelease();
    await this.#runner.settled();
    if (this.#failure !== undefined) throw this.#failure;
  }

  async stillOurs(incarnation: Incarnation): Promise<boolean> {
    const { keys, text } = this.#options.domain;
    const answer = await this.#store.look(sight(keys, incarnation.node));
    switch (answer.at) {
      case 'answered': {
        const verdict = judgeHoldSight(answer.value.found, incarnation, text);
        if (verdict.at === 'ours') return true;
        const why = verdict.at === 'gone' ? verdict.why : 'the domain record changed';
        this.#dispatch({ on: 'seen-gone', incarnation, why });
        return false;
      }
      case 'rolled-back':
        this.#dispatch({ on: 'broken', code: 'STORE_ROLLED_BACK', detail: answer.detail });
        throw new SnowstampError('STORE_ROLLED_BACK', answer.detail);
      case 'refused':
        throw new SnowstampError('STORE_REFUSED', answer.detail);
      case 'unanswered':
      case 'full':
        throw new SnowstampError('STORE_UNREACHABLE', answer.detail);
      case 'lease-gone':
        throw new SnowstampError('INTERNAL', 'a read was answered with a lease error');
    }
  }

  async release(incarnation: Incarnation, lastTimestampMs: number): Promise<void> {
    this.#dispatch({ on: 'release', incarnation, lastTimestampMs });
    await this.#finishRelease();
  }

  facts(): LeaseFacts {
    const state = this.#state;
    const now = this.#clock.now();
    const hold = 'hold' in state ? state.hold : undefined;
    const clock = this.#guard.standing(now);
    const permit = state.at === 'held' || state.at === 'doubtful' ? this.#permit : undefined;
    return {
      state: state.at,
      node: hold?.incarnation.node,
      incarnation: hold?.incarnation,
      leaseSecondsLeft: hold === undefined ? 0 : leftMs(hold.deadline, now) / 1_000,
      windowLeftMs: permit === undefined ? 0 : Math.max(0, permit.untilMs - now.wallMs),
      grants: this.#grants,
      unanswered: this.#unanswered,
      clockUnproven: this.#clockUnproven && clock.by === undefined,
      clockAwaited: hold?.unproven,
      clock,
      restingMs:
        this.#restingUntilMs === undefined ? undefined : Math.max(0, this.#restingUntilMs - now.monotonicMs),
    };
  }

  /** Releasing goes on by itself, also after the run's signal aborted; ticks bound it. */
  async #finishRelease(): Promise<void> {
    if (this.#released !== undefined) return this.#released.promise.then(() => undefined);
    if (this.#state.at !== 'releasing') return;
    this.#released = Promise.withResolvers();
    while (this.#isReleasing()) {
      await this.#nap();
      if (this.#isReleasing()) this.#dispatch({ on: 'tick' });
    }
    await this.#runner.settled();
    this.#released.resolve(undefined);
  }

  /** Until something is due, or anything happens. */
  async #nap(): Promise<void> {
    this.#wake = new AbortController();
    await this.#clock.sleep(
      Math.min(LONGEST_SLEEP_MS, waitMs(this.#state, this.#clock.now())),
      this.#wake.signal,
    );
  }

  #isReleasing(): boolean {
    return this.#state.at === 'releasing';
  }

  #ended(): boolean {
    const { at } = this.#state;
    return at === 'releasing' || at === 'released' || at === 'halted' || at === 'stopped';
  }

  #moment(now: Instant): Moment {
    const { random = Math.random, nonce = randomNonce } = this.#options;
    return { ...now, random: random(), nonce: nonce(), clock: this.#guard.word(now) };
  }

  #dispatch(event: Event): void {
    this.#queue.push(event);
    if (this.#dispatching) return;
    this.#dispatching = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift())
        this.#advance(next);
    } finally {
      this.#dispatching = false;
    }
    // With a reason, or an error with its stack would be made for each event.
    this.#wake.abort(WOKEN);
  }

  #advance(event: Event): void {
    const before = this.#state;
    const now = this.#clock.now();
    const seen = this.#guard.observe(now);
    const { state, effects } = step(before, event, this.#moment(now), this.#rules);
    this.#state = state;
    // The listener hears of a loss before anybody else hears of anything (P5).
    for (const effect of effects) this.#carryOut(effect);
    for (const fact of seen) this.#note(fact);
    if (before.at !== state.at) {
      if (state.at !== 'acquiring') this.#restingUntilMs = undefined;
      this.#observe({ fact: 'state', from: before.at, to: state.at, node: nodeOf(state) ?? nodeOf(before) });
    }
  }

  #carryOut(effect: Effect): void {
    const { listener } = this.#options;
    if (isOutward(effect)) {
      this.#runner.start(effect);
      return;
    }
    switch (effect.do) {
      case 'tell-claimed':
        listener.claimed(effect.incarnation);
        break;
      case 'tell-permit':
        this.#grants++;
        this.#permit = effect.permit;
        listener.permit(effect.permit);
        break;
      case 'tell-lost':
        this.#permit = undefined;
        listener.lost(effect.incarnation, effect.why);
        break;
      case 'note':
        this.#note(effect.fact);
        break;
      case 'halt':
        this.#failure = new SnowstampError(effect.code, effect.detail);
        break;
    }
  }

  #note(fact: LeaseFact): void {
    if (fact.fact === 'trouble') this.#unanswered++;
    if (fact.fact === 'clock-unproven' || fact.fact === 'clock-proven')
      this.#clockUnproven = fact.fact === 'clock-unproven';
    if (fact.fact === 'resting') this.#restingUntilMs = this.#clock.now().monotonicMs + fact.readyInMs;
    this.#observe(fact);
  }
}

function nodeOf(state: State): number | undefined {
  if ('hold' in state) return state.hold.incarnation.node;
  return state.at === 'releasing' ? state.release.incarnation.node : undefined;
}

function randomNonce(): string {
  return randomBytes(16).toString('hex');
}
