import { describe, expect, it } from '@jest/globals';
import { readBatchHeader } from '../../../src/kafka/records/batch.ts';
import { viewOf } from '../../../src/kafka/records/copy.ts';
import { RecordCursor } from '../../../src/kafka/records/cursor.ts';
import { encodeBatch, plainRecord, text, type PlainBatch } from './plain-codec.ts';

function load(batch: PlainBatch, change: (section: Uint8Array) => Uint8Array = (s) => s): RecordCursor {
  const bytes = encodeBatch(batch);
  const cursor = new RecordCursor();
  cursor.load(change(bytes.subarray(61)), readBatchHeader(viewOf(bytes), 0));
  return cursor;
}

function timestamps(batch: PlainBatch): bigint[] {
  const cursor = load(batch);
  const found: bigint[] = [];
  while (cursor.next()) {
    expect(cursor.wideTimestamp).toBe(!Number.isSafeInteger(cursor.timestamp));
    found.push(cursor.wideTimestamp ? cursor.timestamp64 : BigInt(cursor.timestamp));
  }
  expect(cursor.malformed).toBeNull();
  return found;
}

const at = (...values: bigint[]) => values.map((timestamp) => plainRecord({ timestamp }));

describe('RecordCursor: timestamps', () => {
  const SAFE = 2n ** 53n - 1n;
  const INT64 = 2n ** 63n - 1n;
  it.each([
    ['none, zero, one', [-1n, 0n, 1n]],
    ['ms', [1_760_000_000_000n, 1_760_000_000_001n, 1_759_999_999_999n]],
    [
      'µs-scale and ns-scale',
      [1_760_000_000_000_000n, 1_760_000_000_000_000_001n, 1_760_000_000_000_000_003n],
    ],
    ['days apart', [1_760_000_000_000n, 1_660_000_000_000n, 1_860_000_000_000n]],
    ['around 2^53', [SAFE, SAFE + 1n, SAFE + 2n, SAFE - 1n, -SAFE, -SAFE - 1n, -SAFE - 2n]],
    ['the ends of int64', [INT64, -INT64 - 1n, 0n, INT64 - 1n]],
    ['wide in the middle of plain ones', [5n, INT64, 6n, 2n ** 60n + 1n, 7n]],
  ])('are exact: %s', (_name, values) => {
    expect(timestamps({ records: at(...values) })).toEqual(values);
    expect(timestamps({ records: at(...values), baseTimestamp: 3n, deleteHorizon: true })).toEqual(values);
  });

  it('LogAppendTime: the batch’s max timestamp holds for every record, wide or not (pitfall 4)', () => {
    for (const maxTimestamp of [1_760_000_000_123n, -1n, 2n ** 60n + 1n]) {
      expect(timestamps({ records: at(1n, 2n ** 61n, 3n), logAppendTime: true, maxTimestamp })).toEqual([
        maxTimestamp,
        maxTimestamp,
        maxTimestamp,
      ]);
    }
  });
});

