import type { Slice } from '../lease/domain.ts';
import { parseId } from '../snowflake/layout.ts';
/** Values of command-line options. PURE; undefined: it is none, and nothing may be made of it. */

export function wholeOf(text: string): number | undefined {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

const TIME = /^(\d{4}-\d\d-\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/;

/** An ISO date (UTC) or a time with its zone, as Unix ms. `Date.parse` alone takes "1" and local times, and turns 30 February into March. */
export function timeOf(text: string): number | undefined {
  const day = TIME.exec(text)?.[1];
  if (day === undefined) return undefined;
  const dayMs = Date.parse(day);
  if (Number.isNaN(dayMs) || !new Date(dayMs).toISOString().startsWith(day)) return undefined;
  const ms = Date.parse(text);
  return Number.isSafeInteger(ms) ? ms : undefined;
}

export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i.test(text);
}

/** `3`, `3=fra1` or `3=fra1,eu-central`: a datacenter with its name and region. */
export function sliceOfText(text: string): Slice | undefined {
  const match = /^(\d+)(?:=([\w.-]{1,64})(?:,([\w.-]{1,64}))?)?$/.exec(text);
  const datacenter = wholeOf(match?.[1] ?? '');
  if (match === null || datacenter === undefined) return undefined;
  const [, , name, region] = match;
  return {
    datacenter,
    ...(name === undefined ? {} : { name }),
    ...(region === undefined ? {} : { region }),
  };
}

/** `7` or `0..31`, both ends included; a domain has 65,536 nodes at most. */
export function nodesOfText(text: string): number[] | undefined {
  const match = /^(\d{1,6})(?:\.\.(\d{1,6}))?$/.exec(text);
  if (match === null) return undefined;
  const [first, last] = [Number(match[1]), Number(match[2] ?? match[1])];
  if (last < first || last - first >= 65_536) return undefined;
  return Array.from({ length: last - first + 1 }, (_, n) => first + n);
}

/** An ID as people have it: see parseId. */
export function idOf(text: string): bigint | undefined {
  const parsed = parseId(text);
  return parsed.ok && parsed.id >= 0n ? parsed.id : undefined;
}
