/** Next sequence number per output partition, for one producer epoch. A new epoch starts empty: every partition at 0 (KIP-98). */
export type Sequences = ReadonlyMap<string, number>;

export const NO_SEQUENCES: Sequences = new Map();

const SPAN = 2 ** 31;

/** One string per partition; topic names cannot contain a slash. */
export const partitionKey = (topic: string, partition: number): string => `${topic}/${partition}`;

export const nextSequence = (sequences: Sequences, topic: string, partition: number): number =>
  sequences.get(partitionKey(topic, partition)) ?? 0;

/** The sequence after `count` records: 0 … 2^31 − 1, and 2^31 − 1 is followed by 0, as in Kafka's DefaultRecordBatch.incrementSequence. */
export const addToSequence = (sequence: number, count: number): number => (sequence + count) % SPAN;

/** Moves the given partitions on by what the broker acknowledged. */
export function advance(
  sequences: Sequences,
  acknowledged: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly recordCount: number;
  }[],
): Sequences {
  const moved = new Map(sequences);
  for (const { topic, partition, recordCount } of acknowledged)
    moved.set(
      partitionKey(topic, partition),
      addToSequence(nextSequence(sequences, topic, partition), recordCount),
    );
  return moved;
}
