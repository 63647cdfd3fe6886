import { UNKNOWN_TOPIC_OR_PARTITION, type TopicMetadata } from '../cluster/port.ts';
import { ERROR } from '../wire/errors.ts';
import type { OutgoingBatch, Refusal } from './port.ts';

export interface Route {
  /** Batches by the node that leads their partition, in the order given. */
  readonly route: ReadonlyMap<number, readonly OutgoingBatch[]>;
  /** Partitions that cannot be sent anywhere: unknown (3) or without a leader (5). */
  readonly leaderless: readonly Refusal[];
}

/** Sorts the batches of a transaction by leader, as the metadata has it. */
export function routeBatches(
  batches: readonly OutgoingBatch[],
  topicOf: (name: string) => TopicMetadata | undefined,
): Route {
  const route = new Map<number, OutgoingBatch[]>();
  const leaderless: Refusal[] = [];
  for (const batch of batches) {
    const topic = topicOf(batch.topic);
    const partition = topic?.partitions.find(({ partition }) => partition === batch.partition);
    if (partition === undefined || partition.leader < 0) {
      leaderless.push(withoutLeader(batch, topic !== undefined && partition === undefined));
      continue;
    }
    const queue = route.get(partition.leader);
    if (queue === undefined) route.set(partition.leader, [batch]);
    else queue.push(batch);
  }
  return { route, leaderless };
}

const withoutLeader = ({ topic, partition }: OutgoingBatch, unknown: boolean): Refusal => ({
  topic,
  partition,
  errorCode: unknown ? UNKNOWN_TOPIC_OR_PARTITION : ERROR.LEADER_NOT_AVAILABLE,
  errorMessage: unknown ? 'the metadata does not have this partition' : 'the partition has no leader',
  recordIndexes: [],
});

/** The first partition that has two batches; a Produce request may hold one per partition (the broker answers 87). */
export function doubled(batches: readonly OutgoingBatch[]): OutgoingBatch | undefined {
  const seen = new Set<string>();
  return batches.find(({ topic, partition }) => {
    const key = `${topic}/${partition}`;
    return seen.size === seen.add(key).size;
  });
}
