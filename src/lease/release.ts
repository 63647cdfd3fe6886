import { backoffMs } from './deadline.ts';
import { kept } from './state.ts';
import type { Common, Event, Hold, Moment, Release, Rules, State, Step } from './state.ts';
import { tryMs } from './timing.ts';

type Releasing = Extract<State, { readonly at: 'releasing' }>;

/** Tries' worth of time in all, before the claim is left to its lease and its node to rest. */
const TRIES = 3;

/** The generator has stopped for good in this tick: nothing above `lastTimestampMs` was or will be minted. */
export function startRelease(
  shared: Common,
  hold: Hold,
  lastTimestampMs: number,
  now: Moment,
  rules: Rules,
): Step {
  const { incarnation, leaseId, attemptedUntilMs } = hold;
  const giveUpMs = now.monotonicMs + TRIES * tryMs(rules.ttlS);
  return ask(shared, { incarnation, leaseId, lastTimestampMs, attemptedUntilMs, giveUpMs }, 'release');
}

export function stepReleasing(state: Releasing, event: Event, now: Moment): Step {
  const { release } = state;
  const late = now.monotonicMs >= release.giveUpMs;
  if (event.on === 'release-judged' && event.call === release.call.id) {
    if (event.verdict === 'clean') return end(state, true);
    // Refused although the claim stands: somebody raised the window, and it stays raised.
    if (event.verdict === 'gone' || release.call.what === 'release' || late) return end(state, false);
    return ask(state, release, 'release');
  }
  if (late || event.on === 'broken') return end(state, false);
  if (event.on === 'failed' && event.call === release.call.id) {
    if (event.trouble.why !== 'unanswered') return end(state, false);
    if (release.call.what === 'release') return ask(state, release, 'settle');
    const dueMs = now.monotonicMs + backoffMs(state.failures, now.random);
    return { state: { ...state, failures: state.failures + 1, release: { ...release, dueMs } }, effects: [] };
  }
  const due = event.on === 'tick' && release.dueMs !== undefined && now.monotonicMs >= release.dueMs;
  return due ? ask(state, release, 'settle') : { state, effects: [] };
}

function ask(shared: Common, about: Omit<Release, 'call' | 'dueMs'>, what: 'release' | 'settle'): Step {
  const release: Release = { ...about, call: { id: shared.calls + 1, what }, dueMs: undefined };
  return {
    state: { ...kept(shared), at: 'releasing', calls: release.call.id, release },
    effects: [{ do: what === 'release' ? 'release' : 'settle-release', release }],
  };
}

/** Revoking comes last: a RELEASE still on its way finds no claim then, and changes nothing. */
function end(state: Releasing, clean: boolean): Step {
  const { release } = state;
  return {
    state: { ...kept(state), at: 'released' },
    effects: [
      { do: 'close-lease', leaseId: release.leaseId },
      { do: 'note', fact: { fact: 'released', node: release.incarnation.node, clean } },
    ],
  };
}
