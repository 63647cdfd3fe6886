import { stampOf } from './compare.ts';
import { note, type PartitionReport } from './pairing.ts';
import type { TopicReader } from './topic-reader.ts';
import type { UniqueIds } from './unique.ts';
import type { AuditRoute, Committed } from './verify.ts';

/**
 * The output behind the committed pair. A fleet that runs goes on writing there; anything else there was written by somebody
 * else, or twice. Its end is read before the commit is read again: the offsets of a transaction are pending before its records
 * become visible, and stable offsets wait for what is pending, so the later commit covers every record of ours below that end.
 */
export async function auditTail(
  report: PartitionReport,
  parts: {
    readonly reader: TopicReader;
    readonly route: AuditRoute;
    readonly partition: number;
    /** First output offset the commit does not vouch for. */
    readonly from: number;
    readonly later: () => Promise<Committed>;
    readonly unique: UniqueIds;
  },
): Promise<void> {
  const { reader, route, partition, from, unique } = parts;
  const end = await reader.stableEnd(route.output, partition);
  const { offset, outputOffset } = await parts.later();
  // A position an operator stated meanwhile says nothing about the output (rule 8): no proof either way.
  const says = outputOffset === undefined && offset >= 0 ? undefined : (outputOffset ?? -1);
  for await (const records of reader.records(route.output, partition, from, end)) {
    for (const record of records) {
      const id = route.rule.existing === 'keep' ? undefined : stampOf(record, route.rule);
      if (id !== undefined) unique.add(id);
      if (says === undefined) report.unproven++;
      else if (record.offset > says) {
        note(report, `output ${record.offset}: lies behind the last output any commit accounts for`);
        report.extra++;
      }
    }
  }
}
