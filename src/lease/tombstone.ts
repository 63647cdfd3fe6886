import type { Clock } from '../clock.ts';
import { compose, nodeCount, type Layout } from '../snowflake/layout.ts';
import { expectAnswer, type DomainHandle } from './domain-handle.ts';
import { encodeTombstone, type Tombstone } from './domain.ts';
import { readSurvey, surveyReads } from './pool.ts';
import type { LeaseStore } from './store.ts';
import { restMs, type LeaseTiming } from './timing.ts';
import { decodeWindow } from './values.ts';

export type RetireResult = { readonly at: 'retired' } | { readonly at: 'refused'; readonly why: string };

/**
 * Puts the tombstone in the record's place. From its revision on no CLAIM, GRANT or RELEASE of the domain succeeds: workers
 * mint to the end of what they were granted at most, and halt.
 * @throws SnowstampError STORE_…
 */
export async function retireDomain(
  store: LeaseStore,
  clock: Clock,
  { keys, record, text }: DomainHandle,
  confirmedId: string,
): Promise<RetireResult> {
  if (confirmedId !== record.domainId)
    return { at: 'refused', why: `--confirm is not the domain’s UUID, ${record.domainId}` };
  const retiredAtMs = Math.floor(clock.now().wallMs);
  const answer = await store.transact({
    when: [{ key: keys.domain, is: 'equal', value: text }],
    then: [{ do: 'put', key: keys.domain, value: encodeTombstone({ retiredAtMs, record }) }],
    otherwise: [],
  });
  if (expectAnswer(answer).succeeded) return { at: 'retired' };
  return { at: 'refused', why: 'the domain record changed meanwhile: look again' };
}

/** The end of a retired domain, as one linearizable read showed it. */
export interface Remains {
  readonly claims: number;
  /** Highest window of all; 0 without any. Unix ms, exclusive. */
  readonly untilMs: number;
  /** The last window rests until then: nobody can mint under the old record any more. Unix ms. */
  readonly overAtMs: number;
}

/** @throws SnowstampError STORE_… */
export async function lookAtRemains(
  store: LeaseStore,
  keys: DomainHandle['keys'],
  times: LeaseTiming,
): Promise<Remains> {
  const { windows, claims } = readSurvey(expectAnswer(await store.look(surveyReads(keys))).found);
  const read = windows.flatMap(({ value }) => decodeWindow(value) ?? []);
  const untilMs = Math.max(0, ...read.map((window) => window.untilMs));
  const overAtMs = Math.max(0, ...read.map((window) => window.untilMs + (window.held ? restMs(times) : 0)));
  return { claims: claims.length, untilMs, overAtMs };
}

/** PURE. Why a new domain may not take the place of the retired one yet, or not with this layout. */
export function successionMistakes(
  { retiredAtMs, record }: Tombstone,
  { claims, untilMs, overAtMs }: Remains,
  layout: Layout,
  fromMs: number,
  nowMs: number,
): string[] {
  const since = `the domain retired at ${new Date(retiredAtMs).toISOString()}`;
  if (claims > 0)
    return [`${claims} workers still hold claims of ${since}: they halt by themselves; try again in a while`];
  if (overAtMs > nowMs)
    return [`windows of ${since} rest for ${Math.ceil((overAtMs - nowMs) / 1_000)} s more: try again then`];
  return ascentMistakes(layout, fromMs, highestId(record.layout, untilMs), `every ID of ${since}`);
}

/** The highest ID timestamps below `untilMs` allow under a layout. */
export const highestId = (layout: Layout, untilMs: number): bigint =>
  compose(layout, {
    timestampMs: Math.max(layout.epochMs, untilMs - 1),
    node: nodeCount(layout) - 1,
    sequence: 2 ** layout.sequenceBits - 1,
  });

/** PURE. The lowest ID a domain can give from `fromMs` on is above `aboveId`, or what to do about it. */
export function ascentMistakes(layout: Layout, fromMs: number, aboveId: bigint, what: string): string[] {
  const lowest = compose(layout, { timestampMs: fromMs, node: 0, sequence: 0 });
  if (lowest > aboveId) return [];
  return [
    `IDs from ${new Date(fromMs).toISOString()} on would begin at ${lowest}, not above ${what} (${aboveId}): ` +
      'keep the epoch, choose an earlier one, or fewer bits for the timestamp',
  ];
}
