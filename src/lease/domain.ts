import type { Layout } from '../snowflake/layout.ts';

/** A share of the node space served by one etcd cluster. */
export interface Slice {
  readonly datacenter: number;
  readonly name?: string;
  /** Where it stands; several datacenters may share one. */
  readonly region?: string;
}

/**
 * What all workers of an ID domain must agree on. Written once by `snowstamp init`; every CLAIM, GRANT and RELEASE
 * compares its bytes, so a worker that read another record can neither mint nor lower a window (P1).
 */
export interface DomainRecord {
  readonly domainId: string;
  /** Of this etcd cluster: two clusters serving one slice would void P1, and etcd's own cluster id cannot tell. */
  readonly clusterId: string;
  readonly layout: Layout;
  /** Slices of this cluster; append-only: a node number never changes its slice. */
  readonly slices: readonly Slice[];
}

/** What a worker's configuration says about the domain; what is left out is taken from the record. */
export interface DomainPin {
  readonly domainId?: string | undefined;
  readonly clusterId?: string | undefined;
  readonly datacenter?: number | undefined;
  readonly layout?: Partial<Layout> | undefined;
}

export type DomainReading =
  | { readonly at: 'read'; readonly record: DomainRecord }
  | { readonly at: 'unreadable'; readonly why: string };

const LAYOUT_FIELDS = ['timestampBits', 'datacenterBits', 'workerBits', 'sequenceBits', 'epochMs'] as const;

/** The canonical text: one field order, no spaces. Its UTF-8 bytes are what transactions compare. */
export function encodeDomain(record: DomainRecord): string {
  const slices = record.slices
    .toSorted((a, b) => a.datacenter - b.datacenter)
    .map(({ datacenter, name, region }) => ({
      datacenter,
      ...(name === undefined ? {} : { name }),
      ...(region === undefined ? {} : { region }),
    }));
  const layout = Object.fromEntries(LAYOUT_FIELDS.map((field) => [field, record.layout[field]]));
  return JSON.stringify({
    format: 1,
    domainId: record.domainId,
    clusterId: record.clusterId,
    layout,
    slices,
  });
}

/** Accepts the canonical text only: a record edited by hand is refused rather than guessed at. */
export function decodeDomain(text: string): DomainReading {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return { at: 'unreadable', why: 'it is not JSON' };
  }
  const fields = asFields(raw);
  if (fields?.['format'] !== 1) return { at: 'unreadable', why: 'its format is not 1' };
  const layout = asFields(fields['layout']);
  const slices = Array.isArray(fields['slices']) ? fields['slices'].map(asSlice) : [];
  const { domainId, clusterId } = fields;
  if (typeof domainId !== 'string' || typeof clusterId !== 'string')
    return { at: 'unreadable', why: 'it lacks its ids' };
  if (layout === undefined || !LAYOUT_FIELDS.every((field) => Number.isSafeInteger(layout[field]))) {
    return { at: 'unreadable', why: 'its layout is incomplete' };
  }
  if (slices.length === 0 || !slices.every((slice) => slice !== undefined)) {
    return { at: 'unreadable', why: 'its slices are incomplete' };
  }
  const record = { domainId, clusterId, layout: layout as unknown as Layout, slices };
  if (encodeDomain(record) !== text) return { at: 'unreadable', why: 'it is not in canonical form' };
  return { at: 'read', record };
}

/** What stands in the place of a domain record that was retired: every transaction of its workers compares in vain (L5). */
export interface Tombstone {
  readonly retiredAtMs: number;
  readonly record: DomainRecord;
}

const MARK = 'retired;';

/** Cannot be taken for a record: it is not JSON. */
export const encodeTombstone = ({ retiredAtMs, record }: Tombstone): string =>
  `${MARK}at=${retiredAtMs};${encodeDomain(record)}`;

export const isTombstone = (text: string): boolean => text.startsWith(MARK);

export function decodeTombstone(text: string): Tombstone | undefined {
  const match = /^retired;at=(\d{1,15});(.*)$/s.exec(text);
  if (match === null) return undefined;
  const reading = decodeDomain(match[2]!);
  return reading.at === 'read' ? { retiredAtMs: Number(match[1]), record: reading.record } : undefined;
}

/** The domain record under our feet is not the one we started with. */
export type DomainTrouble =
  | { readonly at: 'domain-missing' }
  | { readonly at: 'domain-differs' }
  /** An operator put a tombstone in its place. */
  | { readonly at: 'domain-retired' };

/** PURE. What is wrong with what stands where the domain record was read. */
export function domainTrouble(found: string | undefined, expected: string): DomainTrouble | undefined {
  if (found === undefined) return { at: 'domain-missing' };
  if (found === expected) return undefined;
  return { at: isTombstone(found) ? 'domain-retired' : 'domain-differs' };
}

/** One line per field in which the record in the store is not what is wanted. */
export function domainDifferences(wanted: DomainPin, found: DomainRecord): string[] {
  const lines: string[] = [];
  const compare = (field: string, want: string | number | undefined, have: string | number): void => {
    if (want !== undefined && want !== have) lines.push(`${field}: wanted ${want}, found ${have}`);
  };
  compare('domainId', wanted.domainId, found.domainId);
  compare('clusterId', wanted.clusterId, found.clusterId);
  for (const field of LAYOUT_FIELDS) compare(`layout.${field}`, wanted.layout?.[field], found.layout[field]);
  const served = found.slices.map((slice) => slice.datacenter);
  if (wanted.datacenter !== undefined && !served.includes(wanted.datacenter)) {
    lines.push(`datacenter: wanted ${wanted.datacenter}, this cluster serves ${served.join(', ')}`);
  }
  return lines;
}

/** Same, for two whole records: also names slices that one of them lacks. */
export function recordDifferences(wanted: DomainRecord, found: DomainRecord): string[] {
  const lines = domainDifferences(wanted, found);
  const text = (slices: readonly Slice[]): string =>
    slices
      .toSorted((a, b) => a.datacenter - b.datacenter)
      .map(sliceWords)
      .join(', ');
  if (text(wanted.slices) !== text(found.slices)) {
    lines.push(`slices: wanted ${text(wanted.slices)}, found ${text(found.slices)}`);
  }
  return lines;
}

/** `0`, `0 (fra1)` or `0 (fra1, eu-central)`. */
export function sliceWords({ datacenter, name, region }: Slice): string {
  const names = [name, region].filter((text) => text !== undefined);
  return names.length === 0 ? `${datacenter}` : `${datacenter} (${names.join(', ')})`;
}

/** The slice of a datacenter, with its names; undefined when this cluster does not serve it. */
export const sliceOf = (record: DomainRecord, datacenter: number): Slice | undefined =>
  record.slices.find((slice) => slice.datacenter === datacenter);

/** Node numbers of one slice: datacenter bits above worker bits. */
export function nodesOf(
  layout: Layout,
  datacenter: number,
): { readonly first: number; readonly count: number } {
  const count = 2 ** layout.workerBits;
  return { first: datacenter * count, count };
}

/** First timestamp the layout cannot express; exclusive bound of every window. Unix ms. */
export function timestampEndMs(layout: Layout): number {
  return layout.epochMs + 2 ** layout.timestampBits;
}

function asFields(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

function asSlice(value: unknown): Slice | undefined {
  const fields = asFields(value);
  const datacenter = fields?.['datacenter'];
  const [name, region] = [fields?.['name'], fields?.['region']];
  if (!Number.isSafeInteger(datacenter)) return undefined;
  return {
    datacenter: datacenter as number,
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof region === 'string' ? { region } : {}),
  };
}
