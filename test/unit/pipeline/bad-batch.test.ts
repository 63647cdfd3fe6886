import { afterEach, describe, expect, it } from '@jest/globals';
import { AT } from '../../../src/kafka/records/batch.ts';
import type { SpellEnd } from '../../../src/pipeline/publisher.ts';
import { encodeBatch, plainRecord, text } from '../records/plain-codec.ts';
import { numbers, Scene } from './scene.ts';

let scene: Scene;
let over: Promise<SpellEnd>;

/** Partition 0 holds three good records, a batch that `spoil` spoils, and, with `behind`, good ones; partition 1 only good ones. */
function start(spoil: (bytes: Uint8Array) => Uint8Array, behind = true): void {
  scene = new Scene({ partitions: 2 });
  const log = scene.world.log('in', 0);
  log.put(numbers(0, 3));
  log.put(numbers(3, 6));
  const bad = log.stored[1]!;
  log.stored[1] = { ...bad, bytes: spoil(bad.bytes) };
  if (behind) log.put(numbers(6, 9));
  scene.world.log('in', 1).put(numbers(0, 3));
  scene.membership.give('in', 0, 1);
}

async function stopped(): Promise<void> {
  over = scene.serve();
  await scene.world.until(() => scene.of('stopped').length > 0, 'stopped');
  scene.world.log('in', 1).put(numbers(3, 6));
  await scene.world.until(() => scene.committedOffset(1) === 6, 'the other flows on');
}

afterEach(async () => {
  scene.intake.abort();
  await over;
});

const withDelta = (delta: number) => (bytes: Uint8Array) => {
  new DataView(bytes.buffer).setInt32(AT.lastOffsetDelta, delta);
  return bytes;
};
const flipped = (bytes: Uint8Array): Uint8Array => {
  bytes[bytes.length - 1]! ^= 1;
  return bytes;
};
const unknownCodec = (): Uint8Array =>
  encodeBatch({
    baseOffset: 3,
    codec: 5,
    records: numbers(3, 6).map((v) => plainRecord({ value: text(v) })),
  });

describe.each([
  ['last', false],
  ['more behind it', true],
])('a batch that cannot be read (rules 5, 8): %s', (_place, behind) => {
  it.each([
    ['a wrong checksum', 'BATCH_CORRUPT', flipped],
    ['an unknown codec', 'BATCH_UNSUPPORTED', unknownCodec],
    ['a header that points beyond the log', 'BATCH_CORRUPT', withDelta(1_000_000)],
    ['a header that points backwards', 'BATCH_CORRUPT', withDelta(-1_000)],
  ] as const)(
    '%s: %s once what lies before it is committed; the other partition flows',
    async (_, code, spoil) => {
      start(spoil, behind);
      await stopped();
      expect(scene.of('stopped')).toMatchObject([{ partition: 0, code }]);
      expect(scene.values('out', 0)).toEqual(numbers(0, 3));
      expect(scene.committedOffset(0)).toBe(3);
      expect(scene.values('out', 1)).toEqual(numbers(0, 6));
    },
  );

  it('one that points beyond the log, alone in its answer, is not blamed on the position', async () => {
    start(withDelta(1_000_000), behind);
    scene.world.committed.set('in-0', { offset: 3, leaderEpoch: -1, metadata: 'v1:0:-1' });
    await stopped();
    expect(scene.of('stopped')).toMatchObject([{ partition: 0, code: 'BATCH_CORRUPT' }]);
  });
});

describe('controls', () => {
  it('a sound batch at that place stops nothing', async () => {
    start((bytes) => bytes);
    over = scene.serve();
    await scene.world.until(() => scene.committedOffset(0) === 9, 'all of it');
    expect(scene.of('stopped')).toEqual([]);
  });

  it('a header believed unchecked leads the fetches out of the log, and the position is blamed', async () => {
    start(withDelta(1_000_000), false);
    scene.fates.push(async () => {
      await scene.world.pass(1_000); // the fetches come first
      return 'commit' as const;
    });
    scene.world.onFetch = (request) => {
      const answer = scene.world.fetched(request);
      const arrives = answer.topics.some(({ partitions }) =>
        partitions.some((p) => p.partition === 0 && p.records !== null && p.records.length > 0),
      );
      if (!arrives) return undefined;
      const believing = answer.topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map((p) => ({ ...p, highWatermark: 2 ** 52 })),
      }));
      return { ...answer, topics: believing };
    };
    await stopped();
    expect(scene.of('stopped')).toMatchObject([{ partition: 0, code: 'POSITION_OUT_OF_RANGE' }]);
  });
});
