import { DEFAULT_GUARD_RULES } from './clock-guard.ts';
import type { External, GuardRules } from './clock-guard.ts';
import type { DomainHandle } from './domain-handle.ts';
import { nodesOf, timestampEndMs } from './domain.ts';
import type { LeaseListener } from './port.ts';
import type { ClockProof, Rules } from './state.ts';
import type { LeaseTiming } from './timing.ts';

export interface KeeperOptions extends LeaseTiming {
  readonly domain: DomainHandle;
  /** Which slice of the node space; 0 when the layout has no datacenter bits. */
  readonly datacenter: number;
  readonly listener: LeaseListener;
  /** Host or pod name, for operators: stands in windows, and in POOL_EXHAUSTED. */
  readonly name: string;
  /** Rest of a node after a clean release. Default 0: the floor makes it safe. */
  readonly recycleDelayMs?: number;
  /** Default `auto`: what proof can be had is used; with none, a warning. */
  readonly clockProof?: Rules['clockProof'];
  /** Compares the wall clock with something outside the fleet within 2 s; without it only peers can tell. */
  readonly proveClock?: () => Promise<ClockProof>;
  /** What that something said lately. */
  readonly externalClock?: External;
  readonly clockRules?: Partial<GuardRules>;
  /** Goes into `status/<node>` every 15 s, for the fleet page; cut at 512 bytes. */
  readonly describe?: () => Readonly<Record<string, string | number>>;
  /** 0 ≤ random < 1. */
  readonly random?: () => number;
  readonly nonce?: () => string;
}

/** What the machine needs to know of them. */
export function rulesOf(options: KeeperOptions): Rules {
  const { ttlS, windowMs, refreshMs, domain, datacenter, recycleDelayMs = 0, clockProof = 'auto' } = options;
  const { layout } = domain.record;
  return {
    ...{ ttlS, windowMs, refreshMs, recycleDelayMs, clockProof },
    ...nodesOf(layout, datacenter),
    timestampEndMs: timestampEndMs(layout),
    forwardStepMs: guardRulesOf(options).forwardStepMs,
    statusEveryMs: 15_000,
  };
}

export function guardRulesOf({ clockRules = {} }: Pick<KeeperOptions, 'clockRules'>): GuardRules {
  return { ...DEFAULT_GUARD_RULES, ...clockRules };
}
