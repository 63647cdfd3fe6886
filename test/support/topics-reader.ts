import type { AuditRecord } from '../../src/audit/batches.ts';
import { TopicReader } from '../../src/audit/topic-reader.ts';
import { systemClock } from '../../src/clock.ts';
import { createCluster } from '../../src/kafka/cluster/cluster.ts';

/** Everything a read_committed reader sees of a topic now, partition by partition, read as `verify` does. */
export async function readTopic(bootstrap: readonly string[], topic: string): Promise<AuditRecord[][]> {
  const cluster = createCluster({
    ...{ bootstrap, clientId: 'reader', requestTimeoutMs: 5_000, clock: systemClock, log: () => undefined },
  });
  try {
    const reader = new TopicReader(cluster, (ms) => systemClock.sleep(ms));
    const count = await reader.partitionCount(topic);
    return await Promise.all(
      Array.from({ length: count }, async (_, partition) => {
        const [start, end] = [await reader.start(topic, partition), await reader.stableEnd(topic, partition)];
        const records: AuditRecord[] = [];
        for await (const some of reader.records(topic, partition, start, end)) records.push(...some);
        return records;
      }),
    );
  } finally {
    await cluster.close();
  }
}
