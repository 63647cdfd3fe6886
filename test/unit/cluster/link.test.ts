import { describe, expect, it } from '@jest/globals';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import { heartbeat } from '../../../src/kafka/wire/heartbeat.ts';
import { metadata } from '../../../src/kafka/wire/metadata.ts';
import { WireError } from '../../../src/kafka/wire/wire-error.ts';
import type { Writer } from '../../../src/kafka/wire/writer.ts';
import { API, FakeBroker, heartbeatAnswer, SILENT } from './fake-broker.ts';
import { beat, failureOf, linkTo } from './links.ts';
import { ManualClock } from './manual-clock.ts';

describe('requests and answers', () => {
  it('sends header v2 with our client id and reads the flexible answer', async () => {
    await using broker = await FakeBroker.start();
    broker.on(API.heartbeat, () => heartbeatAnswer(27));
    const link = await linkTo(broker);
    await expect(link.send(heartbeat, beat('m'), { timeoutMs: 100 })).resolves.toEqual({
      throttleTimeMs: 0,
      errorCode: 27,
    });
    expect(broker.received[0]).toMatchObject({ apiKey: 12, version: 4, clientId: 'unit' });
    expect(broker.received[0]?.body.compactString()).toBe('g');
  });

  it('gives each of many requests in flight its own answer, in order', async () => {
    await using broker = await FakeBroker.start();
    broker.on(API.heartbeat, ({ body }) => {
      body.compactString();
      body.int32();
      return heartbeatAnswer(Number(body.compactString()));
    });
    const link = await linkTo(broker);
    const codes = Array.from({ length: 50 }, (_, index) => index);
    const answers = await Promise.all(
      codes.map((code) => link.send(heartbeat, beat(String(code)), { timeoutMs: 100 })),
    );
    expect(answers.map(({ errorCode }) => errorCode)).toEqual(codes);
  });

  it('hands large byte fields to the socket as they are, without a copy', async () => {
    await using broker = await FakeBroker.start();
    const link = await linkTo(broker);
    const payload = Buffer.alloc(64 * 1024, 7);
    const written: unknown[] = [];
    const { socket } = link.dialed;
    const write = socket.write.bind(socket);
    socket.write = (chunk: Uint8Array) => {
      written.push(chunk);
      return write(chunk);
    };
    const pass = {
      ...heartbeat,
      encode: (writer: Writer) => {
        writer.raw(payload);
      },
    };
    const answer = failureOf(link.send(pass, beat('m'), { timeoutMs: 100 }));
    expect(written[1]).toBe(payload);
    link.close('enough');
    await expect(answer).resolves.toBe('closed');
  });

  it('refuses a version the broker lacks, naming API, version and range, and stays open', async () => {
    await using broker = await FakeBroker.start();
    const link = await linkTo(broker, new ManualClock(), new Map([[12, { min: 0, max: 3 }]]));
    await expect(link.send(heartbeat, beat('m'), { timeoutMs: 100 })).rejects.toMatchObject({
      failure: 'unsupported',
      message: 'node 7: Heartbeat (API 12) version 4: the broker speaks 0 to 3',
    });
    expect(link.closed.aborted).toBe(false);
    expect(broker.received).toHaveLength(0);
  });
});

describe('timeouts', () => {
  it('expires at its own time to the millisecond, closes the link, and fails what else is in flight with closed', async () => {
    await using broker = await FakeBroker.start();
    broker.on(API.heartbeat, SILENT);
    const clock = new ManualClock();
    const link = await linkTo(broker, clock);
    const outcomes: unknown[] = [];
    const short = failureOf(link.send(heartbeat, beat('a'), { timeoutMs: 50 })).then((it) =>
      outcomes.push(['short', it]),
    );
    const long = failureOf(link.send(heartbeat, beat('b'), { timeoutMs: 60_000 })).then((it) =>
      outcomes.push(['long', it]),
    );
    await broker.until(() => broker.count(API.heartbeat) === 2);
    await clock.advance(49);
    expect(outcomes).toEqual([]);
    await clock.advance(1);
    await Promise.all([short, long]);
    expect(outcomes).toEqual([
      ['short', 'timeout'],
      ['long', 'closed'],
    ]);
    expect(link.closed.aborted).toBe(true);
    expect(link.dialed.socket.destroyed).toBe(true);
    expect(clock.sleeping).toBe(0);
    await expect(failureOf(link.send(heartbeat, beat('c'), { timeoutMs: 50 }))).resolves.toBe('closed');
  });

  it('control: KafkaJS’s own queue would have waited for its default instead', () => {
    const logger = { debug: () => undefined };
    const Queue = RequestQueue as unknown as new (options: object) => {
      createSocketRequest(pushed: object): { requestTimeout: number };
    };
    const queue = new Queue({ requestTimeout: 30_000, logger });
    expect(
      queue.createSocketRequest({ entry: { correlationId: 1 }, requestTimeout: 50 }).requestTimeout,
    ).toBe(30_000);
  });

  it('an answer in time ends the timer', async () => {
    await using broker = await FakeBroker.start();
    broker.on(API.heartbeat, () => heartbeatAnswer());
    const clock = new ManualClock();
    const link = await linkTo(broker, clock);
    await link.send(heartbeat, beat('a'), { timeoutMs: 50 });
    expect(clock.sleeping).toBe(0);
    await clock.advance(1_000);
    expect(link.closed.aborted).toBe(false);
  });
});

describe('throttling (KIP-219)', () => {
  it('holds back what follows a throttled answer until the time is over', async () => {
    await using broker = await FakeBroker.start();
    broker.on(API.heartbeat, () => heartbeatAnswer(0, broker.count(API.heartbeat) === 1 ? 300 : 0));
    const clock = new ManualClock();
    const link = await linkTo(broker, clock);
    await link.send(heartbeat, beat('a'), { timeoutMs: 100 });
    const next = link.send(heartbeat, beat('b'), { timeoutMs: 1_000 });
    const late = failureOf(link.send(heartbeat, beat('c'), { timeoutMs: 200 }));
    await clock.advance(299);
    expect(broker.count(API.heartbeat)).toBe(1);
    await expect(late).resolves.toBe('timeout');
    await clock.advance(1);
    await expect(next).resolves.toMatchObject({ errorCode: 0 });
    expect(broker.count(API.heartbeat)).toBe(2);
    expect(link.closed.aborted).toBe(false);
  });
});

it('a request our own code cannot encode fails alone: nothing is written, the link stays open', async () => {
  await using broker = await FakeBroker.start();
  const link = await linkTo(broker);
  const topics = [{ topic: 't', topicId: 'no uuid' }];
  const request = { topics, allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false };
  await expect(link.send(metadata, request, { timeoutMs: 100 })).rejects.toThrow(WireError);
  expect(link.closed.aborted).toBe(false);
});
