import type { Clock } from '../clock.ts';
import { LinkError, type Cluster } from '../kafka/cluster/port.ts';
import { fetch, type FetchRequest } from '../kafka/wire/fetch.ts';
import { ERROR } from '../kafka/wire/errors.ts';
import { takeAnswer } from './fetch-answer.ts';
import type { Partition } from './partition.ts';
import type { Observe, PipelineSettings } from './port.ts';
import { fetchPauseMs, tellRetry } from './retry.ts';
import { Wake } from './wake.ts';

/** What the fetchers ask of the pipeline. */
export interface Source {
  /** Partitions owned right now. */
  partitions(): Iterable<Partition>;
  /** Intake open? And how many bytes may still come in (P6). */
  roomBytes(): number;
  /** Something arrived, or a partition changed state. */
  arrived(): void;
}

/** One partition as a request asked for it; `resets` and `fetchOffset` recognise an answer that came too late. */
interface Asked {
  readonly partition: Partition;
  readonly resets: number;
  readonly fetchOffset: number;
  /** Asked first since its last answer was cut off: the broker answers the first batch of a request whole (KIP-74). */
  readonly whole: boolean;
}

/** The next request waits this long after an answer with little in it, so that a trickle is not fetched record by record. */
const TRICKLE_PAUSE_MS = 5;
const TRICKLE_BYTES = 65_536;
/** While partitions of this node wait for room, a long poll for the others is kept short, or it would hold them up. */
const CROWDED_WAIT_MS = 5;
const IDLE_MS = 200;
/** What a sidelined partition is tried with: many of them, due together, must not fill the room. */
const TRIAL_BYTES = 65_536;
/** After an error that concerns the request; one that concerns a partition makes that partition wait (rule 5). */
const WHOLE_ANSWER_PAUSE_MS = 50;

/** *fetch*: one long poll per broker that leads one of our partitions, each on a connection of its own. */
export class Fetcher {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #settings: PipelineSettings;
  readonly #source: Source;
  readonly #observe: Observe;
  readonly #loops = new Map<number, Wake>();
  /** Asked for and not answered yet, over all brokers (P6). */
  #awaitedBytes = 0;
  /** Rotates the order of partitions: the broker serves them in order and answers the first one whole (KIP-74). */
  #turn = 0;

  constructor(deps: {
    cluster: Cluster;
    clock: Clock;
    settings: PipelineSettings;
    source: Source;
    observe: Observe;
  }) {
    this.#cluster = deps.cluster;
    this.#clock = deps.clock;
    this.#settings = deps.settings;
    this.#source = deps.source;
    this.#observe = deps.observe;
  }

