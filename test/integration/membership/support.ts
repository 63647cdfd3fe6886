import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';
import type { KafkaBackend } from '../../../deploy/local/backends.ts';
import { systemClock } from '../../../src/clock.ts';
import { createCluster } from '../../../src/kafka/cluster/cluster.ts';
import type { Cluster } from '../../../src/kafka/cluster/port.ts';
import type { MembershipFact } from '../../../src/kafka/membership/facts.ts';
import { createMembership } from '../../../src/kafka/membership/loop.ts';
import type { MembershipOptions } from '../../../src/kafka/membership/options.ts';
import { keyOf } from '../../../src/kafka/membership/partition.ts';
import type { Membership, OwnershipToken } from '../../../src/kafka/membership/port.ts';

const PATIENCE_MS = 15_000;

export const uniqueName = () => `membership-${randomUUID()}`;

export async function withAdmin<T>(
  kafka: KafkaBackend,
  work: (admin: kafkajs.Admin) => Promise<T>,
): Promise<T> {
  const client = new kafkajs.Kafka({ brokers: kafka.bootstrap, logLevel: kafkajs.logLevel.NOTHING });
  const admin = client.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

export async function createTopic(
  kafka: KafkaBackend,
  numPartitions: number,
  topic = uniqueName(),
): Promise<string> {
  await withAdmin(kafka, (admin) =>
    admin.createTopics({ topics: [{ topic, numPartitions, replicationFactor: 1 }], waitForLeaders: true }),
  );
  return topic;
}

/** Polls: what is awaited depends on a broker; the bound turns a hang into a failure that names what was missing. */
export async function until(what: string, holds: () => boolean, patienceMs = PATIENCE_MS): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited ${patienceMs} ms for: ${what}`);
    await systemClock.sleep(10);
  }
}

export type WorkerOptions = Partial<MembershipOptions> & Pick<MembershipOptions, 'groupId' | 'topics'>;

/** One member with a listener that writes down what it is told. */
export class Worker implements AsyncDisposable {
  readonly added: OwnershipToken[] = [];
  readonly revoked: OwnershipToken[] = [];
  readonly lost: OwnershipToken[] = [];
  readonly facts: MembershipFact[] = [];
  readonly cluster: Cluster;
  readonly membership: Membership;
  /** What a drain waits for; replaced by tests that drain slowly. */
  drain: (tokens: readonly OwnershipToken[]) => Promise<void> = () => Promise.resolve();
  #stop = new AbortController();
  /** Resolves to what the latest `run` rejected with, undefined if it resolved. */
  ended: Promise<unknown>;

  constructor(kafka: KafkaBackend, options: WorkerOptions) {
    this.cluster = createCluster({
      bootstrap: kafka.bootstrap,
      clientId: 'membership-test',
      requestTimeoutMs: 2_000,
      log: () => undefined,
      clock: systemClock,
    });
    this.membership = createMembership({
      cluster: this.cluster,
      clock: systemClock,
      groupInstanceId: null,
      sessionTimeoutMs: 6_000,
      rebalanceTimeoutMs: 10_000,
      heartbeatMs: 200,
      drainBoundMs: 5_000,
      listener: {
        added: (tokens) => this.added.push(...tokens),
        revoking: (tokens) => {
          this.revoked.push(...tokens);
          return this.drain(tokens);
        },
        lost: (tokens) => this.lost.push(...tokens),
      },
      observe: (fact) => this.facts.push(fact),
      ...options,
    });
    this.ended = this.#run();
  }

  #run(): Promise<unknown> {
    return this.membership.run(this.#stop.signal).then(
      () => undefined,
      (error: unknown) => error,
    );
  }

  /** Tokens alive now, in the order they were added. */
  get held(): OwnershipToken[] {
    return this.added.filter((token) => token.alive);
  }

  get keys(): string[] {
    return this.held.map(keyOf).sort();
  }

  factsNamed<Name extends MembershipFact['fact']>(name: Name) {
    return this.facts.filter((fact): fact is Extract<MembershipFact, { fact: Name }> => fact.fact === name);
  }

  async holds(count: number, patienceMs?: number): Promise<void> {
    await until(
      `${count} partitions held, not ${this.held.length}`,
      () => this.held.length === count,
      patienceMs,
    );
  }

  async stop(): Promise<unknown> {
    this.#stop.abort();
    const outcome = await this.ended;
    await this.cluster.close();
    return outcome;
  }

  /** Leaves and joins again with the same membership object. */
  async again(): Promise<void> {
    this.#stop.abort();
    await this.ended;
    this.#stop = new AbortController();
    this.ended = this.#run();
  }

  /** As a crash would: its connections are gone, nothing is said to the coordinator. */
  async vanish(): Promise<void> {
    await this.cluster.close();
    this.#stop.abort();
    await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Resolves when together they hold `count` partitions, none twice, and nobody more than one above another. */
export async function balanced(count: number, ...workers: Worker[]): Promise<void> {
  await until(`${count} partitions shared evenly by ${workers.length}`, () => {
    const sizes = workers.map((worker) => worker.held.length);
    const distinct = new Set(workers.flatMap((worker) => worker.keys)).size;
    const total = sizes.reduce((sum, size) => sum + size, 0);
    return distinct === count && total === count && Math.max(...sizes) - Math.min(...sizes) <= 1;
  });
}
