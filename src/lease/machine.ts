import type { Instant } from '../clock.ts';
import { startAcquiring, stepAcquiring } from './acquire.ts';
import { leftMs } from './deadline.ts';
import { stepHolding } from './hold.ts';
import { startRelease, stepReleasing } from './release.ts';
import { kept } from './state.ts';
import type { Event, Moment, Rules, State, Step } from './state.ts';

/**
 * The one writer of `State`: pure, total, every deadline and wait computed here. What it never does: guess an unknown
 * outcome, move a bound back, reuse an incarnation, or act on an answer it does not wait for.
 */
export function step(state: State, event: Event, now: Moment, rules: Rules): Step {
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
      return event.on === 'tick' && now.monotonicMs >= state.dueMs ? startAcquiring(state) : unchanged(state);
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

function unchanged(state: State): Step {
  return { state, effects: [] };
}

function halted(state: State, { code, detail }: Extract<Event, { on: 'broken' }>): Step {
  const { calls, failures, formerNonces } = state;
  return {
    state: { at: 'halted', code, calls, failures, formerNonces },
    effects: [{ do: 'halt', code, detail }],
  };
}
