import { afterEach } from '@jest/globals';
import { createCluster } from '../../../src/kafka/cluster/cluster.ts';
import type { Dial } from '../../../src/kafka/cluster/dialer.ts';
import type { ClusterOptions } from '../../../src/kafka/cluster/options.ts';
import type { Cluster } from '../../../src/kafka/cluster/port.ts';
import type { FakeBroker } from './fake-broker.ts';
import { ManualClock } from './manual-clock.ts';

export interface Logged {
  readonly level: string;
  readonly message: string;
  readonly extra: object | undefined;
}

const open: Cluster[] = [];
afterEach(async () => {
  for (const cluster of open.splice(0)) await cluster.close();
});

export function optionsFor(
  brokers: readonly (FakeBroker | string)[],
  changes: Partial<ClusterOptions> = {},
): ClusterOptions {
  return {
    bootstrap: brokers.map((broker) => (typeof broker === 'string' ? broker : broker.bootstrap)),
    clientId: 'unit',
    requestTimeoutMs: 5_000,
    log: () => undefined,
    clock: new ManualClock(),
    random: () => 0,
    ...changes,
  };
}

/** A cluster over fake brokers, on a clock that stands still; closed after the test. */
export function clusterOf(
  brokers: readonly (FakeBroker | string)[],
  changes: Partial<ClusterOptions> = {},
  dial?: Dial,
): Cluster {
  const cluster = createCluster(optionsFor(brokers, changes), dial);
  open.push(cluster);
  return cluster;
}

/** Moves time on a millisecond at a time until `work` is done; 20 s of it is a failure. */
export async function whileTimePasses<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  const state = { done: false };
  const end = (): void => {
    state.done = true;
  };
  work.then(end, end);
  for (let ms = 0; !state.done; ms += 1) {
    if (ms > 20_000) throw new Error('not done after 20 s of test time');
    await clock.advance(1);
  }
  return work;
}
