import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { compressFrameSync } from 'lz4-napi';
import { compressSync } from 'snappy';
import type { Compression } from '../../../src/kafka/records/codecs.ts';
import { inflate } from '../../../src/kafka/records/codecs.ts';
import { headerPolicy } from '../../../src/stamp/header.ts';
import { rewrite } from './drive.ts';
import {
  canonical,
  concat,
  decodeBatch,
  encodeBatch,
  marker,
  plainRecord,
  text,
  type PlainHeader,
  type PlainRecord,
} from './plain-codec.ts';

/** The odd set of facts/raw-lane.md, in memory: what real topics hold and simple tests do not. */
const header = (name: string, value: string | null): PlainHeader => ({
  name: text(name),
  value: value === null ? null : text(value),
});
const bytes = [
  null,
  text(''),
  text('x'),
  new Uint8Array(4),
  new Uint8Array(63).fill(1),
  new Uint8Array(64).fill(2),
  new Uint8Array(9_000).fill(7),
];
const timestamps = [
  -1n,
  0n,
  1n,
  1_760_000_000_000n,
  1_760_000_000_000_000n,
  2n ** 53n - 1n,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  -(2n ** 63n),
];
const headerSets: PlainHeader[][] = [
  [],
  [header('', ''), header('', null), header('', '')],
  [header('dup', '1'), header('other', null), header('dup', '1'), header('dup', null)],
  ...[62, 63, 64].map((count) =>
    Array.from({ length: count }, (_, i) => header(`h${i % 5}`, i % 4 === 0 ? null : `v${i}`)),
  ),
];
const many = [8_191, 8_192].map((count) => Array.from({ length: count }, () => header('', null)));

const odd: PlainRecord[] = [
  ...bytes.flatMap((key) => bytes.map((value) => plainRecord({ key, value }))),
  ...timestamps.map((timestamp) => plainRecord({ timestamp, value: text('t') })),
  ...headerSets.flatMap((headers) => [
    plainRecord({ headers }),
    plainRecord({ headers, key: text('k'), value: text('v') }),
  ]),
  ...many.map((headers) => plainRecord({ headers })),
];
const codecs: [codec: number, compress: (section: Uint8Array) => Uint8Array][] = [
  [0, (section) => section],
  [1, (section) => gzipSync(section)],
  [2, (section) => compressSync(section)],
  [3, (section) => compressFrameSync(Buffer.from(section))],
  [4, (section) => zstdCompressSync(section)],
];
const zeroKey = (value: string) => plainRecord({ key: new Uint8Array(4), value: text(value) });

interface Expected {
  readonly offset: number;
  readonly record: PlainRecord;
}

/** Four producers whose transactions overlap, two of them aborted, among plain batches in every codec. */
function oddAnswer(): {
  answer: Uint8Array;
  expected: Expected[];
  aborted: { producerId: bigint; firstOffset: number }[];
  end: number;
} {
  const parts: Uint8Array[] = [];
  const expected: Expected[] = [];
  const aborted: { producerId: bigint; firstOffset: number }[] = [];
  let offset = 1_000;
  const put = (
    records: PlainRecord[],
    producer: bigint | undefined,
    visible: boolean,
    extra: object = {},
  ): void => {
    const transactional =
      producer === undefined ? {} : { producerId: producer, producerEpoch: 0, transactional: true };
    parts.push(encodeBatch({ baseOffset: offset, records, ...transactional, ...extra }));
    if (visible) records.forEach((record, i) => expected.push({ offset: offset + i, record }));
    else if (!aborted.some(({ producerId }) => producerId === producer))
      aborted.push({ producerId: producer!, firstOffset: offset });
    offset += records.length;
  };
  const end = (type: 'abort' | 'commit', producer: bigint): void => {
    parts.push(marker(type, producer, offset));
    offset++;
  };
  put([zeroKey('a1')], 1n, false);
  put([zeroKey('b1'), zeroKey('b2')], 2n, false);
  put([zeroKey('c1')], 3n, true);
  for (const [codec, compress] of codecs) put(odd.slice(codec), 4n, true, { codec, compress });
  end('commit', 3n);
  put(odd.slice(0, 9), 1n, false, { codec: 1, compress: codecs[1]![1] });
  put([zeroKey('b3')], 2n, false);
  end('abort', 2n);
  put([zeroKey('a2')], 1n, false);
  put(odd.slice(-9), undefined, true);
  end('abort', 1n);
  put([zeroKey('a3')], 1n, true);
  end('commit', 1n);
  end('commit', 4n);
  return { answer: concat(...parts), expected, aborted: aborted.toReversed(), end: offset };
}

