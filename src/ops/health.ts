import { permits, type Phase } from '../lifecycle.ts';
import type { ClockLevel, LeaseFacts } from '../lease/port.ts';
import type { Lag } from '../pipeline/port.ts';

/** Everything the probes, the status and the metrics speak of, taken at one moment. */
export interface Snapshot {
  readonly phase: Phase;
  readonly joined: boolean;
  readonly lease: LeaseFacts;
  readonly sequenceUse: number;
  /** The reason intake is shut for; undefined while it is open. */
  readonly valve: string | undefined;
  readonly lag: readonly Lag[];
}

/** The clock is off by more than `clock.notReadyOffsetMs`; minting goes on while the window lasts. */
const OFF: readonly ClockLevel[] = ['not-ready', 'refuse'];

export interface Health {
  readonly live: boolean;
  readonly ready: boolean;
  /** Why not ready, in the words of the phase; or what to know all the same. */
  readonly reasons: readonly string[];
}

/**
 * PURE. Ready: serving, a member of the group, and no clock that is certainly off. A shut valve is told but stays ready: it is the worker doing its duty under
 * load, and taking it out of service would only move the load. Partitions that stopped or do not get on are told too: the others flow.
 */
export function healthOf({ phase, joined, lease, valve, lag }: Snapshot): Health {
  const reasons: string[] = [];
  if (phase.at !== 'serving') reasons.push(wordsFor(phase, lease));
  else if (!joined) reasons.push('not in the consumer group yet');
  if (lease.clock.level !== 'fine') reasons.push(`clock: ${lease.clock.why ?? lease.clock.level}`);
  if (lease.clockAwaited !== undefined) reasons.push(`no window is granted: ${lease.clockAwaited}`);
  if (lease.clockUnproven) reasons.push('no proof that the clock is right');
  if (valve !== undefined) reasons.push(`intake shut: ${valve}`);
  for (const { topic, partition, state, why } of lag) {
    if (why !== undefined) reasons.push(`${topic}-${partition} ${state}: ${why}`);
    else if (state.startsWith('stopped')) reasons.push(`${topic}-${partition} ${state}`);
  }
  return {
    live: phase.at !== 'halted' && phase.at !== 'stopped',
    ready: permits(phase).ready && joined && !OFF.includes(lease.clock.level),
    reasons,
  };
}

function wordsFor(phase: Phase, { restingMs }: LeaseFacts): string {
  switch (phase.at) {
    case 'suspended':
      return `suspended: ${phase.why}${phase.why === 'lease' ? resting(', ', restingMs) : ''}`;
    case 'halted':
      return `halted: ${phase.code}`;
    case 'acquiring':
      return `acquiring${resting(': ', restingMs)}`;
    case 'serving':
    case 'draining':
    case 'stopped':
      return phase.at;
  }
}

/** No worker ID is free, and the first that rests will be in so many seconds. */
function resting(after: string, restingMs: number | undefined): string {
  return restingMs === undefined ? '' : `${after}resting, ${Math.ceil(restingMs / 1_000)} s`;
}
