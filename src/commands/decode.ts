import type { Clock } from '../clock.ts';
import { layoutOf } from '../config/derived.ts';
import type { Config } from '../config/schema.ts';
import { CATALOGUE } from '../errors.ts';
import { openDomain } from '../lease/domain-handle.ts';
import { sliceOf, sliceWords, type DomainRecord, type Slice } from '../lease/domain.ts';
import type { Decoded, Layout } from '../snowflake/layout.ts';
import { decode, DEFAULT_LAYOUT, parseId } from '../snowflake/layout.ts';
import { onStore } from './on-store.ts';
import { pinOf } from './worker-settings.ts';

/** Names of datacenters: of the domain record, as far as it can be had. */
export type NamesOf = (datacenter: number) => Pick<Slice, 'name' | 'region'>;

export interface DecodeParts {
  /** Without one: the default layout, and no names. */
  readonly config: Config | undefined;
  readonly clock: Clock;
  readonly json: boolean;
  readonly out: (line: string) => void;
}

/** `snowstamp decode <id>…`, with the layout and, where etcd answers, the names of the configured domain. */
export async function decodeCommand(ids: string[], parts: DecodeParts): Promise<number> {
  const { config, clock, json, out } = parts;
  if (config === undefined) return decodeIds(ids, DEFAULT_LAYOUT, { json }, out);
  const record = await recordOf(config, clock);
  const namesOf: NamesOf = (datacenter) =>
    (record === undefined ? undefined : sliceOf(record, datacenter)) ?? {};
  return decodeIds(ids, layoutOf(config), { json, namesOf }, out);
}

/** An ID can be taken apart without etcd: then it has no names. */
async function recordOf(config: Config, clock: Clock): Promise<DomainRecord | undefined> {
  let record: DomainRecord | undefined;
  const quiet = { config, clock, out: () => undefined };
  await onStore('decode', quiet, async (store) => {
    ({ record } = await openDomain(store, config.domain.prefix, pinOf(config)));
    return 0;
  });
  return record;
}

/**
 * The fields of each ID, one block of lines (with `json`, one line of JSON) per argument, in order.
 * IDs are decimal, `0x…`, or sixteen hexadecimal digits. What cannot be decoded is named, the rest is still shown.
 * Returns the exit code: 0, or that of USAGE.
 */
export function decodeIds(
  ids: string[],
  layout: Layout,
  { json, namesOf = () => ({}) }: { json: boolean; namesOf?: NamesOf },
  out: (line: string) => void,
): number {
  if (ids.length === 0) {
    out('decode: give at least one ID');
    return CATALOGUE.USAGE.exit;
  }
  let exit = 0;
  for (const [index, argument] of ids.entries()) {
    const decoded = read(layout, argument);
    if (!decoded.ok) exit = CATALOGUE.USAGE.exit;
    const names = decoded.ok ? namesOf(decoded.datacenter) : {};
    if (json) out(asJson(argument, decoded, names));
    else asLines(index, argument, decoded, names).forEach(out);
  }
  return exit;
}

type Read = (Extract<Decoded, { ok: true }> & { id: bigint }) | { ok: false; mistake: string };

const MISTAKES = {
  'not-an-id':
    'not an ID: write it in decimal, as 0x and hexadecimal digits, or as sixteen hexadecimal digits',
  negative: 'negative: the sign bit of an ID is always 0; was it read as a signed number from damaged bytes?',
  'too-large': 'too large: an ID has at most 63 bits, 9223372036854775807',
};

function read(layout: Layout, argument: string): Read {
  const parsed = parseId(argument);
  if (!parsed.ok) return { ok: false, mistake: MISTAKES[parsed.refused] };
  const decoded = decode(layout, parsed.id);
  return decoded.ok ? { ...decoded, id: parsed.id } : { ok: false, mistake: MISTAKES[decoded.refused] };
}

/** Argument as the user can find it again: by place, and by as much of it as fits a line. */
const quote = (argument: string): string =>
  JSON.stringify(argument.length > 40 ? `${argument.slice(0, 40)}…` : argument);

function asLines(index: number, argument: string, decoded: Read, names: ReturnType<NamesOf>): string[] {
  if (!decoded.ok) return [`decode: argument ${index + 1}, ${quote(argument)}, is ${decoded.mistake}`];
  return [
    `id          ${decoded.id}`,
    `timestamp   ${decoded.iso}  (${decoded.timestampMs})`,
    `datacenter  ${sliceWords({ datacenter: decoded.datacenter, ...names })}`,
    `worker      ${decoded.worker}`,
    `node        ${decoded.node}`,
    `sequence    ${decoded.sequence}`,
  ];
}

/** The ID is a string: JSON numbers lose 64-bit integers. */
function asJson(argument: string, decoded: Read, names: ReturnType<NamesOf>): string {
  if (!decoded.ok) return JSON.stringify({ argument, error: decoded.mistake });
  const { id, iso, timestampMs, datacenter, worker, node, sequence } = decoded;
  return JSON.stringify({
    id: id.toString(),
    timestamp: iso,
    timestampMs,
    datacenter,
    ...(names.name === undefined ? {} : { datacenterName: names.name }),
    ...(names.region === undefined ? {} : { region: names.region }),
    worker,
    node,
    sequence,
  });
}
