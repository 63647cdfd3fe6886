import { describe, expect, it } from '@jest/globals';
import type { CommittedOffset } from '../../../src/kafka/transaction/offsets.ts';
import { formatCarried } from '../../../src/pipeline/carried.ts';
import { LogReader } from '../../../src/pipeline/log-reader.ts';
import { DoorKeeper, type Door } from '../../../src/pipeline/opening.ts';
import { Partition } from '../../../src/pipeline/partition.ts';
import type { Route } from '../../../src/pipeline/port.ts';
import { compose, DEFAULT_LAYOUT } from '../../../src/snowflake/layout.ts';
import { route } from '../../support/settings.ts';
import { settings } from '../stamp/value-drive.ts';
import { encodeBatch, plainRecord, text } from '../records/plain-codec.ts';
import { numbers, Scene } from './scene.ts';
import { T0, World } from './world.ts';

const NOBODY: CommittedOffset = { topic: 'in', partition: 0, offset: -1, leaderEpoch: -1, metadata: null };
const at = (offset: number, metadata: string | null = 'v1:0:-1', leaderEpoch = -1): CommittedOffset => ({
  ...NOBODY,
  offset,
  leaderEpoch,
  metadata,
});
const idAt = (timestampMs: number): bigint => compose(DEFAULT_LAYOUT, { timestampMs, node: 3, sequence: 0 });
const idBatch = (ids: readonly bigint[], transactional = false): Uint8Array =>
  encodeBatch({
    transactional,
    producerId: transactional ? 9n : -1n,
    records: ids.map((id) =>
      plainRecord({ headers: [{ name: text('snowflake_id'), value: text(String(id)) }] }),
    ),
  });

/** A world with five records in `in` and an empty `out`. */
function world(): World {
  const made = new World();
  made.create('in');
  made.create('out');
  made.log('in').put(numbers(0, 5));
  return made;
}

function partition(index = 0, changes: Partial<Route> = {}): Partition {
  const token = { topic: 'in', partition: index, alive: true };
  return new Partition(token, route({ name: 'r', input: 'in', output: 'out', ...changes }), () => undefined);
}

type Weak = (log: LogReader) => void;

/** Asks the door; `weaken` takes one of its eyes. */
function knock(
  from: World,
  committed: CommittedOffset,
  {
    of = partition(),
    weaken,
    maxFloorWaitMs = 5_000,
  }: { of?: Partition; weaken?: Weak; maxFloorWaitMs?: number } = {},
): Promise<Door> {
  const log = new LogReader(from, 1_000);
  weaken?.(log);
  const deps = { cluster: from, log, clock: from.clock, layout: DEFAULT_LAYOUT, maxFloorWaitMs };
  return new DoorKeeper(deps).open(of, committed);
}

const opens = (offset: number) => ({ door: 'open', opening: { offset } });
const stops = (code: string) => ({ door: 'stop', code });
const blind: Weak = (log) => {
  log.scan = () => Promise.resolve(false);
};
const endless: Weak = (log) => {
  log.end = () => Promise.resolve(Number.MAX_SAFE_INTEGER);
};
/** Believes whatever was written in `out` is there. */
const onlyOutput: Weak = (log) => {
  const end = log.end.bind(log);
  log.end = async (of, upTo) => (of.topic === 'out' ? Number.MAX_SAFE_INTEGER : end(of, upTo));
};
const committedOnly: Weak = (log) => {
  const scan = log.scan.bind(log);
  log.scan = (of, from, end, _level, watched, visit) => scan(of, from, end, 1, watched, visit);
};
const epochless: Weak = (log) => {
  log.epochEnd = () => Promise.resolve(undefined);
};

