import { describe, expect, it } from '@jest/globals';
import { LinkError } from '../../../src/kafka/cluster/port.ts';
import { heartbeat } from '../../../src/kafka/wire/heartbeat.ts';
import { WireError } from '../../../src/kafka/wire/wire-error.ts';
import { Writer } from '../../../src/kafka/wire/writer.ts';
import { answerFrame, API, FakeBroker, heartbeatAnswer } from './fake-broker.ts';
import { beat, dialed, failureOf, linkTo } from './links.ts';

describe('what cannot be an answer closes the link', () => {
  const raw = (bytes: Buffer) => async (broker: FakeBroker) => {
    broker.on(API.heartbeat, ({ socket }) => {
      socket.write(bytes);
      return undefined;
    });
    const link = await linkTo(broker);
    const error: unknown = await link
      .send(heartbeat, beat('a'), { timeoutMs: 100 })
      .catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(LinkError);
    expect(link.closed.aborted).toBe(true);
    return error as LinkError;
  };

  it('a truncated body: closed, with the wire error as cause', async () => {
    await using broker = await FakeBroker.start();
    const half = new Writer();
    half.int16(0);
    const error = await raw(answerFrame({ apiKey: API.heartbeat, correlationId: 1 }, half))(broker);
    expect(error.failure).toBe('closed');
    expect(error.cause).toBeInstanceOf(WireError);
  });

  it.each([
    ['a size too small for a correlation id', Buffer.from([0, 0, 0, 2, 1, 2])],
    ['a negative size', Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ['a TLS alert', Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x46])],
    [
      'another request’s correlation id',
      answerFrame({ apiKey: API.heartbeat, correlationId: 99 }, heartbeatAnswer()),
    ],
  ])('%s', async (_, bytes) => {
    await using broker = await FakeBroker.start();
    expect((await raw(bytes)(broker)).failure).toBe('closed');
  });

  it('the broker hanging up, orderly or not', async () => {
    for (const end of ['end', 'resetAndDestroy'] as const) {
      await using broker = await FakeBroker.start();
      broker.on(API.heartbeat, ({ socket }) => {
        socket[end]();
        return undefined;
      });
      const link = await linkTo(broker);
      await expect(failureOf(link.send(heartbeat, beat('a'), { timeoutMs: 100 }))).resolves.toBe('closed');
    }
  });
});

describe('replace (KIP-368)', () => {
  it('answers what is in flight on the old connection, sends the rest on the new one, in order', async () => {
    await using broker = await FakeBroker.start();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    broker.on(API.heartbeat, async ({ connection }) => {
      if (connection === 0) await held;
      return heartbeatAnswer(connection);
    });
    const link = await linkTo(broker);
    const before = link.send(heartbeat, beat('before'), { timeoutMs: 1_000 });
    const replaced = link.replace(await dialed(broker));
    const during = [1, 2, 3].map((n) => link.send(heartbeat, beat(String(n)), { timeoutMs: 1_000 }));
    await broker.until(() => broker.count(API.heartbeat) === 1);
    release();
    await expect(before).resolves.toMatchObject({ errorCode: 0 });
    await expect(replaced).resolves.toBe(true);
    for (const answer of during) await expect(answer).resolves.toMatchObject({ errorCode: 1 });
    const members = broker.received.map(
      ({ body }) => [body.compactString(), body.int32(), body.compactString()][2],
    );
    expect(members).toEqual(['before', '1', '2', '3']);
  });

  it('stays on the old connection when the fresh one is gone by then', async () => {
    await using broker = await FakeBroker.start();
    broker.on(API.heartbeat, ({ connection }) => heartbeatAnswer(connection));
    const link = await linkTo(broker);
    const fresh = await dialed(broker);
    fresh.socket.destroy();
    await expect(link.replace(fresh)).resolves.toBe(false);
    await expect(link.send(heartbeat, beat('a'), { timeoutMs: 100 })).resolves.toMatchObject({
      errorCode: 0,
    });
  });
});
