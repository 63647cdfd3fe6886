import { judgeClaims, type AssignableMember, type JudgedClaims } from './claims.ts';
import { Loads } from './loads.ts';
import { byName, keyOf, type TopicPartition } from './partition.ts';

/** Name under which Java's CooperativeStickyAssignor and ours meet in one group. */
export const PROTOCOL_NAME = 'cooperative-sticky';

export interface Assignment {
  /** Per member id; members without partitions have an empty list. Sorted by topic and partition. */
  readonly assigned: ReadonlyMap<string, readonly TopicPartition[]>;
  /** Withheld in this round until their claimants have given them up. */
  readonly withheld: readonly TopicPartition[];
}

/**
 * Cooperative sticky assignment (KIP-54, KIP-429). Pure and deterministic. Invariants, for any input:
 * A1 a partition is assigned at most once; exactly once if it is not withheld and somebody subscribes to its topic;
 * A2 a partition that anybody claims, whatever the claim's generation, goes to its believed owner or to nobody;
 * A3 the target (assigned plus withheld) minimises the sum of squared loads: with equal subscriptions all are within 1;
 * A4 a believed owner keeps its partition unless A3 needs it elsewhere;
 * A5 when every member gives up what it was not assigned and claims what it was, the second round from undisputed claims withholds nothing.
 *
 * `partitions`: what exists per topic. A partition that is owned but not in there stays with its owner, outside the balance: a
 * broker whose metadata lags must not make the group drop what is being processed.
 */
export function assign(
  members: readonly AssignableMember[],
  partitions: ReadonlyMap<string, readonly number[]>,
): Assignment {
  const claims = judgeClaims(members);
  const existing = [...partitions].flatMap(([topic, numbers]) =>
    numbers.map((partition) => ({ topic, partition })),
  );
  const target = settle(members, existing.sort(byName), claims);
  const known = new Set(existing.map(keyOf));
  const withheld: TopicPartition[] = [];
  const assigned = new Map<string, readonly TopicPartition[]>();
  for (const member of members) {
    const { memberId } = member;
    const ownedBy = (tp: TopicPartition) => claims.owner.get(keyOf(tp)) === memberId;
    const unlisted = member.claims.filter(
      (tp) => ownedBy(tp) && !known.has(keyOf(tp)) && member.topics.includes(tp.topic),
    );
    const mine = [...new Map(unlisted.map((tp) => [keyOf(tp), tp])).values()];
    for (const tp of target.of(memberId)) {
      const free = ownedBy(tp) || !claims.claimed.has(keyOf(tp));
      (free ? mine : withheld).push(tp);
    }
    assigned.set(memberId, mine.sort(byName));
  }
  return { assigned, withheld: withheld.sort(byName) };
}

function subscribersByTopic(members: readonly AssignableMember[]): Map<string, string[]> {
  const subscribers = new Map<string, string[]>();
  for (const { memberId, topics } of members) {
    for (const topic of new Set(topics)) {
      const list = subscribers.get(topic);
      if (list === undefined) subscribers.set(topic, [memberId]);
      else list.push(memberId);
    }
  }
  for (const list of subscribers.values()) list.sort();
  return subscribers;
}

/** Sticky first, then the rest to the least loaded, then as few moves as balance needs. */
function settle(
  members: readonly AssignableMember[],
  all: readonly TopicPartition[],
  claims: JudgedClaims,
): Loads {
  const subscribers = subscribersByTopic(members);
  const loads = new Loads(
    members.map((member) => member.memberId),
    subscribers,
  );
  const loose: TopicPartition[] = [];
  for (const tp of all) {
    const owner = claims.owner.get(keyOf(tp));
    if (owner !== undefined && subscribers.get(tp.topic)?.includes(owner) === true)
      loads.place(tp, owner, 'owned');
    else loose.push(tp);
  }
  const choices = (tp: TopicPartition) => subscribers.get(tp.topic)?.length ?? 0;
  for (const tp of loose.sort((a, b) => choices(a) - choices(b) || byName(a, b))) loads.placeLeastLoaded(tp);
  loads.balance('loose');
  loads.balance('all');
  return loads;
}