describe('the door without a committed offset (rule 8)', () => {
  it('a virgin output: from the earliest record there is', async () => {
    const virgin = world();
    virgin.log('in').start = 2;
    expect(await knock(virgin, NOBODY)).toMatchObject(opens(2));
  });

  it('an output that holds records: stop; control: without the look, all would be stamped twice', async () => {
    const used = world();
    used.log('out').put(['from before']);
    expect(await knock(used, NOBODY)).toMatchObject(stops('POSITION_UNKNOWN'));
    expect(await knock(used, NOBODY, { weaken: blind })).toMatchObject(opens(0));
  });

  it('an output that held records once, all deleted since: stop', async () => {
    const used = world();
    used.log('out').start = used.log('out').end = 7;
    expect(await knock(used, NOBODY)).toMatchObject(stops('POSITION_UNKNOWN'));
  });

  it('an output that holds aborted records only never held one: earliest; control: committed ones stop', async () => {
    for (const [committed, expected] of [
      [false, opens(0)],
      [true, stops('POSITION_UNKNOWN')],
    ] as const) {
      const tried = world();
      tried
        .log('out')
        .putBytes(encodeBatch({ records: [plainRecord()], transactional: true, producerId: 9n }), 9n);
      tried.log('out').finish(9n, committed);
      expect(await knock(tried, NOBODY)).toMatchObject(expected);
    }
  });
});

describe('the door with a committed offset (rule 8)', () => {
  it('inside the log, ends included: there and nowhere else', async () => {
    for (const offset of [0, 3, 5]) expect(await knock(world(), at(offset))).toMatchObject(opens(offset));
  });

  it('outside the log: stop; control: without the look it goes on beyond the end', async () => {
    const trimmed = world();
    trimmed.log('in').start = 2;
    expect(await knock(trimmed, at(1))).toMatchObject(stops('POSITION_OUT_OF_RANGE'));
    expect(await knock(trimmed, at(6))).toMatchObject(stops('POSITION_OUT_OF_RANGE'));
    expect(await knock(trimmed, at(6), { weaken: endless })).toMatchObject(opens(6));
  });

  it('on a branch the log lost: stop; control: without the epoch, others’ records are skipped', async () => {
    const diverged = world();
    diverged.log('in').epoch = 1;
    diverged.log('in').put(numbers(5, 9));
    expect(await knock(diverged, at(7, 'v1:0:-1', 0))).toMatchObject(stops('LOG_DIVERGED'));
    expect(await knock(diverged, at(5, 'v1:0:-1', 0))).toMatchObject(opens(5));
    expect(await knock(diverged, at(7, 'v1:0:-1', 0), { weaken: epochless })).toMatchObject(opens(7));
    expect(await knock(diverged, at(7))).toMatchObject(opens(7));
  });

  it('another topic id: stop; control: nothing known of it before opens', async () => {
    const of = partition();
    of.topicId = 'id-of-another';
    expect(await knock(world(), at(3), { of })).toMatchObject(stops('TOPIC_RECREATED'));
    of.topicId = '';
    expect(await knock(world(), at(3), { of })).toMatchObject(opens(3));
  });

  it('output narrower than the input: stop; topics that are not there: later', async () => {
    expect(await knock(world(), at(0), { of: partition(1) })).toMatchObject(stops('OUTPUT_TOO_NARROW'));
    for (const name of ['in', 'out']) {
      const lacking = world();
      lacking.topics.delete(name);
      lacking.show();
      expect(await knock(lacking, at(0))).toMatchObject({ door: 'again' });
    }
  });
});

