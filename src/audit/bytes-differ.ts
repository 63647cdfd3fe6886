import type { Header } from './batches.ts';

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

export const byteAt = (bytes: Buffer, at: number): string =>
  at < bytes.length ? `0x${bytes.toString('hex', at, at + 1)}` : 'the end';
