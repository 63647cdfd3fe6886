import { ZERO_UUID } from '../wire/metadata.ts';
import type { MetadataTopic } from '../wire/metadata.ts';
import type { PartitionMetadata, TopicMetadata } from './port.ts';

/**
 * What to believe of a topic after one more broker has spoken. Brokers learn of leaders at different times, so within
 * one topic id a partition's leader epoch never goes back: an answer with a lower one is older than what we know (KIP-320).
 * An answer without an epoch (−1) is taken, but keeps the epoch. PURE.
 */
export function mergeTopic(
  known: TopicMetadata | undefined,
  heard: MetadataTopic,
  name: string,
): TopicMetadata {
  const sameTopic = known?.topicId === heard.topicId && heard.topicId !== ZERO_UUID;
  const before = new Map(
    sameTopic ? known.partitions.map((partition) => [partition.partition, partition]) : [],
  );
  return {
    topic: name,
    topicId: heard.topicId,
    error: heard.errorCode,
    partitions: heard.partitions
      .map(({ partition, leaderId, leaderEpoch, errorCode }) =>
        newer(before.get(partition), { partition, leader: leaderId, leaderEpoch, error: errorCode }),
      )
      .sort((a, b) => a.partition - b.partition),
  };
}

function newer(known: PartitionMetadata | undefined, heard: PartitionMetadata): PartitionMetadata {
  if (known === undefined || heard.leaderEpoch >= known.leaderEpoch) return heard;
  return heard.leaderEpoch < 0 ? { ...heard, leaderEpoch: known.leaderEpoch } : known;
}
