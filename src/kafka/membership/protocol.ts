import type { JoinGroupAnswer, JoinGroupMember } from '../wire/join-group.ts';
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  type TopicPartitions,
} from '../wire/subscription.ts';
import type { SyncGroupAssignment } from '../wire/sync-group.ts';
import { WireError } from '../wire/wire-error.ts';
import type { Assignment } from './assignor.ts';
import type { AssignableMember } from './claims.ts';
import type { TopicPartition } from './partition.ts';

export const PROTOCOL_TYPE = 'consumer';

/**
 * Our subscription, version 3. The generation is given twice: in its own field (KIP-792) and as the four bytes of user data that
 * the leaders of older Java groups read instead (CooperativeStickyAssignor, schema `generation: int32`).
 */
export function subscriptionBytes(
  topics: readonly string[],
  owned: readonly TopicPartition[],
  generation: number | null,
): Uint8Array {
  const generationId = generation ?? -1;
  const userData = new Uint8Array(4);
  new DataView(userData.buffer).setInt32(0, generationId);
  return encodeSubscription({
    topics,
    userData,
    ownedPartitions: byTopic(owned),
    generationId,
    rackId: null,
  });
}

/**
 * What the leader may assign to. A member whose subscription cannot be read gets nothing: it must not keep the others from
 * forming a group. `unreadable` names such members.
 */
export function readMembers(answer: JoinGroupAnswer): {
  members: AssignableMember[];
  unreadable: string[];
} {
  const members: AssignableMember[] = [];
  const unreadable: string[] = [];
  for (const member of answer.members) {
    try {
      members.push(readMember(member));
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      unreadable.push(member.memberId);
      members.push({ memberId: member.memberId, topics: [], claims: [], generation: -1 });
    }
  }
  return { members, unreadable };
}

function readMember({ memberId, metadata }: JoinGroupMember): AssignableMember {
  const { topics, ownedPartitions, generationId, userData } = decodeSubscription(metadata);
  const claims = ownedPartitions.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  );
  return { memberId, topics, claims, generation: generationId >= 0 ? generationId : generationIn(userData) };
}

function generationIn(userData: Uint8Array | null): number {
  if (userData?.byteLength !== 4) return -1;
  return new DataView(userData.buffer, userData.byteOffset, 4).getInt32(0);
}

export function syncAssignments({ assigned }: Assignment): SyncGroupAssignment[] {
  return [...assigned].map(([memberId, partitions]) => ({
    memberId,
    assignment: encodeAssignment({ assignedPartitions: byTopic(partitions), userData: null }),
  }));
}

/** Undefined when the bytes make no sense: no partition is guessed. */
export function readAssignment(bytes: Uint8Array): TopicPartition[] | undefined {
  try {
    return decodeAssignment(bytes).assignedPartitions.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => ({ topic, partition })),
    );
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

function byTopic(list: readonly TopicPartition[]): TopicPartitions[] {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of list) {
    const partitions = topics.get(topic);
    if (partitions === undefined) topics.set(topic, [partition]);
    else partitions.push(partition);
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}
