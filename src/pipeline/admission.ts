import type { Load, Marks } from './port.ts';

/** Shut for the first mark that was reached; the reason is the log word, the metric label and what /readyz says. */
export type Valve = { readonly at: 'open' } | { readonly at: 'shut'; readonly why: keyof Load };

/**
 * Two valves in a row. `minting` looks at sequence use alone and holds back records already fetched; `intake` looks at
 * what is in flight and holds back fetching. They are separate because what is in flight only drains through minting:
 * one valve for both could shut on use while waiting for memory to drain, for ever.
 */
export interface Admission {
  readonly minting: Valve;
  readonly intake: Valve;
}

export const OPEN: Admission = { minting: { at: 'open' }, intake: { at: 'open' } };

const USE = ['sequenceUse'] as const;
const IN_FLIGHT = ['records', 'bytes'] as const;

/**
 * PURE (P6). A valve shuts when a load is at or above its `shutAt` mark and opens only when each of its loads is at or
 * below its `openAt` mark: between the marks it stays as it is, so it cannot flutter.
 */
export function turn(valve: Valve, load: Load, marks: Marks, currencies: readonly (keyof Load)[]): Valve {
  const over = currencies.find((name) => load[name] >= marks.shutAt[name]);
  if (over !== undefined)
    return valve.at === 'shut' && valve.why === over ? valve : { at: 'shut', why: over };
  if (valve.at === 'open') return valve;
  return currencies.every((name) => load[name] <= marks.openAt[name]) ? { at: 'open' } : valve;
}

export function admit(admission: Admission, load: Load, marks: Marks): Admission {
  const minting = turn(admission.minting, load, marks, USE);
  const intake = turn(admission.intake, load, marks, IN_FLIGHT);
  return minting === admission.minting && intake === admission.intake ? admission : { minting, intake };
}

/** Fetching needs both valves open; the first shut one is the reason to give. */
export const intakeOf = ({ minting, intake }: Admission): Valve => (minting.at === 'shut' ? minting : intake);