const ID = 'snowflake_id';
const { answer, expected, aborted, end } = oddAnswer();
const stampedRecord = ({ record }: Expected, id: number) => ({
  timestamp: record.timestamp,
  key: record.key,
  value: record.value,
  headers: [...record.headers, header(ID, String(id))],
});

function check(
  out: Uint8Array[],
  wanted: readonly Expected[],
  decompress?: (section: Uint8Array) => Uint8Array,
): void {
  const records = out.flatMap((batch) => {
    const decoded = decodeBatch(batch, (batch[22]! & 7) === 0 ? undefined : decompress);
    expect([decoded.crcMatches, decoded.attributes & ~7, decoded.lastOffsetDelta]).toEqual([
      true,
      16,
      BigInt(decoded.records.length - 1),
    ]);
    expect(decoded.maxTimestamp).toBe(
      decoded.records.reduce(
        (max, { timestamp }) => (timestamp > max ? timestamp : max),
        decoded.records[0]!.timestamp,
      ),
    );
    return decoded.records;
  });
  expect(records).toHaveLength(wanted.length);
  const differing = records.flatMap((record, i) =>
    canonical(record) === canonical(stampedRecord(wanted[i]!, i + 1)) ? [] : [i],
  );
  expect(differing).toEqual([]);
}

describe('the odd set', () => {
  it('leaves as it came but for the stamp; aborted records never (P3, P4)', () => {
    const { batches, offsets, malformed, pieces } = rewrite(answer, headerPolicy(ID, 'replace'), {
      fetchOffset: 1_000,
      aborted,
    });
    expect(malformed).toBeNull();
    expect(offsets).toEqual(expected.map(({ offset }) => offset));
    expect(pieces.at(-1)?.nextOffset).toBe(end);
    check(batches, expected);
  });

  it('also when the fetch starts inside two overlapping aborted transactions', () => {
    const from = 1_005;
    const { batches, offsets } = rewrite(answer, headerPolicy(ID, 'replace'), { fetchOffset: from, aborted });
    const wanted = expected.filter(({ offset }) => offset >= from);
    expect(offsets).toEqual(wanted.map(({ offset }) => offset));
    check(batches, wanted);
  });

  it.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'also into %s, in batches of 64 KiB',
    (compression: Compression) => {
      const { batches } = rewrite(answer, headerPolicy(ID, 'replace'), {
        fetchOffset: 1_000,
        aborted,
        compression,
        capacityBytes: 65_536,
      });
      const codec = ['none', 'gzip', 'snappy', 'lz4', 'zstd'].indexOf(compression);
      expect(batches.some((batch) => (batch[22]! & 7) === codec)).toBe(true);
      check(batches, expected, (section) => {
        const inflated = inflate(codec, section, 1 << 24);
        return inflated.ok ? inflated.bytes : new Uint8Array(0);
      });
    },
  );

  it('LogAppendTime input leaves as CreateTime with the append time, which is what its readers saw', () => {
    const batch = encodeBatch({ records: odd, logAppendTime: true, maxTimestamp: 1_777_000_000_000n });
    const { batches } = rewrite(batch, headerPolicy(ID, 'replace'));
    check(
      batches,
      odd.map((record, offset) => ({ offset, record: { ...record, timestamp: 1_777_000_000_000n } })),
    );
  });
});
