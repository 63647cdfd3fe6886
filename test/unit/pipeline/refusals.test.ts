import { afterEach, describe, expect, it } from '@jest/globals';
import type { OutgoingBatch, Refusal } from '../../../src/kafka/transaction/port.ts';
import { newDraft, partOf } from '../../../src/pipeline/draft.ts';
import { Partition } from '../../../src/pipeline/partition.ts';
import type { SpellEnd } from '../../../src/pipeline/publisher.ts';
import { Refusals } from '../../../src/pipeline/refusals.ts';
import { BufferPool } from '../../../src/kafka/records/buffer-pool.ts';
import { BatchWriter } from '../../../src/kafka/records/writer.ts';
import { settingsFor } from '../../support/settings.ts';
import { decodeBatch } from '../records/plain-codec.ts';
import { FakeLog } from './log.ts';
import { read, refusal, type Fate } from './producer.ts';
import { numbers, Scene, type Options } from './scene.ts';
import { T0, WorldClock } from './world.ts';

const CODE = { notLeader: 6, tooLarge: 10, timestamp: 32, invalidRecord: 87 } as const;

let scene: Scene;
let over: Promise<SpellEnd>;

function start(options: Options = {}): void {
  scene = new Scene(options);
  const count = options.partitions ?? 1;
  for (let i = 0; i < count; i++) scene.world.log('in', i).put(numbers(10 * i, 10 * i + 10));
  over = scene.serve();
  scene.membership.give('in', ...Array.from({ length: count }, (_, i) => i));
}

afterEach(async () => {
  scene.intake.abort();
  await over;
});

/** An output that never takes `value`; `named`: it says which record it was. */
const without =
  (value: string, errorCode: number, named: boolean): Fate =>
  ({ batches }) => {
    const bad = batches.map(read).filter(({ topic, values }) => topic === 'out' && values.includes(value));
    if (bad.length === 0) return 'commit';
    return bad.map(({ partition, values }) =>
      refusal('out', errorCode, { partition, recordIndexes: named ? [values.indexOf(value)] : [] }),
    );
  };

const isLetter = ({ topic }: OutgoingBatch): boolean => topic === 'dlq';
const committed = (offset = 10, partition = 0): Promise<void> =>
  scene.world.until(() => scene.committedOffset(partition) === offset, `committed ${offset}`);
const letters = (partition = 0) => scene.world.log('dlq', partition).visible();
const source = ({ headers }: { headers: Readonly<Record<string, string>> }): string =>
  `${headers['snowstamp.error.topic']}-${headers['snowstamp.error.partition']}@${headers['snowstamp.error.offset']}`;
const but = (...gone: string[]): string[] => numbers(0, 10).filter((value) => !gone.includes(value));

