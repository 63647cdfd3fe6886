import { describe, expect, it } from '@jest/globals';
import { text, type PlainHeader, type PlainRecord } from '../records/plain-codec.ts';
import { AuditTown, HEADER } from './town.ts';

const header = (name: string, value: string | null): PlainHeader => ({
  name: text(name),
  value: value === null ? null : text(value),
});
const stamp = header(HEADER, '11');
const [a, again, none, other] = [header('a', '1'), header('a', '2'), header('n', null), header('b', '1')];
const given = { key: text('k'), value: text('v'), headers: [a, again, none] };
const left = { ...given, headers: [...given.headers, stamp] };

const audited = (input: Partial<PlainRecord>, output: Partial<PlainRecord>) =>
  new AuditTown().put('in', input).put('out', output).committed(1, 'v1:11:0').verify();

describe('verify sees every byte that changed (P4)', () => {
  it('control: what left as it came is proven, nulls, duplicates and an old stamp included', async () => {
    expect(await audited(given, left)).toMatchObject({ verdict: 'proven' });
    expect(await audited({ ...given, headers: [a, header(HEADER, '5'), again, none] }, left)).toMatchObject({
      verdict: 'proven',
    });
    expect(await audited({ key: null, value: null }, { headers: [stamp] })).toMatchObject({
      verdict: 'proven',
    });
  });

  it.each([
    ['the key', { ...left, key: text('K') }, 'key: byte 0'],
    ['a key that is gone', { ...left, key: null }, 'key: 1 bytes became null'],
    [
      'a key that is empty now',
      { ...left, key: text('') },
      'key: byte 0 expected 0x6b, found the end, 1 bytes became 0',
    ],
    [
      'a value that is empty now',
      { ...left, value: text('') },
      'value: byte 0 expected 0x76, found the end, 1 bytes became 0',
    ],
    ['a tombstone made of it', { ...left, value: null }, 'value: 1 bytes became null'],
    ['the timestamp', { ...left, timestamp: 1_760_000_000_001n }, 'timestamp'],
    ['a header dropped', { ...left, headers: [a, none, stamp] }, '3 headers became 2'],
    ['a header added', { ...left, headers: [a, again, none, other, stamp] }, '3 headers became 4'],
    ['headers in another order', { ...left, headers: [again, a, none, stamp] }, 'value of header 0'],
    [
      "a header's name",
      { ...left, headers: [a, again, { ...none, name: text('N') }, stamp] },
      'name of header 2',
    ],
    ['a null header that is empty now', { ...left, headers: [a, again, header('n', ''), stamp] }, 'header 2'],
    ['no stamp', given, `the last header is not ${HEADER}`],
    ['a stamp that is not last', { ...left, headers: [stamp, a, again, none] }, 'the last header is not'],
    [
      'a stamp with a leading zero',
      { ...left, headers: [a, again, none, header(HEADER, '011')] },
      'is no ID',
    ],
    [
      'a stamp beyond 63 bits',
      { ...left, headers: [a, again, none, header(HEADER, `${2n ** 63n}`)] },
      'is no ID',
    ],
  ] as const)('%s', async (_, output, says) => {
    const report = await audited(given, output);
    expect(report).toMatchObject({ verdict: 'failed', partitions: [{ missing: 0, extra: 0 }] });
    expect(report.partitions[0]?.different).toBeGreaterThan(0);
    expect(report.partitions[0]?.firstDifference).toContain(says);
  });

  it('two records that changed places', async () => {
    const b = { value: text('w') };
    const report = await new AuditTown()
      .put('in', given, b)
      .put('out', { ...b, headers: [header(HEADER, '10')] }, left)
      .committed(2, 'v1:11:1')
      .verify();
    expect(report.verdict).toBe('failed');
  });
});

describe('verify sees every byte of a dead letter (P4, P7)', () => {
  const about = Object.entries({ code: 'C', topic: 'in', partition: '0', offset: '0' }).map(([name, said]) =>
    header(`snowstamp.error.${name}`, said),
  );
  const at = (offset: number): PlainHeader => header('snowstamp.error.offset', String(offset));
  const letter = { ...given, headers: [...given.headers, ...about] };
  const buried = (record: Partial<PlainRecord>) =>
    new AuditTown().put('in', given).put('dlq', record).committed(1, 'v1:0:-1').verify();

  it('control: as it came, or with the time of now and its own in a header', async () => {
    expect(await buried(letter)).toMatchObject({ verdict: 'proven', partitions: [{ deadLettered: 1 }] });
    const time = header('snowstamp.error.timestamp', '1760000000000');
    expect(await buried({ ...letter, timestamp: 5n, headers: [...letter.headers, time] })).toMatchObject({
      verdict: 'proven',
    });
  });

  it.each([
    ['the key', { ...letter, key: text('K') }],
    ['the value', { ...letter, value: null }],
    ['the timestamp', { ...letter, timestamp: 5n }],
    ['a header', { ...letter, headers: [a, none, ...about] }],
  ])('%s', async (_, record) => {
    expect(await buried(record)).toMatchObject({ verdict: 'failed', partitions: [{ different: 1 }] });
  });

  it('a letter for a record that never was; control: of a compacted input it proves nothing either way', async () => {
    const town = (inputCompacted: boolean): AuditTown =>
      new AuditTown({ inputCompacted })
        .put('in', { ...given, offsetDelta: 1 })
        .put('dlq', letter, { ...letter, headers: [...given.headers, ...about.with(3, at(1))] })
        .committed(2, 'v1:0:-1');
    expect(await town(false).verify()).toMatchObject({ verdict: 'failed', partitions: [{ extra: 1 }] });
    expect(await town(true).verify()).toMatchObject({ verdict: 'unproven', partitions: [{ unproven: 1 }] });
  });

  it('a second letter for the same record', async () => {
    const town = new AuditTown().put('in', given).put('dlq', letter, letter).committed(1, 'v1:0:-1');
    expect(await town.verify()).toMatchObject({ verdict: 'failed', partitions: [{ extra: 1 }] });
  });
});
