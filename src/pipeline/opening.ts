import type { Clock } from '../clock.ts';
import type { ErrorCode } from '../errors.ts';
import type { Cluster } from '../kafka/cluster/port.ts';
import type { CommittedOffset } from '../kafka/transaction/offsets.ts';
import { decode, type Layout } from '../snowflake/layout.ts';
import { IdReader } from '../stamp/id-reader.ts';
import { NOTHING_CARRIED, parseCarried, type Carried } from './carried.ts';
import { NotYet, type LogReader } from './log-reader.ts';
import type { Opening, Partition } from './partition.ts';
import type { TopicPartition } from './port.ts';

/** What the door says. `stop`: only an operator can help (rule 8); `again`: try later. */
export type Door =
  | { readonly door: 'open'; readonly opening: Opening }
  | { readonly door: 'stop'; readonly code: ErrorCode; readonly detail: string }
  | { readonly door: 'again'; readonly why: string };

/** How far back the output's tail is read for the largest ID when the commit carries none (rule 9). */
const TAIL_OFFSETS = 10_000;
/** No clock of ours was ever that far ahead: what reads as an ID from beyond is somebody else's number. */
const FOREIGN_AHEAD_MS = 86_400_000;

class Stop extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, detail: string) {
    super(detail);
    this.code = code;
  }
}

/**
 * The one door to a partition (rules 6, 8, 9): where to go on, and above which ID. Newly added partitions come through
 * it, and all of them after an error, a doubtful outcome or a new permit. It never moves an offset by itself.
 */
export class DoorKeeper {
  readonly #cluster: Cluster;
  readonly #log: LogReader;
  readonly #clock: Clock;
  readonly #layout: Layout;
  readonly #maxFloorWaitMs: number;

  constructor(deps: {
    cluster: Cluster;
    log: LogReader;
    clock: Clock;
    layout: Layout;
    maxFloorWaitMs: number;
  }) {
    this.#cluster = deps.cluster;
    this.#log = deps.log;
    this.#clock = deps.clock;
    this.#layout = deps.layout;
    this.#maxFloorWaitMs = deps.maxFloorWaitMs;
  }

  async open(partition: Partition, committed: CommittedOffset): Promise<Door> {
    try {
      return { door: 'open', opening: await this.#pass(partition, committed) };
    } catch (error) {
      if (error instanceof Stop)
        return { door: 'stop', code: error.code, detail: `${partition.name}: ${error.message}` };
      if (error instanceof NotYet) return { door: 'again', why: error.message };
      throw error;
    }
  }

  async #pass(partition: Partition, committed: CommittedOffset): Promise<Opening> {
    const input = partition.token;
    const output = { topic: partition.route.output, partition: input.partition };
    const topicId = this.#topics(partition, output);
    const offset =
      committed.offset >= 0 ? await this.#checked(input, committed) : await this.#virgin(input, output);
    const parsed = parseCarried(committed.offset >= 0 ? committed.metadata : null);
    if (parsed !== undefined) await this.#notTruncated(output, parsed);
    const carried = parsed ?? (await this.#fromTail(partition, output));
    const source =
      committed.offset < 0 ? 'start of the log' : parsed === undefined ? 'output tail' : 'commit';
    const floorTimestampMs = this.#floor(carried);
    return {
      offset,
      leaderEpoch: committed.offset >= 0 ? committed.leaderEpoch : -1,
      carried,
      floorTimestampMs,
      topicId,
      source,
    };
  }

  /** Both topics are there, the output is wide enough, and the input is the one we knew. */
  #topics(partition: Partition, output: TopicPartition): string {
    const input = this.#cluster.topic(partition.token.topic);
    if (input === undefined || input.error !== 0)
      throw new NotYet(`input topic ${partition.token.topic} is not there`);
    if (partition.topicId !== '' && partition.topicId !== input.topicId) {
      throw new Stop(
        'TOPIC_RECREATED',
        `topic id was ${partition.topicId}, is ${input.topicId}: restart the fleet at a stated position`,
      );
    }
    const target = this.#cluster.topic(output.topic);
    if (target === undefined || target.error !== 0)
      throw new NotYet(`output topic ${output.topic} is not there: create it`);
    if (!target.partitions.some((p) => p.partition === output.partition)) {
      throw new Stop(
        'OUTPUT_TOO_NARROW',
        `${output.topic} has ${target.partitions.length} partitions: add partitions`,
      );
    }
    return input.topicId;
  }

