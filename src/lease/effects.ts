import type { Clock, Instant } from '../clock.ts';
import type { Incarnation } from '../snowflake/permit.ts';
import { askOf } from './asks.ts';
import type { AskingEffect } from './asks.ts';
import type { ClockGuard } from './clock-guard.ts';
import { prove } from './clock-proof.ts';
import type { KeeperOptions } from './options.ts';
import type { LeaseCall, LeaseFact } from './port.ts';
import { previousBeacon, statusTransaction } from './protocol.ts';
import type { Speaker } from './protocol.ts';
import type { ClockProof, Effect, Event } from './state.ts';
import type { Answer, LeaseStore, TransactionResult } from './store.ts';

/** Effects that concern the keeper and its listener alone; the others go to the world. */
type InwardEffect = Extract<
  Effect,
  { readonly do: 'tell-claimed' | 'tell-permit' | 'tell-lost' | 'note' | 'halt' }
>;
type OutwardEffect = Exclude<Effect, InwardEffect>;

const INWARD: readonly Effect['do'][] = ['tell-claimed', 'tell-permit', 'tell-lost', 'note', 'halt'];

export function isOutward(effect: Effect): effect is OutwardEffect {
  return !INWARD.includes(effect.do);
}

interface Sink {
  dispatch(event: Event): void;
  note(fact: LeaseFact): void;
}

const STATUS_BYTES = 512;

/** Carries effects out: asks the store, hands the judged answers back as events. Decides nothing. */
export class EffectRunner {
  readonly #store: LeaseStore;
  readonly #clock: Clock;
  readonly #options: KeeperOptions;
  readonly #sink: Sink;
  readonly #guard: ClockGuard;
  readonly #running = new Set<Promise<void>>();

  constructor(
    { store, clock, guard }: { store: LeaseStore; clock: Clock; guard: ClockGuard },
    options: KeeperOptions,
    sink: Sink,
  ) {
    this.#guard = guard;
    this.#store = store;
    this.#clock = clock;
    this.#options = options;
    this.#sink = sink;
  }

