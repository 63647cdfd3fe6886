import { domainTrouble } from './domain.ts';
import type { DomainHandle } from './domain-handle.ts';
import { domainCode } from './hold.ts';
import { readSample, readSurvey, sampleReads, surveyReads } from './pool.ts';
import type { LeaseCall } from './port.ts';
import {
  claimTransaction,
  grantTransaction,
  judgeClaim,
  judgeClaimSight,
  judgeGrant,
  judgeHoldSight,
  judgeRelease,
  judgeReleaseSight,
  releaseTransaction,
  sight,
} from './protocol.ts';
import type { Speaker } from './protocol.ts';
import type { Effect, Event } from './state.ts';
import type { Read, Transaction, TransactionResult } from './store.ts';

/** Effects that ask the store something and wait for what it says. */
export type AskingEffect = Extract<
  Effect,
  { readonly do: 'survey' | 'claim' | 'settle-claim' | 'grant' | 'settle' | 'release' | 'settle-release' }
>;
type Asking<Do extends Effect['do']> = Extract<AskingEffect, { readonly do: Do }>;

/** `send` goes out once; `look` to one endpoint after the other. An answer becomes the event the machine waits for. */
export type Ask = {
  readonly call: number;
  readonly during: LeaseCall;
  readonly judge: (result: TransactionResult) => Event;
} & ({ readonly send: Transaction } | { readonly look: readonly Read[] });

type Domain = Pick<DomainHandle, 'keys' | 'text'>;

/** PURE. What the machine's effects are in the store's words, and the store's answers in the machine's. */
export function askOf(effect: AskingEffect, domain: Domain, speaker: Speaker): Ask {
  switch (effect.do) {
    case 'survey':
      return askPool(effect, domain);
    case 'claim':
    case 'settle-claim':
      return askClaim(effect, domain, speaker);
    case 'grant':
      return askGrant(effect, domain, speaker);
    case 'settle':
      return askHold(effect, domain);
    case 'release':
    case 'settle-release':
      return askRelease(effect, domain, speaker);
  }
}

function askPool({ call, nodes }: Asking<'survey'>, { keys, text }: Domain): Ask {
  const judge = ({ found }: TransactionResult): Event => {
    const survey = nodes === 'all' ? readSurvey(found) : readSample(found);
    const trouble = domainTrouble(survey.domain, text);
    if (trouble === undefined) return { on: 'surveyed', call, survey };
    const [code, detail] = domainCode(trouble);
    return { on: 'broken', code, detail };
  };
  const look = nodes === 'all' ? surveyReads(keys) : sampleReads(keys, nodes);
  return { call, during: 'survey', look, judge };
}

function askClaim(effect: Asking<'claim' | 'settle-claim'>, { keys, text }: Domain, speaker: Speaker): Ask {
  const { call, node, nonce, leaseId } = effect;
  const request = { node, nonce, leaseId, domain: text };
  return effect.do === 'claim'
    ? {
        call,
        during: 'claim',
        send: claimTransaction(keys, request, speaker),
        judge: (result) => ({ on: 'claim-judged', call, verdict: judgeClaim(result, request) }),
      }
    : {
        call,
        during: 'settle',
        look: sight(keys, node),
        judge: ({ found }) => ({ on: 'claim-judged', call, verdict: judgeClaimSight(found, request) }),
      };
}

function askGrant(effect: Asking<'grant'>, { keys, text }: Domain, speaker: Speaker): Ask {
  const { call, incarnation, untilMs } = effect;
  return {
    call,
    during: 'grant',
    send: grantTransaction(keys, incarnation, untilMs, text, speaker),
    judge: (result) => ({
      on: 'hold-judged',
      call,
      verdict: judgeGrant(result, incarnation, untilMs, text),
    }),
  };
}

function askHold({ call, incarnation }: Asking<'settle'>, { keys, text }: Domain): Ask {
  return {
    call,
    during: 'settle',
    look: sight(keys, incarnation.node),
    judge: ({ found }) => ({ on: 'hold-judged', call, verdict: judgeHoldSight(found, incarnation, text) }),
  };
}

function askRelease(
  effect: Asking<'release' | 'settle-release'>,
  { keys, text }: Domain,
  speaker: Speaker,
): Ask {
  const { release } = effect;
  const { incarnation } = release;
  const call = release.call.id;
  return effect.do === 'release'
    ? {
        call,
        during: 'release',
        send: releaseTransaction(keys, incarnation, release, text, speaker),
        judge: (result) => ({ on: 'release-judged', call, verdict: judgeRelease(result, incarnation) }),
      }
    : {
        call,
        during: 'settle',
        look: sight(keys, incarnation.node),
        judge: ({ found }) => ({
          on: 'release-judged',
          call,
          verdict: judgeReleaseSight(found, incarnation),
        }),
      };
}
