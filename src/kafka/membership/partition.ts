/** One partition by name. Compared by `keyOf`, never by identity. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Unique text of one partition; a topic name holds no `/` (Kafka allows `[a-zA-Z0-9._-]`). */
export function keyOf(tp: TopicPartition): string {
  return `${tp.topic}/${tp.partition}`;
}

export function without(from: readonly TopicPartition[], gone: readonly TopicPartition[]): TopicPartition[] {
  const keys = new Set(gone.map(keyOf));
  return from.filter((tp) => !keys.has(keyOf(tp)));
}

export function byName(a: TopicPartition, b: TopicPartition): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition;
}

export function sameTopics(a: readonly string[], b: readonly string[]): boolean {
  const left = new Set(a);
  return left.size === new Set(b).size && b.every((topic) => left.has(topic));
}
