import type { Layout } from '../snowflake/layout.ts';
import { epochInFuture, layoutMistakes, yearsLeft } from '../snowflake/layout.ts';
import type { Slice } from './domain.ts';
import type { LeaseTiming } from './timing.ts';
import { ascentMistakes } from './tombstone.ts';

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
  /** Every ID of the domain is above this one. */
  readonly aboveId?: bigint | undefined;
  /** Of the workers of a retired domain that this one follows; the default profile's when left out. */
  readonly times?: LeaseTiming | undefined;
}

const MAX_NODES = 16_384;
/** Every node rests until --not-before: further ahead it is a slip of the pen, and windows are never lowered. */
const MAX_AHEAD_MS = 86_400_000;

/** PURE. Everything that is wrong with a plan, whatever stands in the store. */
export function planMistakes(
  { layout, slices, allowShortEpoch, notBeforeMs, aboveId }: InitPlan,
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
  if (aboveId !== undefined) mistakes.push(...ascentMistakes(layout, fromMs, aboveId, '--from'));
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
