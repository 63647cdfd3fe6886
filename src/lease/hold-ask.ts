import type { ErrorCode } from '../errors.ts';
import type { Common, Effect, Hold, HoldCall, Holding, Moment, Rules, State, Step } from './state.ts';
import { kept } from './state.ts';

/** Proof first, if one is wanted; then GRANT. */
export function beginGrant(shared: Common, hold: Hold, now: Moment, rules: Rules): Step {
  if ((hold.proofWanted || shared.doubted) && rules.clockProof !== 'none') {
    const peers = hold.others || shared.doubted;
    return send(shared, hold, { what: 'prove' }, now, (call) => ({ do: 'prove', call, peers }));
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
  const attemptedEndMs = now.monotonicMs + rules.windowMs;
  const asking = { ...hold, attemptedUntilMs: untilMs, attemptedEndMs };
  return send(shared, asking, { what: 'grant', untilMs }, now, (call) => ({
    do: 'grant',
    call,
    incarnation,
    untilMs,
  }));
}

/** Only a read can tell what became of a GRANT. */
export function settle(shared: Common, hold: Hold, now: Moment): Step {
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
export function send(
  shared: Common,
  hold: Hold,
  asked: Asked,
  now: Moment,
  effect: (call: number) => Effect,
): Step {
  const id = shared.calls + 1;
  const call: HoldCall = { ...asked, id, sent: { wallMs: now.wallMs, monotonicMs: now.monotonicMs } };
  return { state: holding({ ...shared, calls: id }, { ...hold, call }), effects: [effect(id)] };
}

export function breakOff(state: Holding, code: ErrorCode, detail: string): Step {
  return {
    state: { ...kept(state), at: 'halted', code },
    effects: [
      { do: 'tell-lost', incarnation: state.hold.incarnation, why: detail },
      { do: 'halt', code, detail },
    ],
  };
}

/** The name of a hold, from what it knows. */
export function holding(shared: Common, hold: Hold): State {
  const base = kept(shared);
  if (hold.unsettled || shared.failures > 0) return { ...base, at: 'doubtful', hold };
  if (hold.permit !== undefined) return { ...base, at: 'held', hold };
  return { ...base, at: hold.call?.what === 'grant' ? 'granting' : 'claimed', hold };
}
