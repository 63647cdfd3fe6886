import { LinkError, type Cluster, type Link, type TopicMetadata } from '../../../src/kafka/cluster/port.ts';
import type { FetchAnswer, FetchRequest } from '../../../src/kafka/wire/fetch.ts';
import type { ListOffsetsRequest } from '../../../src/kafka/wire/list-offsets.ts';
import type { Message } from '../../../src/kafka/wire/message.ts';
import type { OffsetFetchRequest } from '../../../src/kafka/wire/offset-fetch.ts';
import type { OffsetForLeaderEpochRequest } from '../../../src/kafka/wire/offset-for-leader-epoch.ts';
import { VirtualClock } from '../transaction/virtual-clock.ts';
import { FakeLog } from './log.ts';

/** Of the worlds' wall clocks; the monotonic one begins at 1,000. */
export const T0 = Date.UTC(2026, 5, 1);

/** Jumps to the next timer when nothing else runs, and has a wall clock of this century. */
export class WorldClock extends VirtualClock {
  stepMs = 0;

  override now(): { wallMs: number; monotonicMs: number } {
    const { monotonicMs } = super.now();
    return { monotonicMs, wallMs: T0 + monotonicMs + this.stepMs };
  }
}

interface Topic {
  topicId: string;
  readonly logs: FakeLog[];
}

export interface Committed {
  offset: number;
  leaderEpoch: number;
  metadata: string | null;
}

const ON_GROUP_COORDINATOR = 9;

/** Brokers in memory: logs, committed offsets, and the five questions the pipeline asks. */
export class World implements Cluster {
  readonly clock = new WorldClock();
  readonly topics = new Map<string, Topic>();
  readonly committed = new Map<string, Committed>();
  /** Partitions whose committed offset an open transaction holds: for so many more questions, the offset before it. */
  readonly unstable = new Map<string, { left: number; readonly before: Committed | undefined }>();
  /** A broker before KIP-447, or a client that does not ask for stable offsets: a control. */
  givesUnstable = false;
  readonly asked: { readonly name: string; readonly request: unknown }[] = [];
  /** A test's word on a Fetch before it is answered; undefined: as usual. */
  onFetch: (request: FetchRequest) => FetchAnswer | LinkError | undefined = () => undefined;
  onAsked: (name: string, request: unknown) => void = () => undefined;
  /** Leader of every partition, unless a test has it otherwise. */
  leader = 1;
  leaderOf: (partition: number) => number = () => this.leader;
  #shown = new Map<string, TopicMetadata>();

  create(topic: string, partitions = 1): FakeLog[] {
    const logs = Array.from({ length: partitions }, () => new FakeLog());
    this.topics.set(topic, { topicId: `id-of-${topic}`, logs });
    this.show();
    return logs;
  }

  log(topic: string, partition = 0): FakeLog {
    return this.topics.get(topic)!.logs[partition]!;
  }

