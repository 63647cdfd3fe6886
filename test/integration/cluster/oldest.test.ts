import { expect, it } from '@jest/globals';
import { provideKafka } from '../../../deploy/local/backends.ts';
import { systemClock } from '../../../src/clock.ts';
import { createCluster } from '../../../src/kafka/cluster/cluster.ts';

it('the oldest supported Kafka, 3.9.2, speaks every version we need', async () => {
  await using kafka = await provideKafka({ version: '3.9.2' });
  const cluster = createCluster({
    bootstrap: kafka.bootstrap,
    clientId: 'oldest-test',
    requestTimeoutMs: 5_000,
    connectionTimeoutMs: 3_000,
    log: () => undefined,
    clock: systemClock,
  });
  try {
    await cluster.refresh();
    const nodeId = await cluster.coordinator('group', 'oldest', { timeoutMs: 30_000 });
    expect(cluster.nodes().map((node) => node.nodeId)).toContain(nodeId);
    expect((await cluster.link(nodeId, 'data')).nodeId).toBe(nodeId);
  } finally {
    await cluster.close();
  }
}, 240_000);
