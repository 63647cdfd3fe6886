import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import kafkajs, { type Producer } from 'kafkajs';
import { provideKafka, type KafkaBackend } from '../../deploy/local/backends.ts';
import { innocent, judge, type Verdict } from '../support/judge.ts';
import { Operator, randomName } from '../support/topics.ts';

/** A record as KafkaJS writes it; headers by name, and here all names are different. */
interface Plain {
  readonly key: string | null;
  readonly value: string | null;
  readonly timestamp: string;
  readonly headers: Record<string, string>;
}

const inputs: Plain[] = Array.from({ length: 20 }, (_, i) => ({
  key: i % 3 === 0 ? null : `key-${i}`,
  value: i % 5 === 0 ? null : `value-${i}`,
  timestamp: String(1_700_000_000_000 + i),
  headers: { first: `a${i}`, second: '' },
}));

const stamped = ({ headers, ...rest }: Plain, id: number): Plain => ({
  ...rest,
  headers: { ...headers, snowflake_id: String(1_000 + id) },
});

const right = inputs.map(stamped);
const at = (index: number): Plain => right[index]!;
const changed = (index: number, change: Partial<Plain>): Plain[] =>
  right.map((record, i) => (i === index ? { ...record, ...change } : record));

/** Each output is right but for one planted fault; what must be found is complete: everything else stays innocent. */
const planted: Record<string, { output: Plain[]; found: Partial<Verdict> }> = {
  'a duplicate under the same ID': {
    output: [...right.slice(0, 8), at(7), ...right.slice(8)],
    found: { outputs: 21, extra: 1, duplicateIds: 1, notRising: 1 },
  },
  'a duplicate under an ID of its own': {
    output: [...right.slice(0, 8), stamped(inputs[7]!, 7.5), ...right.slice(8)].map((record, i) => ({
      ...record,
      headers: { ...record.headers, snowflake_id: String(i) },
    })),
    found: { outputs: 21, extra: 1 },
  },
  'a gap': { output: right.filter((_, i) => i !== 9), found: { outputs: 19, missing: 1 } },
  'a lost tail': { output: right.slice(0, 15), found: { outputs: 15, missing: 5 } },
  'two records swapped, IDs rising': {
    output: right.map((record, i) =>
      i === 3 ? stamped(inputs[4]!, 3) : i === 4 ? stamped(inputs[3]!, 4) : record,
    ),
    found: { outOfOrder: 2 },
  },
  'IDs that fall': {
    output: right.map((record, i) =>
      i === 3 ? stamped(inputs[3]!, 4) : i === 4 ? stamped(inputs[4]!, 3) : record,
    ),
    found: { notRising: 1 },
  },
  'one ID given twice': {
    output: changed(6, stamped(inputs[6]!, 5)),
    found: { duplicateIds: 1, notRising: 1 },
  },
  'a changed header': {
    output: changed(5, { headers: { first: 'b5', second: '', snowflake_id: '1005' } }),
    found: { different: 1 },
  },
  'headers in another order': {
    output: changed(5, { headers: { second: '', first: 'a5', snowflake_id: '1005' } }),
    found: { different: 1 },
  },
  'a stamp that is not last': {
    output: changed(5, { headers: { snowflake_id: '1005', first: 'a5', second: '' } }),
    found: { badStamps: 1 },
  },
  'a stamp that is no number': {
    output: changed(5, { headers: { first: 'a5', second: '', snowflake_id: '01005' } }),
    found: { badStamps: 1 },
  },
  'a null value made empty': { output: changed(10, { value: '' }), found: { different: 1 } },
  'a null key made empty': { output: changed(9, { key: '' }), found: { different: 1 } },
  'another timestamp': { output: changed(5, { timestamp: '1700000000006' }), found: { different: 1 } },
};

const routes = Object.fromEntries(
  ['nothing', ...Object.keys(planted)].map((fault) => {
    const input = randomName('judged');
    return [fault, { input, output: `${input}-stamped` }];
  }),
);

describe('the judge of exactly-once (control: it finds what is planted)', () => {
  let kafka: KafkaBackend;
  let operator: Operator;
  let producer: Producer;
  /** All at once: each judging is mostly waiting. */
  let verdicts: Map<string, Verdict>;

  beforeAll(async () => {
    kafka = await provideKafka();
    operator = await Operator.at(kafka.bootstrap);
    producer = new kafkajs.Kafka({ brokers: kafka.bootstrap, logLevel: kafkajs.logLevel.NOTHING }).producer();
    await producer.connect();
    const topics = Object.values(routes).flatMap(({ input, output }) => [input, output]);
    await operator.create(...topics.map((topic) => ({ topic, partitions: 1 })));
    await producer.sendBatch({
      topicMessages: Object.entries(routes).flatMap(([fault, { input, output }]) => [
        { topic: input, messages: inputs },
        { topic: output, messages: planted[fault]?.output ?? right },
      ]),
    });
    const judged = await Promise.all(
      Object.entries(routes).map(async ([fault, route]) => {
        return [fault, await judge({ bootstrap: kafka.bootstrap, routes: [route] })] as const;
      }),
    );
    verdicts = new Map(judged);
  }, 180_000);

  afterAll(async () => {
    await producer.disconnect();
    await operator[Symbol.asyncDispose]();
    await kafka[Symbol.asyncDispose]();
  });

  it('finds nothing where nothing is planted', () => {
    const verdict = verdicts.get('nothing')!;
    expect(verdict).toMatchObject(innocent(20));
    expect(verdict.features).toMatchObject({ nullKey: 7, nullValue: 4, emptyHeaderValue: 20 });
  });

  it.each(Object.entries(planted))('finds %s', (fault, { found }) => {
    const { faults, ...verdict } = verdicts.get(fault)!;
    const { faults: none, ...rest } = innocent(20);
    expect(verdict).toMatchObject({ ...rest, ...found });
    expect(faults.length).toBeGreaterThan(none.length);
  });

  it('finds one ID in two topics (P1)', async () => {
    const both = [routes['nothing']!, routes['a gap']!];
    const verdict = await judge({ bootstrap: kafka.bootstrap, routes: both });
    expect(verdict).toMatchObject({ inputs: 40, outputs: 39, missing: 1, duplicateIds: 19, notRising: 0 });
  }, 60_000);
});
