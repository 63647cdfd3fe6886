import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { layoutOf, leaseTimesOf } from '../config/derived.ts';
import type { Config } from '../config/schema.ts';
import { CATALOGUE, SnowstampError } from '../errors.ts';
import type { DomainRecord, Slice } from '../lease/domain.ts';
import { nodesOf, sliceWords } from '../lease/domain.ts';
import type { EtcdSettings } from '../lease/endpoints.ts';
import { EtcdStore } from '../lease/etcd.ts';
import { initialise } from '../lease/init.ts';
import type { InitResult } from '../lease/init.ts';
import type { LeaseTiming } from '../lease/timing.ts';
import type { Layout } from '../snowflake/layout.ts';
import { yearsLeft } from '../snowflake/layout.ts';
import type { OptionLine } from './line.ts';
import { etcdSettingsOf } from './worker-settings.ts';

export interface InitOptions {
  readonly etcd: Omit<EtcdSettings, 'tryMs'>;
  readonly prefix: string;
  readonly layout: Layout;
  /** `--datacenter`: the slices this etcd cluster serves; all of them when left out. */
  readonly datacenters?: readonly Slice[] | undefined;
  /** `--domain-id`, `--cluster-id`: to join a domain begun in another cluster; generated when left out. */
  readonly domainId?: string | undefined;
  readonly clusterId?: string | undefined;
  /** `--not-before`, Unix ms: above every ID minted elsewhere before. */
  readonly notBeforeMs?: number | undefined;
  /** `--force-short-epoch`: less than a year of timestamps is meant. */
  readonly forceShortEpoch?: boolean | undefined;
  /** `--from`: every ID of the domain is above this one. */
  readonly aboveId?: bigint | undefined;
  /** Of the workers, for the rest of a retired domain that stands in the way. */
  readonly times?: LeaseTiming | undefined;
}

export const INIT_OPTIONS: readonly OptionLine[] = [
  ['--datacenter <number[=name[,region]]...>', 'slices this etcd cluster serves, with their names', 'slices'],
  ['--domain-id <uuid>', 'join a domain begun in another etcd cluster', 'uuid'],
  ['--cluster-id <uuid>', 'UUID of this etcd cluster', 'uuid'],
  ['--not-before <time>', 'ISO time above every ID minted elsewhere before', 'time'],
  ['--from <id>', 'highest ID given elsewhere before: all of this domain are above it', 'id'],
  ['--force-short-epoch', 'less than a year of timestamps is meant'],
];

export interface InitRequest {
  readonly datacenter?: Slice[];
  readonly domainId?: string;
  readonly clusterId?: string;
  readonly notBefore?: number;
  readonly from?: bigint;
  readonly forceShortEpoch?: boolean;
}

/** The command line and the configuration together. */
export const initOptionsOf = (config: Config, request: InitRequest): InitOptions => ({
  etcd: etcdSettingsOf(config),
  prefix: config.domain.prefix,
  layout: layoutOf(config),
  times: leaseTimesOf(config),
  datacenters: request.datacenter,
  domainId: request.domainId ?? config.domain.id,
  clusterId: request.clusterId ?? config.domain.clusterId,
  notBeforeMs: request.notBefore,
  aboveId: request.from,
  forceShortEpoch: request.forceShortEpoch,
});

const TRY_MS = 2_000;
/** More than this many slices are summed up. */
const MOST_SLICES = 3;

/**
 * `snowstamp init`: creates the windows of the slice and then the domain record, once and for all. Running it again
 * changes nothing; another domain under the same prefix is refused, field by field. Returns the exit code.
 */
export async function initCommand(
  options: InitOptions,
  clock: Clock,
  out: (line: string) => void,
): Promise<number> {
  const { layout, prefix, domainId, clusterId, notBeforeMs, forceShortEpoch, aboveId, times } = options;
  try {
    const store = new EtcdStore({ ...options.etcd, tryMs: TRY_MS }, clock);
    try {
      const result = await initialise(store, clock, {
        prefix,
        layout,
        slices: options.datacenters ?? allDatacenters(layout),
        domainId,
        clusterId,
        fresh: { domainId: randomUUID(), clusterId: randomUUID() },
        notBeforeMs,
        allowShortEpoch: forceShortEpoch,
        aboveId,
        times,
      });
      return report(result, options, clock, out);
    } finally {
      store.close();
    }
  } catch (error) {
    if (!(error instanceof SnowstampError)) throw error;
    out(`init: ${error.message}`);
    return CATALOGUE[error.code].exit;
  }
}

function allDatacenters({ datacenterBits }: Layout): Slice[] {
  return Array.from({ length: 2 ** Math.min(datacenterBits, 15) }, (_, datacenter) => ({ datacenter }));
}

function report(
  result: InitResult,
  { prefix }: InitOptions,
  clock: Clock,
  out: (line: string) => void,
): number {
  switch (result.at) {
    case 'created':
      out(`init: domain created under ${prefix}, ${result.windows} windows made`);
      describe(result.record, prefix, clock.now().wallMs, out);
      return 0;
    case 'already':
      out(`init: the domain stands under ${prefix} already, as asked for; nothing changed`);
      describe(result.record, prefix, clock.now().wallMs, out);
      return 0;
    case 'differs':
      out(`init: another domain stands under ${prefix}; nothing changed`);
      for (const line of result.lines) out(`  ${line}`);
      return CATALOGUE.DOMAIN_DIFFERS.exit;
    case 'refused':
      out('init: refused; nothing changed');
      for (const line of result.lines) out(`  ${line}`);
      return CATALOGUE.CONFIG_INVALID.exit;
  }
}

/** What was made, and what every worker's configuration must say to use it. */
export function describe(
  record: DomainRecord,
  prefix: string,
  nowMs: number,
  out: (line: string) => void,
): void {
  const { layout, slices, domainId, clusterId } = record;
  const { timestampBits, datacenterBits, workerBits, sequenceBits, epochMs } = layout;
  out(`  layout      ${timestampBits} + ${datacenterBits} + ${workerBits} + ${sequenceBits} bits`);
  out(`  epoch       ${new Date(epochMs).toISOString()}, ${yearsLeft(layout, nowMs).toFixed(1)} years left`);
  for (const slice of slices.slice(0, MOST_SLICES)) {
    const { first, count } = nodesOf(layout, slice.datacenter);
    out(`  datacenter  ${sliceWords(slice)}: nodes ${first} to ${first + count - 1}`);
  }
  if (slices.length > MOST_SLICES)
    out(`  …           and ${slices.length - MOST_SLICES} more datacenters of the same size`);
  out('Put this into the configuration of every worker of this cluster:');
  out('domain:');
  out(`  prefix: ${prefix}`);
  out(`  id: ${domainId}`);
  out(`  clusterId: ${clusterId}`);
}
