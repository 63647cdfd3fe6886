import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mostTelling } from '../../../src/kafka/cluster/ask-in-turn.ts';
import { BACKOFF_MAX_MS, BACKOFF_MIN_MS, backoffMs } from '../../../src/kafka/cluster/coordinators.ts';
import { parseAddress, show } from '../../../src/kafka/cluster/dialer.ts';
import { FrameAssembler, FrameError, MAX_ANSWER_BYTES } from '../../../src/kafka/cluster/frames.ts';
import { LinkError } from '../../../src/kafka/cluster/port.ts';
import type { TopicMetadata } from '../../../src/kafka/cluster/port.ts';
import { requestHead, throttleOf } from '../../../src/kafka/cluster/request.ts';
import { sessionPlan } from '../../../src/kafka/cluster/session.ts';
import { mergeTopic } from '../../../src/kafka/cluster/topics.ts';
import { allLacking, REQUIRED } from '../../../src/kafka/cluster/versions.ts';
import type { MetadataTopic } from '../../../src/kafka/wire/metadata.ts';

const framed = (body: Uint8Array): Buffer => {
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
};

describe('frames', () => {
  it('gives the same answers however the stream is cut into chunks', () => {
    const bodies = fc.array(fc.uint8Array({ minLength: 4, maxLength: 300 }), { maxLength: 8 });
    fc.assert(
      fc.property(bodies, fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }), (answers, cuts) => {
        const stream = Buffer.concat(answers.map(framed));
        const assembler = new FrameAssembler();
        const seen: Buffer[] = [];
        for (let at = 0, cut = 0; at < stream.length; cut += 1) {
          const end = at + (cuts[cut % cuts.length] ?? 1);
          assembler.push(stream.subarray(at, end), (frame) => seen.push(frame));
          at = end;
        }
        expect(seen.map((frame) => frame.toString('hex'))).toEqual(
          answers.map((body) => Buffer.from(body).toString('hex')),
        );
      }),
    );
  });

  it('does not copy an answer that lies in one chunk', () => {
    const chunk = framed(Buffer.from('abcdefgh'));
    new FrameAssembler().push(chunk, (frame) => {
      expect(frame.buffer).toBe(chunk.buffer);
    });
    expect.assertions(1);
  });

  it.each([-1, 0, 3, MAX_ANSWER_BYTES + 1])('refuses an answer of %d bytes', (size) => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(size);
    expect(() => {
      new FrameAssembler().push(bytes, () => undefined);
    }).toThrow(FrameError);
  });
});

describe('request header', () => {
  const head = (flexible: boolean): string =>
    requestHead({ apiKey: 3, version: 12, flexible }, 0x01020304, Buffer.from('me'), 5).toString('hex');

  it('is v2 with an empty tag section for flexible messages, else v1', () => {
    expect(head(true)).toBe('00000012' + '0003' + '000c' + '01020304' + '0002' + '6d65' + '00');
    expect(head(false)).toBe('00000011' + '0003' + '000c' + '01020304' + '0002' + '6d65');
  });

  it('throttle time is read from answers that have one', () => {
    expect([{ throttleTimeMs: 7 }, { throttleTimeMs: -1 }, {}, null, 'x'].map(throttleOf)).toEqual([
      7, 0, 0, 0, 0,
    ]);
  });
});

