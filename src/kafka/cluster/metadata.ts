import type { Clock } from '../../clock.ts';
import { metadata, ZERO_UUID } from '../wire/metadata.ts';
import type { MetadataAnswer } from '../wire/metadata.ts';
import { askInTurn } from './ask-in-turn.ts';
import type { Address } from './dialer.ts';
import type { LogSink } from './options.ts';
import { UNKNOWN_TOPIC_OR_PARTITION } from './port.ts';
import type { Link, Node, TopicMetadata } from './port.ts';
import { mergeTopic } from './topics.ts';

/** A broker that has not answered for this long no longer holds up asking the next. */
export const STAGGER_MS = 200;

export interface MetadataOptions {
  readonly bootstrap: readonly Address[];
  /** A link with purpose `metadata`. */
  readonly link: (node: Node) => Promise<Link>;
  readonly requestTimeoutMs: number;
  readonly clock: Clock;
  readonly log: LogSink;
}

/** What the cluster looks like, as of the last broker that answered. Written by `#apply` and `learn` only. */
export class ClusterMetadata {
  readonly #options: MetadataOptions;
  /** Bootstrap addresses, under ids of ours: −1, −2, … */
  readonly #bootstrap: readonly Node[];
  readonly #watched = new Set<string>();
  readonly #topics = new Map<string, TopicMetadata>();
  /** The last answer per topic that named partitions: epochs outlive a spell of errors. */
  readonly #lastWhole = new Map<string, TopicMetadata>();
  #nodes = new Map<number, Node>();
  #clusterId: string | undefined;
  #lastAnswered: number | undefined;
  /** The refresh under way, and how many topics it asks for. */
  #refreshing: { readonly topics: number; readonly done: Promise<void> } | undefined;

  constructor(options: MetadataOptions) {
    this.#options = options;
    this.#bootstrap = options.bootstrap.map((address, index) => ({ nodeId: -1 - index, ...address }));
  }

  watch(topics: readonly string[]): void {
    for (const topic of topics) this.#watched.add(topic);
  }

  topic(name: string): TopicMetadata | undefined {
    return this.#topics.get(name);
  }

  nodes(): readonly Node[] {
    return [...this.#nodes.values()];
  }

  node(nodeId: number): Node | undefined {
    return this.#nodes.get(nodeId) ?? this.#bootstrap.find((node) => node.nodeId === nodeId);
  }

  clusterId(): string | undefined {
    return this.#clusterId;
  }

  /** Everyone worth asking: who answered last, the nodes of the last answer, then bootstrap addresses that are none of these. */
  candidates(): readonly Node[] {
    const nodes = [...this.#nodes.values()];
    const others = this.#bootstrap.filter(
      ({ host, port }) => !nodes.some((node) => node.host === host && node.port === port),
    );
    const isFirst = ({ nodeId }: Node): boolean => nodeId === this.#lastAnswered;
    return [
      ...nodes.filter(isFirst),
      ...others.filter(isFirst),
      ...[...nodes, ...others].filter((node) => !isFirst(node)),
    ];
  }

  /** A node another answer named (FindCoordinator), in case metadata does not have it yet. */
  learn(node: Node): void {
    if (!this.#nodes.has(node.nodeId)) this.#nodes.set(node.nodeId, node);
  }

  /** Concurrent callers share one request, unless topics were watched since it was sent. */
  async refresh(): Promise<void> {
    const running = this.#refreshing;
    if (running?.topics === this.#watched.size) return running.done;
    const started = { topics: this.#watched.size, done: this.#after(running?.done) };
    this.#refreshing = started;
    try {
      await started.done;
    } finally {
      if (this.#refreshing === started) this.#refreshing = undefined;
    }
  }

  /** Answers are applied in the order asked for, so the earlier refresh comes to its end first. */
  async #after(earlier: Promise<void> | undefined): Promise<void> {
    const topics = [...this.#watched];
    await earlier?.catch(() => undefined);
    const { answer, from } = await askInTurn(this.candidates(), (node) => this.#ask(node, topics), {
      staggerMs: STAGGER_MS,
      clock: this.#options.clock,
    });
    this.#lastAnswered = from;
    this.#apply(answer, topics);
  }

  async #ask(node: Node, topics: readonly string[]): Promise<{ answer: MetadataAnswer; from: number }> {
    const link = await this.#options.link(node);
    const answer = await link.send(
      metadata,
      {
        topics: topics.map((topic) => ({ topic })),
        allowAutoTopicCreation: false,
        includeTopicAuthorizedOperations: false,
      },
      { timeoutMs: this.#options.requestTimeoutMs },
    );
    return { answer, from: node.nodeId };
  }

  #apply(answer: MetadataAnswer, asked: readonly string[]): void {
    // A broker that is starting may know nobody yet; an empty list would cut us off from all we know.
    if (answer.brokers.length > 0) {
      this.#nodes = new Map(answer.brokers.map(({ nodeId, host, port }) => [nodeId, { nodeId, host, port }]));
    }
    const clusterId = answer.clusterId ?? this.#clusterId;
    if (this.#clusterId !== undefined && clusterId !== this.#clusterId) {
      this.#options.log('error', 'brokers of two clusters answer', {
        before: this.#clusterId,
        now: clusterId,
      });
    }
    this.#clusterId = clusterId;
    for (const name of asked)
      this.#applyTopic(
        name,
        answer.topics.find(({ topic }) => topic === name),
      );
  }

  #applyTopic(name: string, heard: MetadataAnswer['topics'][number] | undefined): void {
    const topic: TopicMetadata =
      heard === undefined
        ? { topic: name, topicId: ZERO_UUID, error: UNKNOWN_TOPIC_OR_PARTITION, partitions: [] }
        : mergeTopic(this.#lastWhole.get(name), heard, name);
    this.#topics.set(name, topic);
    if (topic.partitions.length > 0) this.#lastWhole.set(name, topic);
  }
}
