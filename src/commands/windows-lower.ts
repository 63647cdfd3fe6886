import { createHash } from 'node:crypto';
import type { UniqueIds } from '../audit/unique.ts';
import { CATALOGUE } from '../errors.ts';
import { expectAnswer } from '../lease/domain-handle.ts';
import { lowerWindow, type Evidence } from '../lease/lowering.ts';
import type { LeaseStore } from '../lease/store.ts';
import { decode, type Layout } from '../snowflake/layout.ts';
import { auditRoutes } from './audit-routes.ts';
import { onStore, openSlice, type Slice } from './on-store.ts';
import { stamp } from './spell.ts';
import type { WindowsParts } from './windows.ts';

/** `snowstamp windows lower`: reads every stamped topic, then lowers. Returns the exit code. */
export async function lowerCommand(parts: WindowsParts): Promise<number> {
  const { request, clock, hostName, out } = parts;
  const [node, more] = request.node ?? [];
  const { aboveId } = request;
  if (node === undefined || more !== undefined || aboveId === undefined) {
    out('windows lower: say which one --node, and --above-id the highest ID it published');
    return CATALOGUE.USAGE.exit;
  }
  return onStore('windows lower', parts, async (store) => {
    const slice = await openSlice(store, parts.config, request.datacenter);
    const evidence = (): Promise<Evidence> => evidenceOf(parts, node, slice.record.layout);
    const plan = { node, aboveId, evidence, by: hostName };
    const result = await lowerWindow(store, slice, slice.rules, plan, () => clock.now().wallMs);
    if (result.at === 'lowered') {
      out(`node ${node}: ${stamp(result.fromMs)} -> ${stamp(result.toMs)}; recorded in the ledger`);
      return 0;
    }
    out('windows lower: refused');
    for (const line of result.lines) out(`  ${line}`);
    return CATALOGUE.CONFIG_INVALID.exit;
  });
}

/** What the stamped topics of the configuration, all of them, say about the IDs of a node. */
async function evidenceOf(parts: WindowsParts, node: number, layout: Layout): Promise<Evidence> {
  let highest: bigint | undefined;
  const nodeOf = (id: bigint): number => {
    const decoded = decode(layout, id);
    return decoded.ok ? decoded.node : -1;
  };
  const report = await auditRoutes(parts, parts.config.routes, {
    expect: () => undefined,
    done: () => undefined,
    highest: (ids: UniqueIds) => {
      highest = ids.highest(nodeOf).get(node);
    },
  });
  const gaps = [
    ...(report.verdict === 'failed' ? ['verify finds differences in the topics: look at them first'] : []),
    ...report.truncated.map((name) => `the first records of ${name} were deleted: nobody knows their IDs`),
  ];
  return { gaps, highest, digest: createHash('sha256').update(JSON.stringify(report)).digest('hex') };
}

/** What operators lowered so far: a line each, oldest first. @throws SnowstampError STORE_… */
export async function tellLedger(
  store: LeaseStore,
  { keys }: Slice,
  { out, request }: WindowsParts,
): Promise<void> {
  const { found } = expectAnswer(await store.look([{ do: 'list', prefix: keys.ledger }]));
  for (const { value } of found[0] ?? []) out(request.json === true ? value : `lowered: ${value}`);
}
