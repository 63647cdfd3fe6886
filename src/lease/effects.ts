import type { Clock, Instant } from '../clock.ts';
import type { Incarnation } from '../snowflake/permit.ts';
import { proveWithin } from './clock-proof.ts';
import { domainCode } from './hold.ts';
import type { KeeperOptions } from './options.ts';
import { readSurvey, surveyReads } from './pool.ts';
import type { LeaseCall, LeaseFact } from './port.ts';
import {
  claimTransaction,
  grantTransaction,
  judgeClaim,
  judgeClaimSight,
  judgeGrant,
  judgeHoldSight,
  judgeRelease,
  judgeReleaseSight,
  previousBeacon,
  releaseTransaction,
  sight,
  statusTransaction,
} from './protocol.ts';
import type { ClaimRequest, Speaker } from './protocol.ts';
import type { Effect, Event, Release } from './state.ts';
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

/** Turns effects into transactions, and answers into events. Decides nothing. */
export class EffectRunner {
  readonly #store: LeaseStore;
  readonly #clock: Clock;
  readonly #options: KeeperOptions;
  readonly #sink: Sink;
  readonly #running = new Set<Promise<void>>();

  constructor(store: LeaseStore, clock: Clock, options: KeeperOptions, sink: Sink) {
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
    const { keys } = this.#options.domain;
    switch (effect.do) {
      case 'survey':
        return this.#survey(effect.call);
      case 'open-lease':
        return this.#ask('open-lease', effect.call, this.#store.openLease(this.#options.ttlS), (lease) => ({
          on: 'lease-opened',
          ...lease,
        }));
      case 'close-lease':
        await this.#store.closeLease(effect.leaseId);
        return;
      case 'claim':
        return this.#claim(effect.call, { ...effect, domain: this.#options.domain.text });
      case 'settle-claim': {
        const request = { ...effect, domain: this.#options.domain.text };
        return this.#ask('settle', effect.call, this.#store.look(sight(keys, effect.node)), ({ found }) => ({
          on: 'claim-judged',
          verdict: judgeClaimSight(found, request),
        }));
      }
      case 'renew':
        return this.#renew(effect.call, effect.leaseId);
      case 'prove':
        this.#sink.dispatch({
          on: 'proved',
          call: effect.call,
          proof: await proveWithin(this.#clock, this.#options.proveClock),
        });
        return;
      case 'grant':
        return this.#grant(effect.call, effect.incarnation, effect.untilMs);
      case 'settle':
        return this.#settle(effect.call, effect.incarnation);
      case 'release':
      case 'settle-release':
        return this.#release(effect.do, effect.release);
      case 'status':
        return this.#status(effect.incarnation, effect.leaseId);
    }
  }

  #survey(call: number): Promise<void> {
    const { keys, text } = this.#options.domain;
    return this.#ask('survey', call, this.#store.look(surveyReads(keys)), ({ found }) => {
      const survey = readSurvey(found);
      if (survey.domain === text) return { on: 'surveyed', survey };
      const [code, detail] = domainCode({
        at: survey.domain === undefined ? 'domain-missing' : 'domain-differs',
      });
      return { on: 'broken', code, detail };
    });
  }

  #claim(call: number, request: ClaimRequest): Promise<void> {
    const sent = this.#clock.now();
    const { keys } = this.#options.domain;
    const asking = this.#store.transact(claimTransaction(keys, request, this.#speaker(sent)));
    return this.#ask('claim', call, asking, (result) => {
      this.#compareClocks(result, request.nonce, sent);
      return { on: 'claim-judged', verdict: judgeClaim(result, request) };
    });
  }

  #renew(call: number, leaseId: string): Promise<void> {
    const sent = this.#clock.now();
    return this.#ask('renew', call, this.#store.renewLease(leaseId), ({ ttlMs }) => {
      this.#sink.note({ fact: 'renewed', tookMs: this.#since(sent) });
      return { on: 'renewed', ttlMs };
    });
  }

  #grant(call: number, incarnation: Incarnation, untilMs: number): Promise<void> {
    const sent = this.#clock.now();
    const { keys, text } = this.#options.domain;
    const transaction = grantTransaction(keys, incarnation, untilMs, text, this.#speaker(sent));
    return this.#ask('grant', call, this.#store.transact(transaction), (result) => {
      this.#compareClocks(result, incarnation.nonce, sent);
      const verdict = judgeGrant(result, incarnation, untilMs, text);
      if (verdict.at === 'ours') {
        this.#sink.note({ fact: 'granted', node: incarnation.node, untilMs, tookMs: this.#since(sent) });
      }
      return { on: 'hold-judged', verdict };
    });
  }

  #settle(call: number, incarnation: Incarnation): Promise<void> {
    const { keys, text } = this.#options.domain;
    return this.#ask('settle', call, this.#store.look(sight(keys, incarnation.node)), ({ found }) => ({
      on: 'hold-judged',
      verdict: judgeHoldSight(found, incarnation, text),
    }));
  }

  #release(what: 'release' | 'settle-release', release: Release): Promise<void> {
    const { keys, text } = this.#options.domain;
    const { incarnation, call } = release;
    if (what === 'settle-release') {
      return this.#ask('settle', call.id, this.#store.look(sight(keys, incarnation.node)), ({ found }) => ({
        on: 'release-judged',
        verdict: judgeReleaseSight(found, incarnation),
      }));
    }
    const transaction = releaseTransaction(
      keys,
      incarnation,
      release,
      text,
      this.#speaker(this.#clock.now()),
    );
    return this.#ask('release', call.id, this.#store.transact(transaction), (result) => ({
      on: 'release-judged',
      verdict: judgeRelease(result, incarnation),
    }));
  }

  /** Nobody waits for it, and nothing hangs on it. */
  async #status(incarnation: Incarnation, leaseId: string): Promise<void> {
    const { name, describe, domain } = this.#options;
    const text = JSON.stringify({ name, wallMs: this.#clock.now().wallMs, ...describe?.() });
    const fitting =
      Buffer.byteLength(text) <= STATUS_BYTES ? text : JSON.stringify({ name: name.slice(0, 64) });
    const answer = await this.#store.transact(statusTransaction(domain.keys, incarnation, leaseId, fitting));
    if (answer.at !== 'answered') this.#report('status', answer);
  }

  async #ask<T>(
    during: LeaseCall,
    call: number,
    asking: Promise<Answer<T>>,
    toEvent: (value: T) => EventWithoutCall,
  ): Promise<void> {
    const answer = await asking;
    if (answer.at === 'answered') {
      this.#sink.dispatch({ ...toEvent(answer.value), call } as Event);
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

  /** Of two stamps in revision order, taken before their transactions: proof material, never compared in one. */
  #compareClocks(result: TransactionResult, ownNonce: string, sent: Instant): void {
    const beacon = result.succeeded ? previousBeacon(this.#options.domain.keys, result) : undefined;
    if (beacon === undefined || beacon.nonce === ownNonce) return;
    this.#sink.note({
      fact: 'beacon',
      peerNonce: beacon.nonce,
      peerWallMs: beacon.wallMs,
      sentWallMs: sent.wallMs,
      answeredWallMs: this.#clock.now().wallMs,
      revision: result.revision,
    });
  }

  #speaker(sent: Instant): Speaker {
    return { name: this.#options.name, wallMs: Math.round(sent.wallMs) };
  }

  #since(sent: Instant): number {
    return this.#clock.now().monotonicMs - sent.monotonicMs;
  }
}

type EventWithoutCall = Event extends infer E ? (E extends { call: number } ? Omit<E, 'call'> : E) : never;

const detailOf = (answer: object): string =>
  'detail' in answer ? String(answer.detail) : 'the lease does not exist';
