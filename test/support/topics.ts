import { randomUUID } from 'node:crypto';
import kafkajs, { type Admin } from 'kafkajs';
import { systemClock } from '../../src/clock.ts';
import { initCommand } from '../../src/commands/init.ts';
import { DEFAULT_LAYOUT, type Layout } from '../../src/snowflake/layout.ts';

const POLL_MS = 50;

export const randomName = (what: string): string => `${what}-${randomUUID().slice(0, 8)}`;

export interface TopicSpec {
  readonly topic: string;
  readonly partitions: number;
  readonly config?: Readonly<Record<string, string>>;
  readonly replicationFactor?: number;
}

/** What operators do with topics and groups, and what tests look at from outside. */
export class Operator implements AsyncDisposable {
  readonly admin: Admin;

  private constructor(admin: Admin) {
    this.admin = admin;
  }

  static async at(bootstrap: readonly string[]): Promise<Operator> {
    const kafka = new kafkajs.Kafka({
      brokers: [...bootstrap],
      logLevel: kafkajs.logLevel.NOTHING,
      retry: { retries: 15, initialRetryTime: 50, maxRetryTime: 1_000 },
    });
    const admin = kafka.admin();
    await admin.connect();
    return new Operator(admin);
  }

  async create(...topics: readonly TopicSpec[]): Promise<void> {
    await this.admin.createTopics({
      topics: topics.map(({ topic, partitions, config = {}, replicationFactor }) => ({
        topic,
        numPartitions: partitions,
        ...(replicationFactor === undefined ? {} : { replicationFactor }),
        configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
      })),
      waitForLeaders: true,
    });
  }

  /** High-water mark of each partition. */
  async ends(topic: string): Promise<Map<number, number>> {
    const offsets = await this.admin.fetchTopicOffsets(topic);
    return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
  }

  /** Committed offset and metadata of each partition; −1 where there is none. */
  async committed(
    groupId: string,
    topic: string,
  ): Promise<Map<number, { offset: number; metadata: string | null }>> {
    const [found] = await this.admin.fetchOffsets({ groupId, topics: [topic] });
    return new Map(
      (found?.partitions ?? []).map(({ partition, offset, metadata }) => [
        partition,
        { offset: Number(offset), metadata },
      ]),
    );
  }

  /** Records between the committed offset and the end, markers included, over all partitions but `except`. */
  async lag(groupId: string, topic: string, except: readonly number[] = []): Promise<number> {
    const [ends, committed] = await Promise.all([this.ends(topic), this.committed(groupId, topic)]);
    let lag = 0;
    for (const [partition, end] of ends) {
      if (!except.includes(partition))
        lag += Math.max(0, end - Math.max(0, committed.get(partition)?.offset ?? 0));
    }
    return lag;
  }

  /** Resolves when the lag is `most` or less. */
  async caughtUp(
    groupId: string,
    topics: readonly string[],
    { withinMs = 60_000, most = 0, except = [] as readonly number[] } = {},
  ): Promise<void> {
    await eventually(`lag ${most} of ${topics.join(', ')}`, withinMs, async () => {
      for (const topic of topics) {
        const lag = await this.lag(groupId, topic, except).catch(() => Infinity);
        if (lag > most) return `the lag of ${topic} is ${lag}`;
      }
      return undefined;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.admin.disconnect();
  }
}

/** Asks until nothing is missing; what is still missing at the bound is the message. */
export async function eventually(
  what: string,
  withinMs: number,
  missing: () => Promise<string | undefined>,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const still = await missing();
    if (still === undefined) return;
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms for ${what}: ${still}`);
    await systemClock.sleep(POLL_MS);
  }
}

/** A domain of its own, made as operators make it. */
export async function freshDomain(etcd: readonly string[], layout: Layout = DEFAULT_LAYOUT): Promise<string> {
  const prefix = `/${randomName('test')}`;
  const lines: string[] = [];
  const exit = await initCommand({ etcd: { endpoints: etcd }, prefix, layout }, systemClock, (line) => {
    lines.push(line);
  });
  if (exit !== 0) throw new Error(`init answered ${exit}: ${lines.join('\n')}`);
  return prefix;
}
