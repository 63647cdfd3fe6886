/**
 * The worker's phases, PURE. One writer (`worker.ts`); the same words stand in `/readyz`, the log, the metric and the page.
 *
 * | phase | entered when | new input | open transaction | ready | left by |
 * |---|---|---|---|---|---|
 * | acquiring | at start | none | none | no | the first permit |
 * | serving | a permit is held and the clock is trusted | taken | runs | yes | loss of either, stop |
 * | suspended | lease or clock in doubt | none | aborted (its IDs are burnt, nothing is lost) | no | a permit |
 * | draining | asked to stop | none | may finish until the drain deadline | no | everything closed |
 * | stopped | drained | – | – | no | never; exit 0 |
 * | halted | an invariant is broken | none | aborted | no | never; exit non-zero, code in the last log line |
 */
export type Phase =
  | { readonly at: 'acquiring' }
  | { readonly at: 'serving' }
  | { readonly at: 'suspended'; readonly why: 'lease' | 'clock' }
  | { readonly at: 'draining' }
  | { readonly at: 'stopped' }
  | { readonly at: 'halted'; readonly code: string };

export type Event =
  | { readonly on: 'permit' }
  | { readonly on: 'permit-lapsed'; readonly why: 'lease' | 'clock' }
  | { readonly on: 'stop' }
  | { readonly on: 'drained' }
  | { readonly on: 'broken'; readonly code: string };

/** Total: every phase answers every event; an event it has no use for returns the phase itself. */
export function next(phase: Phase, event: Event): Phase {
  if (phase.at === 'stopped' || phase.at === 'halted') return phase;
  switch (event.on) {
    case 'broken':
      return { at: 'halted', code: event.code };
    case 'stop':
      return phase.at === 'draining' ? phase : { at: 'draining' };
    case 'drained':
      return phase.at === 'draining' ? { at: 'stopped' } : phase;
    case 'permit':
      return phase.at === 'draining' || phase.at === 'serving' ? phase : { at: 'serving' };
    case 'permit-lapsed':
      return lapsed(phase, event.why);
  }
}

/** A clock in doubt under a lease in doubt stays the lease's business: a permit ends both. */
function lapsed(phase: Phase, why: 'lease' | 'clock'): Phase {
  if (phase.at === 'serving') return { at: 'suspended', why };
  if (phase.at === 'suspended' && phase.why === 'clock' && why === 'lease') return { at: 'suspended', why };
  return phase;
}

/** What a phase lets the worker do. */
export interface Permissions {
  readonly intake: boolean;
  readonly openTransaction: 'runs' | 'may-finish' | 'aborted' | 'none';
  readonly ready: boolean;
}

export function permits(phase: Phase): Permissions {
  switch (phase.at) {
    case 'serving':
      return { intake: true, openTransaction: 'runs', ready: true };
    case 'draining':
      return { intake: false, openTransaction: 'may-finish', ready: false };
    case 'suspended':
    case 'halted':
      return { intake: false, openTransaction: 'aborted', ready: false };
    case 'acquiring':
    case 'stopped':
      return { intake: false, openTransaction: 'none', ready: false };
  }
}
