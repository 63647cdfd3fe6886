import { connect } from 'node:net';
import { afterEach } from '@jest/globals';
import type { ApiRanges, Dialed } from '../../../src/kafka/cluster/dialer.ts';
import { BrokerLink } from '../../../src/kafka/cluster/link.ts';
import { LinkError } from '../../../src/kafka/cluster/port.ts';
import { REQUIRED } from '../../../src/kafka/cluster/versions.ts';
import type { FakeBroker } from './fake-broker.ts';
import { ManualClock } from './manual-clock.ts';

export const RANGES: ApiRanges = new Map(
  REQUIRED.map(({ apiKey, version }) => [apiKey, { min: 0, max: version }]),
);
export const beat = (memberId: string) => ({
  groupId: 'g',
  generationId: 1,
  memberId,
  groupInstanceId: null,
});

const open: BrokerLink[] = [];
afterEach(() => {
  for (const link of open.splice(0)) link.close('test over');
});

export async function dialed(broker: FakeBroker, ranges = RANGES): Promise<Dialed> {
  const socket = connect(broker.port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  return { socket, ranges, sessionLifetimeMs: 0, dialedAtMs: 0 };
}

export async function linkTo(
  broker: FakeBroker,
  clock = new ManualClock(),
  ranges = RANGES,
): Promise<BrokerLink> {
  const link = new BrokerLink({
    nodeId: 7,
    label: 'node 7',
    clientId: 'unit',
    clock,
    dialed: await dialed(broker, ranges),
  });
  open.push(link);
  return link;
}

export const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'answered',
    (error: unknown) => (error instanceof LinkError ? error.failure : error),
  );
