import kafkajs from 'kafkajs';
import { runPython } from './judge.ts';

/** Records of the odd set by outcome. */
export interface OddSet {
  readonly committed: number;
  readonly aborted: number;
}

/**
 * Fills `topic` with everything odd that Kafka allows: see produce_odd.py; plus timestamps of 0, which librdkafka takes for
 * "now" and so cannot write.
 */
export async function produceOddRecords(
  bootstrap: readonly string[],
  topic: string,
  { partitions, rounds, seed = 1 }: { partitions: number; rounds: number; seed?: number },
): Promise<OddSet> {
  const nowMs = Date.now();
  const counts = (await runPython('produce_odd.py', {
    bootstrap,
    topic,
    partitions,
    rounds,
    seed,
    nowMs,
  })) as OddSet;
  const kafka = new kafkajs.Kafka({ brokers: [...bootstrap], logLevel: kafkajs.logLevel.NOTHING });
  const producer = kafka.producer();
  await producer.connect();
  const messages = Array.from({ length: partitions }, (_, partition) => {
    return { partition, key: 'at-zero', value: String(partition), timestamp: '0' };
  });
  await producer.send({ topic, messages });
  await producer.disconnect();
  return { ...counts, committed: counts.committed + partitions };
}