  /** Starts loops for leaders that have none and wakes the others; failures are handed to `broken`. */
  kick(signal: AbortSignal, broken: (error: unknown) => void): void {
    if (signal.aborted) return;
    for (const partition of this.#source.partitions()) {
      const leader = this.#leaderOf(partition);
      if (leader === undefined || this.#loops.has(leader)) continue;
      const wake = new Wake(this.#clock);
      this.#loops.set(leader, wake);
      void this.#loop(leader, wake, signal)
        .catch(broken)
        .finally(() => this.#loops.delete(leader));
    }
    for (const wake of this.#loops.values()) wake.ring();
  }

  #leaderOf(partition: Partition): number | undefined {
    const { topic, partition: index } = partition.token;
    const leader = this.#cluster.topic(topic)?.partitions.find((p) => p.partition === index)?.leader;
    return leader === undefined || leader < 0 ? undefined : leader;
  }

  async #loop(nodeId: number, wake: Wake, signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const { asked, request, nextMs } = this.#plan(nodeId);
      if (asked.length === 0) {
        await wake.wait(Math.min(IDLE_MS, nextMs), signal);
        continue;
      }
      const awaitedBytes = Math.min(request.maxBytes, asked.length * this.#settings.fetch.partitionMaxBytes);
      this.#awaitedBytes += awaitedBytes;
      try {
        const bytes = await this.#fetchOnce(nodeId, asked, request, signal).finally(() => {
          this.#awaitedBytes -= awaitedBytes;
        });
        failures = 0;
        if (bytes < TRICKLE_BYTES && bytes > 0) await this.#clock.sleep(TRICKLE_PAUSE_MS, signal);
      } catch (error) {
        if (!(error instanceof LinkError)) throw error;
        failures++;
        tellRetry(this.#observe, `Fetch from ${nodeId}`, error.failure, failures);
        for (const { partition } of asked) partition.unheard(`broker ${nodeId}: ${error.failure}`);
        await this.#refresh();
        await this.#clock.sleep(fetchPauseMs(failures), signal);
      }
    }
  }

  /** Partitions to ask this node for now, and when one that waits after an error is due. */
  #ledBy(nodeId: number): { mine: Partition[]; nextMs: number } {
    const { monotonicMs } = this.#clock.now();
    const mine: Partition[] = [];
    let nextMs = Infinity;
    for (const partition of this.#source.partitions()) {
      if (!partition.flowing || this.#leaderOf(partition) !== nodeId) continue;
      const { trouble, dueMs } = partition;
      if (dueMs > monotonicMs) {
        nextMs = Math.min(nextMs, dueMs - monotonicMs);
        continue;
      }
      const waits = trouble !== undefined && trouble.leaderEpoch === this.#epochOf(partition);
      if (waits && trouble.untilMs > monotonicMs) nextMs = Math.min(nextMs, trouble.untilMs - monotonicMs);
      else mine.push(partition);
    }
    return { mine, nextMs };
  }

  #plan(nodeId: number): { asked: Asked[]; request: FetchRequest; nextMs: number } {
    const { fetch: limits } = this.#settings;
    const asked: Asked[] = [];
    let crowded = false;
    // Other brokers' answers on their way count as fetched; no broker's may take more than its share, or it would starve the rest.
    const shareBytes = Math.ceil(this.#settings.memoryBytes / this.#loops.size);
    const roomBytes = Math.min(shareBytes, this.#source.roomBytes() - this.#awaitedBytes);
    const { mine, nextMs } = this.#ledBy(nodeId);
    const cutOff = mine.findIndex((p) => p.inflow.truncated > 0);
    const first = cutOff >= 0 ? cutOff : mine.length === 0 ? 0 : this.#turn++ % mine.length;
    for (const partition of [...mine.slice(first), ...mine.slice(0, first)]) {
      const { fetchOffset, truncated, unsure } = partition.inflow;
      if (roomBytes <= 0 || unsure || partition.inflow.bytes >= limits.partitionMaxBytes) {
        crowded = true;
        continue;
      }
      const whole = asked.length === 0 && truncated > 0;
      asked.push({ partition, resets: partition.resets, fetchOffset, whole });
    }
    const topics = Map.groupBy(asked, ({ partition }) => partition.token.topic);
    const request: FetchRequest = {
      maxWaitMs: Math.min(limits.maxWaitMs, crowded ? CROWDED_WAIT_MS : Math.ceil(nextMs)),
      minBytes: limits.minBytes,
      maxBytes: Math.max(1, Math.min(limits.maxBytes, roomBytes)),
      isolationLevel: 1,
      topics: [...topics].map(([topic, list]) => ({
        topic,
        partitions: list.map(({ partition, fetchOffset }) => ({
          partition: partition.token.partition,
          currentLeaderEpoch: this.#epochOf(partition),
          fetchOffset,
          lastFetchedEpoch: partition.inflow.lastFetchedEpoch,
          partitionMaxBytes: roomFor(partition, limits),
        })),
      })),
    };
    return { asked, request, nextMs };
  }

  #epochOf(partition: Partition): number {
    const { topic, partition: index } = partition.token;
    return this.#cluster.topic(topic)?.partitions.find((p) => p.partition === index)?.leaderEpoch ?? -1;
  }

  async #fetchOnce(
    nodeId: number,
    asked: readonly Asked[],
    request: FetchRequest,
    signal: AbortSignal,
  ): Promise<number> {
    const link = await this.#cluster.link(nodeId, 'fetch');
    const answer = await link.send(fetch, request, {
      timeoutMs: request.maxWaitMs + this.#settings.requestTimeoutMs,
    });
    if (signal.aborted) return 0;
    const byName = new Map(asked.map((one) => [one.partition.name, one]));
    let bytes = 0;
    let stale = answer.errorCode !== ERROR.NONE;
    const given = { nowMs: this.#clock.now().monotonicMs, observe: this.#observe };
    for (const { topic, partitions } of answer.topics) {
      for (const found of partitions) {
        const one = byName.get(`${topic}-${found.partition}`);
        if (one === undefined || isLate(one)) continue;
        bytes += found.records?.length ?? 0;
        stale =
          takeAnswer(one.partition, found, {
            ...given,
            whole: one.whole,
            leaderEpoch: this.#epochOf(one.partition),
          }) || stale;
      }
    }
    this.#observe({ fact: 'fetched', nodeId, bytes, partitions: asked.length });
    this.#source.arrived();
    if (stale) await this.#refresh();
    if (answer.errorCode !== ERROR.NONE) await this.#clock.sleep(WHOLE_ANSWER_PAUSE_MS, signal);
    return bytes;
  }

  async #refresh(): Promise<void> {
    try {
      await this.#cluster.refresh();
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      this.#observe({ fact: 'retried', request: 'Metadata', why: error.failure });
    }
  }
}

/** A batch that came truncated is asked for with room for all of it, within what a whole answer may hold; to try alone, little will do. */
function roomFor(
  { state, inflow: { needBytes } }: Partition,
  limits: { readonly maxBytes: number; readonly partitionMaxBytes: number },
): number {
  const usualBytes =
    state.at === 'sidelined' ? Math.min(TRIAL_BYTES, limits.partitionMaxBytes) : limits.partitionMaxBytes;
  return Math.max(usualBytes, Math.min(needBytes, limits.maxBytes));
}

/** The partition was reset or stopped since, or another broker's answer for the same offset was taken. */
const isLate = ({ partition, resets, fetchOffset }: Asked): boolean =>
  partition.resets !== resets || !partition.flowing || partition.inflow.fetchOffset !== fetchOffset;
