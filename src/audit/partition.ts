import type { AuditRecord } from './batches.ts';
import { Lookahead } from './lookahead.ts';
import { emptyReport, note, pairPartition, type PartitionReport } from './pairing.ts';
import type { SchemaSteps } from './schema-steps.ts';
import { auditTail } from './tail.ts';
import type { TopicReader } from './topic-reader.ts';
import type { UniqueIds } from './unique.ts';
import type { Audit, AuditRoute, Committed } from './verify.ts';

/** What is gathered over all partitions. */
export interface Gathered {
  readonly letters: ReadonlyMap<number, readonly AuditRecord[]>;
  readonly unique: UniqueIds;
  readonly steps: SchemaSteps;
  /** Told every stamped record and its ID. */
  readonly mapped: (input: AuditRecord, id: bigint) => Promise<void> | undefined;
  /** Told when records of the partition may be gone. */
  readonly gap: () => void;
}

export async function committedAt(
  { reader, groupId }: Audit,
  route: AuditRoute,
  partition: number,
): Promise<Committed> {
  const { offset, metadata } = await reader.committed(groupId, route.input, partition);
  const match = /^v1:(\d{1,19}):(-1|\d{1,16})$/.exec(metadata ?? '');
  if (match === null) return { offset, lastId: undefined, outputOffset: undefined };
  const lastId = BigInt(match[1]!);
  const outputOffset = Number(match[2]);
  // A last ID without its place is an operator's word (rule 8): the output is then read to its end.
  return { offset, lastId, outputOffset: lastId > 0n && outputOffset < 0 ? undefined : outputOffset };
}

export async function auditPartition(
  parts: Audit,
  route: AuditRoute,
  partition: number,
  committed: Committed,
  { letters, unique, steps, mapped, gap }: Gathered,
): Promise<PartitionReport> {
  const { reader } = parts;
  const report = emptyReport(route.name, partition);
  const inputStart = await reader.start(route.input, partition);
  const inputEnd = committed.offset < 0 ? inputStart : committed.offset;
  const outputStart = await reader.start(route.output, partition);
  const outputEnd = await claimedEnd(parts, route, partition, committed, outputStart);
  parts.expect(Math.max(0, inputEnd - inputStart));
  const inputs = () => reader.records(route.input, partition, inputStart, inputEnd);
  const outputs = () => reader.records(route.output, partition, outputStart, outputEnd);

  const skip = { inputs: 0, outputs: 0 };
  if (inputStart > 0 || outputStart > 0) {
    gap();
    // Backwards from the committed pair: what is longer at its old end has lost its counterpart to retention.
    const wanted = await tally(inputs(), (record) => !letters.has(record.offset));
    const found = await tally(outputs(), () => true);
    if (inputStart > 0 && found > wanted) skip.outputs = found - wanted;
    if (outputStart > 0 && wanted > found) skip.inputs = wanted - found;
  }
  let last: bigint | undefined;
  await pairPartition(report, {
    inputs: new Lookahead(inputs()),
    outputs: new Lookahead(outputs()),
    ...{ letters, skip, rule: route.rule, progress: parts.progress },
    ...{ inputCompacted: route.inputCompacted, outputCompacted: route.outputCompacted },
    mapped,
    schemas: (step) => {
      steps.add(step);
    },
    seen: (id) => {
      unique.add(id);
      last = id;
    },
  });
  const within = [...letters.keys()].filter((offset) => offset >= inputStart && offset < inputEnd);
  const strange = within.length - report.deadLettered;
  if (strange > 0) {
    note(report, `${strange} dead letters name inputs that do not exist`);
    report[route.inputCompacted ? 'unproven' : 'extra'] += strange;
  }
  claimHolds(report, route, committed, last);
  const later = () => committedAt(parts, route, partition);
  await auditTail(report, {
    reader,
    route,
    partition,
    unique,
    later,
    from: Math.max(outputStart, outputEnd),
  });
  // Nothing says how far the fleet came: it never ran here, or commits under another group. No proof of anything.
  if (committed.offset < 0 && (await later()).offset < 0)
    report.unproven += Math.max(0, (await reader.stableEnd(route.input, partition)) - inputStart);
  return report;
}

/** A partition of the output that no partition of the input feeds: whatever is visible there is somebody else's. */
export async function auditUnfed(
  reader: TopicReader,
  route: AuditRoute,
  partition: number,
  unique: UniqueIds,
): Promise<PartitionReport[]> {
  const report = emptyReport(route.name, partition);
  const from = await reader.start(route.output, partition);
  const later = () => Promise.resolve({ offset: -1, lastId: undefined, outputOffset: undefined });
  await auditTail(report, { reader, route, partition, unique, from, later });
  return report.extra === 0 ? [] : [report];
}

/** The end of the output that the commit vouches for; what lies behind it is looked at after the pairs. */
async function claimedEnd(
  { reader }: Audit,
  route: AuditRoute,
  partition: number,
  { offset, outputOffset }: Committed,
  outputStart: number,
): Promise<number> {
  if (outputOffset !== undefined) return outputOffset + 1;
  return offset < 0 ? outputStart : reader.stableEnd(route.output, partition);
}

/** The commit names the last ID: the output must end with it, or whoever takes over mints above a wrong floor. */
function claimHolds(
  report: PartitionReport,
  { rule, outputCompacted }: AuditRoute,
  { lastId, outputOffset }: Committed,
  last: bigint | undefined,
): void {
  if (rule.existing === 'keep' || lastId === undefined || outputOffset === undefined || outputOffset < 0)
    return;
  if (last === lastId) return;
  if (outputCompacted) {
    report.unproven++;
    return;
  }
  report.firstDifference ??= `the commit names ${lastId} as last ID, the output up to offset ${outputOffset} ends with ${last ?? 'none'}`;
  report.different++;
}

async function tally(
  sets: AsyncIterable<readonly AuditRecord[]>,
  counts: (record: AuditRecord) => boolean,
): Promise<number> {
  let total = 0;
  for await (const records of sets) for (const record of records) if (counts(record)) total++;
  return total;
}
