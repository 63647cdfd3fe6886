import {
  LinkError,
  type SendOptions,
  type Cluster,
  type Link,
  type LinkFailure,
  type TopicMetadata,
} from '../../../src/kafka/cluster/port.ts';
import type { Message } from '../../../src/kafka/wire/message.ts';
import type { ProduceRequest } from '../../../src/kafka/wire/produce.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What the broker does with one request: answers with a code, is lost, or waits for the test. */
export type Fate = number | LinkFailure | Promise<number | LinkFailure>;

export interface Sent {
  readonly name: string;
  readonly nodeId: number;
  readonly request: Readonly<Record<string, unknown>>;
  readonly timeoutMs: number;
}

interface Named {
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly unknown[] }[];
}

const numberOf = (row: unknown): number =>
  typeof row === 'number' ? row : (row as { readonly partition: number }).partition;

/** Group coordinator is node 9, transaction coordinator node 8, partitions are led by node (partition mod 2) + 1. */
export class ScriptedCluster implements Cluster {
  readonly sent: Sent[] = [];
  readonly forgotten: string[] = [];
  readonly purposes: string[] = [];
  refreshes = 0;
  leaderless = new Set<number>();
  /** Fates per request name, taken in turn; then everything goes well. */
  readonly script: Record<string, Fate[]> = {};
  /** Codes a Produce gives to single partitions, on top of its fate 0. */
  readonly partitionCodes = new Map<number, number>();
  /** Runs when a link is asked for, before it is given: the place where the world changes. */
  onLink: () => void = () => undefined;
  epoch = -1;
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  get names(): string[] {
    return this.sent.map(({ name }) => name);
  }

  watch(): void {
    // Every topic is known.
  }

  refresh(): Promise<void> {
    this.refreshes += 1;
    return Promise.resolve();
  }

  topic(name: string): TopicMetadata {
    const partitions = [0, 1, 2, 3].map((partition) => {
      const leader = this.leaderless.has(partition) ? -1 : (partition % 2) + 1;
      return { partition, leader, leaderEpoch: 0, error: 0 };
    });
    return { topic: name, topicId: '0'.repeat(32), error: 0, partitions };
  }

  nodes(): [] {
    return [];
  }

  clusterId(): undefined {
    return undefined;
  }

  forget(kind: 'group' | 'transaction', key: string): void {
    this.forgotten.push(`${kind} ${key}`);
  }

  coordinator(kind: 'group' | 'transaction'): Promise<number> {
    return Promise.resolve(kind === 'group' ? 9 : 8);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  link(nodeId: number, purpose: string): Promise<Link> {
    this.purposes.push(`${nodeId} ${purpose}`);
    this.onLink();
    const link: Link = {
      nodeId,
      send: async <Request, Answer>(
        message: Message<Request, Answer>,
        request: Request,
        { timeoutMs }: SendOptions,
      ): Promise<Answer> => {
        const record = request as Record<string, unknown>;
        this.sent.push({ name: message.name, nodeId, request: snapshot(record), timeoutMs });
        const fate = await (this.script[message.name]?.shift() ?? 0);
        await this.#clock.sleep(0);
        if (typeof fate === 'string') throw new LinkError(fate, nodeId, `scripted: ${fate}`);
        return this.#answer(message.name, record, fate) as Answer;
      },
    };
    return Promise.resolve(link);
  }

  #answer(name: string, request: Record<string, unknown>, errorCode: number): unknown {
    if (name === 'InitProducerId') {
      this.epoch += 1;
      return { throttleTimeMs: 0, errorCode, producerId: 7n, producerEpoch: this.epoch };
    }
    if (name === 'AddOffsetsToTxn' || name === 'EndTxn') return { throttleTimeMs: 0, errorCode };
    const topics = (request as unknown as Named).topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((row) => this.#row(name, numberOf(row), errorCode)),
    }));
    return { throttleTimeMs: 0, errorCode: 0, topics };
  }

  #row(name: string, partition: number, fate: number): unknown {
    const errorCode = name === 'Produce' && fate === 0 ? (this.partitionCodes.get(partition) ?? 0) : fate;
    const recordErrors = errorCode === 32 ? [{ batchIndex: 1, message: 'too far ahead' }] : [];
    const baseOffset = errorCode === 0 ? 100 + partition : -1;
    const committed = { committedOffset: 40 + partition, committedLeaderEpoch: 3, metadata: 'v1:1:2' };
    return {
      partition,
      errorCode,
      baseOffset,
      logAppendTimeMs: -1,
      logStartOffset: 0,
      recordErrors,
      errorMessage: null,
      ...committed,
    };
  }
}

/** Batches are sealed in place for each try, so what was sent is copied out. */
function snapshot(request: Record<string, unknown>): Record<string, unknown> {
  if (!('acks' in request)) return request;
  const { topics } = request as unknown as ProduceRequest;
  const copied = topics.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map(({ partition, records }) => ({ partition, records: records.slice() })),
  }));
  return { ...request, topics: copied };
}
