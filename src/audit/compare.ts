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
  const key = bytesDiffer('key', input.key, output.key) ?? bytesDiffer('value', input.value, output.value);
  if (key !== undefined) return key;
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

function bytesDiffer(what: string, wanted: Buffer | null, found: Buffer | null): string | undefined {
  if (wanted === null || found === null) {
    return wanted === found
      ? undefined
      : `${what}: ${wanted === null ? 'null' : `${wanted.length} bytes`} became ${found === null ? 'null' : `${found.length} bytes`}`;
  }
  if (wanted.equals(found)) return undefined;
  if (wanted.length !== found.length) return `${what}: ${wanted.length} bytes became ${found.length}`;
  const at = wanted.findIndex((byte, i) => byte !== found[i]);
  return `${what}: byte ${at} is 0x${found.toString('hex', at, at + 1)}, was 0x${wanted.toString('hex', at, at + 1)}`;
}
