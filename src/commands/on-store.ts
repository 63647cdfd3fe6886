import type { Clock } from '../clock.ts';
import { leaseTimesOf } from '../config/derived.ts';
import type { Config } from '../config/schema.ts';
import { CATALOGUE, SnowstampError } from '../errors.ts';
import { expectAnswer, openDomain } from '../lease/domain-handle.ts';
import type { DomainHandle } from '../lease/domain-handle.ts';
import { nodesOf } from '../lease/domain.ts';
import { EtcdStore } from '../lease/etcd.ts';
import { fleetReads, readFleet } from '../lease/fleet.ts';
import type { NodeView } from '../lease/fleet.ts';
import type { PoolRules } from '../lease/pool.ts';
import type { LeaseStore } from '../lease/store.ts';
import { etcdSettingsOf, pinOf } from './worker-settings.ts';

/** What every command of an operator on etcd needs. */
export interface OnStore {
  readonly config: Config;
  readonly clock: Clock;
  readonly out: (line: string) => void;
}

const TRY_MS = 2_000;

/** Runs `act` on the configured etcd; what goes wrong is one line after the command's name. Returns the exit code. */
export async function onStore(
  name: string,
  { config, clock, out }: OnStore,
  act: (store: LeaseStore) => Promise<number>,
): Promise<number> {
  try {
    const store = new EtcdStore({ ...etcdSettingsOf(config), tryMs: TRY_MS }, clock);
    try {
      return await act(store);
    } finally {
      store.close();
    }
  } catch (error) {
    if (!(error instanceof SnowstampError)) throw error;
    out(`${name}: ${error.message}`);
    return CATALOGUE[error.code].exit;
  }
}

export interface Slice extends DomainHandle {
  readonly datacenter: number;
  readonly rules: PoolRules;
}

/**
 * One slice of the node space, the configured one when left out, under the times configured.
 * @throws SnowstampError DOMAIN_…, STORE_…
 */
export async function openSlice(store: LeaseStore, config: Config, asked?: number): Promise<Slice> {
  const datacenter = asked ?? config.domain.datacenter;
  const handle = await openDomain(store, config.domain.prefix, { ...pinOf(config), datacenter });
  const nodes = nodesOf(handle.record.layout, datacenter);
  const { recycleDelayMs } = config.lease;
  return { ...handle, datacenter, rules: { ...leaseTimesOf(config), ...nodes, recycleDelayMs } };
}

/** All nodes of the slice as they stand now. @throws SnowstampError DOMAIN_DIFFERS, STORE_… */
export async function lookAround(
  store: LeaseStore,
  { keys, rules, text }: Slice,
  clock: Clock,
): Promise<readonly NodeView[]> {
  const { found } = expectAnswer(await store.look(fleetReads(keys)));
  const fleet = readFleet(found, rules, clock.now().wallMs);
  if (fleet.domain === text) return fleet.nodes;
  throw new SnowstampError('DOMAIN_DIFFERS', 'the domain record was replaced meanwhile: look again');
}
