import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { GroupIdentity } from '../../../src/kafka/membership/port.ts';
import type {
  OffsetToCommit,
  OutgoingBatch,
  TransactionIntent,
} from '../../../src/kafka/transaction/port.ts';
import { Room } from './room.ts';

const never = new AbortController().signal;
const FUTURE_MS = 2 * 3_600_000;

let room: Room;
let identity: GroupIdentity;

beforeAll(async () => {
  room = await Room.open({ 'max.message.bytes': '2000' });
  identity = await room.join();
}, 120_000);

afterAll(async () => {
  await room[Symbol.asyncDispose]();
});

const intent = (
  batches: readonly OutgoingBatch[],
  offsets: readonly OffsetToCommit[] | undefined,
  successor: TransactionIntent['successor'] = () => Promise.resolve(undefined),
): TransactionIntent => ({ batches, offsets: () => offsets, identity, successor });

describe('transactions on a real broker', () => {
  it('a commit is visible to read_committed, with offsets and metadata in the group; an abort is not', async () => {
    const { producer, facts } = room.member();
    expect(await producer.init(never)).toEqual({ result: 'ready' });
    const first = intent([room.batch(0, ['a', 'b']), room.batch(1, ['c'])], [room.at(0, 2), room.at(1, 1)]);
    expect(await producer.run(first, never)).toMatchObject({ result: 'committed' });
    expect(await producer.run(intent([room.batch(0, ['gone'])], undefined), never)).toMatchObject({
      result: 'aborted',
      why: 'ownership',
    });
    expect((await producer.run(intent([room.batch(0, ['d'])], [room.at(0, 3)]), never)).result).toBe(
      'committed',
    );
    expect(await room.visible(0)).toEqual(['a', 'b', 'd']);
    expect(await room.visible(1)).toEqual(['c']);
    expect(await room.committed()).toMatchObject({
      result: 'ok',
      offsets: [
        { partition: 0, offset: 3, leaderEpoch: 0, metadata: 'v1:3:0' },
        { partition: 1, offset: 1, metadata: 'v1:1:0' },
      ],
    });
    expect(facts.map(({ fact }) => fact).filter((fact) => fact !== 'retried')).toEqual([
      'initialised',
      ...['begun', 'produced', 'offsets-added', 'offsets-committed', 'ended'],
      ...['begun', 'produced', 'ended'],
      ...['begun', 'produced', 'offsets-added', 'offsets-committed', 'ended'],
    ]);
    await producer.close();
  });

  it('moves offsets without a record', async () => {
    const { producer } = room.member();
    await producer.init(never);
    expect(await producer.run(intent([], [room.at(1, 8)]), never)).toEqual({
      result: 'committed',
      produced: [],
    });
    expect((await room.positions())[1]).toBe(8);
  });

  it('a refused record is named (32), a batch too large is refused (10), neither holds up the next transaction (rules 5, 15)', async () => {
    const { producer, facts } = room.member();
    await producer.init(never);
    const before = await room.visible(0);
    const poisoned = room.batch(
      0,
      ['x', 'poison', 'y'],
      (index) => Date.now() + (index === 1 ? FUTURE_MS : 0),
    );
    const large = room.batch(1, ['z'.repeat(3_000)]);
    const outcome = await producer.run(intent([poisoned, large], [room.at(0, 9)]), never);
    expect(outcome).toMatchObject({ result: 'aborted', why: 'refused' });
    const refusals = outcome.result === 'aborted' ? outcome.refusals : [];
    expect(
      refusals.map(({ partition, errorCode, recordIndexes }) => [partition, errorCode, recordIndexes]),
    ).toEqual(
      expect.arrayContaining([
        [0, 32, [1]],
        [1, 10, []],
      ]),
    );
    expect((await producer.run(intent([room.batch(0, ['x', 'y'])], [room.at(0, 10)]), never)).result).toBe(
      'committed',
    );
    expect(await room.visible(0)).toEqual([...before, 'x', 'y']);
    expect((await room.positions())[0]).toBe(10);
    expect(facts.filter(({ fact }) => fact === 'initialised')).toHaveLength(2);
  });

  it('a commit under another generation is aborted (22), and committed under the successor', async () => {
    const { producer } = room.member();
    await producer.init(never);
    const before = await room.visible(1);
    const stale = { ...identity, generationId: identity.generationId + 1 };
    const refused = { ...intent([room.batch(1, ['stale'])], [room.at(1, 20)]), identity: stale };
    expect(await producer.run(refused, never)).toMatchObject({
      result: 'aborted',
      why: 'group',
      groupError: 22,
    });
    const renewed = { ...refused, successor: () => Promise.resolve(identity) };
    expect((await producer.run(renewed, never)).result).toBe('committed');
    const stranger = { ...refused, identity: { ...identity, memberId: 'nobody' } };
    expect(await producer.run(stranger, never)).toMatchObject({
      result: 'aborted',
      why: 'group',
      groupError: 25,
    });
    expect(await room.visible(1)).toEqual([...before, 'stale']);
  });
});

