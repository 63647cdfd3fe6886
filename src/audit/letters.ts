import type { AuditRecord } from './batches.ts';

const PREFIX = 'snowstamp.error.';

/** Where a dead letter says it comes from; undefined for records that are none of ours. */
export interface Source {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export function sourceOf(record: AuditRecord): Source | undefined {
  const last = (name: string): string | undefined =>
    record.headers
      .findLast((header) => header.name.toString('utf8') === PREFIX + name)
      ?.value?.toString('utf8');
  const topic = last('topic');
  const partition = Number(last('partition') ?? NaN);
  const offset = Number(last('offset') ?? NaN);
  return topic === undefined || !Number.isSafeInteger(partition) || !Number.isSafeInteger(offset)
    ? undefined
    : { topic, partition, offset };
}

/** P4 for dead letters: original key, value and headers in front of ours, the timestamp in place or in a header. PURE. */
export function compareLetter(input: AuditRecord, letter: AuditRecord): string | undefined {
  if (!same(input.key, letter.key)) return 'its key is another';
  if (!same(input.value, letter.value)) return 'its value is another';
  const replaced = letter.headers
    .findLast((h) => h.name.toString('utf8') === `${PREFIX}timestamp`)
    ?.value?.toString('utf8');
  const timestamp = replaced === undefined ? letter.timestamp : BigInt(replaced);
  if (timestamp !== input.timestamp) return `timestamp ${input.timestamp} became ${timestamp}`;
  const wrong = input.headers.findIndex((header, i) => {
    const other = letter.headers[i];
    return other === undefined || !header.name.equals(other.name) || !same(header.value, other.value);
  });
  return wrong < 0 ? undefined : `header ${wrong} is another`;
}

const same = (a: Buffer | null, b: Buffer | null): boolean =>
  a === null || b === null ? a === b : a.equals(b);