describe('the floor (rule 9)', () => {
  const now = T0 + 1_000;

  it('is the last ID of the commit, and what was written must still be there', async () => {
    const known = world();
    known.log('out').putBytes(idBatch([idAt(now - 10)]));
    const carried = { lastId: idAt(now - 10), outputOffset: 0 };
    expect(await knock(known, at(1, formatCarried(carried)))).toMatchObject({
      opening: { carried, floorTimestampMs: now - 10, source: 'commit' },
    });
    const lost = formatCarried({ ...carried, outputOffset: 1 });
    expect(await knock(known, at(1, lost))).toMatchObject(stops('OUTPUT_TRUNCATED'));
    expect(await knock(known, at(1, lost), { weaken: onlyOutput })).toMatchObject(opens(1));
    expect(await knock(known, at(1, formatCarried({ ...carried, outputOffset: -1 })))).toMatchObject(
      opens(1),
    );
  });

  it('too far ahead: stop; control: a wait without bound would open', async () => {
    const far = at(1, formatCarried({ lastId: idAt(now + 5_001), outputOffset: -1 }));
    expect(await knock(world(), far)).toMatchObject(stops('FLOOR_TOO_FAR'));
    expect(await knock(world(), far, { maxFloorWaitMs: 5_001 })).toMatchObject(opens(1));
  });

  it.each([null, 'another tool', 'v2:1:1'])(
    'metadata %p: the largest ID of the output’s tail, aborted ones included; control: read_committed falls below it',
    async (metadata) => {
      const tail = world();
      tail.log('out').putBytes(idBatch([idAt(now - 30), idAt(now - 20)]));
      tail.log('out').putBytes(idBatch([idAt(now + 40)], true), 9n);
      tail.log('out').finish(9n, false);
      tail.log('out').putBytes(idBatch([idAt(now - 25)]));
      const seen = { lastId: idAt(now + 40), outputOffset: 2 };
      expect(await knock(tail, at(1, metadata))).toMatchObject({
        opening: { carried: seen, floorTimestampMs: now + 40, source: 'output tail' },
      });
      expect(await knock(tail, at(1, metadata), { weaken: committedOnly })).toMatchObject({
        opening: { floorTimestampMs: now - 20 },
      });
    },
  );

  it('the tail of a route that stamps values: the IDs are in the values; control: read by its headers it has none', async () => {
    const tail = world();
    tail.log('out').put([now - 30, now - 20].map((ms) => `{"snowflake_id":"${idAt(ms)}","a":1}`));
    const value = settings({ format: 'json' });
    const stamp = { header: 'snowflake_id', existing: 'replace', value } as const;
    expect(await knock(tail, at(1, null), { of: partition(0, { stamp }) })).toMatchObject({
      opening: { carried: { lastId: idAt(now - 20), outputOffset: 1 }, floorTimestampMs: now - 20 },
    });
    expect(await knock(tail, at(1, null))).toMatchObject({ opening: { floorTimestampMs: -1 } });
  });

  it('an ID of the tail ahead of this clock is respected, one a day ahead is somebody else’s number', async () => {
    const tail = world();
    tail.log('out').putBytes(idBatch([idAt(now - 20), idAt(now + 2 * 86_400_000)]));
    expect(await knock(tail, at(1, null))).toMatchObject({ opening: { floorTimestampMs: now - 20 } });
    tail.log('out').putBytes(idBatch([idAt(now + 6_000)]));
    expect(await knock(tail, at(1, null))).toMatchObject(stops('FLOOR_TOO_FAR'));
    await tail.pass(2_000);
    expect(await knock(tail, at(1, null))).toMatchObject({ opening: { floorTimestampMs: now + 6_000 } });
  });

  it.each([
    ['known', 3_000],
    ['forgotten: control', 0],
  ])('%s: the partition waits until the next timestamp exceeds it (P2)', async (_, aheadMs) => {
    const scene = new Scene();
    const lastId = idAt(T0 + 4_000);
    scene.world.log('out').putBytes(idBatch([lastId]));
    scene.world.log('in').put(numbers(0, 3));
    const metadata = aheadMs > 0 ? formatCarried({ lastId, outputOffset: 0 }) : 'v1:0:-1';
    scene.world.committed.set('in-0', { offset: 1, leaderEpoch: -1, metadata });
    scene.membership.give('in', 0);
    await scene.serveUntil(() => scene.committedOffset() === 3, 'stamped');
    const rises = scene.ids().every((id, i, all) => i === 0 || id > all[i - 1]!);
    expect(rises).toBe(aheadMs > 0);
    expect(scene.of('floor')).toHaveLength(aheadMs > 0 ? 1 : 0);
  });
});