describe('a record the output refuses (rule 15)', () => {
  it('named: poisoned by its offset, dead-lettered by the very next try, the others stamped in order', async () => {
    start();
    scene.otherwise = without('v3', CODE.invalidRecord, true);
    await committed();
    expect(scene.sent).toHaveLength(2);
    expect(scene.values()).toEqual(but('v3'));
    expect(letters().map(source)).toEqual(['in-0@3']);
    expect(scene.of('dead-letter')).toMatchObject([{ offset: 3, code: 'RECORD_REFUSED' }]);
  });

  it('not named: found by bisection; nobody else is dead-lettered', async () => {
    start();
    scene.otherwise = without('v6', CODE.tooLarge, false);
    await committed();
    expect(scene.values()).toEqual(but('v6'));
    expect(letters().map(source)).toEqual(['in-0@6']);
    expect(scene.sent.length).toBeGreaterThan(3);
    expect(scene.of('dead-letter')).toMatchObject([{ offset: 6, code: 'RECORD_TOO_LARGE' }]);
  });

  it('several at once, one after another: each offset its own, although buried ones hold no place any more', async () => {
    start();
    const two = without('v4', CODE.invalidRecord, true) as (intent: never) => Fate;
    const one = without('v3', CODE.invalidRecord, true) as (intent: never) => Fate;
    scene.otherwise = (intent) => {
      const first = one(intent as never);
      return first === 'commit' ? two(intent as never) : first;
    };
    await committed();
    expect(letters().map(source)).toEqual(['in-0@3', 'in-0@4']);
    expect(scene.values()).toEqual(but('v3', 'v4'));
  });

  it('onError stop: what lies before it is committed, then the partition stops; nothing is dropped', async () => {
    start({ route: { deadLetter: undefined, onError: 'stop' } });
    scene.otherwise = without('v3', CODE.invalidRecord, true);
    await scene.world.until(() => scene.of('stopped').length === 1, 'stopped');
    expect(scene.of('stopped')).toMatchObject([{ code: 'RECORD_REFUSED' }]);
    expect([scene.values(), scene.committedOffset()]).toEqual([numbers(0, 3), 3]);
  });

  it('a code that passes by itself sidelines: tried alone, nothing dead-lettered; control: one about the record buries', async () => {
    start({ partitions: 2 });
    scene.fates.push(() => [refusal('out', CODE.notLeader, { recordIndexes: [3] })]);
    await committed();
    await committed(10, 1);
    expect(scene.of('sidelined')).toMatchObject([{ partition: 0, backoffMs: 100 }]);
    expect(letters()).toEqual([]);
    expect(scene.sent.at(-1)!.map(({ partition }) => partition)).toEqual([0]);
    scene.world.log('in', 0).put(numbers(10, 20));
    scene.fates.push(() => [refusal('out', CODE.invalidRecord, { recordIndexes: [3] })]);
    await committed(20);
    expect(letters().map(source)).toEqual(['in-0@13']);
  });
});

describe('offsets of a batch from which others were buried (rule 15)', () => {
  it.each([
    ['known', true, 4],
    ['not known: control, an innocent one is blamed', false, 3],
  ])('%s', (_, known, blamed) => {
    const log = new FakeLog();
    log.put(numbers(0, 10));
    const { pipeline } = settingsFor({
      bootstrap: [],
      etcd: [],
      prefix: '',
      groupId: 'g',
      name: 'n',
      routes: [{ name: 'r', input: 'in', output: 'out', deadLetter: 'dlq' }],
    });
    const token = { topic: 'in', partition: 0, alive: true };
    const partition = new Partition(token, pipeline.routes[0]!, () => undefined);
    partition.position = 0;
    partition.inflow.reset(0, -1);
    partition.inflow.append(log.read(0, 1, 1_000_000).records, [], 1);
    const draft = newDraft();
    const part = partOf(draft, partition);
    part.next = 10;
    part.stamped = 9;
    const letter = { part, offset: 3, code: 'RECORD_REFUSED' as const, message: '' };
    const writer = new BatchWriter(new BufferPool(0));
    if (known) draft.letters.set('dlq/0', { topic: 'dlq', partition: 0, writer, letters: [letter] });
    const refusals = new Refusals({ clock: new WorldClock(), settings: pipeline, observe: () => undefined });
    refusals.apply(draft, [refusal('out', CODE.invalidRecord, { recordIndexes: [3] })]);
    expect([...partition.poison.keys()]).toEqual([blamed]);
    scene = new Scene();
    over = Promise.resolve('drained');
  });
});

