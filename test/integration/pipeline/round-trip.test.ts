import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  provideEtcd,
  provideKafka,
  type EtcdBackend,
  type KafkaBackend,
} from '../../../deploy/local/backends.ts';
import { Scene } from '../../support/fleet-scene.ts';
import { innocent } from '../../support/judge.ts';
import { produceOddRecords } from '../../support/odd-records.ts';

const PARTITIONS = 6;
const PLAIN = 1_000_000;

describe('from a topic to its stamped topic and the judge', () => {
  let kafka: KafkaBackend;
  let etcd: EtcdBackend;

  beforeAll(async () => {
    [kafka, etcd] = await Promise.all([provideKafka(), provideEtcd()]);
  }, 120_000);
  afterAll(async () => {
    await kafka[Symbol.asyncDispose]();
    await etcd[Symbol.asyncDispose]();
  });

  it('one million plain records and everything odd that Kafka allows come out once, in order, unchanged but for unique rising IDs (P1–P4); verify proves it (P8)', async () => {
    await using scene = await Scene.open({
      kafka,
      etcd,
      partitions: PARTITIONS,
      changes: (settings) => settings,
    });
    const odd = await produceOddRecords(kafka.bootstrap, scene.input, { partitions: PARTITIONS, rounds: 12 });
    expect(odd.aborted).toBeGreaterThan(1_000);

    const [first, second] = await Promise.all([scene.join('first'), scene.join('second')]);
    await scene.feed(PLAIN, { valueBytes: 128, perBatch: 1_000 });
    const late = await produceOddRecords(kafka.bootstrap, scene.input, {
      partitions: PARTITIONS,
      rounds: 3,
      seed: 2,
    });
    await scene.caughtUp(120_000); // pitfall 5: lag reaches 0 although the input ends in markers
    expect(await Promise.all([first.stop(), second.stop()])).toEqual([0, 0]);

    const verdict = await scene.judge();
    expect(verdict).toMatchObject(innocent(PLAIN + odd.committed + late.committed));
    for (const feature of [
      ...[
        'nullKey',
        'emptyKey',
        'zeroKey',
        'nullValue',
        'emptyValue',
        'timestamp0',
        'timestamp1',
        'emptyHeaderName',
      ],
      ...['duplicateHeader', 'nullHeaderValue', 'emptyHeaderValue', 'alreadyStamped'],
      ...['headers62', 'headers63', 'headers64', 'headers8190', 'headers8191'],
    ])
      expect([feature, verdict.features[feature] ?? 0]).toEqual([feature, expect.not.closeTo(0)]);

    const { exit, report } = await scene.verify();
    expect(report).toMatchObject({
      verdict: 'proven',
      ids: PLAIN + odd.committed + late.committed,
      duplicateIds: 0,
    });
    expect(exit).toBe(0);
  }, 300_000);
});
