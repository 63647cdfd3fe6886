import type { Entry } from '../../../src/lease/store.ts';
import { initialState, step } from '../../../src/lease/machine.ts';
import type { ClockWord, Effect, Event, Hold, Rules, State } from '../../../src/lease/state.ts';

export const START_MS = 1_700_000_000_000;

export const rules: Rules = {
  ttlS: 15,
  windowMs: 10_000,
  refreshMs: 3_000,
  first: 0,
  count: 4,
  recycleDelayMs: 0,
  timestampEndMs: START_MS + 2 ** 41,
  clockProof: 'none',
  forwardStepMs: 500,
  statusEveryMs: 15_000,
};

type EffectOf<K extends Effect['do']> = Effect extends infer E
  ? E extends { readonly do: infer D }
    ? K extends D
      ? E
      : never
    : never
  : never;

/** Walks the machine by hand: time is set, answers are given, effects are collected. */
export class Walk {
  state: State = initialState();
  /** Effects of the last event. */
  effects: readonly Effect[] = [];
  /** Effects of all events. */
  readonly all: Effect[] = [];
  atMs = 0;
  wallAheadMs = START_MS;
  random = 0;
  clock: ClockWord | undefined;
  /** Of others, as the survey shows them. */
  claims: readonly Entry[] = [];
  readonly rules: Rules;
  #nonces = 0;

  constructor(changes: Partial<Rules> = {}) {
    this.rules = { ...rules, ...changes };
  }

  on(event: Event): this {
    const now = {
      monotonicMs: this.atMs,
      wallMs: this.atMs + this.wallAheadMs,
      random: this.random,
      nonce: `nonce${++this.#nonces}`,
      ...(this.clock === undefined ? {} : { clock: this.clock }),
    };
    const result = step(this.state, event, now, this.rules);
    this.state = result.state;
    this.effects = result.effects;
    this.all.push(...result.effects);
    return this;
  }

  after(ms: number): this {
    this.atMs += ms;
    return this.on({ on: 'tick' });
  }

  /** The one effect of that kind among the last; fails when it is not there. */
  effect<K extends Effect['do']>(what: K): EffectOf<K> {
    const found = this.effects.find((effect) => effect.do === what);
    if (found === undefined) throw new Error(`no ${what} among ${JSON.stringify(this.effects)}`);
    return found as EffectOf<K>;
  }

  did(what: Effect['do']): boolean {
    return this.effects.some((effect) => effect.do === what);
  }

  get call(): number {
    return this.state.calls;
  }

  get hold(): Hold {
    if (!('hold' in this.state)) throw new Error(`no hold while ${this.state.at}`);
    return this.state.hold;
  }

  /** From the start to the CLAIM of a node being on its way. */
  toClaiming(windows: readonly string[] = ['released']): this {
    this.on({ on: 'tick' }).surveyed(windows);
    return this.on({ on: 'lease-opened', call: this.call, leaseId: 'L1', ttlMs: 15_000 });
  }

  surveyed(windows: readonly string[] = ['released']): this {
    const until = String(START_MS - 1_000).padStart(20, '0');
    const survey = {
      windows: windows.map((tail, node) => ({
        key: `/w/${node}`,
        value: `${until};${tail}`,
        createRevision: '1',
      })),
      claims: this.claims,
    };
    return this.on({ on: 'surveyed', call: this.call, survey });
  }

  /** To a claim that is ours, its first GRANT on its way. */
  toGranting(floorMs = START_MS - 1_000): this {
    return this.toClaiming().claimed(floorMs);
  }

  /** The same once the pool was asked for. */
  toGrantingFromSurvey(): this {
    this.surveyed();
    return this.on({ on: 'lease-opened', call: this.call, leaseId: 'L2', ttlMs: 15_000 }).claimed();
  }

  claimed(floorMs = START_MS - 1_000): this {
    return this.on({
      on: 'claim-judged',
      call: this.call,
      verdict: { at: 'claimed', createRevision: '7', floorMs },
    });
  }

  /** To a first permit. */
  toHeld(): this {
    this.toGranting();
    return this.granted();
  }

  /** Acknowledges the GRANT on its way. */
  granted(): this {
    return this.on({
      on: 'hold-judged',
      call: this.call,
      verdict: { at: 'ours', untilMs: this.hold.attemptedUntilMs },
    });
  }

  failed(why: 'unanswered' | 'full' | 'lease-gone' | 'refused' = 'unanswered'): this {
    return this.on({ on: 'failed', call: this.call, trouble: { why, detail: 'test' } });
  }

  renewed(ttlMs = 15_000): this {
    return this.on({ on: 'renewed', call: this.call, ttlMs });
  }
}