describe('a dead letter that is refused (rule 15)', () => {
  const restampedOf = ({ batch }: OutgoingBatch): boolean[] =>
    decodeBatch(batch.bytes).records.map(({ headers, timestamp }) =>
      headers.some(
        ({ name, value }) =>
          new TextDecoder().decode(name) === 'snowstamp.error.timestamp' &&
          new TextDecoder().decode(value ?? undefined) !== String(timestamp),
      ),
    );
  /** v3 and v13 are refused by the output; `onLetters` decides on the dead letters. */
  const judged =
    (onLetters: (batch: OutgoingBatch) => readonly Refusal[]): Fate =>
    async (intent) => {
      for (const value of ['v3', 'v13']) {
        const fate = without(value, CODE.invalidRecord, true) as (given: typeof intent) => Fate;
        const found = fate(intent);
        if (found !== 'commit') return found;
      }
      const refused = intent.batches.filter(isLetter).flatMap(onLetters);
      return Promise.resolve(refused.length > 0 ? refused : 'commit');
    };

  it('for its timestamp: written again with the time of now, the original in a header', async () => {
    start();
    scene.otherwise = judged((batch) =>
      restampedOf(batch).every(Boolean) ? [] : [refusal('dlq', CODE.timestamp)],
    );
    await committed();
    expect(letters()[0]!.headers['snowstamp.error.timestamp']).toBe('1760000000000');
    expect(letters()[0]!.timestamp).toBeGreaterThan(T0);
    expect(scene.values()).toEqual(but('v3'));
  });

  it.each([
    ['again for its timestamp', CODE.timestamp, 2],
    ['for another reason', CODE.tooLarge, 1],
  ])('%s: the partition stops, its record neither dropped nor tried for ever', async (_, code, tries) => {
    start();
    scene.otherwise = judged(() => [refusal('dlq', code)]);
    await scene.world.until(() => scene.of('stopped').length === 1, 'stopped');
    expect(scene.of('stopped')).toMatchObject([{ code: 'DEAD_LETTER_REFUSED' }]);
    await scene.world.pass(10_000);
    expect(scene.sent.filter((sent) => sent.some(({ topic }) => topic === 'dlq'))).toHaveLength(tries);
    expect(letters()).toEqual([]);
  });

  it('two input partitions share one of its partitions: only the one that is named is written anew', async () => {
    start({ partitions: 2 });
    scene.otherwise = judged((batch) => {
      const index = restampedOf(batch).findIndex((is, i) => !is && read(batch).values[i] === 'v13');
      return index < 0 ? [] : [refusal('dlq', CODE.timestamp, { recordIndexes: [index] })];
    });
    await committed();
    await committed(10, 1);
    const found = letters().map((letter) => [
      source(letter),
      letter.headers['snowstamp.error.timestamp'] !== String(letter.timestamp),
    ]);
    expect(new Map(found as [string, boolean][])).toEqual(
      new Map([
        ['in-0@3', false],
        ['in-1@3', true],
      ]),
    );
    expect(found).toHaveLength(2);
  });

  it('is tried again once its topic changed, and no sooner', async () => {
    start();
    let refuses = true;
    scene.otherwise = judged(() => (refuses ? [refusal('dlq', CODE.tooLarge)] : []));
    await scene.world.until(() => scene.of('stopped').length === 1, 'stopped');
    refuses = false;
    await scene.world.pass(100_000);
    expect(scene.states()).toEqual(['stopped:DEAD_LETTER_REFUSED']);
    scene.world.topics.get('dlq')!.logs.push(new FakeLog());
    await committed();
    expect(letters().map(source)).toEqual(['in-0@3']);
  });

  it('a topic that is not there sidelines, and the letter goes out once it is; control: the others flow', async () => {
    start({ partitions: 2 });
    scene.world.topics.delete('dlq');
    scene.world.show();
    scene.otherwise = judged(() => []);
    scene.world.log('in', 1).put(['later']);
    await scene.world.until(() => scene.of('sidelined').length >= 2, 'sidelined');
    expect(scene.of('sidelined')[0]!.why).toBe('TOPIC_MISSING: dlq is not there');
    expect([scene.committedOffset(0), scene.of('stopped')]).toEqual([3, []]);
    scene.world.create('dlq');
    await committed();
    await committed(11, 1);
    expect(letters().map(source).toSorted()).toEqual(['in-0@3', 'in-1@3']);
  });
});