  /** What `topic()` answers follows the truth only from `refresh` on. */
  show(): void {
    this.#shown = new Map(
      [...this.topics].map(([topic, { topicId, logs }]) => {
        const partitions = logs.map(({ epoch }, partition) => ({
          partition,
          leader: this.leaderOf(partition),
          leaderEpoch: epoch,
          error: 0,
        }));
        return [topic, { topic, topicId, error: 0, partitions }];
      }),
    );
  }

  asks(name: string): number {
    return this.asked.filter((asked) => asked.name === name).length;
  }

  /** Lets everything run until `condition` holds. */
  async until(condition: () => boolean, what: string): Promise<void> {
    for (let turns = 0; turns < 5_000; turns++) {
      if (condition()) return;
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
    throw new Error(`never: ${what}`);
  }

  /** Lets virtual time pass. */
  async pass(ms: number): Promise<void> {
    await this.clock.sleep(ms);
  }

  watch(): void {
    // Every topic is known.
  }

  refresh(): Promise<void> {
    this.show();
    return Promise.resolve();
  }

  topic(name: string): TopicMetadata | undefined {
    return this.#shown.get(name);
  }

  nodes(): [] {
    return [];
  }

  clusterId(): undefined {
    return undefined;
  }

  coordinator(): Promise<number> {
    return Promise.resolve(ON_GROUP_COORDINATOR);
  }

  forget(): void {
    // Nothing is cached.
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  link(nodeId: number): Promise<Link> {
    const send = async <Request, Answer>(
      message: Message<Request, Answer>,
      request: Request,
    ): Promise<Answer> => {
      this.asked.push({ name: message.name, request });
      this.onAsked(message.name, request);
      await this.clock.sleep(0);
      return (await this.#answer(message.name, request)) as Answer;
    };
    return Promise.resolve({ nodeId, send });
  }

  async #answer(name: string, request: unknown): Promise<unknown> {
    switch (name) {
      case 'Fetch':
        return this.#fetch(request as FetchRequest);
      case 'ListOffsets':
        return this.#listOffsets(request as ListOffsetsRequest);
      case 'OffsetFetch':
        return this.#offsetFetch(request as OffsetFetchRequest);
      case 'OffsetForLeaderEpoch':
        return this.#epochEnd(request as OffsetForLeaderEpochRequest);
      default:
        throw new Error(`the pipeline asked for ${name}`);
    }
  }

  async #fetch(request: FetchRequest): Promise<FetchAnswer> {
    const scripted = this.onFetch(request);
    if (scripted instanceof LinkError) throw scripted;
    if (scripted !== undefined) return scripted;
    const answer = this.fetched(request);
    if (answer.topics.every(({ partitions }) => partitions.every(({ records }) => records?.length === 0)))
      await this.clock.sleep(request.maxWaitMs);
    return this.fetched(request);
  }

  fetched(request: FetchRequest): FetchAnswer {
    const topics = request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition, fetchOffset, partitionMaxBytes }) => {
        const log = this.log(topic, partition);
        const outside = fetchOffset < log.start || fetchOffset > log.end;
        const { records, aborted } = log.read(
          fetchOffset,
          request.isolationLevel,
          Math.min(partitionMaxBytes, request.maxBytes),
        );
        return {
          partition,
          errorCode: outside ? 1 : 0,
          highWatermark: log.end,
          lastStableOffset: log.lastStable,
          logStartOffset: log.start,
          divergingEpoch: null,
          currentLeader: null,
          abortedTransactions: request.isolationLevel === 1 ? aborted : null,
          preferredReadReplica: -1,
          records: outside ? null : records,
        };
      }),
    }));
    return { throttleTimeMs: 0, errorCode: 0, sessionId: 0, topics };
  }

  #listOffsets({ isolationLevel, topics }: ListOffsetsRequest): unknown {
    return {
      topics: topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition, timestamp }) => {
          const log = this.log(topic, partition);
          const offset = timestamp === -2 ? log.start : isolationLevel === 1 ? log.lastStable : log.end;
          return { partition, errorCode: 0, timestamp: -1n, offset, leaderEpoch: log.epoch };
        }),
      })),
    };
  }

  #offsetFetch({ topics }: OffsetFetchRequest): unknown {
    const rows = (topics ?? []).map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((partition) => {
        const key = `${topic}-${partition}`;
        const held = this.unstable.get(key);
        if (held !== undefined && --held.left <= 0) this.unstable.delete(key);
        const found = held !== undefined && this.givesUnstable ? held.before : this.committed.get(key);
        return {
          partition,
          committedOffset: found?.offset ?? -1,
          committedLeaderEpoch: found?.leaderEpoch ?? -1,
          metadata: found?.metadata ?? null,
          errorCode: held !== undefined && !this.givesUnstable ? 88 : 0,
        };
      }),
    }));
    return { throttleTimeMs: 0, topics: rows, errorCode: 0 };
  }

  #epochEnd({ topics }: OffsetForLeaderEpochRequest): unknown {
    return {
      topics: topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition, leaderEpoch }) => {
          const endOffset = this.log(topic, partition).epochEnd(leaderEpoch);
          return { partition, errorCode: 0, leaderEpoch, endOffset };
        }),
      })),
    };
  }
}
