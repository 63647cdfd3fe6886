import type { Clock } from '../clock.ts';
import type { Cluster } from '../kafka/cluster/port.ts';
import { fatalError } from '../kafka/transaction/fatal.ts';
import { fetchCommitted, type CommittedOffset } from '../kafka/transaction/offsets.ts';
import { describeError } from '../kafka/wire/errors.ts';
import { tellRetry } from './retry.ts';
import type { DoorKeeper } from './opening.ts';
import type { Partition } from './partition.ts';
import type { Observe, PipelineSettings } from './port.ts';

/** How long one try at stable offsets may take; a dead owner's transaction may hold them longer (rule 11), then it is tried again. */
const STABLE_TRY_MS = 5_000;

/** Brings partitions through the door, several at a time, without holding up those that flow. */
export class Opener {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #groupId: string;
  readonly #door: DoorKeeper;
  readonly #settings: PipelineSettings;
  readonly #observe: Observe;
  readonly #changed: () => void;
  readonly #busy = new Set<Partition>();

  constructor(deps: {
    cluster: Cluster;
    clock: Clock;
    groupId: string;
    door: DoorKeeper;
    settings: PipelineSettings;
    observe: Observe;
    changed: () => void;
  }) {
    this.#cluster = deps.cluster;
    this.#clock = deps.clock;
    this.#groupId = deps.groupId;
    this.#door = deps.door;
    this.#settings = deps.settings;
    this.#observe = deps.observe;
    this.#changed = deps.changed;
  }

  /** Starts opening every partition that is due; failures are handed to `broken`. */
  start(partitions: Iterable<Partition>, signal: AbortSignal, broken: (error: unknown) => void): void {
    const nowMs = this.#clock.now().monotonicMs;
    const due = [...partitions].filter(
      (p) => p.token.alive && p.state.at === 'opening' && p.state.notBeforeMs <= nowMs && !this.#busy.has(p),
    );
    for (const partition of due) {
      this.#busy.add(partition);
      this.#open(partition, signal)
        .catch(broken)
        .finally(() => {
          this.#busy.delete(partition);
          this.#changed();
        });
    }
  }

  /** One request each: a partition whose offset a dead owner's transaction still holds keeps none of the others waiting. */
  async #open(partition: Partition, signal: AbortSignal): Promise<void> {
    const before = partition.resets;
    const { topic, partition: index } = partition.token;
    const outcome = await fetchCommitted(this.#cluster, this.#groupId, [{ topic, partition: index }], {
      signal,
      timeoutMs: STABLE_TRY_MS,
      clock: this.#clock,
      observe: ({ request, errorCode }) => {
        this.#observe({ fact: 'retried', request, why: describeError(errorCode).name });
      },
    });
    switch (outcome.result) {
      case 'ok':
        return this.#enter(partition, before, outcome.offsets[0]!, signal);
      case 'later':
        if (partition.resets === before) this.#again(partition, outcome.why);
        return;
      case 'stopped':
        return;
      case 'fatal':
        throw fatalError('OffsetFetch', outcome.errorCode, outcome.why);
    }
  }

  async #enter(
    partition: Partition,
    resets: number,
    committed: CommittedOffset,
    signal: AbortSignal,
  ): Promise<void> {
    const door = await this.#door.open(partition, committed);
    if (
      signal.aborted ||
      !partition.token.alive ||
      partition.resets !== resets ||
      partition.state.at !== 'opening'
    )
      return;
    switch (door.door) {
      case 'open':
        partition.opened(door.opening);
        this.#tellFloor(partition);
        return;
      case 'stop':
        partition.waitsAt(committed.offset);
        partition.stop(door.code, door.detail);
        return;
      case 'again':
        partition.waitsAt(committed.offset);
        this.#again(partition, door.why);
    }
  }

  #tellFloor({ state, token: { topic, partition } }: Partition): void {
    if (state.at !== 'floor') return;
    const waitMs = state.floorTimestampMs + 1 - this.#clock.now().wallMs;
    if (waitMs > 0) this.#observe({ fact: 'floor', topic, partition, waitMs });
  }

  #again(partition: Partition, why: string): void {
    const attempt = partition.state.at === 'opening' ? partition.state.attempt + 1 : 1;
    const { firstMs, maxMs } = this.#settings.retry;
    const backoffMs = Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 16));
    tellRetry(this.#observe, `open ${partition.name}`, why, attempt);
    partition.reopen(this.#clock.now().monotonicMs + backoffMs, attempt, why);
  }
}
