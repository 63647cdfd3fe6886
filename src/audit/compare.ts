import type { AuditRecord, Header } from './batches.ts';

export interface StampRule {
  readonly header: string;
  readonly existing: 'replace' | 'keep' | 'reject';
}

export interface Comparison {
  /** First difference in words; undefined when the output is the input plus a stamp. */
  readonly difference: string | undefined;
  /** Undefined when the output carries no readable ID, or kept somebody else's. */
  readonly id: bigint | undefined;
  /** It had an ID and the route leaves those: P1 and P2 are given up for this record alone (rule 10). */
  readonly kept: boolean;
}

const isNamed = ({ name }: Header, wanted: string): boolean => name.toString('utf8') === wanted;

/** P4: key, value, timestamp and headers left as they came, but for the stamp as last header. PURE. */
export function compareRecords(input: AuditRecord, output: AuditRecord, rule: StampRule): Comparison {
  const had = input.headers.some((header) => isNamed(header, rule.header));
  if (had && rule.existing === 'keep')
    return { difference: plain(input, output, input.headers, output.headers), id: undefined, kept: true };
  const stamp = output.headers.at(-1);
  if (stamp === undefined || !isNamed(stamp, rule.header))
    return { difference: `the last header is not ${rule.header}`, id: undefined, kept: false };
  const text = stamp.value?.toString('latin1') ?? '';
  if (!/^(?:0|[1-9]\d{0,18})$/.test(text) || BigInt(text) >= 2n ** 63n)
    return { difference: `${rule.header} is no ID: ${JSON.stringify(text)}`, id: undefined, kept: false };
  const kept = input.headers.filter((header) => !isNamed(header, rule.header));
  return {
    difference: plain(input, output, kept, output.headers.slice(0, -1)),
    id: BigInt(text),
    kept: false,
  };
}

function plain(
  input: AuditRecord,
  output: AuditRecord,
  wanted: readonly Header[],
  found: readonly Header[],
): string | undefined {
  if (input.timestamp !== output.timestamp) return `timestamp ${input.timestamp} became ${output.timestamp}`;
  return (
    bytesDiffer('key', input.key, output.key) ??
    bytesDiffer('value', input.value, output.value) ??
    headersDiffer(wanted, found)
  );
}

/** The first header that is not the one it should be. */
export function headersDiffer(wanted: readonly Header[], found: readonly Header[]): string | undefined {
  if (wanted.length !== found.length) return `${wanted.length} headers became ${found.length}`;
  for (const [i, header] of wanted.entries()) {
    const other = found[i]!;
    const differs =
      bytesDiffer(`name of header ${i}`, header.name, other.name) ??
      bytesDiffer(`value of header ${i} (${header.name.toString('utf8')})`, header.value, other.value);
    if (differs !== undefined) return differs;
  }
  return undefined;
}

/** The first byte that is not the one it should be: where, which was expected, which was found. */
export function bytesDiffer(what: string, wanted: Buffer | null, found: Buffer | null): string | undefined {
  if (wanted === null || found === null) {
    const size = (bytes: Buffer | null): string => (bytes === null ? 'null' : `${bytes.length} bytes`);
    return wanted === found ? undefined : `${what}: ${size(wanted)} became ${size(found)}`;
  }
  if (wanted.equals(found)) return undefined;
  const shorter = Math.min(wanted.length, found.length);
  let at = 0;
  while (at < shorter && wanted[at] === found[at]) at++;
  const lengths = wanted.length === found.length ? '' : `, ${wanted.length} bytes became ${found.length}`;
  return `${what}: byte ${at} expected ${byteAt(wanted, at)}, found ${byteAt(found, at)}${lengths}`;
}

const byteAt = (bytes: Buffer, at: number): string =>
  at < bytes.length ? `0x${bytes.toString('hex', at, at + 1)}` : 'the end';