describe('topic metadata (data-path rule 8)', () => {
  const ID = 'a'.repeat(32);
  const known: TopicMetadata = {
    topic: 't',
    topicId: ID,
    error: 0,
    partitions: [{ partition: 0, leader: 1, leaderEpoch: 5, error: 0 }],
  };
  const heard = (topicId: string, leaderId: number, leaderEpoch: number, errorCode = 0): MetadataTopic => ({
    errorCode: 0,
    topic: 't',
    topicId,
    isInternal: false,
    partitions: [
      { errorCode, partition: 0, leaderId, leaderEpoch, replicaNodes: [], isrNodes: [], offlineReplicas: [] },
    ],
    topicAuthorizedOperations: 0,
  });
  const merged = (topic: MetadataTopic) => mergeTopic(known, topic, 't').partitions[0];

  it('a lower leader epoch of the same topic is older news', () => {
    expect(merged(heard(ID, 2, 4))).toMatchObject({ leader: 1, leaderEpoch: 5 });
    expect(merged(heard(ID, 2, 6))).toMatchObject({ leader: 2, leaderEpoch: 6 });
  });

  it('control: without what is known the old leader would be believed', () => {
    expect(mergeTopic(undefined, heard(ID, 2, 4), 't').partitions[0]).toMatchObject({
      leader: 2,
      leaderEpoch: 4,
    });
  });

  it('a recreated topic starts its epochs again', () => {
    expect(merged(heard('b'.repeat(32), 2, 0))).toMatchObject({ leader: 2, leaderEpoch: 0 });
  });

  it('no leader for now: taken as it is, but the epoch is kept', () => {
    expect(merged(heard(ID, -1, -1, 5))).toEqual({ partition: 0, leader: -1, leaderEpoch: 5, error: 5 });
  });
});

describe('versions', () => {
  it('names API, version wanted and what the broker speaks', () => {
    const ranges = new Map(REQUIRED.map(({ apiKey, version }) => [apiKey, { min: 0, max: version }]));
    expect(allLacking(ranges)).toEqual([]);
    ranges.set(1, { min: 0, max: 11 });
    ranges.set(0, { min: 10, max: 13 });
    ranges.delete(28);
    expect(allLacking(ranges)).toEqual([
      'Produce (API 0) version 9: the broker speaks 10 to 13',
      'Fetch (API 1) version 12: the broker speaks 0 to 11',
      'TxnOffsetCommit (API 28) version 3: the broker does not know it',
    ]);
  });
});

it('coordinator backoff stays within 20 to 100 ms and rises', () => {
  const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.nat(10_000), share, (round, spread) => {
      const ms = backoffMs(round, spread);
      expect(ms).toBeGreaterThanOrEqual(BACKOFF_MIN_MS);
      expect(ms).toBeLessThanOrEqual(BACKOFF_MAX_MS);
    }),
  );
  expect([0, 1, 2, 3].map((round) => Math.round(backoffMs(round, 0.999)))).toEqual([40, 80, 100, 100]);
});

it('a session is renewed between 80 and 90 % of its life, given up at 95 %, never more often than every 100 ms', () => {
  expect(sessionPlan(60_000, 0)).toEqual({ renewAtMs: 48_000, giveUpAtMs: 57_000, retryMs: 1_000 });
  expect(sessionPlan(60_000, 1).renewAtMs).toBe(54_000);
  expect(sessionPlan(20, 0).renewAtMs).toBe(100);
});

it('bootstrap addresses: names, IPv4, IPv6 in brackets; anything else is refused by name', () => {
  expect(parseAddress('kafka-1.example:9092')).toEqual({ host: 'kafka-1.example', port: 9092 });
  expect(show(parseAddress('[2001:db8::1]:9093'))).toBe('[2001:db8::1]:9093');
  for (const text of ['', 'kafka', 'kafka:', ':9092', 'kafka:0', 'kafka:65536', '::1:9092', 'http://k:1']) {
    expect(() => parseAddress(text)).toThrow(/CONFIG_INVALID/);
  }
});

it('of several failures the one is told that says most', () => {
  const failed = (failure: 'unreachable' | 'refused' | 'unsupported') =>
    new LinkError(failure, 1, `it is ${failure}`);
  expect(mostTelling([failed('unreachable'), failed('unsupported'), failed('refused')]).failure).toBe(
    'refused',
  );
  expect(mostTelling([failed('unreachable'), failed('unsupported')]).failure).toBe('unsupported');
  expect(mostTelling([failed('unreachable')])).toMatchObject({ failure: 'unreachable', nodeId: -1 });
  expect(mostTelling([]).failure).toBe('unreachable');
});
