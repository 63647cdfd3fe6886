import type { AuditRecord } from './batches.ts';
import { sourceOf } from './letters.ts';
import type { TopicReader } from './topic-reader.ts';
import type { AuditRoute } from './verify.ts';

/** Dead letters of the route by input partition and offset. */
export async function lettersOf(
  reader: TopicReader,
  route: AuditRoute,
): Promise<Map<number, Map<number, AuditRecord[]>>> {
  const found = new Map<number, Map<number, AuditRecord[]>>();
  if (route.deadLetter === undefined) return found;
  const count = await reader.partitionCount(route.deadLetter);
  for (let partition = 0; partition < count; partition++) {
    const [start, end] = [
      await reader.start(route.deadLetter, partition),
      await reader.stableEnd(route.deadLetter, partition),
    ];
    for await (const records of reader.records(route.deadLetter, partition, start, end)) {
      for (const record of records) {
        const source = sourceOf(record);
        if (source?.topic !== route.input) continue;
        const ofPartition = found.get(source.partition) ?? new Map<number, AuditRecord[]>();
        found.set(source.partition, ofPartition);
        ofPartition.set(source.offset, [...(ofPartition.get(source.offset) ?? []), record]);
      }
    }
  }
  return found;
}
