import type { Clock } from '../clock.ts';
import { SnowstampError } from '../errors.ts';
import type { Layout } from '../snowflake/layout.ts';
import { epochInFuture, layoutMistakes, yearsLeft } from '../snowflake/layout.ts';
import { expectAnswer } from './domain-handle.ts';
import { decodeDomain, domainDifferences, encodeDomain, nodesOf, recordDifferences } from './domain.ts';
import type { DomainRecord, Slice } from './domain.ts';
import { keysUnder } from './protocol.ts';
import type { Keys } from './protocol.ts';
import type { Compare, Entry, LeaseStore, Operation } from './store.ts';
import { decodeWindow, encodeUntil, encodeWindow } from './values.ts';

export interface InitPlan {
  readonly prefix: string;
  readonly layout: Layout;
  /** Slices this etcd cluster serves; only their windows are created. */
  readonly slices: readonly Slice[];
  /** Named when joining a domain that another cluster began; else `fresh` ones are used. */
  readonly domainId?: string | undefined;
  readonly clusterId?: string | undefined;
  readonly fresh: { readonly domainId: string; readonly clusterId: string };
  /** No ID of the domain gets a timestamp below this: above everything minted before. Unix ms, at most a day ahead. */
  readonly notBeforeMs?: number | undefined;
  readonly allowShortEpoch?: boolean | undefined;
}

export type InitResult =
  /** `windows`: how many were created or raised. */
  | { readonly at: 'created' | 'already'; readonly record: DomainRecord; readonly windows: number }
  /** Another domain stands there, or the plan cannot work; nothing was written. */
  | { readonly at: 'differs' | 'refused'; readonly lines: readonly string[] };

/** etcd takes 128 operations a transaction by default, and we compare each key we write. */
const CHUNK = 100;
const MAX_NODES = 16_384;
const ROUNDS = 5;
/** Every node rests until --not-before: further ahead it is a slip of the pen, and windows are never lowered. */
const MAX_AHEAD_MS = 86_400_000;

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
    if (seen.domain !== undefined) {
      // Our own commit, whose answer was lost.
      if (ours && seen.domain === encodeDomain(record)) return { at: 'created', record, windows };
      return standing(seen.domain, plan, record);
    }
    const unreadable = seen.windows.filter(({ value }) => decodeWindow(value) === undefined);
    if (unreadable.length > 0) {
      return { at: 'refused', lines: unreadable.map(({ key }) => `${key} holds no window: look what it is`) };
    }
    const raised = await raiseAll(store, keys, plan, seen.windows, fromMs);
    windows += raised.written;
    if (!raised.whole) continue;
    const committed = await commit(store, keys, record);
    if (committed === 'yes') return { at: 'created', record, windows };
    ours ||= committed === 'unknown';
  }
  throw new SnowstampError('STORE_UNREACHABLE', `gave up after ${ROUNDS} rounds without a clear answer`);
}

function planMistakes(
  { layout, slices, allowShortEpoch, notBeforeMs }: InitPlan,
  nowMs: number,
  fromMs: number,
): string[] {
  const mistakes = layoutMistakes(layout);
  if (!Number.isSafeInteger(fromMs))
    mistakes.push(`--not-before is ${notBeforeMs ?? nowMs}: no Unix time in ms`);
  if (mistakes.length > 0) return mistakes;
  if (fromMs > nowMs + MAX_AHEAD_MS) {
    mistakes.push(
      '--not-before is more than a day ahead: no worker could start before it; name the time of the last ID minted elsewhere',
    );
  }
  const future = epochInFuture(layout, nowMs);
  if (future !== undefined) mistakes.push(future);
  const years = yearsLeft(layout, fromMs);
  if (years <= 0) mistakes.push('the timestamp field is full: choose a later epoch or more timestampBits');
  else if (years < 1 && allowShortEpoch !== true) {
    mistakes.push(
      `the timestamp field lasts ${years.toFixed(2)} years: use --force-short-epoch if that is meant`,
    );
  }
  if (slices.length === 0) mistakes.push('no datacenter is served');
  if (new Set(slices.map(({ datacenter }) => datacenter)).size < slices.length) {
    mistakes.push('a datacenter is named twice');
  }
  for (const { datacenter } of slices) {
    if (Number.isInteger(datacenter) && datacenter >= 0 && datacenter < 2 ** layout.datacenterBits) continue;
    mistakes.push(`datacenter is ${datacenter}: use 0 to ${2 ** layout.datacenterBits - 1}`);
  }
  const nodes = slices.length * 2 ** layout.workerBits;
  if (nodes > MAX_NODES) mistakes.push(`${nodes} nodes are too many for one cluster: at most ${MAX_NODES}`);
  return mistakes;
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

/** Missing windows are created, lower ones raised, none lowered. */
async function raiseAll(
  store: LeaseStore,
  keys: Keys,
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
      when: [{ key: keys.domain, is: 'absent' }, ...chunk.map(({ when }) => when)],
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
  store: LeaseStore,
  keys: Keys,
  record: DomainRecord,
): Promise<'yes' | 'no' | 'unknown'> {
  const answer = await store.transact({
    when: [{ key: keys.domain, is: 'absent' }],
    then: [{ do: 'put', key: keys.domain, value: encodeDomain(record) }],
    otherwise: [],
  });
  if (answer.at === 'unanswered') return 'unknown';
  return expectAnswer(answer).succeeded ? 'yes' : 'no';
}
