import type { Clock } from '../../clock.ts';
import type { Cluster } from '../cluster/port.ts';
import type { MembershipFact } from './facts.ts';
import type { OwnershipListener } from './port.ts';

export interface MembershipOptions {
  /** Its own Cluster object: heartbeats share no connection with the data path (membership.md pitfall 1). */
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly groupId: string;
  /** KIP-345: static membership when not null; unique in the group. */
  readonly groupInstanceId: string | null;
  /** How long the coordinator waits for a heartbeat. Milliseconds, within the broker's bounds (6,000 … 1,800,000 by default). */
  readonly sessionTimeoutMs: number;
  /** How long a rebalance waits for this member to join again. Milliseconds, above `drainBoundMs`. */
  readonly rebalanceTimeoutMs: number;
  /** Milliseconds between heartbeats, at most a third of the session. */
  readonly heartbeatMs: number;
  /** A drain is cut off after this, so that the member is not thrown out for it (pitfall 9). Milliseconds. */
  readonly drainBoundMs: number;
  readonly topics: readonly string[];
  readonly listener: OwnershipListener;
  readonly observe: (fact: MembershipFact) => void;
  /** Bound of one heartbeat. Milliseconds, default a third of the session. */
  readonly requestTimeoutMs?: number;
  /** Milliseconds between looks at the metadata, default 30,000; ten times as often while a subscribed topic is missing. */
  readonly metadataRefreshMs?: number;
  /** In [0, 1); spreads retries. Default `Math.random`. */
  readonly random?: () => number;
}

export type Settings = Required<MembershipOptions>;

/** Throws RangeError on bounds that contradict each other: the configuration refuses them first. */
export function withDefaults(options: MembershipOptions): Settings {
  const { sessionTimeoutMs, rebalanceTimeoutMs, heartbeatMs, drainBoundMs } = options;
  if (drainBoundMs >= rebalanceTimeoutMs) {
    throw new RangeError(
      `drainBoundMs ${drainBoundMs} must be below rebalanceTimeoutMs ${rebalanceTimeoutMs}`,
    );
  }
  if (heartbeatMs * 3 > sessionTimeoutMs) {
    throw new RangeError(
      `heartbeatMs ${heartbeatMs} must be at most a third of sessionTimeoutMs ${sessionTimeoutMs}`,
    );
  }
  return {
    requestTimeoutMs: Math.floor(sessionTimeoutMs / 3),
    metadataRefreshMs: 30_000,
    random: Math.random,
    ...options,
  };
}
