import { describe, expect, it } from '@jest/globals';
import { AuditTown, header, HEADER, lettered } from './town.ts';

/** Three records read, stamped 11, 12, 13 at output offsets 0, 1, 2, and committed so. */
const honest = (): AuditTown =>
  new AuditTown().give('a', 'b', 'c').stamped(['a', 11n], ['b', 12n], ['c', 13n]).committed(3, 'v1:13:2');

describe('verify on planted faults (P1–P4, rule 16)', () => {
  it('the honest partition is proven: the control of everything below', async () => {
    const report = await honest().verify();
    expect(report).toMatchObject({ verdict: 'proven', ids: 3, duplicateIds: 0 });
    expect(report.partitions).toMatchObject([{ inputs: 3, stamped: 3, extra: 0, unproven: 0 }]);
  });

  it('a record lost', async () => {
    const town = new AuditTown().give('a', 'b', 'c').stamped(['a', 11n], ['c', 13n]).committed(3, 'v1:13:1');
    const { verdict, partitions } = await town.verify();
    expect({ verdict, partitions }).toMatchObject({ verdict: 'failed', partitions: [{ missing: 1 }] });
    expect(partitions[0]?.firstDifference).toBe('input 1: has no output and no dead letter');
  });

  it('a record stamped twice', async () => {
    const town = new AuditTown().give('a', 'b').stamped(['a', 11n], ['a', 12n], ['b', 13n]);
    const { verdict, partitions } = await town.committed(2, 'v1:13:2').verify();
    expect({ verdict, partitions }).toMatchObject({ verdict: 'failed', partitions: [{ extra: 1 }] });
  });

  it('an ID given twice, IDs that do not rise, a value changed, a commit that names another last ID', async () => {
    const twice = new AuditTown().give('a', 'b').stamped(['a', 11n], ['b', 11n]).committed(2, 'v1:11:1');
    expect(await twice.verify()).toMatchObject({ verdict: 'failed', duplicateIds: 1, firstDuplicate: '11' });
    const falling = new AuditTown().give('a', 'b').stamped(['a', 12n], ['b', 11n]).committed(2, 'v1:11:1');
    expect(await falling.verify()).toMatchObject({ verdict: 'failed', partitions: [{ outOfOrder: 1 }] });
    const changed = new AuditTown().give('a').stamped(['A', 11n]).committed(1, 'v1:11:0');
    expect(await changed.verify()).toMatchObject({ verdict: 'failed', partitions: [{ different: 1 }] });
    expect(await honest().committed(3, 'v1:14:2').verify()).toMatchObject({
      verdict: 'failed',
      partitions: [{ different: 1 }],
    });
  });

  it('a dead letter accounts for its input; control: without it the input is missing', async () => {
    const town = (): AuditTown => new AuditTown().give('a', 'b').stamped(['a', 11n]).committed(2, 'v1:11:0');
    expect(await town().buried('b', 1).verify()).toMatchObject({
      verdict: 'proven',
      partitions: [{ deadLettered: 1 }],
    });
    expect(await town().verify()).toMatchObject({ verdict: 'failed', partitions: [{ missing: 1 }] });
  });
});

