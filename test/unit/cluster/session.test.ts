import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import type { Dial } from '../../../src/kafka/cluster/dialer.ts';
import { DialError } from '../../../src/kafka/cluster/dialer.ts';
import { heartbeat } from '../../../src/kafka/wire/heartbeat.ts';
import { clusterOf, whileTimePasses } from './clusters.ts';
import { API, FakeBroker, heartbeatAnswer } from './fake-broker.ts';
import { beat, failureOf, RANGES } from './links.ts';
import { ManualClock } from './manual-clock.ts';

const LIFETIME_MS = 10_000;
const WITHIN = { timeoutMs: 1_000 };

/** Connections whose sessions last ten seconds; the tries numbered in `failing` fail. */
function sessions(
  clock: ManualClock,
  failing: (attempt: number) => boolean = () => false,
): Dial & { attempts: number } {
  const dial = async ({ host, port }: { host: string; port: number }) => {
    counted.attempts += 1;
    if (failing(counted.attempts)) throw new DialError('unreachable', 'token endpoint is down');
    const dialedAtMs = clock.now().monotonicMs;
    const socket = connect(port, host);
    await new Promise((resolve) => socket.once('connect', resolve));
    return { socket, ranges: RANGES, sessionLifetimeMs: LIFETIME_MS, dialedAtMs };
  };
  const counted = Object.assign(dial, { attempts: 0 });
  return counted;
}

async function brokerThatTellsConnections(): Promise<FakeBroker> {
  const broker = await FakeBroker.start();
  return broker.on(API.heartbeat, ({ connection }) => heartbeatAnswer(connection));
}

describe('SASL sessions (KIP-368)', () => {
  it('the same link goes on over a fresh connection before the session ends, again and again', async () => {
    await using broker = await brokerThatTellsConnections();
    const clock = new ManualClock();
    const link = await clusterOf([broker], { clock }, sessions(clock)).link(-1, 'data');
    const connections: number[] = [];
    for (let renewals = 0; renewals < 3; renewals += 1) {
      connections.push((await link.send(heartbeat, beat('m'), WITHIN)).errorCode);
      await clock.advance(LIFETIME_MS * 0.8);
      await broker.until(() => broker.sockets.length === renewals + 2);
      const old = broker.sockets[renewals];
      if (old?.closed === false) await new Promise((resolve) => old.once('close', resolve));
    }
    expect(connections).toEqual([0, 1, 2]);
  });

  it('control: nothing is renewed before 80 % of the lifetime', async () => {
    await using broker = await brokerThatTellsConnections();
    const clock = new ManualClock();
    const dial = sessions(clock);
    await clusterOf([broker], { clock }, dial).link(-1, 'data');
    await clock.advance(LIFETIME_MS * 0.8 - 1);
    expect(dial.attempts).toBe(1);
    await clock.advance(1);
    expect(dial.attempts).toBe(2);
  });

  it('a failed renewal is tried again while the old session still serves', async () => {
    await using broker = await brokerThatTellsConnections();
    const clock = new ManualClock();
    const dial = sessions(clock, (attempt) => attempt === 2 || attempt === 3);
    const link = await clusterOf([broker], { clock }, dial).link(-1, 'data');
    await clock.advance(8_000);
    expect(dial.attempts).toBe(2);
    await expect(link.send(heartbeat, beat('m'), WITHIN)).resolves.toMatchObject({ errorCode: 0 });
    await whileTimePasses(
      clock,
      broker.until(() => broker.sockets.length === 2),
    );
    const moved = async (): Promise<number> => (await link.send(heartbeat, beat('m'), WITHIN)).errorCode;
    await whileTimePasses(clock, moved());
    await expect(moved()).resolves.toBe(1);
    expect(dial.attempts).toBe(4);
  });

  it('a session that cannot be renewed closes the link at 95 % of its life, not at some request later', async () => {
    await using broker = await brokerThatTellsConnections();
    const clock = new ManualClock();
    const link = await clusterOf(
      [broker],
      { clock },
      sessions(clock, (attempt) => attempt > 1),
    ).link(-1, 'data');
    await clock.advance(8_000);
    for (let ms = 8_000; ms < 9_400; ms += 100) await clock.advance(100);
    await expect(link.send(heartbeat, beat('m'), WITHIN)).resolves.toMatchObject({ errorCode: 0 });
    for (let ms = 9_400; ms < 9_900; ms += 100) await clock.advance(100);
    await expect(failureOf(link.send(heartbeat, beat('m'), WITHIN))).resolves.toBe('closed');
  });
});
