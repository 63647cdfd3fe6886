import type { Clock } from '../clock.ts';
import { SnowstampError } from '../errors.ts';
import { expectAnswer } from './domain-handle.ts';
import {
  decodeDomain,
  decodeTombstone,
  domainDifferences,
  encodeDomain,
  nodesOf,
  recordDifferences,
} from './domain.ts';
import type { DomainRecord } from './domain.ts';
import { keysUnder } from './protocol.ts';
import type { Keys } from './protocol.ts';
import type { Compare, Entry, LeaseStore, Operation } from './store.ts';
import { planMistakes, type InitPlan } from './init-plan.ts';
import { TIMING_PROFILES } from './timing.ts';
import { lookAtRemains, successionMistakes } from './tombstone.ts';
import { decodeWindow, encodeUntil, encodeWindow } from './values.ts';

export type InitResult =
  /** `windows`: how many were created or raised. */
  | { readonly at: 'created' | 'already'; readonly record: DomainRecord; readonly windows: number }
  /** Another domain stands there, or the plan cannot work; nothing was written. */
  | { readonly at: 'differs' | 'refused'; readonly lines: readonly string[] };

/** etcd takes 128 operations a transaction by default, and we compare each key we write. */
const CHUNK = 100;
const ROUNDS = 5;

/**
 * Windows first, `domain` last: that is the commit point. A run cut short is finished by running it again; once the
 * domain exists, no window is ever created here (each transaction compares that), because a missing one means that
 * somebody lost it and only an operator knows how high it stood.
 * @throws SnowstampError STORE_UNREACHABLE, STORE_REFUSED, STORE_ROLLED_BACK
 */
export async function initialise(store: LeaseStore, clock: Clock, plan: InitPlan): Promise<InitResult> {
  const nowMs = Math.floor(clock.now().wallMs);
  const fromMs = Math.max(nowMs, plan.notBeforeMs ?? 0);
  const mistakes = planMistakes(plan, nowMs, fromMs);
  if (mistakes.length > 0) return { at: 'refused', lines: mistakes };
  const keys = keysUnder(plan.prefix);
  const record: DomainRecord = {
    domainId: plan.domainId ?? plan.fresh.domainId,
    clusterId: plan.clusterId ?? plan.fresh.clusterId,
    layout: plan.layout,
    slices: plan.slices,
  };
  let windows = 0;
  let ours = false;
  // A transaction refused or unanswered: somebody else is at it, or nobody knows. Look again; every step is idempotent.
  for (let round = 0; round < ROUNDS; round++) {
    const seen = await look(store, keys);
    const tombstone = seen.domain === undefined ? undefined : decodeTombstone(seen.domain);
    if (seen.domain !== undefined && tombstone === undefined) {
      // Our own commit, whose answer was lost.
      if (ours && seen.domain === encodeDomain(record)) return { at: 'created', record, windows };
      return standing(seen.domain, plan, record);
    }
    if (tombstone !== undefined) {
      const remains = await lookAtRemains(store, keys, plan.times ?? TIMING_PROFILES.default);
      const lines = successionMistakes(tombstone, remains, plan.layout, fromMs, nowMs);
      if (lines.length > 0) return { at: 'refused', lines };
    }
    const before: Compare =
      seen.domain === undefined
        ? { key: keys.domain, is: 'absent' }
        : { key: keys.domain, is: 'equal', value: seen.domain };
    const unreadable = seen.windows.filter(({ value }) => decodeWindow(value) === undefined);
    if (unreadable.length > 0) {
      return { at: 'refused', lines: unreadable.map(({ key }) => `${key} holds no window: look what it is`) };
    }
    const raised = await raiseAll({ store, keys, before }, plan, seen.windows, fromMs);
    windows += raised.written;
    if (!raised.whole) continue;
    const committed = await commit({ store, keys, before }, record);
    if (committed === 'yes') return { at: 'created', record, windows };
    ours ||= committed === 'unknown';
  }
  throw new SnowstampError('STORE_UNREACHABLE', `gave up after ${ROUNDS} rounds without a clear answer`);
}

async function look(
  store: LeaseStore,
  keys: Keys,
): Promise<{ domain: string | undefined; windows: readonly Entry[] }> {
  const { found } = expectAnswer(
    await store.look([
      { do: 'get', key: keys.domain },
      { do: 'list', prefix: keys.windows },
    ]),
  );
  return { domain: found[0]?.[0]?.value, windows: found[1] ?? [] };
}

/** What stands there is never changed: it is what was asked for, or it is not. */
function standing(text: string, plan: InitPlan, wanted: DomainRecord): InitResult {
  const reading = decodeDomain(text);
  if (reading.at === 'unreadable')
    return { at: 'differs', lines: [`the record there cannot be used: ${reading.why}`] };
  const { record } = reading;
  const sameIds = { ...wanted, domainId: record.domainId, clusterId: record.clusterId };
  const { domainId, clusterId } = plan;
  const lines = [
    ...domainDifferences({ domainId, clusterId }, record),
    ...recordDifferences(sameIds, record),
  ];
  return lines.length > 0 ? { at: 'differs', lines } : { at: 'already', record, windows: 0 };
}

/** Each transaction compares what stood in the domain's place: no domain, or the tombstone of the one before. */
interface Site {
  readonly store: LeaseStore;
  readonly keys: Keys;
  readonly before: Compare;
}

/** Missing windows are created, lower ones raised, none lowered. */
async function raiseAll(
  { store, keys, before }: Site,
  { layout, slices }: InitPlan,
  standingWindows: readonly Entry[],
  untilMs: number,
): Promise<{ whole: boolean; written: number }> {
  const standingValues = new Map(standingWindows.map(({ key, value }) => [key, value]));
  const steps = slices.flatMap(({ datacenter }) => {
    const { first, count } = nodesOf(layout, datacenter);
    return Array.from({ length: count }, (_, n) =>
      raise(keys.window(first + n), standingValues.get(keys.window(first + n)), untilMs),
    );
  });
  const needed = steps.filter((step) => step !== undefined);
  let written = 0;
  for (let start = 0; start < needed.length; start += CHUNK) {
    const chunk = needed.slice(start, start + CHUNK);
    const answer = await store.transact({
      when: [before, ...chunk.map(({ when }) => when)],
      then: chunk.map(({ then }) => then),
      otherwise: [],
    });
    if (answer.at === 'unanswered') return { whole: false, written };
    if (!expectAnswer(answer).succeeded) return { whole: false, written };
    written += chunk.length;
  }
  return { whole: true, written };
}

function raise(
  key: string,
  value: string | undefined,
  untilMs: number,
): { when: Compare; then: Operation } | undefined {
  if (value === undefined) {
    return {
      when: { key, is: 'absent' },
      then: { do: 'put', key, value: encodeWindow({ untilMs, held: false }) },
    };
  }
  const window = decodeWindow(value);
  if (window !== undefined && window.untilMs >= untilMs) return undefined;
  const held = window?.held ?? true;
  return {
    when: { key, is: 'below', value: encodeUntil(untilMs) },
    then: { do: 'put', key, value: encodeWindow({ untilMs, held }) },
  };
}

async function commit(
  { store, keys, before }: Site,
  record: DomainRecord,
): Promise<'yes' | 'no' | 'unknown'> {
  const answer = await store.transact({
    when: [before],
    then: [{ do: 'put', key: keys.domain, value: encodeDomain(record) }],
    otherwise: [],
  });
  if (answer.at === 'unanswered') return 'unknown';
  return expectAnswer(answer).succeeded ? 'yes' : 'no';
}
