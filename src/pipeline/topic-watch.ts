import type { Clock } from '../clock.ts';
import { LinkError, type Cluster } from '../kafka/cluster/port.ts';
import { describeError, ERROR } from '../kafka/wire/errors.ts';
import { NotYet, type LogReader } from './log-reader.ts';
import type { Partition } from './partition.ts';
import type { Observe, PipelineSettings } from './port.ts';
import { tellRetry } from './retry.ts';
import type { Wake } from './wake.ts';

/**
 * What no answer of the data path tells: growth, recreation and appearance of topics are noticed without a restart (rule 8), that
 * a far floor came nearer (rule 9), that a partition has no leader to ask, and how far behind those fall that do not flow.
 */
export class TopicWatch {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #observe: Observe;
  readonly #log: LogReader;
  readonly #wake: Wake;
  readonly #maxMessageBytes: (topic: string) => number;
  /** What was known of the topics beside the output when the partition was last seen to flow. */
  readonly #sideTopics = new WeakMap<Partition, string>();
  /** Looks in a row that found no leader. */
  readonly #looks = new WeakMap<Partition, number>();

  constructor(deps: {
    cluster: Cluster;
    clock: Clock;
    settings: PipelineSettings;
    observe: Observe;
    log: LogReader;
    wake: Wake;
    maxMessageBytes: (topic: string) => number;
  }) {
    this.#cluster = deps.cluster;
    this.#clock = deps.clock;
    this.#everyMs = deps.settings.metadataRefreshMs;
    this.#observe = deps.observe;
    this.#log = deps.log;
    this.#wake = deps.wake;
    this.#maxMessageBytes = deps.maxMessageBytes;
  }

  async run(owned: () => Iterable<Partition>, signal: AbortSignal): Promise<void> {
    for (let failures = 0; ;) {
      await this.#clock.sleep(this.#everyMs, signal);
      if (signal.aborted) return;
      try {
        await this.#cluster.refresh();
        failures = 0;
      } catch (error) {
        if (!(error instanceof LinkError)) throw error;
        tellRetry(this.#observe, 'Metadata', error.failure, ++failures);
        continue;
      }
      const partitions = [...owned()];
      for (const partition of partitions) {
        this.#stopIfChanged(partition);
        this.#reopenIfMended(partition);
      }
      this.#wake.ring();
      await this.#measureAll(partitions, signal);
    }
  }

  #stopIfChanged(partition: Partition): void {
    const { name, token, state, topicId } = partition;
    if (state.at === 'stopped') return;
    if (this.#isLed(partition)) this.#looks.delete(partition);
    const found = this.#cluster.topic(token.topic);
    const error = found?.error ?? ERROR.UNKNOWN_TOPIC_OR_PARTITION;
    if (topicId !== '' && found?.error === ERROR.NONE && found.topicId !== topicId) {
      partition.stop(
        'TOPIC_RECREATED',
        `${name}: topic id was ${topicId}, is ${found.topicId}: restart the fleet at a stated position`,
      );
    } else if (error === ERROR.TOPIC_AUTHORIZATION_FAILED) {
      partition.stop('KAFKA_REFUSED', `${name}: TOPIC_AUTHORIZATION_FAILED: grant DESCRIBE and READ`);
    } else if (partition.flowing && !this.#isLed(partition)) {
      this.#unled(partition, error === ERROR.NONE ? 'no leader' : describeError(error).name);
    }
  }

  /** No broker is asked, so no answer fails: what lasts from one look to the next is told from here. */
  #unled(partition: Partition, why: string): void {
    const looks = (this.#looks.get(partition) ?? 0) + 1;
    this.#looks.set(partition, looks);
    partition.unheard(why);
    if (looks === 2) this.#observe({ fact: 'stuck', request: `Fetch ${partition.name}`, why, tries: looks });
  }

  #isLed({ token }: Partition): boolean {
    const found = this.#cluster.topic(token.topic)?.partitions.find((p) => p.partition === token.partition);
    return found !== undefined && found.leader >= 0;
  }

  #reopenIfMended(partition: Partition): void {
    const { route, token, state } = partition;
    const sides = `${this.#sideTopic(route.deadLetter)} ${this.#sideTopic(route.mapping?.topic)}`;
    const sidesBefore = this.#sideTopics.get(partition) ?? sides;
    this.#sideTopics.set(partition, sides);
    if (state.at !== 'stopped') return;
    const wide =
      this.#cluster.topic(route.output)?.partitions.some((p) => p.partition === token.partition) ?? false;
    const mended =
      state.code === 'FLOOR_TOO_FAR' ||
      (state.code === 'OUTPUT_TOO_NARROW' && wide) ||
      ((state.code === 'DEAD_LETTER_REFUSED' || state.code === 'MAPPING_REFUSED') && sides !== sidesBefore);
    if (mended) partition.reopen();
  }

  #sideTopic(topic: string | undefined): string {
    const found = topic === undefined ? undefined : this.#cluster.topic(topic);
    if (found === undefined) return 'none';
    return `${found.topicId} ${found.partitions.length} ${this.#maxMessageBytes(found.topic)}`;
  }

  /** Nothing is fetched, so no answer brings the end of the log. A broker that keeps silent does not hold up the end of the spell. */
  async #measureAll(partitions: readonly Partition[], signal: AbortSignal): Promise<void> {
    const measured = new AbortController();
    const late = this.#clock.sleep(this.#everyMs, AbortSignal.any([signal, measured.signal]));
    await Promise.race([late, Promise.all(partitions.map((partition) => this.#measure(partition)))]);
    measured.abort();
  }

  async #measure(partition: Partition): Promise<void> {
    if (isHeard(partition)) return;
    const end = await this.#log.end(partition.token, 'stable').catch((error: unknown) => {
      if (error instanceof NotYet) return -1;
      throw error;
    });
    if (!isHeard(partition)) partition.lastStableOffset = end;
  }
}

const isHeard = ({ flowing, trouble }: Partition): boolean => flowing && trouble === undefined;