  /** A committed position is used only as it stands: inside the log, on a branch the log still has. */
  async #checked(input: TopicPartition, committed: CommittedOffset): Promise<number> {
    const { offset, leaderEpoch } = committed;
    const [start, end] = await Promise.all([this.#log.start(input), this.#log.end(input, 'high-water')]);
    if (offset < start || offset > end) {
      throw new Stop(
        'POSITION_OUT_OF_RANGE',
        `committed offset ${offset} is outside the log ${start}…${end}: state a position`,
      );
    }
    if (leaderEpoch >= 0) {
      const epochEnd = await this.#log.epochEnd(input, leaderEpoch);
      if (epochEnd !== undefined && epochEnd < offset) {
        throw new Stop(
          'LOG_DIVERGED',
          `epoch ${leaderEpoch} ends at ${epochEnd}, below the committed offset ${offset}: state a position`,
        );
      }
    }
    return offset;
  }

  /** No committed offset: the earliest is right only if the output never held a visible record (rule 8). */
  async #virgin(input: TopicPartition, output: TopicPartition): Promise<number> {
    const [start, outputStart, outputEnd] = await Promise.all([
      this.#log.start(input),
      this.#log.start(output),
      this.#log.end(output, 'stable'),
    ]);
    const held =
      outputStart > 0 || (await this.#log.scan(output, 0, outputEnd, 1, new Uint8Array(0), () => true));
    if (held) {
      throw new Stop(
        'POSITION_UNKNOWN',
        `no committed offset, yet ${output.topic}-${output.partition} held records: state a position`,
      );
    }
    return start;
  }

  async #notTruncated(output: TopicPartition, { outputOffset }: Carried): Promise<void> {
    if (outputOffset < 0) return;
    const end = await this.#log.end(output, 'high-water');
    if (end <= outputOffset) {
      throw new Stop(
        'OUTPUT_TRUNCATED',
        `${output.topic}-${output.partition} ends at ${end}, yet offset ${outputOffset} was written`,
      );
    }
  }

  /**
   * The largest ID in the output's tail that fits the layout and the time, aborted ones included. One ahead of this clock
   * counts: it is the floor, be it too far (rule 9); to pass it over would let IDs fall (P2).
   */
  async #fromTail(partition: Partition, output: TopicPartition): Promise<Carried> {
    const [start, end] = await Promise.all([this.#log.start(output), this.#log.end(output, 'high-water')]);
    const reader = new IdReader(partition.route.stamp);
    const latestMs = this.#clock.now().wallMs + FOREIGN_AHEAD_MS;
    let found: Carried = NOTHING_CARRIED;
    await this.#log.scan(output, Math.max(start, end - TAIL_OFFSETS), end, 0, reader.watch, (cursor) => {
      const id = reader.idOf(cursor);
      if (id === undefined || id <= found.lastId) return false;
      const decoded = decode(this.#layout, id);
      if (decoded.ok && decoded.timestampMs <= latestMs) found = { lastId: id, outputOffset: cursor.offset };
      return false;
    });
    return found;
  }

  #floor({ lastId }: Carried): number {
    if (lastId === 0n) return -1;
    const decoded = decode(this.#layout, lastId);
    if (!decoded.ok) return -1;
    const aheadMs = decoded.timestampMs - this.#clock.now().wallMs;
    if (aheadMs > this.#maxFloorWaitMs) {
      throw new Stop(
        'FLOOR_TOO_FAR',
        `last ID ${lastId} lies ${Math.round(aheadMs)} ms ahead of this clock: check clocks, then raise maxFloorWaitMs or wait`,
      );
    }
    return decoded.timestampMs;
  }
}
