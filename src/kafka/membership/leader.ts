import { LinkError, type Cluster } from '../cluster/port.ts';
import type { JoinGroupAnswer } from '../wire/join-group.ts';
import type { SyncGroupAssignment } from '../wire/sync-group.ts';
import { assign } from './assignor.ts';
import type { MembershipFact } from './facts.ts';
import { readMembers, syncAssignments } from './protocol.ts';

type Counts = ReadonlyMap<string, readonly number[]>;

/** What the leader of a generation does besides being a member: assign, and watch whether that still fits the cluster. */
export class Leader {
  readonly #cluster: Cluster;
  readonly #observe: (fact: MembershipFact) => void;
  /** What the latest assignment was made from; undefined while somebody else leads. */
  #basis: Counts | undefined;

  constructor(cluster: Cluster, observe: (fact: MembershipFact) => void) {
    this.#cluster = cluster;
    this.#observe = observe;
  }

  follow(): void {
    this.#basis = undefined;
  }

  /** With fresh metadata where a broker answers, else with what was known: the group must not wait for it. */
  async assign(answer: JoinGroupAnswer): Promise<SyncGroupAssignment[]> {
    const { members, unreadable } = readMembers(answer);
    for (const memberId of unreadable) {
      this.#retried('sync', `subscription of member ${memberId} cannot be read: it is assigned nothing`);
    }
    const topics = [...new Set(members.flatMap((member) => member.topics))];
    this.#cluster.watch(topics);
    await this.refresh();
    this.#basis = this.#count(topics);
    return answer.skipAssignment ? [] : syncAssignments(assign(members, this.#basis));
  }

  /** Asks for metadata; a failure is told, the last answer stays in use. */
  async refresh(): Promise<void> {
    try {
      await this.#cluster.refresh();
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      this.#retried('metadata', error.message);
    }
  }

  /**
   * Why the latest assignment no longer fits: a topic appeared or grew. One that vanished or shrank asks for nothing: its
   * partitions stay with their owners, who see it for themselves, and a lagging broker costs no rebalance.
   */
  outdated(): string | undefined {
    for (const [topic, before] of this.#basis ?? []) {
      const now = this.#count([topic]).get(topic)?.length ?? 0;
      if (now > before.length) return `topic ${topic} went from ${before.length} to ${now} partitions`;
    }
    return undefined;
  }

  /** True while one of these, or of the topics led, is not there yet. */
  lacks(topics: readonly string[]): boolean {
    const counts = this.#count([...topics, ...(this.#basis?.keys() ?? [])]);
    return [...counts.values()].some((partitions) => partitions.length === 0);
  }

  #count(topics: readonly string[]): Counts {
    return new Map(
      topics.map((topic) => {
        const metadata = this.#cluster.topic(topic);
        const there = metadata?.error === 0 ? metadata.partitions : [];
        return [topic, there.map(({ partition }) => partition)];
      }),
    );
  }

  #retried(request: string, why: string): void {
    this.#observe({ fact: 'retried', request, code: null, why, delayMs: 0 });
  }
}
