import { keyOf, type TopicPartition } from './partition.ts';

/** One member as the leader sees it in the JoinGroup answer. */
export interface AssignableMember {
  readonly memberId: string;
  readonly topics: readonly string[];
  /** What the member says it owns. */
  readonly claims: readonly TopicPartition[];
  /** Generation the claims date from; −1 when the member was in none. */
  readonly generation: number;
}

export interface JudgedClaims {
  /** Partition key → the one member whose claim is believed. */
  readonly owner: ReadonlyMap<string, string>;
  /**
   * Keys claimed by anybody, believed or not. One without a believed owner is given to no one in this round, its claimants
   * included: all give it up, and whoever gets it next starts from the committed offset, not from an old position of its own.
   */
  readonly claimed: ReadonlySet<string>;
}

/**
 * Only claims of the highest generation are believed: an older one was made without knowing who got the partition since.
 * A partition claimed twice in the highest generation belongs to nobody. (KAFKA-12984, KAFKA-14639)
 */
export function judgeClaims(members: readonly AssignableMember[]): JudgedClaims {
  const highest = Math.max(-1, ...members.map((member) => member.generation));
  const claimed = new Set<string>();
  const believed = new Map<string, string[]>();
  for (const member of members) {
    for (const key of new Set(member.claims.map(keyOf))) {
      claimed.add(key);
      if (member.generation === highest) believed.set(key, [...(believed.get(key) ?? []), member.memberId]);
    }
  }
  const owner = new Map<string, string>();
  for (const [key, [first, second]] of believed) {
    if (first !== undefined && second === undefined) owner.set(key, first);
  }
  return { owner, claimed };
}
