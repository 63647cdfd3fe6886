import { SnowstampError } from '../errors.ts';
import { LinkError, type Cluster, type Link } from '../kafka/cluster/port.ts';
import { describeError, ERROR } from '../kafka/wire/errors.ts';
import { fetch } from '../kafka/wire/fetch.ts';
import { EARLIEST, LATEST, listOffsets } from '../kafka/wire/list-offsets.ts';
import { offsetFetch } from '../kafka/wire/offset-fetch.ts';
import { decodeSet, type AuditRecord, type Decoded } from './batches.ts';

export interface Committed {
  /** −1: nothing was ever committed. */
  readonly offset: number;
  readonly metadata: string | null;
}

const FETCH_BYTES = 4 * 2 ** 20;
const TIMEOUT_MS = 15_000;
const TRIES = 20;
const PAUSE_MS = 100;

/** The auditor's own way to read topics: read_committed, from first to last offset, patient with passing faults. */
export class TopicReader {
  readonly #cluster: Cluster;
  readonly #sleep: (ms: number) => Promise<void>;

  constructor(cluster: Cluster, sleep: (ms: number) => Promise<void>) {
    this.#cluster = cluster;
    this.#sleep = sleep;
  }

  /** @throws SnowstampError KAFKA_UNREACHABLE, TOPIC_MISSING */
  async partitionCount(topic: string): Promise<number> {
    this.#cluster.watch([topic]);
    await this.#patiently(() => this.#cluster.refresh().then(() => ERROR.NONE));
    const found = this.#cluster.topic(topic);
    if (found?.error !== 0) throw new SnowstampError('TOPIC_MISSING', `topic ${topic} does not exist`);
    return found.partitions.length;
  }

  start(topic: string, partition: number): Promise<number> {
    return this.#offsetAt(topic, partition, EARLIEST);
  }

  /** The last stable offset. */
  stableEnd(topic: string, partition: number): Promise<number> {
    return this.#offsetAt(topic, partition, LATEST);
  }

  async committed(groupId: string, topic: string, partition: number): Promise<Committed> {
    let found: Committed = { offset: -1, metadata: null };
    await this.#patiently(async () => {
      const nodeId = await this.#cluster.coordinator('group', groupId, { timeoutMs: TIMEOUT_MS });
      const link = await this.#cluster.link(nodeId, 'data');
      const answer = await link.send(
        offsetFetch,
        { groupId, topics: [{ topic, partitions: [partition] }], requireStable: true },
        { timeoutMs: TIMEOUT_MS },
      );
      const one = answer.topics[0]?.partitions[0];
      if (answer.errorCode === ERROR.NOT_COORDINATOR) this.#cluster.forget('group', groupId);
      if (one !== undefined) found = { offset: one.committedOffset, metadata: one.metadata };
      return answer.errorCode === ERROR.NONE ? (one?.errorCode ?? ERROR.NONE) : answer.errorCode;
    });
    return found;
  }

  /** All visible records of `[from, end)`, a set at a time. */
  async *records(
    topic: string,
    partition: number,
    from: number,
    end: number,
  ): AsyncGenerator<readonly AuditRecord[]> {
    let offset = from;
    let idle = 0;
    while (offset < end) {
      const { records, nextOffset } = await this.next(topic, partition, offset);
      // The group may know of a commit before its marker stands in this log.
      if (nextOffset <= offset && ++idle < TRIES) continue;
      if (nextOffset <= offset)
        throw new SnowstampError(
          'BATCH_CORRUPT',
          `${topic}-${partition}: nothing whole to read at offset ${offset}, below ${end}`,
        );
      idle = 0;
      offset = nextOffset;
      yield records.at(-1) !== undefined && records.at(-1)!.offset >= end
        ? records.filter((record) => record.offset < end)
        : records;
    }
  }

  /** What is visible at `fetchOffset`, waiting half a second for something to be. */
  async next(topic: string, partition: number, fetchOffset: number): Promise<Decoded> {
    let decoded: Decoded | undefined;
    await this.#patiently(async () => {
      const link = await this.#leader(topic, partition);
      const partitions = [
        {
          partition,
          currentLeaderEpoch: -1,
          fetchOffset,
          lastFetchedEpoch: -1,
          partitionMaxBytes: FETCH_BYTES,
        },
      ];
      const request = {
        maxWaitMs: 500,
        minBytes: 1,
        maxBytes: FETCH_BYTES,
        isolationLevel: 1 as const,
        topics: [{ topic, partitions }],
      };
      const one = (await link.send(fetch, request, { timeoutMs: TIMEOUT_MS })).topics[0]?.partitions[0];
      if (one?.errorCode === ERROR.NONE)
        decoded = decodeSet(one.records ?? new Uint8Array(0), fetchOffset, one.abortedTransactions ?? []);
      return one?.errorCode ?? ERROR.UNKNOWN_SERVER_ERROR;
    });
    return decoded!;
  }

  async #offsetAt(topic: string, partition: number, timestamp: number): Promise<number> {
    let offset = -1;
    await this.#patiently(async () => {
      const link = await this.#leader(topic, partition);
      const topics = [{ topic, partitions: [{ partition, currentLeaderEpoch: -1, timestamp }] }];
      const one = (await link.send(listOffsets, { isolationLevel: 1, topics }, { timeoutMs: TIMEOUT_MS }))
        .topics[0]?.partitions[0];
      offset = one?.offset ?? -1;
      return one?.errorCode ?? ERROR.UNKNOWN_SERVER_ERROR;
    });
    return offset;
  }

  async #leader(topic: string, partition: number): Promise<Link> {
    const leader =
      this.#cluster.topic(topic)?.partitions.find((p) => p.partition === partition)?.leader ?? -1;
    if (leader < 0) throw new LinkError('unreachable', leader, `${topic}-${partition} has no leader`);
    return this.#cluster.link(leader, 'fetch');
  }

  /** Tries until the answer's code is 0; what does not pass in time is an error. */
  async #patiently(ask: () => Promise<number>): Promise<void> {
    let why = '';
    for (let left = TRIES; left > 0; left--) {
      try {
        const code = await ask();
        if (code === ERROR.NONE) return;
        why = describeError(code).name;
        await this.#cluster.refresh();
      } catch (error) {
        if (!(error instanceof LinkError)) throw error;
        why = error.message;
      }
      await this.#sleep(PAUSE_MS);
    }
    throw new SnowstampError('KAFKA_UNREACHABLE', why);
  }
}
