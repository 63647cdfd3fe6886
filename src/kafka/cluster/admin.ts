import type { Clock } from '../../clock.ts';
import { SnowstampError } from '../../errors.ts';
import { within } from './deadline.ts';

export interface TopicPlan {
  readonly topic: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Topic configuration by name, e.g. `retention.ms`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Effective settings by name; null for what the broker does not show (sensitive). */
export type Settings = ReadonlyMap<string, string | null>;

export interface PartitionReplicas {
  readonly partition: number;
  readonly leader: number;
  readonly replicas: readonly number[];
  readonly inSync: readonly number[];
}

/**
 * The few administrative questions start-up, doctor, demo and bench ask (data-path rule 17). Over KafkaJS's own admin
 * client; never on the data path. Rejects with SnowstampError: KAFKA_UNREACHABLE, KAFKA_REFUSED, TOPIC_MISSING.
 */
export interface Admin extends AsyncDisposable {
  /** Creates what does not exist yet; resolves to the names it created. Topics that exist are left as they are. */
  createTopics(topics: readonly TopicPlan[]): Promise<readonly string[]>;
  /** All effective settings of a topic: its own, else the broker's. */
  describeConfigs(topic: string): Promise<Settings>;
  /** Settings of one broker, e.g. `transaction.max.timeout.ms`, `transaction.partition.verification.enable`. */
  describeBroker(nodeId: number): Promise<Settings>;
  /** Partitions with their replicas, in order. Topic ids and leader epochs are in `Cluster.topic`. */
  fetchTopicMetadata(topic: string): Promise<readonly PartitionReplicas[]>;
  close(): Promise<void>;
}

/** What of an admin client is used here; KafkaJS's has this shape. */
export interface AdminClient {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  createTopics(options: {
    timeout: number;
    topics: {
      topic: string;
      numPartitions: number;
      replicationFactor: number;
      configEntries: { name: string; value: string }[];
    }[];
  }): Promise<boolean>;
  describeConfigs(options: {
    includeSynonyms: boolean;
    resources: { type: number; name: string }[];
  }): Promise<{ resources: { configEntries: { configName: string; configValue: string | null }[] }[] }>;
  fetchTopicMetadata(options: { topics: string[] }): Promise<{
    topics: { partitions: { partitionId: number; leader: number; replicas: number[]; isr: number[] }[] }[];
  }>;
}

export interface AdminOptions {
  readonly client: AdminClient;
  /** Ends every socket of `client`, however busy. */
  readonly destroy: () => void;
  readonly requestTimeoutMs: number;
  readonly clock: Clock;
}

const TOPIC = 2;
const BROKER = 4;

export class AdminQuestions implements Admin {
  readonly #options: AdminOptions;
  readonly #client: AdminClient;
  #connected: Promise<void> | undefined;

  constructor(options: AdminOptions) {
    this.#options = options;
    this.#client = options.client;
  }

  createTopics(topics: readonly TopicPlan[]): Promise<readonly string[]> {
    return this.#asked('create topics', async () => {
      const created: string[] = [];
      // One at a time: KafkaJS cannot tell the ones that exist already from the ones that fail.
      for (const plan of topics) if (await this.#create(plan)) created.push(plan.topic);
      return created;
    });
  }

  describeConfigs(topic: string): Promise<Settings> {
    return this.#asked(`settings of topic ${topic}`, () => this.#describe(TOPIC, topic));
  }

  describeBroker(nodeId: number): Promise<Settings> {
    return this.#asked(`settings of broker ${nodeId}`, () => this.#describe(BROKER, String(nodeId)));
  }

  fetchTopicMetadata(topic: string): Promise<readonly PartitionReplicas[]> {
    return this.#asked(`replicas of topic ${topic}`, async () => {
      const { topics } = await this.#client.fetchTopicMetadata({ topics: [topic] });
      return topics
        .flatMap(({ partitions }) => partitions)
        .map(({ partitionId, isr, leader, replicas }) => ({
          partition: partitionId,
          leader,
          replicas,
          inSync: isr,
        }))
        .sort((a, b) => a.partition - b.partition);
    });
  }

  async close(): Promise<void> {
    const { requestTimeoutMs, clock, destroy } = this.#options;
    if (this.#connected !== undefined) {
      // Bounded, because KafkaJS waits for answers that may never come.
      const never = new AbortController().signal;
      await within(requestTimeoutMs, this.#client.disconnect(), clock, never).catch(() => undefined);
    }
    destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #create({ topic, partitions, replicationFactor, settings = {} }: TopicPlan): Promise<boolean> {
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
    return this.#client.createTopics({
      timeout: this.#options.requestTimeoutMs,
      topics: [{ topic, numPartitions: partitions, replicationFactor, configEntries }],
    });
  }

  async #describe(type: number, name: string): Promise<Settings> {
    const answer = await this.#client.describeConfigs({
      includeSynonyms: false,
      resources: [{ type, name }],
    });
    const entries = answer.resources.flatMap(({ configEntries }) => configEntries);
    return new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
  }

  async #connect(): Promise<void> {
    try {
      await this.#client.connect();
    } catch (cause) {
      this.#connected = undefined;
      throw cause;
    }
  }

  async #asked<T>(what: string, ask: () => Promise<T>): Promise<T> {
    try {
      await (this.#connected ??= this.#connect());
      return await ask();
    } catch (cause) {
      throw adminError(what, cause);
    }
  }
}

/** KafkaJS wraps errors in retry errors that keep only the message, so that is what tells. PURE. */
export function adminError(what: string, cause: unknown): SnowstampError {
  const { message, type, name } = (cause ?? {}) as { message?: string; type?: string; name?: string };
  const text = `${name ?? ''} ${type ?? ''} ${message ?? ''}`;
  const detail = `${what}: ${message ?? String(cause)}`;
  if (/SASL|AUTHORIZATION|not authorized/i.test(text))
    return new SnowstampError('KAFKA_REFUSED', detail, cause);
  if (/UNKNOWN_TOPIC|does not host this topic/.test(text))
    return new SnowstampError('TOPIC_MISSING', detail, cause);
  return new SnowstampError('KAFKA_UNREACHABLE', detail, cause);
}
