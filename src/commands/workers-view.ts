import { sliceOf, sliceWords } from '../lease/domain.ts';
import { poolUse } from '../lease/fleet.ts';
import type { NodeView } from '../lease/fleet.ts';
import type { Slice } from './on-store.ts';
import { seconds, stamp } from './spell.ts';
import { tableOf } from './table.ts';

type SliceOf = Pick<Slice, 'datacenter' | 'record' | 'rules'>;

const TITLE = [
  'node',
  'state',
  'holder',
  'host',
  'since',
  'window until',
  'last minted',
  'rest left',
  'clock offset',
];

/** A row for each node held or resting, and how full the pool is. PURE. */
export function workerLines(slice: SliceOf, nodes: readonly NodeView[], atMs: number): string[] {
  const rows = nodes.flatMap((view) => (view.at === 'held' || view.at === 'resting' ? [rowOf(view)] : []));
  const { held, resting, free, missing } = poolUse(nodes);
  const share = Math.round((held / nodes.length) * 100);
  return [
    ...(rows.length === 0 ? [] : tableOf([TITLE, ...rows], 7)),
    `pool ${nameOf(slice)}: ${held} of ${nodes.length} held (${share} %), ${resting} resting, ${free} free, ` +
      `${missing} missing at ${stamp(atMs)}`,
  ];
}

type Taken = Extract<NodeView, { readonly at: 'held' | 'resting' }>;

function rowOf(view: Taken): string[] {
  const { node, at, window, status } = view;
  return [
    String(node),
    at,
    status.instance ?? '–',
    status.name ?? window?.by ?? '–',
    stamp(status.sinceMs),
    stamp(window?.untilMs),
    stamp(status.lastMs),
    at === 'resting' ? seconds(view.readyInMs) : '–',
    status.clockOffsetMs === undefined ? '–' : `${status.clockOffsetMs.toFixed(1)} ms`,
  ];
}

function nameOf({ datacenter, record, rules }: SliceOf): string {
  const nodes = `nodes ${rules.first} to ${rules.first + rules.count - 1}`;
  const slice = sliceWords(sliceOf(record, datacenter) ?? { datacenter });
  return record.layout.datacenterBits === 0 ? `(${nodes})` : `of datacenter ${slice}, ${nodes}`;
}

/** The same as one line of JSON. PURE. */
export function workersJson(
  { datacenter, record }: SliceOf,
  nodes: readonly NodeView[],
  atMs: number,
): string {
  const workers = nodes.flatMap((view) =>
    view.at === 'held' || view.at === 'resting' ? [objectOf(view)] : [],
  );
  const pool = { nodes: nodes.length, ...poolUse(nodes) };
  const { name = null, region = null } = sliceOf(record, datacenter) ?? {};
  return JSON.stringify({ atMs, domainId: record.domainId, datacenter, name, region, pool, workers });
}

/** null: not known. Times are Unix ms. */
function objectOf(view: Taken): object {
  const { node, at, window, status } = view;
  return {
    node,
    state: at,
    holder: status.instance ?? null,
    host: status.name ?? window?.by ?? null,
    sinceMs: status.sinceMs ?? null,
    windowUntilMs: window?.untilMs ?? null,
    lastMintedMs: status.lastMs ?? null,
    restLeftMs: at === 'resting' ? Math.ceil(view.readyInMs) : null,
    clockOffsetMs: status.clockOffsetMs ?? null,
  };
}