  start(effect: OutwardEffect): void {
    const running = this.#run(effect).catch((error: unknown) => {
      this.#sink.dispatch({ on: 'broken', code: 'INTERNAL', detail: String(error) });
    });
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
  }

  /** Resolves once nothing is on its way any more; every call is bounded. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #run(effect: OutwardEffect): Promise<void> {
    switch (effect.do) {
      case 'open-lease':
        return this.#await('open-lease', effect.call, this.#store.openLease(this.#options.ttlS), (lease) => ({
          on: 'lease-opened',
          call: effect.call,
          ...lease,
        }));
      case 'close-lease':
        await this.#store.closeLease(effect.leaseId);
        return;
      case 'renew':
        return this.#renew(effect.call, effect.leaseId);
      case 'prove':
        return this.#prove(effect);
      case 'status':
        return this.#status(effect.incarnation, effect.leaseId);
      case 'survey':
      case 'claim':
      case 'settle-claim':
      case 'grant':
      case 'settle':
      case 'release':
      case 'settle-release':
        return this.#ask(effect);
    }
  }

  #ask(effect: AskingEffect): Promise<void> {
    const sent = this.#clock.now();
    const ask = askOf(effect, this.#options.domain, this.#speaker(sent));
    const asking = 'send' in ask ? this.#store.transact(ask.send) : this.#store.look(ask.look);
    return this.#await(ask.during, ask.call, asking, (result) => {
      const event = ask.judge(result);
      if (effect.do === 'claim') this.#compareClocks(result, sent, effect.nonce);
      if (effect.do === 'grant') {
        this.#compareClocks(result, sent, effect.incarnation.nonce);
        this.#noteGrant(effect, event, sent);
      }
      return event;
    });
  }

  #noteGrant({ incarnation, untilMs }: AskingEffect & { do: 'grant' }, event: Event, sent: Instant): void {
    if (event.on !== 'hold-judged' || event.verdict.at !== 'ours') return;
    this.#sink.note({ fact: 'granted', node: incarnation.node, untilMs, tookMs: this.#since(sent) });
  }

  #renew(call: number, leaseId: string): Promise<void> {
    const sent = this.#clock.now();
    return this.#await('renew', call, this.#store.renewLease(leaseId), ({ ttlMs }) => {
      this.#sink.note({ fact: 'renewed', tookMs: this.#since(sent) });
      return { on: 'renewed', call, ttlMs };
    });
  }

  /** Nobody waits for it, and nothing hangs on it. */
  async #status(incarnation: Incarnation, leaseId: string): Promise<void> {
    const { name, describe, domain } = this.#options;
    const now = this.#clock.now();
    const { offsetMs, boundMs } = this.#guard.standing(now);
    const clock = {
      ...(offsetMs === undefined ? {} : { clockOffsetMs: Math.round(offsetMs) }),
      ...(boundMs === undefined ? {} : { clockBoundMs: Math.ceil(boundMs) }),
    };
    const text = JSON.stringify({ name, wallMs: now.wallMs, ...clock, ...describe?.() });
    const fitting =
      Buffer.byteLength(text) <= STATUS_BYTES ? text : JSON.stringify({ name: name.slice(0, 64) });
    const answer = await this.#store.transact(statusTransaction(domain.keys, incarnation, leaseId, fitting));
    if (answer.at !== 'answered') this.#report('status', answer);
  }

  async #await<T>(
    during: LeaseCall,
    call: number,
    asking: Promise<Answer<T>>,
    toEvent: (value: T) => Event,
  ): Promise<void> {
    const answer = await asking;
    if (answer.at === 'answered') {
      this.#sink.dispatch(toEvent(answer.value));
    } else if (answer.at === 'rolled-back') {
      this.#sink.dispatch({ on: 'broken', code: 'STORE_ROLLED_BACK', detail: answer.detail });
    } else {
      this.#report(during, answer);
      this.#sink.dispatch({ on: 'failed', call, trouble: { why: answer.at, detail: detailOf(answer) } });
    }
  }

  #report(during: LeaseCall, answer: Exclude<Answer<unknown>, { at: 'answered' }>): void {
    const unknown = answer.at === 'unanswered' && ['claim', 'grant', 'release'].includes(during);
    this.#sink.note({ fact: 'trouble', during, why: answer.at, detail: detailOf(answer), unknown });
  }

  async #prove({ call, peers }: Extract<Effect, { readonly do: 'prove' }>): Promise<void> {
    const proof = await prove(this.#clock, {
      external: this.#options.proveClock,
      peers: peers ? () => this.#hearPeers() : undefined,
    });
    this.#sink.dispatch({ on: 'proved', call, proof });
  }

  /** A turn that writes nothing. */
  async #hearPeers(): Promise<ClockProof> {
    const sent = this.#clock.now();
    const answer = await this.#store.look([{ do: 'get', key: this.#options.domain.keys.beacon }]);
    if (answer.at === 'answered') this.#compareClocks(answer.value, sent, undefined);
    else if (answer.at === 'rolled-back')
      this.#sink.dispatch({ on: 'broken', code: 'STORE_ROLLED_BACK', detail: answer.detail });
    return this.#guard.proof(this.#clock.now());
  }

  /** Of two stamps in revision order, taken before their transactions: proof material, never compared in one. */
  #compareClocks(result: TransactionResult, sent: Instant, wrote: string | undefined): void {
    if (!result.succeeded) return;
    const beacon = previousBeacon(this.#options.domain.keys, result);
    const { revision } = result;
    const answered = this.#clock.now();
    this.#guard.take({ revision, sentMs: sent.monotonicMs, answeredMs: answered.monotonicMs, wrote }, beacon);
    if (beacon === undefined || wrote === undefined || beacon.nonce === wrote) return;
    this.#sink.note({
      fact: 'beacon',
      peerNonce: beacon.nonce,
      peerWallMs: beacon.wallMs,
      sentWallMs: sent.wallMs,
      answeredWallMs: answered.wallMs,
      revision,
    });
  }

  #speaker(sent: Instant): Speaker {
    const { name } = this.#options;
    return { name, wallMs: Math.floor(sent.wallMs), heard: this.#guard.heard(sent) };
  }

  #since(sent: Instant): number {
    return this.#clock.now().monotonicMs - sent.monotonicMs;
  }
}

const detailOf = (answer: object): string =>
  'detail' in answer ? String(answer.detail) : 'the lease does not exist';