describe('verify on dead letters, in whose words ever (P7)', () => {
  const town = (): AuditTown => new AuditTown().give('a', 'b').stamped(['a', 11n]).committed(2, 'v1:11:0');
  const int = (length: 4 | 8, value: number): Uint8Array => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(BigInt(value));
    return bytes.subarray(8 - length);
  };
  const named = (prefix: string, said: Readonly<Record<string, string>>) =>
    Object.entries(said).map(([name, value]) => header(prefix + name, value));
  const place = { topic: 'in', partition: '0', offset: '1' };
  const SETS = {
    connect: named('__connect.errors.', { ...place, 'exception.class.name': 'C' }),
    streams: named('__streams.errors.', { exception: 'C: m', ...place }),
    spring: [
      ...named('kafka_dlt-', { 'exception-fqcn': 'C', 'original-topic': 'in' }),
      { name: Buffer.from('kafka_dlt-original-partition'), value: int(4, 0) },
      { name: Buffer.from('kafka_dlt-original-offset'), value: int(8, 1) },
    ],
  };

  it.each(Object.entries(SETS))('%s: it accounts for its input', async (_, said) => {
    expect(await town().buried('b', 1, said).verify()).toMatchObject({
      verdict: 'proven',
      partitions: [{ deadLettered: 1, missing: 0 }],
    });
  });

  it('a letter of another topic, or of none, accounts for nothing', async () => {
    for (const said of [named('__connect.errors.', { ...place, topic: 'other' }), [header('offset', '1')]])
      expect(await town().buried('b', 1, said).verify()).toMatchObject({ partitions: [{ missing: 1 }] });
  });

  it('a letter changed on its way: value, a header before the set, time; the first byte is named', async () => {
    const report = async (value: string, said = lettered(1)): Promise<string | undefined> =>
      (await town().buried(value, 1, said).verify()).partitions[0]?.firstDifference;
    expect(await report('B')).toBe('input 1 and its dead letter: value: byte 0 expected 0x62, found 0x42');
    expect(await report('bb')).toBe(
      'input 1 and its dead letter: value: byte 1 expected the end, found 0x62, 1 bytes became 2',
    );
    expect(await report('b', [header('x', 'y'), ...lettered(1)])).toBe(
      'input 1 and its dead letter: 0 headers became 1',
    );
    expect(await report('b', [...lettered(1), header('snowstamp.error.timestamp', '5')])).toMatch(
      /^input 1 and its dead letter: timestamp \d+ became 5$/,
    );
  });

  it('two letters of one record: one is extra', async () => {
    expect(await town().buried('b', 1).buried('b', 1).verify()).toMatchObject({
      verdict: 'failed',
      partitions: [{ deadLettered: 1, extra: 1 }],
    });
  });
});

describe('a route that keeps IDs gives up P1 and P2 for the records that had one, and for no other (rule 10)', () => {
  const keeping = (): AuditTown =>
    new AuditTown({ rule: { header: HEADER, existing: 'keep' } }).give('a').giveStamped('k', 5n).give('b');

  it('a kept ID may be low or double', async () => {
    const town = keeping().stamped(['a', 11n], ['k', 5n], ['b', 12n]).committed(3, 'v1:12:2');
    expect(await town.verify()).toMatchObject({
      ...{ verdict: 'proven', ids: 2 },
      partitions: [{ inputs: 3, stamped: 2, kept: 1 }],
    });
  });

  it('ours may not', async () => {
    const twice = keeping().stamped(['a', 11n], ['k', 5n], ['b', 11n]).committed(3, 'v1:11:2');
    expect(await twice.verify()).toMatchObject({ verdict: 'failed', duplicateIds: 1, firstDuplicate: '11' });
    const falling = keeping().stamped(['a', 12n], ['k', 5n], ['b', 11n]).committed(3, 'v1:12:2');
    expect(await falling.verify()).toMatchObject({ verdict: 'failed', partitions: [{ outOfOrder: 1 }] });
  });
});

describe('verify passes nothing it did not look at (rule 16)', () => {
  it('inputs of which nothing is committed are unproven; control: an empty input holds nothing to prove', async () => {
    expect(await new AuditTown().give('a', 'b').verify()).toMatchObject({
      ...{ verdict: 'unproven', ids: 0 },
      partitions: [{ inputs: 0, missing: 0, unproven: 2 }],
    });
    expect(await new AuditTown().verify()).toMatchObject({ verdict: 'proven' });
  });

  it('a partition of the output that the input does not have is looked at, too', async () => {
    const { verdict, partitions } = await honest().beside().verify();
    expect({ verdict, partitions }).toMatchObject({ verdict: 'proven', partitions: [{ partition: 0 }] });
    const report = await honest().beside(['c', 13n]).verify();
    expect(report).toMatchObject({ verdict: 'failed', duplicateIds: 1 });
    expect(report.partitions).toMatchObject([{ extra: 0 }, { partition: 1, extra: 1 }]);
  });

  it('what compaction of the output took is unproven; control: on another topic it is missing', async () => {
    const compacted = (outputCompacted: boolean): AuditTown =>
      new AuditTown({ outputCompacted })
        .give('a', 'b', 'c')
        .stamped(['a', 11n], ['c', 13n])
        .committed(3, 'v1:13:1');
    expect(await compacted(true).verify()).toMatchObject({
      verdict: 'unproven',
      partitions: [{ stamped: 2, missing: 0, unproven: 1 }],
    });
    expect(await compacted(false).verify()).toMatchObject({
      verdict: 'failed',
      partitions: [{ missing: 1 }],
    });
  });
});

