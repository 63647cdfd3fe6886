import { CATALOGUE } from '../errors.ts';
import type { Decoded, Layout } from '../snowflake/layout.ts';
import { decode, parseId } from '../snowflake/layout.ts';

/**
 * `snowstamp decode <id>…`: the fields of each ID, one block of lines (with `json`, one line of JSON) per argument, in order.
 * IDs are decimal, `0x…`, or sixteen hexadecimal digits. What cannot be decoded is named, the rest is still shown.
 * Returns the exit code: 0, or that of USAGE.
 */
export function decodeCommand(
  ids: string[],
  layout: Layout,
  options: { json: boolean },
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
    if (options.json) out(asJson(argument, decoded));
    else asLines(index, argument, decoded).forEach(out);
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

function asLines(index: number, argument: string, decoded: Read): string[] {
  if (!decoded.ok) return [`decode: argument ${index + 1}, ${quote(argument)}, is ${decoded.mistake}`];
  return [
    `id          ${decoded.id}`,
    `timestamp   ${decoded.iso}  (${decoded.timestampMs})`,
    `datacenter  ${decoded.datacenter}`,
    `worker      ${decoded.worker}`,
    `node        ${decoded.node}`,
    `sequence    ${decoded.sequence}`,
  ];
}

/** The ID is a string: JSON numbers lose 64-bit integers. */
function asJson(argument: string, decoded: Read): string {
  if (!decoded.ok) return JSON.stringify({ argument, error: decoded.mistake });
  const { id, iso, timestampMs, datacenter, worker, node, sequence } = decoded;
  return JSON.stringify({
    id: id.toString(),
    timestamp: iso,
    timestampMs,
    datacenter,
    worker,
    node,
    sequence,
  });
}
