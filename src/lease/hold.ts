import type { ErrorCode } from '../errors.ts';
import type { Permit } from '../snowflake/permit.ts';
import { backoffMs, isPast, latest, leaseDeadline } from './deadline.ts';
import type { DomainTrouble, HoldVerdict } from './protocol.ts';
import { startRelease } from './release.ts';
import { kept, withFormer } from './state.ts';
import type {
  Common,
  Effect,
  Event,
  Hold,
  HoldCall,
  Holding,
  Moment,
  Rules,
  State,
  Step,
  Trouble,
} from './state.ts';

const PROOF_RETRY_MS = 1_000;

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
  const noticed = noticeStep(hold, now, rules);
  const watched: Holding = { ...state, hold: noticed.hold };
  const result = event.on === 'tick' ? tick(watched, now, rules) : answered(watched, event, now, rules);
  return { state: result.state, effects: [...noticed.effects, ...result.effects] };
}

/** Proof first, if one is wanted; then GRANT. */
export function beginGrant(shared: Common, hold: Hold, now: Moment, rules: Rules): Step {
  if (hold.proofWanted && rules.clockProof !== 'none') {
    return send(shared, hold, { what: 'prove' }, now, (call) => ({ do: 'prove', call }));
  }
  const untilMs = Math.min(
    Math.max(Math.floor(now.wallMs) + rules.windowMs, hold.attemptedUntilMs + 1),
    rules.timestampEndMs,
  );
  if (untilMs <= hold.attemptedUntilMs) {
    return breakOff(
      { ...shared, at: 'claimed', hold },
      'TIMESTAMP_FULL',
      'the window reaches the end of the layout',
    );
  }
  const { incarnation } = hold;
  return send(shared, { ...hold, attemptedUntilMs: untilMs }, { what: 'grant', untilMs }, now, (call) => ({
    do: 'grant',
    call,
    incarnation,
    untilMs,
  }));
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
  if (event.on === 'proved' && call.what === 'prove') {
    const { proof } = event;
    if (proof.at === 'proven') return beginGrant(kept(state), { ...idle, proofWanted: false }, now, rules);
    if (proof.at === 'unavailable' && rules.clockProof === 'auto') {
      const begun = beginGrant(kept(state), { ...idle, proofWanted: false }, now, rules);
      const warning: Effect = { do: 'note', fact: { fact: 'clock-unproven', node: hold.incarnation.node } };
      return { state: begun.state, effects: [warning, ...begun.effects] };
    }
    const off: Effect[] =
      proof.at === 'off'
        ? [{ do: 'note', fact: { fact: 'clock-off', node: hold.incarnation.node, byMs: proof.byMs } }]
        : [];
    return {
      state: holding(kept(state), { ...idle, dueMs: now.monotonicMs + PROOF_RETRY_MS }),
      effects: off,
    };
  }
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
  const { incarnation, deadline, attemptedUntilMs } = hold;
  const untilMs = Math.min(standsAtMs, attemptedUntilMs);
  const granted = untilMs > incarnation.floorMs;
  const permit: Permit | undefined = granted
    ? { incarnation, untilMs, deadlineMonotonicMs: deadline.monotonicMs, deadlineWallMs: deadline.wallMs }
    : undefined;
  const whole = untilMs === attemptedUntilMs;
  const dueMs = whole
    ? Math.max(now.monotonicMs, hold.cycleMs + rules.refreshMs * (0.9 + now.random / 10))
    : now.monotonicMs + backoffMs(state.failures, now.random);
  const shared = { ...kept(state), failures: whole ? 0 : state.failures + 1 };
  const next = holding(shared, { ...hold, permit, unsettled: false, dueMs });
  return { state: next, effects: permit === undefined ? [] : [{ do: 'tell-permit', permit }] };
}

function failed(state: Holding, hold: Hold, call: HoldCall, trouble: Trouble, now: Moment): Step {
  if (trouble.why === 'lease-gone') return lose(state, 'the lease is gone', now);
  const shared = { ...kept(state), failures: state.failures + 1 };
  if (call.what === 'grant' && trouble.why === 'unanswered') return settle(shared, hold, now);
  const dueMs = now.monotonicMs + backoffMs(state.failures, now.random);
  return { state: holding(shared, { ...hold, dueMs }), effects: [] };
}

function settle(shared: Common, hold: Hold, now: Moment): Step {
  const { incarnation } = hold;
  return send(shared, { ...hold, unsettled: true }, { what: 'settle' }, now, (call) => ({
    do: 'settle',
    call,
    incarnation,
  }));
}

type Asked =
  { readonly what: 'renew' | 'prove' | 'settle' } | { readonly what: 'grant'; readonly untilMs: number };

/** `now` is read before the request leaves: validity counts from here. */
function send(shared: Common, hold: Hold, asked: Asked, now: Moment, effect: (call: number) => Effect): Step {
  const id = shared.calls + 1;
  const call: HoldCall = { ...asked, id, sent: { wallMs: now.wallMs, monotonicMs: now.monotonicMs } };
  return { state: holding({ ...shared, calls: id }, { ...hold, call }), effects: [effect(id)] };
}

/** A forward step makes the next GRANT wait for a proof: windows must not follow a wrong clock. */
function noticeStep(hold: Hold, now: Moment, rules: Rules): { hold: Hold; effects: Effect[] } {
  const byMs = now.wallMs - hold.seen.wallMs - (now.monotonicMs - hold.seen.monotonicMs);
  const seen = { wallMs: now.wallMs, monotonicMs: now.monotonicMs };
  if (byMs <= rules.forwardStepMs) return { hold: { ...hold, seen }, effects: [] };
  return {
    hold: { ...hold, seen, proofWanted: true },
    effects: [{ do: 'note', fact: { fact: 'clock-stepped', byMs } }],
  };
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

function breakOff(state: Holding, code: ErrorCode, detail: string): Step {
  return {
    state: { ...kept(state), at: 'halted', code },
    effects: [
      { do: 'tell-lost', incarnation: state.hold.incarnation, why: detail },
      { do: 'halt', code, detail },
    ],
  };
}

export function domainCode(trouble: DomainTrouble): [ErrorCode, string] {
  return trouble.at === 'domain-missing'
    ? ['DOMAIN_MISSING', 'the domain record is gone from the store']
    : ['DOMAIN_DIFFERS', 'the domain record is no longer the one read at start'];
}

/** The name of a hold, from what it knows. */
function holding(shared: Common, hold: Hold): State {
  const base = kept(shared);
  if (hold.unsettled || shared.failures > 0) return { ...base, at: 'doubtful', hold };
  if (hold.permit !== undefined) return { ...base, at: 'held', hold };
  return { ...base, at: hold.call?.what === 'grant' ? 'granting' : 'claimed', hold };
}
