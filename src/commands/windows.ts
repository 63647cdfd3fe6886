import { CATALOGUE } from '../errors.ts';
import type { NodeView } from '../lease/fleet.ts';
import { raiseWindows } from '../lease/windows.ts';
import type { OptionLine } from './line.ts';
import { lowerCommand, tellLedger } from './windows-lower.ts';
import { lookAround, onStore, openSlice, type OnStore, type Slice } from './on-store.ts';
import { seconds, stamp } from './spell.ts';
import { tableOf } from './table.ts';
import type { ReadFile } from './worker-settings.ts';

export type WindowsVerb = 'list' | 'raise' | 'lower';

const DATACENTER: OptionLine = ['--datacenter <number>', 'another slice than the configured one', 'whole'];

export const WINDOWS: readonly (readonly [WindowsVerb, string, readonly OptionLine[]])[] = [
  [
    'list',
    'the window of every worker ID, and whether it may be claimed',
    [DATACENTER, ['--json', 'one JSON object per line']],
  ],
  [
    'raise',
    'let no ID of some nodes have a timestamp below a time: after a restore of etcd, or where windows are missing',
    [
      DATACENTER,
      ['--to <time>', 'ISO time, at least now + window + TTL', 'time'],
      ['--node <number or a..b...>', 'these nodes', 'nodes'],
      ['--missing', 'all nodes of the slice without a window'],
    ],
  ],
  [
    'lower',
    'take back a window that a wrong clock raised far ahead; the fleet must be down, all stamped topics are read',
    [
      DATACENTER,
      ['--node <number>', 'this node', 'nodes'],
      ['--above-id <id>', 'the node published none above this one: held against the topics', 'id'],
    ],
  ],
];

export interface WindowsRequest {
  readonly datacenter?: number;
  readonly json?: boolean;
  readonly to?: number;
  readonly node?: number[];
  readonly missing?: boolean;
  readonly aboveId?: bigint;
}

export interface WindowsParts extends OnStore {
  readonly readFile: ReadFile;
  readonly hostName: string;
  readonly request: WindowsRequest;
}

/** `snowstamp windows list|raise|lower`. Returns the exit code. */
export async function windowsCommand(verb: WindowsVerb, parts: WindowsParts): Promise<number> {
  const { request, out } = parts;
  const { to: toMs, missing } = request;
  const nodes = missing === true ? ('missing' as const) : request.node;
  if (verb === 'lower') return lowerCommand(parts);
  const isBoth = missing === true && request.node !== undefined;
  if (verb === 'raise' && (toMs === undefined || nodes === undefined || isBoth)) {
    out('windows raise: say --to a time, and either which --node or --missing');
    return CATALOGUE.USAGE.exit;
  }
  return onStore(`windows ${verb}`, parts, async (store) => {
    const slice = await openSlice(store, parts.config, request.datacenter);
    if (toMs === undefined || nodes === undefined) {
      list(slice, await lookAround(store, slice, parts.clock), parts);
      await tellLedger(store, slice, parts);
      return 0;
    }
    const { wallMs } = parts.clock.now();
    const result = await raiseWindows(store, slice, slice.rules, { nodes, toMs }, wallMs);
    for (const { node, fromMs } of result.raised)
      out(`node ${node}: ${fromMs === undefined ? 'missing' : stamp(fromMs)} -> ${stamp(toMs)}`);
    if (result.at === 'raised') {
      out(
        `windows raise: ${result.raised.length} raised; no ID of them gets a timestamp below ${stamp(toMs)}`,
      );
      return 0;
    }
    out('windows raise: refused');
    for (const line of result.lines) out(`  ${line}`);
    return CATALOGUE.CONFIG_INVALID.exit;
  });
}

function list(
  { record, datacenter }: Slice,
  nodes: readonly NodeView[],
  { request, out }: WindowsParts,
): void {
  if (request.json === true) {
    for (const view of nodes)
      out(JSON.stringify({ domainId: record.domainId, datacenter, ...objectOf(view) }));
    return;
  }
  const rows = nodes.map((view) => [
    String(view.node),
    view.at,
    stamp(view.window?.untilMs),
    view.window === undefined ? '–' : view.window.held ? 'no' : 'yes',
    view.window?.by ?? '–',
    view.at === 'resting' ? seconds(view.readyInMs) : '–',
  ]);
  const title = ['node', 'state', 'window until', 'clean', 'written by', 'rest left'];
  for (const line of tableOf([title, ...rows], 5)) out(line);
}

/** null: not known, or nothing is there. Times are Unix ms. */
function objectOf(view: NodeView): object {
  return {
    node: view.node,
    state: view.at,
    untilMs: view.window?.untilMs ?? null,
    clean: view.window === undefined ? null : !view.window.held,
    by: view.window?.by ?? null,
    restLeftMs: view.at === 'resting' ? Math.ceil(view.readyInMs) : null,
  };
}
