import type { Clock } from '../clock.ts';
import { SnowstampError } from '../errors.ts';
import { LinkError, type Cluster } from '../kafka/cluster/port.ts';
import { walkFetched } from '../kafka/records/fetched.ts';
import { RecordCursor } from '../kafka/records/cursor.ts';
import { ERROR, describeError } from '../kafka/wire/errors.ts';
import { fetch } from '../kafka/wire/fetch.ts';
import { EARLIEST, LATEST, listOffsets } from '../kafka/wire/list-offsets.ts';
import { offsetForLeaderEpoch } from '../kafka/wire/offset-for-leader-epoch.ts';
import type { TopicPartition } from './port.ts';

/** A broker answered with an error that may pass, or no broker could be asked: the door is tried again later. */
export class NotYet extends Error {
  override readonly name = 'NotYet';
}

const PATIENCE_MS = 20_000;
const PAUSE_MS = 100;

/** For commands: asks again until there is an answer. @throws SnowstampError KAFKA_UNREACHABLE */
export async function patiently<T>(clock: Clock, ask: () => Promise<T>): Promise<T> {
  const deadlineMs = clock.now().monotonicMs + PATIENCE_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof NotYet)) throw error;
      if (clock.now().monotonicMs > deadlineMs)
        throw new SnowstampError('KAFKA_UNREACHABLE', error.message, error);
      await clock.sleep(PAUSE_MS);
    }
  }
}

const FETCH_BYTES = 1_048_576;
const WAIT_MS = 100;

/** Small questions about one partition's log, asked of its leader. Rejects with NotYet. */
export class LogReader {
  readonly #cluster: Cluster;
  readonly #timeoutMs: number;

  constructor(cluster: Cluster, timeoutMs: number) {
    this.#cluster = cluster;
    this.#timeoutMs = timeoutMs;
  }

  /** First offset still in the log. */
  async start(at: TopicPartition): Promise<number> {
    return this.#listOffsets(at, EARLIEST, 0);
  }

  /** `high-water`: the end of everything replicated; `stable`: the last stable offset. */
  async end(at: TopicPartition, upTo: 'high-water' | 'stable'): Promise<number> {
    return this.#listOffsets(at, LATEST, upTo === 'stable' ? 1 : 0);
  }

  /** Where `leaderEpoch` ends in the leader's log (KIP-320); undefined when the log knows no such epoch. */
  async epochEnd(at: TopicPartition, leaderEpoch: number): Promise<number | undefined> {
    const leader = this.#leader(at);
    const partitions = [{ partition: at.partition, currentLeaderEpoch: leader.epoch, leaderEpoch }];
    const answer = await this.#ask(async () => {
      const link = await this.#cluster.link(leader.nodeId, 'data');
      return link.send(
        offsetForLeaderEpoch,
        { topics: [{ topic: at.topic, partitions }] },
        { timeoutMs: this.#timeoutMs },
      );
    });
    const found = answer.topics[0]?.partitions[0];
    await this.#check(at, found?.errorCode);
    return found === undefined || found.endOffset < 0 ? undefined : found.endOffset;
  }

  /**
   * Visits records from `from` up to `end` (exclusive), in order, until `visit` answers true; resolves to whether it did.
   * Under read_uncommitted aborted records are visited too.
   */
  async scan(
    at: TopicPartition,
    from: number,
    end: number,
    isolationLevel: 0 | 1,
    watched: Uint8Array,
    visit: (cursor: RecordCursor) => boolean,
  ): Promise<boolean> {
    const cursor = new RecordCursor(watched);
    let offset = from;
    while (offset < end) {
      const found = await this.#fetch(at, offset, isolationLevel);
      let moved = false;
      if (found.records !== null) {
        const aborted = isolationLevel === 1 ? (found.abortedTransactions ?? []) : [];
        for (const piece of walkFetched(found.records, offset, aborted, {
          inflateCapBytes: 64 * FETCH_BYTES,
          verifyCrc: true,
        })) {
          if (piece.kind === 'problem')
            throw new NotYet(`${at.topic}-${at.partition} at offset ${piece.offset}: ${piece.detail}`);
          moved ||= piece.nextOffset > offset;
          if (piece.kind === 'data') {
            cursor.load(piece.records, piece.header);
            while (cursor.next())
              if (cursor.offset >= from && cursor.offset < end && visit(cursor)) return true;
          }
          offset = Math.max(offset, piece.nextOffset);
        }
      }
      // What was not seen is not known: neither that the output is empty (rule 8) nor its largest ID (rule 9).
      if (!moved) throw new NotYet(`${at.topic}-${at.partition} answers nothing at offset ${offset}`);
    }
    return false;
  }

  async #fetch(at: TopicPartition, fetchOffset: number, isolationLevel: 0 | 1) {
    const leader = this.#leader(at);
    const partition = {
      partition: at.partition,
      currentLeaderEpoch: leader.epoch,
      fetchOffset,
      lastFetchedEpoch: -1,
      partitionMaxBytes: FETCH_BYTES,
    };
    const request = {
      maxWaitMs: WAIT_MS,
      minBytes: 1,
      maxBytes: FETCH_BYTES,
      isolationLevel,
      topics: [{ topic: at.topic, partitions: [partition] }],
    };
    const answer = await this.#ask(async () => {
      const link = await this.#cluster.link(leader.nodeId, 'data');
      return link.send(fetch, request, { timeoutMs: this.#timeoutMs + WAIT_MS });
    });
    const found = answer.topics[0]?.partitions[0];
    await this.#check(at, found?.errorCode);
    return found!;
  }

  async #listOffsets(at: TopicPartition, timestamp: number, isolationLevel: 0 | 1): Promise<number> {
    const leader = this.#leader(at);
    const topics = [
      {
        topic: at.topic,
        partitions: [{ partition: at.partition, currentLeaderEpoch: leader.epoch, timestamp }],
      },
    ];
    const answer = await this.#ask(async () => {
      const link = await this.#cluster.link(leader.nodeId, 'data');
      return link.send(listOffsets, { isolationLevel, topics }, { timeoutMs: this.#timeoutMs });
    });
    const found = answer.topics[0]?.partitions[0];
    await this.#check(at, found?.errorCode);
    return found!.offset;
  }

  #leader({ topic, partition }: TopicPartition): { nodeId: number; epoch: number } {
    const found = this.#cluster.topic(topic)?.partitions.find((p) => p.partition === partition);
    if (found === undefined || found.leader < 0) throw new NotYet(`${topic}-${partition} has no leader`);
    return { nodeId: found.leader, epoch: found.leaderEpoch };
  }

  async #ask<T>(send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      if (error instanceof LinkError)
        throw new NotYet(`broker ${error.nodeId}: ${error.failure}`, { cause: error });
      throw error;
    }
  }

  async #check(at: TopicPartition, errorCode: number | undefined): Promise<void> {
    if (errorCode === ERROR.NONE) return;
    const name = errorCode === undefined ? 'no answer' : describeError(errorCode).name;
    await this.#ask(() => this.#cluster.refresh());
    throw new NotYet(`${at.topic}-${at.partition}: ${name}`);
  }
}
