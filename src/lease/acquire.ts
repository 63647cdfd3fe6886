import type { ErrorCode } from '../errors.ts';
import { backoffMs, isPast, leaseDeadline } from './deadline.ts';
import { beginGrant } from './hold-ask.ts';
import { domainCode } from './hold.ts';
import { choose, startAcquiring, wait } from './survey.ts';
import type { ClaimVerdict } from './protocol.ts';
import { kept, withFormer } from './state.ts';
import type { Acquiring, ClaimAttempt, Effect, Event, Hold, Moment, Rules, Step, Trouble } from './state.ts';

/** From no incarnation to one. A claim that may or may not be ours is never used: its lease is closed. */
export function stepAcquiring(state: Acquiring, event: Event, now: Moment, rules: Rules): Step {
  const { step } = state;
  if (event.on === 'stop') return { state: { ...kept(state), at: 'stopped' }, effects: closing(state) };
  if (event.on === 'broken') return halt(state, event.code, event.detail);
  if ('dueMs' in step) {
    if (event.on !== 'tick' || now.monotonicMs < step.dueMs) return { state, effects: [] };
    return step.at === 'waiting' ? startAcquiring(state, now, rules, step) : settleAgain(state, step, now);
  }
  if (!('call' in event) || event.call !== step.call) return { state, effects: [] };
  if (event.on === 'failed') return failed(state, event.trouble, now);
  switch (step.at) {
    case 'surveying':
      return event.on === 'surveyed' ? choose(state, step, event.survey, now, rules) : { state, effects: [] };
    case 'opening':
      if (event.on !== 'lease-opened') return { state, effects: [] };
      return claimNext(
        state,
        {
          leaseId: event.leaseId,
          deadline: leaseDeadline(step.sent, event.ttlMs, rules.ttlS),
          candidates: step.candidates,
          others: step.others,
        },
        now,
      );
    case 'claiming':
    case 'settling':
      return event.on === 'claim-judged'
        ? judged(state, step, event.verdict, now, rules)
        : { state, effects: [] };
  }
}

function claimNext(state: Acquiring, lease: Omit<ClaimAttempt, 'node' | 'nonce'>, now: Moment): Step {
  const [node, ...candidates] = lease.candidates;
  if (node === undefined || isPast(lease.deadline, now)) return startOver(state, lease.leaseId, now);
  const call = state.calls + 1;
  const { nonce } = now;
  const attempt = attemptOf({ ...lease, candidates, node, nonce });
  return {
    state: { ...kept(state), at: 'acquiring', calls: call, step: { ...attempt, at: 'claiming', call } },
    effects: [{ do: 'claim', call, node, nonce, leaseId: lease.leaseId }],
  };
}

function judged(
  state: Acquiring,
  attempt: ClaimAttempt & { readonly at: 'claiming' | 'settling' },
  verdict: ClaimVerdict,
  now: Moment,
  rules: Rules,
): Step {
  switch (verdict.at) {
    case 'claimed':
      if (isPast(attempt.deadline, now)) return startOver(state, attempt.leaseId, now, attempt.nonce);
      return take(state, attempt, verdict.createRevision, verdict.floorMs, now, rules);
    case 'taken':
    case 'free':
    case 'window-unusable':
      // After a doubt the lease goes too: the CLAIM may still be on its way, and must find no lease when it arrives.
      if (attempt.at === 'settling' || verdict.at === 'free') {
        return startOver(state, attempt.leaseId, now, attempt.nonce);
      }
      return claimNext(state, attempt, now);
    case 'domain-missing':
    case 'domain-differs':
    case 'domain-retired':
      return halt(state, ...domainCode(verdict));
  }
}

/** The incarnation: created here, once per CLAIM, and nowhere else. */
function take(
  state: Acquiring,
  attempt: ClaimAttempt,
  createRevision: string,
  floorMs: number,
  now: Moment,
  rules: Rules,
): Step {
  const incarnation = { node: attempt.node, createRevision, nonce: attempt.nonce, floorMs };
  const hold: Hold = {
    incarnation,
    leaseId: attempt.leaseId,
    deadline: attempt.deadline,
    attemptedUntilMs: floorMs,
    attemptedEndMs: now.monotonicMs,
    permit: undefined,
    call: undefined,
    unsettled: false,
    proofWanted: rules.clockProof !== 'none',
    others: attempt.others,
    claimedMs: now.monotonicMs,
    unproven: undefined,
    cycleMs: now.monotonicMs,
    dueMs: now.monotonicMs,
    statusDueMs: now.monotonicMs,
  };
  const begun = beginGrant({ ...kept(state), failures: 0 }, hold, now, rules);
  const why = 'lease.clockProof is none';
  const warning: Effect = { do: 'note', fact: { fact: 'clock-unproven', node: attempt.node, why } };
  return {
    state: begun.state,
    effects: [
      { do: 'tell-claimed', incarnation },
      ...(rules.clockProof === 'none' ? [warning] : []),
      ...begun.effects,
    ],
  };
}

function failed(state: Acquiring, trouble: Trouble, now: Moment): Step {
  const { step } = state;
  if (trouble.why === 'refused') return halt(state, 'STORE_REFUSED', trouble.detail);
  if (step.at === 'claiming' && trouble.why === 'unanswered') return settle(state, step);
  if (step.at === 'settling') {
    const dueMs = now.monotonicMs + backoffMs(state.failures, now.random);
    return {
      state: {
        ...kept(state),
        at: 'acquiring',
        failures: state.failures + 1,
        step: { ...attemptOf(step), at: 'settling-later', dueMs },
      },
      effects: [],
    };
  }
  return startOver(state, 'leaseId' in step ? step.leaseId : undefined, now);
}

function settle(state: Acquiring, from: ClaimAttempt): Step {
  const call = state.calls + 1;
  const attempt = attemptOf(from);
  const { node, nonce, leaseId } = attempt;
  return {
    state: { ...kept(state), at: 'acquiring', calls: call, step: { ...attempt, at: 'settling', call } },
    effects: [{ do: 'settle-claim', call, node, nonce, leaseId }],
  };
}

/** Without the name and the call of the step it comes from. */
function attemptOf({ leaseId, deadline, node, nonce, candidates, others }: ClaimAttempt): ClaimAttempt {
  return { leaseId, deadline, node, nonce, candidates, others };
}

function settleAgain(state: Acquiring, attempt: ClaimAttempt, now: Moment): Step {
  return isPast(attempt.deadline, now)
    ? startOver(state, attempt.leaseId, now, attempt.nonce)
    : settle(state, attempt);
}

function startOver(state: Acquiring, leaseId: string | undefined, now: Moment, nonce?: string): Step {
  const shared = nonce === undefined ? state : withFormer(state, nonce);
  const dueMs = now.monotonicMs + backoffMs(state.failures, now.random);
  return {
    state: wait({ ...shared, failures: state.failures + 1 }, dueMs).state,
    effects: leaseId === undefined ? [] : [{ do: 'close-lease', leaseId }],
  };
}

function halt(state: Acquiring, code: ErrorCode, detail: string): Step {
  return {
    state: { ...kept(state), at: 'halted', code },
    effects: [...closing(state), { do: 'halt', code, detail }],
  };
}

function closing({ step }: Acquiring): Effect[] {
  return 'leaseId' in step ? [{ do: 'close-lease', leaseId: step.leaseId }] : [];
}