describe('two producers with one transactional id (rule 3)', () => {
  it('the second fences the first, between transactions', async () => {
    const [first, second] = [room.member(), room.member()];
    await first.producer.init(never);
    expect(await second.producer.init(never)).toEqual({ result: 'ready' });
    expect(
      (await first.producer.run(intent([room.batch(0, ['late'])], [room.at(0, 99)]), never)).result,
    ).toBe('fenced');
    expect((await first.producer.init(never)).result).toBe('fenced');
    expect(
      (await second.producer.run(intent([room.batch(0, ['mine'])], [room.at(0, 30)]), never)).result,
    ).toBe('committed');
    expect((await room.visible(0)).at(-1)).toBe('mine');
    expect((await room.positions())[0]).toBe(30);
  });

  it('the second fences the first in the middle of a transaction, whose records are never visible', async () => {
    const [first, second] = [room.member(), room.member(room.another())];
    await first.producer.init(never);
    const stale = { ...identity, generationId: identity.generationId + 1 };
    const successor = async (): Promise<GroupIdentity> => {
      expect(await second.producer.init(never)).toEqual({ result: 'ready' });
      return identity;
    };
    const doomed = { ...intent([room.batch(0, ['doomed'])], [room.at(0, 98)], successor), identity: stale };
    expect((await first.producer.run(doomed, never)).result).toBe('fenced');
    expect(await room.visible(0)).not.toContain('doomed');
    expect((await room.positions())[0]).toBe(30);
  });
});

describe('recovery from doubt (rule 4)', () => {
  it('a connection cut under a Produce: the epoch ends, Init fences it, offsets are as before, work goes on', async () => {
    const way = room.another();
    const member = room.member(way);
    const { producer } = member;
    await producer.init(never);
    expect((await producer.run(intent([room.batch(0, ['before'])], [room.at(0, 40)]), never)).result).toBe(
      'committed',
    );
    member.onFact = ({ fact }) => {
      if (fact === 'begun')
        setImmediate(() => {
          way.cut();
        });
    };
    expect(await producer.run(intent([room.batch(0, ['cut'])], [room.at(0, 41)]), never)).toMatchObject({
      result: 'doubtful',
      why: expect.stringContaining('Produce'),
    });
    member.onFact = () => undefined;
    expect(await producer.init(never)).toEqual({ result: 'ready' });
    expect((await room.positions())[0]).toBe(40);
    expect((await producer.run(intent([room.batch(0, ['after'])], [room.at(0, 41)]), never)).result).toBe(
      'committed',
    );
    expect((await room.visible(0)).slice(-2)).toEqual(['before', 'after']);
  });

  it('a process gone before EndTxn: offsets are unstable (88) until its successor initialises, then as before (rule 6)', async () => {
    const way = room.another();
    const dying = room.member(way);
    await dying.producer.init(never);
    dying.onFact = ({ fact }) => {
      if (fact === 'offsets-committed') way.die();
    };
    const outcome = await dying.producer.run(intent([room.batch(0, ['dying'])], [room.at(0, 97)]), never);
    expect(outcome.result).toBe('doubtful');
    expect(await room.committed(300)).toMatchObject({ result: 'later', errorCode: 88 });
    expect(await room.member().producer.init(never)).toEqual({ result: 'ready' });
    expect((await room.positions())[0]).toBe(41);
    expect(await room.visible(0)).not.toContain('dying');
  });
});
