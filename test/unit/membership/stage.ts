import type { Clock } from '../../../src/clock.ts';
import {
  LinkError,
  type Cluster,
  type Link,
  type LinkFailure,
  type Purpose,
  type TopicMetadata,
} from '../../../src/kafka/cluster/port.ts';
import type { MembershipFact } from '../../../src/kafka/membership/facts.ts';
import { createMembership } from '../../../src/kafka/membership/loop.ts';
import type { MembershipOptions } from '../../../src/kafka/membership/options.ts';
import type { OwnershipToken } from '../../../src/kafka/membership/port.ts';
import { encodeAssignment } from '../../../src/kafka/wire/subscription.ts';

/** Time stands still until told; sleepers wake in order. */
export class HandClock implements Clock {
  #nowMs = 0;
  readonly #sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>();

  now = () => ({ wallMs: this.#nowMs, monotonicMs: this.#nowMs });

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper = { atMs: this.#nowMs + ms, wake: resolve };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers.delete(sleeper);
        resolve();
      });
    });
  }

  get sleeping(): number {
    return this.#sleepers.size;
  }

  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await settled();
    for (;;) {
      const [next] = [...this.#sleepers].sort((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > untilMs) break;
      this.#nowMs = next.atMs;
      this.#sleepers.delete(next);
      next.wake();
      await settled();
    }
    this.#nowMs = untilMs;
  }
}

/** Everything that can happen without time passing has happened. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export interface Sent {
  readonly name: string;
  readonly purpose: Purpose;
  readonly node: number;
  readonly timeoutMs: number;
  readonly request: Readonly<Record<string, unknown>>;
}

type Reply = (sent: Sent) => unknown;

/** A cluster whose answers the test writes. Answering `never` leaves the request open; throwing a LinkFailure fails it. */
export class StagedCluster implements Cluster {
  readonly sent: Sent[] = [];
  readonly topics = new Map<string, TopicMetadata>();
  refreshes = 0;
  refreshFails = false;
  node = 1;
  readonly replies: Record<string, Reply> = {
    JoinGroup: () => joined(1),
    SyncGroup: () => assignedTo(0, 1),
    Heartbeat: () => ({ errorCode: 0 }),
    LeaveGroup: () => ({ errorCode: 0, members: [] }),
    FindCoordinator: () => ({ coordinators: [{ errorCode: 0, nodeId: this.node }] }),
  };

  watch = () => undefined;
  nodes = () => [];
  clusterId = () => undefined;
  forget = () => undefined;
  close = () => Promise.resolve();
  topic = (name: string) => this.topics.get(name);
  coordinator = () => Promise.resolve(this.node);

  refresh(): Promise<void> {
    this.refreshes += 1;
    return this.refreshFails
      ? Promise.reject(new LinkError('unreachable', -1, 'no broker'))
      : Promise.resolve();
  }

  link(nodeId: number, purpose: Purpose): Promise<Link> {
    const send: Link['send'] = async (message, request, { timeoutMs }) => {
      const sent = {
        name: message.name,
        purpose,
        node: nodeId,
        timeoutMs,
        request: request as Sent['request'],
      };
      this.sent.push(sent);
      return (await this.replies[message.name]?.(sent)) as never;
    };
    return Promise.resolve({ nodeId, send });
  }

  named(name: string): Sent[] {
    return this.sent.filter((sent) => sent.name === name);
  }

  grow(topic: string, partitions: number): void {
    const list = Array.from({ length: partitions }, (_, partition) => ({
      partition,
      leader: 1,
      leaderEpoch: 0,
      error: 0,
    }));
    this.topics.set(topic, { topic, topicId: '0', error: 0, partitions: list });
  }
}

export const never = () => new Promise(() => undefined);

export function broken(failure: LinkFailure): never {
  throw new LinkError(failure, 1, failure);
}

export function joined(generationId: number, more: object = {}) {
  const whole = {
    errorCode: 0,
    generationId,
    protocolName: 'cooperative-sticky',
    leader: 'boss',
    memberId: 'me',
  };
  return { ...whole, skipAssignment: false, members: [], ...more };
}

export function assignedTo(...partitions: number[]) {
  const assignedPartitions = [{ topic: 't', partitions }];
  return { errorCode: 0, assignment: encodeAssignment({ assignedPartitions, userData: null }) };
}

/** A membership on a stage: session 3 s, heartbeat 1 s, drain bound 2 s, no jitter. */
export function perform(options: Partial<MembershipOptions> = {}) {
  const clock = new HandClock();
  const cluster = new StagedCluster();
  const stop = new AbortController();
  const tokens: OwnershipToken[] = [];
  const facts: MembershipFact[] = [];
  const told: string[] = [];
  const membership = createMembership({
    cluster,
    clock,
    groupId: 'g',
    groupInstanceId: null,
    sessionTimeoutMs: 3_000,
    rebalanceTimeoutMs: 10_000,
    heartbeatMs: 1_000,
    drainBoundMs: 2_000,
    topics: ['t'],
    listener: {
      added: (list) => tokens.push(...list),
      revoking: (list) => {
        told.push(`revoking ${list.length}`);
        return Promise.resolve();
      },
      lost: (list) => told.push(`lost ${list.length}`),
    },
    observe: (fact) => facts.push(fact),
    random: () => 0.5,
    ...options,
  });
  const ended = membership.run(stop.signal).then(
    () => 'resolved',
    (error: unknown) => error,
  );
  return { clock, cluster, stop, tokens, facts, told, membership, ended };
}
