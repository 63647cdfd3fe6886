import type { ErrorCode } from '../errors.ts';
import type { Permit } from '../snowflake/permit.ts';
import { backoffMs, isPast, latest, leaseDeadline } from './deadline.ts';
import { breakOff, holding, send, settle, beginGrant } from './hold-ask.ts';
import { proved } from './hold-proof.ts';
import type { DomainTrouble } from './domain.ts';
import type { HoldVerdict } from './protocol.ts';
import { startRelease } from './release.ts';
import { kept, withFormer } from './state.ts';
import type { Event, Hold, HoldCall, Holding, Moment, Rules, Step, Trouble } from './state.ts';

/** A claim that is ours: renew, then GRANT, every refresh period, never pausing. One request on its way at a time. */
export function stepHolding(state: Holding, event: Event, now: Moment, rules: Rules): Step {
  const { hold } = state;
  if (event.on === 'stop') return { state: { ...kept(state), at: 'stopped', hold }, effects: [] };
  if (event.on === 'broken') return breakOff(state, event.code, event.detail);
  if (event.on === 'release') {
    if (event.incarnation.nonce !== hold.incarnation.nonce) return { state, effects: [] };
    return startRelease(state, hold, event.lastTimestampMs, now, rules);
  }
  // Before anything else: an answer that comes after the deadline comes too late (P5).
  if (isPast(hold.deadline, now)) return lose(state, 'no proof of the lease before its deadline', now);
  if (event.on === 'seen-gone') {
    return event.incarnation.nonce === hold.incarnation.nonce
      ? lose(state, event.why, now)
      : { state, effects: [] };
  }
  return event.on === 'tick' ? tick(state, now, rules) : answered(state, event, now, rules);
}

function tick(state: Holding, now: Moment, rules: Rules): Step {
  const { hold } = state;
  const shared = kept(state);
  if (hold.call !== undefined || now.monotonicMs < hold.dueMs) return reportStatus(state, now, rules);
  if (hold.unsettled) return settle(shared, hold, now);
  const { leaseId } = hold;
  return send(shared, { ...hold, cycleMs: now.monotonicMs }, { what: 'renew' }, now, (call) => ({
    do: 'renew',
    call,
    leaseId,
  }));
}

function reportStatus(state: Holding, now: Moment, rules: Rules): Step {
  const { hold } = state;
  if (hold.permit === undefined || now.monotonicMs < hold.statusDueMs) return { state, effects: [] };
  const { incarnation, leaseId } = hold;
  return {
    state: { ...state, hold: { ...hold, statusDueMs: now.monotonicMs + rules.statusEveryMs } },
    effects: [{ do: 'status', incarnation, leaseId }],
  };
}

/** Late, repeated and foreign answers carry another call's number, and change nothing. */
function answered(state: Holding, event: Event, now: Moment, rules: Rules): Step {
  const { hold } = state;
  const { call } = hold;
  if (call === undefined || !('call' in event) || event.call !== call.id) return { state, effects: [] };
  const idle: Hold = { ...hold, call: undefined };
  if (event.on === 'failed') return failed(state, idle, call, event.trouble, now);
  if (event.on === 'renewed' && call.what === 'renew') {
    if (event.ttlMs <= 0) return lose(state, 'the lease is gone', now);
    const deadline = latest(hold.deadline, leaseDeadline(call.sent, event.ttlMs, rules.ttlS));
    return beginGrant(kept(state), { ...idle, deadline }, now, rules);
  }
  if (event.on === 'proved' && call.what === 'prove') return proved(state, idle, event.proof, now, rules);
  if (event.on === 'hold-judged' && (call.what === 'grant' || call.what === 'settle')) {
    return judged(state, idle, event.verdict, now, rules);
  }
  return { state, effects: [] };
}

function judged(state: Holding, hold: Hold, verdict: HoldVerdict, now: Moment, rules: Rules): Step {
  switch (verdict.at) {
    case 'gone':
      return lose(state, verdict.why, now);
    case 'domain-missing':
    case 'domain-differs':
    case 'domain-retired':
      return breakOff(state, ...domainCode(verdict));
    case 'ours':
      return acknowledge(state, hold, verdict.untilMs, now, rules);
  }
}

/**
 * The window stands at `untilMs` and the claim was ours when it was read. Up to what we asked for it is ours to use:
 * whoever claims next has it, or more, as floor.
 */
function acknowledge(state: Holding, hold: Hold, standsAtMs: number, now: Moment, rules: Rules): Step {
  const { incarnation, deadline, attemptedUntilMs, attemptedEndMs } = hold;
  const untilMs = Math.min(standsAtMs, attemptedUntilMs);
  const granted = untilMs > incarnation.floorMs;
  const whole = untilMs === attemptedUntilMs;
  // The window ends on the monotonic clock as well, or a machine that slept would find one that is still open.
  const endMs = whole ? attemptedEndMs : (hold.permit?.deadlineMonotonicMs ?? attemptedEndMs);
  const deadlineMonotonicMs = Math.min(deadline.monotonicMs, endMs);
  const permit: Permit | undefined = granted
    ? { incarnation, untilMs, deadlineMonotonicMs, deadlineWallMs: deadline.wallMs }
    : undefined;
  const dueMs = whole
    ? Math.max(now.monotonicMs, hold.cycleMs + rules.refreshMs * (1 - jitter(now) * (1 - now.random)))
    : now.monotonicMs + backoffMs(state.failures, now.random);
  const shared = { ...kept(state), failures: whole ? 0 : state.failures + 1 };
  const next = holding(shared, { ...hold, permit, unsettled: false, dueMs });
  return { state: next, effects: permit === undefined ? [] : [{ do: 'tell-permit', permit }] };
}

/** In a small fleet more: where all keep step, each hears only the one before, and no majority is ever known. */
const jitter = ({ clock }: Moment): number => (clock !== undefined && clock.clocks < SMALL_FLEET ? 0.5 : 0.1);
const SMALL_FLEET = 4;

function failed(state: Holding, hold: Hold, call: HoldCall, trouble: Trouble, now: Moment): Step {
  if (trouble.why === 'lease-gone') return lose(state, 'the lease is gone', now);
  const shared = { ...kept(state), failures: state.failures + 1 };
  if (call.what === 'grant' && trouble.why === 'unanswered') return settle(shared, hold, now);
  const dueMs = now.monotonicMs + backoffMs(state.failures, now.random);
  return { state: holding(shared, { ...hold, dueMs }), effects: [] };
}

function lose(state: Holding, why: string, now: Moment): Step {
  const { incarnation } = state.hold;
  return {
    state: {
      ...withFormer(state, incarnation.nonce),
      at: 'lost',
      dueMs: now.monotonicMs + backoffMs(0, now.random),
    },
    effects: [
      { do: 'tell-lost', incarnation, why },
      { do: 'note', fact: { fact: 'lost', node: incarnation.node, why } },
    ],
  };
}

export function domainCode(trouble: DomainTrouble): [ErrorCode, string] {
  switch (trouble.at) {
    case 'domain-missing':
      return ['DOMAIN_MISSING', 'the domain record is gone from the store'];
    case 'domain-differs':
      return ['DOMAIN_DIFFERS', 'the domain record is no longer the one read at start'];
    case 'domain-retired':
      return ['DOMAIN_RETIRED', 'an operator retired the domain: nothing is minted in it any more'];
  }
}
