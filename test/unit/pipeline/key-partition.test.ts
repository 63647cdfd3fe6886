import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import kafkajs from 'kafkajs';
import { partitionOfKey } from '../../../src/pipeline/key-partition.ts';

describe('the partition of a key', () => {
  it.each([
    // Kafka's own UtilsTest: murmur2 of these texts.
    ['21', -973_932_308],
    ['foobar', -790_332_482],
    ['a-little-bit-long-string', -985_981_536],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58_897_971],
    ['abc', 479_470_107],
  ])('%s is hashed as the Java client does', (key, hash) => {
    expect(partitionOfKey(Buffer.from(key), 2 ** 31)).toBe(hash & 0x7fffffff);
  });

  it('is the one KafkaJS chooses, which claims to be compatible', () => {
    const choose = kafkajs.Partitioners.DefaultPartitioner();
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 50 }),
        (key, count) => {
          const partitionMetadata = Array.from({ length: count }, (_, partitionId) => ({
            ...{ partitionErrorCode: 0, partitionId, leader: 1, replicas: [1], isr: [1] },
          }));
          const chosen = choose({
            topic: 't',
            partitionMetadata,
            message: { key: Buffer.from(key), value: null },
          });
          expect(partitionOfKey(key, count)).toBe(chosen);
        },
      ),
    );
  });
});
