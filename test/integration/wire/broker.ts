import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { Kafka, logLevel } from 'kafkajs';
import { provideKafka } from '../../../deploy/local/backends.ts';
import { ERROR } from '../../../src/kafka/wire/errors.ts';
import type { Message } from '../../../src/kafka/wire/message.ts';
import { ask } from './socket.ts';

/** Coordinators load in the background: the codes that say so are asked again. */
export const LOADING: readonly number[] = [
  ERROR.COORDINATOR_LOAD_IN_PROGRESS,
  ERROR.COORDINATOR_NOT_AVAILABLE,
  ERROR.NOT_COORDINATOR,
];

export interface Broker extends AsyncDisposable {
  /** One partition, holding `RECORDS` in one batch of leader epoch `epoch`. */
  readonly topic: string;
  /** Empty; refuses records without a key. */
  readonly compacted: string;
  readonly groupId: string;
  readonly transactionalId: string;
  send<Request, Answer>(message: Message<Request, Answer>, request: Request): Promise<Answer>;
}

export const RECORDS = ['one', 'two', 'three'];

/** A broker with a topic of our own. */
export async function withTopic(): Promise<Broker> {
  const backend = await provideKafka();
  const address = backend.bootstrap[0];
  if (address === undefined) throw new Error('no broker');
  const run = randomUUID().slice(0, 8);
  const topic = `wire-${run}`;
  const kafka = new Kafka({ brokers: [...backend.bootstrap], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  const producer = kafka.producer();
  await admin.connect();
  const one = { numPartitions: 1, replicationFactor: 1 };
  const compacted = {
    topic: `${topic}-compacted`,
    configEntries: [{ name: 'cleanup.policy', value: 'compact' }],
  };
  await admin.createTopics({
    topics: [
      { topic, ...one },
      { ...compacted, ...one },
    ],
    waitForLeaders: true,
  });
  await admin.disconnect();
  await producer.connect();
  await producer.send({ topic, messages: RECORDS.map((value) => ({ value })) });
  await producer.disconnect();
  return {
    topic,
    compacted: compacted.topic,
    groupId: `wire-group-${run}`,
    transactionalId: `wire-txn-${run}`,
    send: (message, request) => ask(address, message, request),
    [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
  };
}

export function only<T>(items: readonly T[]): T {
  expect(items).toHaveLength(1);
  return items[0]!;
}

/** The one partition of the one topic of an answer. */
export function partitionOf<P>(answer: {
  readonly topics: readonly { readonly partitions: readonly P[] }[];
}): P {
  return only(only(answer.topics).partitions);
}

/** Asks again while the answer's code is one of `again`, and no other, for half a minute at most. */
export async function settled<T>(
  attempt: () => Promise<T>,
  code: (answer: T) => number,
  again: readonly number[],
): Promise<T> {
  const deadlineMs = performance.now() + 30_000;
  for (;;) {
    const answer = await attempt();
    if (!again.includes(code(answer)) || performance.now() > deadlineMs) return answer;
  }
}
