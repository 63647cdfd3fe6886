import { setImmediate as turn } from 'node:timers/promises';
import { systemClock } from '../../../src/clock.ts';
import { createCluster } from '../../../src/kafka/cluster/cluster.ts';
import { LinkError } from '../../../src/kafka/cluster/port.ts';
import { heartbeat } from '../../../src/kafka/wire/heartbeat.ts';

/** Leaves as much as possible under way, closes (or not) and says what of it is left. Run by exit.test.ts. */
const [bootstrap = '', mode] = process.argv.slice(2);
const failure = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'answered',
    (error: unknown) => (error instanceof LinkError ? error.failure : String(error)),
  );

const cluster = createCluster({
  bootstrap: [bootstrap],
  clientId: 'exit',
  requestTimeoutMs: 600_000,
  connectionTimeoutMs: 600_000,
  log: () => undefined,
  clock: systemClock,
});
const link = await cluster.link(-1, 'heartbeat');
const request = { groupId: 'g', generationId: 1, memberId: 'm', groupInstanceId: null };
const underWay = [
  failure(link.send(heartbeat, request, { timeoutMs: 600_000 })),
  failure(cluster.refresh()),
  failure(cluster.coordinator('group', 'g', { timeoutMs: 600_000 })),
];
if (mode === 'close') {
  await cluster.link(-1, 'fetch');
  const dialling = failure(cluster.link(-1, 'join'));
  await cluster.close();
  await dialling;
  const ended = await Promise.all(underWay);
  await turn();
  const left = process
    .getActiveResourcesInfo()
    .filter((name) => name === 'Timeout' || name === 'TCPSocketWrap');
  process.stdout.write(`closed: ${ended.join(' ')}, open: ${left.join(' ')}\n`);
}
