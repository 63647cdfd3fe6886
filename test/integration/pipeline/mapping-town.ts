import kafkajs from 'kafkajs';
import { eventually, randomName } from '../../support/topics.ts';
import type { Town } from '../cli/town.ts';

/** One event as a producer writes it, and the legacy ID in it; undefined: it has none. */
export interface Event {
  readonly legacyId: string | undefined;
  readonly message: kafkajs.Message;
}

export interface Kind {
  readonly name: string;
  readonly legacy: object;
  readonly stamp?: object;
  readonly event: (i: number) => Event;
  /** The ID in an output record. */
  readonly idOf: (message: kafkajs.KafkaMessage) => string;
  readonly legacyOf: (message: kafkajs.KafkaMessage) => string;
}

const inHeader = ({ headers }: kafkajs.KafkaMessage): string => String(headers?.['snowflake_id']);
const json = ({ value }: kafkajs.KafkaMessage): Readonly<Record<string, unknown>> =>
  JSON.parse(String(value)) as Readonly<Record<string, unknown>>;

/** Where a legacy ID may stand; each event's own, so that all of them can be told apart. */
export const KINDS: readonly Kind[] = [
  {
    ...{ name: 'header', legacy: { from: 'header', name: 'old-id' } },
    event: (i) => ({ legacyId: `H${i}`, message: { key: 'k', value: 'v', headers: { 'old-id': `H${i}` } } }),
    ...{ idOf: inHeader, legacyOf: ({ headers }) => String(headers?.['old-id']) },
  },
  {
    ...{ name: 'key', legacy: { from: 'key' } },
    event: (i) => ({ legacyId: `ключ ${i}`, message: { key: `ключ ${i}`, value: 'v' } }),
    ...{ idOf: inHeader, legacyOf: ({ key }) => String(key) },
  },
  {
    ...{ name: 'json', legacy: { from: 'field', name: 'order_id' }, stamp: { in: 'value', format: 'json' } },
    event: (i) => ({
      legacyId: String(9_007_199_254_740_993n + BigInt(i)),
      message: { key: 'k', value: `{"total":${i},"order_id":${9_007_199_254_740_993n + BigInt(i)}}` },
    }),
    idOf: (message) => String(json(message)['snowflake_id']),
    legacyOf: ({ value }) => /"order_id":(\d+)/.exec(String(value))![1]!,
  },
  {
    ...{ name: 'protobuf', legacy: { from: 'field', name: '1', format: 'protobuf' } },
    event: (i) => ({
      legacyId: String(i),
      message: { key: 'k', value: Buffer.from([0x08, (i % 128) | 0x80, i >> 7, 0x12, 1, 0x61]) },
    }),
    ...{ idOf: inHeader, legacyOf: ({ value }) => String((value![1]! & 127) + (value![2]! << 7)) },
  },
];

/** Topics of routes, one for each kind, that share a mapping topic. */
export interface Paths {
  readonly base: string;
  readonly mapping: string;
}

export const input = ({ base }: Paths, name: string): string => `${base}-${name}`;
export const output = (paths: Paths, name: string): string => `${input(paths, name)}-stamped`;
export const dead = (paths: Paths, name: string): string => `${input(paths, name)}-dead`;

export async function pathsFor(town: Town, names: readonly string[]): Promise<Paths> {
  const base = randomName('legacy');
  const paths = { base, mapping: `${base}-ids` };
  await town.operator.create(
    { topic: paths.mapping, partitions: 2, config: { 'cleanup.policy': 'compact' } },
    ...names.flatMap((name) =>
      [input, output, dead].map((of) => ({ topic: of(paths, name), partitions: 1 })),
    ),
  );
  return paths;
}

export const routeOf = (paths: Paths, { name, legacy, stamp }: Kind, missing = 'deadLetter'): object => ({
  ...{ name, input: input(paths, name), output: output(paths, name), deadLetter: dead(paths, name) },
  ...(stamp === undefined ? {} : { stamp }),
  mapping: { topic: paths.mapping, prefix: `${name}:`, legacy, missing },
});

/** What KafkaJS sees under read_committed, all of it: of each topic at least as many records as named. */
export async function committed(
  town: Town,
  counts: Readonly<Record<string, number>>,
): Promise<Readonly<Record<string, readonly kafkajs.KafkaMessage[]>>> {
  const client = new kafkajs.Kafka({ brokers: [...town.bootstrap], logLevel: kafkajs.logLevel.NOTHING });
  const consumer = client.consumer({ groupId: randomName('look'), readUncommitted: false });
  const topics = Object.keys(counts);
  const seen = Object.fromEntries(topics.map((topic): [string, kafkajs.KafkaMessage[]] => [topic, []]));
  const left = new Map<string, number>();
  for (const topic of topics)
    for (const [partition, end] of await town.operator.ends(topic))
      if (end > 0) left.set(`${topic}-${partition}`, end);
  try {
    await consumer.connect();
    await consumer.subscribe({ topics, fromBeginning: true });
    await consumer.run({
      eachBatch: ({ batch }) => {
        const place = `${batch.topic}-${batch.partition}`;
        seen[batch.topic]!.push(...batch.messages);
        // The last offset is a marker's: nothing is handed out for it.
        if (Number(batch.lastOffset()) >= (left.get(place) ?? 0) - 2) left.delete(place);
        return Promise.resolve();
      },
    });
    await eventually(`all of ${topics.join(', ')}`, 20_000, () => {
      const few = topics.filter((topic) => seen[topic]!.length < counts[topic]!);
      const missing = [...few.map((topic) => `${topic}: ${seen[topic]!.length}`), ...left.keys()];
      return Promise.resolve(missing.length === 0 ? undefined : missing.join(', '));
    });
  } finally {
    await consumer.disconnect();
  }
  return seen;
}