describe('RecordCursor: positions', () => {
  it('tells null from empty, and where key, value and headers lie', () => {
    const cursor = load({
      baseOffset: 5_000_000_000,
      records: [
        plainRecord(),
        plainRecord({ key: text(''), value: text('') }),
        plainRecord({
          key: text('k'),
          value: text('value'),
          headers: [
            { name: text('a'), value: null },
            { name: text(''), value: text('') },
          ],
          offsetDelta: 7,
        }),
      ],
    });
    expect(cursor.next()).toBe(true);
    expect([
      cursor.offset,
      cursor.keyStart,
      cursor.keyEnd,
      cursor.valueStart,
      cursor.valueEnd,
      cursor.headerCount,
    ]).toEqual([5_000_000_000, -1, -1, -1, -1, 0]);
    expect(cursor.next()).toBe(true);
    expect([
      cursor.keyEnd - cursor.keyStart,
      cursor.valueEnd - cursor.valueStart,
      cursor.keyStart > 0,
      cursor.valueStart > 0,
    ]).toEqual([0, 0, true, true]);
    expect(cursor.next()).toBe(true);
    const slice = (start: number, end: number) => new TextDecoder().decode(cursor.bytes.subarray(start, end));
    expect([
      cursor.offset,
      slice(cursor.keyStart, cursor.keyEnd),
      slice(cursor.valueStart, cursor.valueEnd),
    ]).toEqual([5_000_000_007, 'k', 'value']);
    expect([
      cursor.headerCount,
      cursor.bytes[cursor.headersAt],
      cursor.headersStart - cursor.headersAt,
      cursor.bytes[cursor.valueAt],
    ]).toEqual([2, 4, 1, 10]);
    expect(cursor.end).toBe(cursor.bytes.length);
    expect(cursor.next()).toBe(false);
    expect(cursor.malformed).toBeNull();
  });

  it('counts the watched header, not its look-alikes', () => {
    const names = ['id', 'i', 'idx', 'ID', '', 'id'];
    const bytes = encodeBatch({
      records: [
        plainRecord({ headers: names.map((name) => ({ name: text(name), value: null })) }),
        plainRecord(),
      ],
    });
    const cursor = new RecordCursor(text('id'));
    cursor.load(bytes.subarray(61), readBatchHeader(viewOf(bytes), 0));
    cursor.next();
    expect(cursor.watched).toBe(2);
    cursor.next();
    expect(cursor.watched).toBe(0);
  });
});

describe('RecordCursor: records whose lengths lie are malformed', () => {
  const one = {
    records: [
      plainRecord({
        timestamp: 0n,
        key: text('k'),
        value: text('v'),
        headers: [{ name: text('h'), value: text('w') }],
      }),
    ],
  };
  // 0 length · 1 attributes · 2 timestamp · 3 offset · 4 key length · 5 k · 6 value length · 7 v · 8 count · 9 name length · 10 h · 11 value length · 12 w
  it.each([
    ['length one too small', 0, 22],
    ['length one too large', 0, 26],
    ['length negative', 0, 1],
    ['length 0', 0, 0],
    ['offset delta beyond the batch', 3, 2],
    ['offset delta negative', 3, 1],
    ['key length −2', 4, 3],
    ['key longer than the record', 4, 40],
    ['value length −2', 6, 3],
    ['value longer than the record', 6, 60],
    ['header count negative', 8, 1],
    ['a header too many', 8, 4],
    ['a header too few', 8, 0],
    ['header name null', 9, 1],
    ['header name longer than the record', 9, 100],
    ['header value length −2', 11, 3],
    ['header value longer than the record', 11, 4],
    ['header value shorter', 11, 0],
    ['varint without end', 4, 255],
  ])('%s', (_name, position, byte) => {
    const cursor = load(one, (section) => {
      const changed = section.slice();
      changed[position] = byte;
      return changed;
    });
    expect(cursor.next()).toBe(false);
    expect(cursor.malformed).toMatch(/offset/);
    expect(cursor.next()).toBe(false);
  });

  it('control: unchanged it is read', () => {
    const cursor = load(one);
    expect(cursor.next()).toBe(true);
    expect(cursor.malformed).toBeNull();
  });

  it('bytes behind the last record, records missing, offsets not rising', () => {
    const more = load(one, (section) => Uint8Array.from([...section, 0]));
    expect([more.next(), more.next(), more.malformed]).toEqual([
      true,
      false,
      expect.stringContaining('1 bytes behind'),
    ]);
    const fewer = load({ records: [...one.records, ...one.records] }, (section) => section.slice(0, 13));
    expect([fewer.next(), fewer.next(), fewer.malformed]).toEqual([
      true,
      false,
      expect.stringContaining('length'),
    ]);
    const twice = load({ records: [plainRecord({ offsetDelta: 1 }), plainRecord({ offsetDelta: 1 })] });
    expect([twice.next(), twice.next(), twice.malformed]).toEqual([
      true,
      false,
      expect.stringContaining('rise'),
    ]);
  });

  it('starts afresh on the next section', () => {
    const cursor = load(one, (section) => section.slice(1));
    expect(cursor.next()).toBe(false);
    const bytes = encodeBatch(one);
    cursor.load(bytes.subarray(61), readBatchHeader(viewOf(bytes), 0));
    expect([cursor.next(), cursor.malformed]).toEqual([true, null]);
  });
});
