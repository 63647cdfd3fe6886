import type { Instant } from '../clock.ts';
import { stepAcquiring } from './acquire.ts';
import { leftMs } from './deadline.ts';
import { stepHolding } from './hold.ts';
import { startRelease, stepReleasing } from './release.ts';
import { kept } from './state.ts';
import type { Event, Moment, Rules, State, Step } from './state.ts';
import { startAcquiring } from './survey.ts';

/**
 * The one writer of `State`: pure, total, every deadline and wait computed here. What it never does: guess an unknown
 * outcome, move a bound back, reuse an incarnation, or act on an answer it does not wait for.
 */
export function step(state: State, event: Event, now: Moment, rules: Rules): Step {
  const watched = watchClock(state, now, rules);
  const { state: next, effects } = stepFrom(watched.state, event, now, rules);
  // A loss is told before anything else (P5).
  return { state: next, effects: [...effects, ...watched.effects] };
}

function stepFrom(state: State, event: Event, now: Moment, rules: Rules): Step {
  switch (state.at) {
    case 'acquiring':
      return stepAcquiring(state, event, now, rules);
    case 'claimed':
    case 'granting':
    case 'held':
    case 'doubtful':
      return stepHolding(state, event, now, rules);
    case 'lost':
      if (event.on === 'stop') return { state: { ...kept(state), at: 'stopped' }, effects: [] };
      if (event.on === 'broken') return halted(state, event);
      return event.on === 'tick' && now.monotonicMs >= state.dueMs
        ? startAcquiring(state, now, rules)
        : unchanged(state);
    case 'releasing':
      return stepReleasing(state, event, now);
    case 'stopped':
      if (event.on !== 'release' || state.hold?.incarnation.nonce !== event.incarnation.nonce)
        return unchanged(state);
      return startRelease(state, state.hold, event.lastTimestampMs, now, rules);
    case 'released':
    case 'halted':
      return unchanged(state);
  }
}

/** Waits for the first tick. */
export function initialState(): State {
  return {
    at: 'acquiring',
    calls: 0,
    failures: 0,
    formerNonces: [],
    doubted: false,
    step: { at: 'waiting', dueMs: Number.NEGATIVE_INFINITY },
  };
}

/** In how many ms a tick is needed, if nothing else happens before. */
export function waitMs(state: State, now: Instant): number {
  switch (state.at) {
    case 'acquiring':
      return 'dueMs' in state.step
        ? Math.max(0, state.step.dueMs - now.monotonicMs)
        : Number.POSITIVE_INFINITY;
    case 'claimed':
    case 'granting':
    case 'held':
    case 'doubtful': {
      const { hold } = state;
      const dueMs =
        hold.call === undefined ? Math.max(0, hold.dueMs - now.monotonicMs) : Number.POSITIVE_INFINITY;
      return Math.min(dueMs, leftMs(hold.deadline, now));
    }
    case 'lost':
      return Math.max(0, state.dueMs - now.monotonicMs);
    case 'releasing':
      return Math.max(
        0,
        Math.min(state.release.giveUpMs, state.release.dueMs ?? Number.POSITIVE_INFINITY) - now.monotonicMs,
      );
    case 'released':
    case 'stopped':
    case 'halted':
      return Number.POSITIVE_INFINITY;
  }
}

/**
 * A wall clock that jumped ahead is doubted from here on, in whatever state: a window must not follow it, and neither
 * must the window of the next claim, should this one be lost by it. One that most peers call wrong likewise.
 */
function watchClock(state: State, now: Moment, rules: Rules): Step {
  if (state.at === 'released' || state.at === 'halted') return unchanged(state);
  const seen = { wallMs: now.wallMs, monotonicMs: now.monotonicMs };
  const before = state.seen ?? seen;
  const byMs = seen.wallMs - before.wallMs - (seen.monotonicMs - before.monotonicMs);
  const stepped = byMs > rules.forwardStepMs;
  const doubtful = stepped || now.clock?.mayGrant === false;
  return {
    state: { ...state, seen, doubted: state.doubted || (doubtful && rules.clockProof !== 'none') },
    effects: stepped ? [{ do: 'note', fact: { fact: 'clock-stepped', byMs } }] : [],
  };
}

function unchanged(state: State): Step {
  return { state, effects: [] };
}

function halted(state: State, { code, detail }: Extract<Event, { on: 'broken' }>): Step {
  return {
    state: { ...kept(state), at: 'halted', code },
    effects: [{ do: 'halt', code, detail }],
  };
}
