import type { WorkerSettings } from '../../src/assemble.ts';
import type { Route } from '../../src/pipeline/port.ts';

export interface Target {
  readonly bootstrap: readonly string[];
  readonly etcd: readonly string[];
  readonly prefix: string;
  readonly groupId: string;
  readonly name: string;
  readonly routes: readonly (Pick<Route, 'name' | 'input' | 'output'> & Partial<Route>)[];
}

/** A route with the defaults of the configuration. */
export const route = (given: Target['routes'][number]): Route => ({
  deadLetter: undefined,
  onError: given.deadLetter === undefined ? 'stop' : 'deadLetter',
  deadLetterHeaders: 'snowstamp',
  stamp: { header: 'snowflake_id', existing: 'replace', value: undefined },
  mapping: undefined,
  compression: 'none',
  inflateCapBytes: 64 * 2 ** 20,
  ...given,
});

/** Plain JSON, so that it can be handed to a worker in a process of its own. Times as in production unless `changes` say otherwise. */
export function settingsFor(target: Target, changes: Partial<WorkerSettings> = {}): WorkerSettings {
  return {
    etcd: { endpoints: target.etcd, tryMs: 2_000 },
    domain: { prefix: target.prefix, pin: {} },
    lease: { ttlS: 15, windowMs: 10_000, refreshMs: 3_000, datacenter: 0, name: target.name },
    reacquireTimeoutMs: 60_000,
    leaveGroupAfterMs: 10_000,
    drainTimeoutMs: 15_000,
    generator: {
      absorbBackMs: 5,
      carryBackMs: 0,
      holdBackMs: 500,
      maxHoldMs: 2_000,
      noticeForwardMs: 50,
      forwardStepMs: 500,
      maxLeadMs: 5,
    },
    kafka: { bootstrap: target.bootstrap, clientId: target.name, requestTimeoutMs: 5_000 },
    group: {
      groupId: target.groupId,
      groupInstanceId: null,
      sessionTimeoutMs: 10_000,
      heartbeatMs: 3_000,
      rebalanceTimeoutMs: 60_000,
    },
    transactionTimeoutMs: 10_000,
    pipeline: {
      routes: target.routes.map(route),
      commitIntervalMs: 50,
      lingerMs: 10,
      transactionBytes: 4 * 2 ** 20,
      transactionRecords: 32_000,
      batchBytes: 900 * 1_024,
      memoryBytes: 64 * 2 ** 20,
      fetch: { maxBytes: 16 * 2 ** 20, partitionMaxBytes: 2 ** 20, minBytes: 1, maxWaitMs: 100 },
      maxFloorWaitMs: 5_000,
      requestTimeoutMs: 5_000,
      metadataRefreshMs: 30_000,
      retry: { firstMs: 100, maxMs: 5_000 },
      admission: {
        shutAt: { sequenceUse: 0.8, records: 1_000_000, bytes: 48 * 2 ** 20 },
        openAt: { sequenceUse: 0.6, records: 500_000, bytes: 24 * 2 ** 20 },
      },
    },
    ...changes,
  };
}
