import { keysUnder } from '../../src/lease/protocol.ts';
import type { Moment, Rules } from '../../src/lease/state.ts';
import type { GeneratorOptions } from '../../src/snowflake/generator.ts';
import { DEFAULT_LAYOUT } from '../../src/snowflake/layout.ts';
import type { Layout } from '../../src/snowflake/layout.ts';

export const KEYS = keysUnder('/m');
export const DOMAIN = 'the domain';
export const nonceOf = (claim: number): string => `a${claim}`;
export const leaseOf = (nonce: string): string => `lease of ${nonce}`;

/** Timestamps are 0 … this − 1, so a window is one of 0 … this. */
export const TIMESTAMPS = 3;
export const WALLS = Array.from({ length: TIMESTAMPS }, (_, ms) => ms);

const NEVER = 1e9;

export const LAYOUT: Layout = { ...DEFAULT_LAYOUT, sequenceBits: 1, epochMs: 0 };

/** One node. A GRANT asks for one millisecond past the clock, or past what was asked for before. */
export const RULES: Rules = {
  ttlS: 5,
  windowMs: 1,
  refreshMs: 0,
  first: 0,
  count: 1,
  recycleDelayMs: 0,
  timestampEndMs: TIMESTAMPS,
  clockProof: 'none',
  forwardStepMs: NEVER,
  statusEveryMs: NEVER,
};

/** Clocks are believed whatever they say: uniqueness may not rest on them. */
export const CREDULOUS: GeneratorOptions = {
  maxLeadMs: 0,
  absorbBackMs: NEVER,
  carryBackMs: 0,
  holdBackMs: NEVER,
  maxHoldMs: NEVER,
  noticeForwardMs: NEVER,
  forwardStepMs: NEVER,
};

export const at = (wallMs: number, nonce = ''): Moment => ({ wallMs, monotonicMs: 0, random: 0, nonce });
/** Every local deadline has passed. */
export const LATE: Moment = { ...at(0), monotonicMs: NEVER };
/** Every node that rests has rested enough. */
export const RESTED_MS = NEVER;

/** A lease's time, as long as the store gives it: when it ends is decided by the search alone. */
export const LEASE_MS = 3 * NEVER;

/** What is left of a state's times between two events: everything is due, no deadline has passed. */
const INSTANT = { wallMs: 0, monotonicMs: 0 };
const AHEAD = { wallMs: NEVER, monotonicMs: NEVER };
const FORGOTTEN: Readonly<Record<string, unknown>> = {
  ...{ seen: INSTANT, sent: INSTANT, cycleMs: 0, dueMs: 0 },
  ...{ deadline: AHEAD, giveUpMs: NEVER, statusDueMs: NEVER },
  ...{ deadlineMonotonicMs: NEVER, deadlineWallMs: NEVER },
  ...{ failures: 0, formerNonces: [], calls: 1, id: 1 },
};

/** The same with times, counters and call numbers forgotten, and its fields in one order. */
export function forget<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(forget) as T;
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]: [string, unknown]) => {
      if (name in FORGOTTEN) return [name, FORGOTTEN[name]];
      return [name, name === 'call' && typeof field === 'number' ? 1 : forget(field)];
    });
  return Object.fromEntries(fields) as T;
}