describe('verify behind the committed pair (P8, rule 16)', () => {
  it('a copy of the last record, appended once the fleet had stopped, is extra and its ID a duplicate', async () => {
    const report = await honest().stamped(['c', 13n]).verify();
    expect(report).toMatchObject({ verdict: 'failed', ids: 4, duplicateIds: 1, firstDuplicate: '13' });
    expect(report.partitions).toMatchObject([{ stamped: 3, extra: 1 }]);
    expect(report.partitions[0]?.firstDifference).toContain('output 3: lies behind the last output');
  });

  it('a record nobody stamped and a record of a committed stranger are extra; an aborted one was never there', async () => {
    expect(await honest().stamped(['x', undefined]).verify()).toMatchObject({
      verdict: 'failed',
      ids: 3,
      partitions: [{ extra: 1 }],
    });
    expect(await honest().transaction('x', 99n, true).verify()).toMatchObject({
      verdict: 'failed',
      partitions: [{ extra: 1 }],
    });
    expect(await honest().transaction('x', 99n, false).verify()).toMatchObject({ verdict: 'proven', ids: 3 });
  });

  it('an output written to although its partition never committed anything is extra', async () => {
    const report = await new AuditTown().stamped(['a', 11n]).verify();
    expect(report).toMatchObject({ verdict: 'failed', partitions: [{ extra: 1 }] });
  });

  /** Lets the fleet go on once the commit was read for the first time. */
  const meanwhile = (town: AuditTown, act: () => void): AuditTown => {
    town.world.onAsked = (name) => {
      if (name !== 'ListOffsets') return;
      town.world.onAsked = () => undefined;
      act();
    };
    return town;
  };

  it('a fleet that goes on is no fault: the commit read again covers what it wrote, its first record too', async () => {
    const further = honest();
    meanwhile(further, () => further.give('d').stamped(['d', 14n]).committed(4, 'v1:14:3'));
    expect(await further.verify()).toMatchObject({ verdict: 'proven', ids: 4, partitions: [{ extra: 0 }] });
    const first = new AuditTown().give('a');
    meanwhile(first, () => first.stamped(['a', 11n]).committed(1, 'v1:11:0'));
    expect(await first.verify()).toMatchObject({ verdict: 'proven', ids: 1, partitions: [{ extra: 0 }] });
  });

  it('a marker that is a little late is waited for; one that never comes is an error, not a verdict', async () => {
    const town = (comes: boolean): AuditTown =>
      new AuditTown().give('a').late('a', 11n, comes).committed(1, 'v1:11:0');
    expect(await town(true).verify()).toMatchObject({ verdict: 'proven', ids: 1 });
    await expect(town(false).verify()).rejects.toMatchObject({ code: 'BATCH_CORRUPT' });
  });

  it('it covers no duplicate: the IDs behind the pair are compared as well', async () => {
    const town = honest();
    meanwhile(town, () => town.give('d').stamped(['d', 13n]).committed(4, 'v1:13:3'));
    expect(await town.verify()).toMatchObject({ verdict: 'failed', duplicateIds: 1 });
  });

  it('where an operator states a position meanwhile, what lies behind is unproven, not passed', async () => {
    const town = honest();
    meanwhile(town, () => town.stamped(['d', 14n]).committed(4, 'v1:14:-1'));
    expect(await town.verify()).toMatchObject({ verdict: 'unproven', partitions: [{ unproven: 1 }] });
  });
});
