import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readBatchHeader } from '../../src/kafka/records/batch.ts';
import { CODEC_NUMBER, deflate, inflate, type Compression } from '../../src/kafka/records/codecs.ts';
import { viewOf } from '../../src/kafka/records/copy.ts';
import { RecordCursor } from '../../src/kafka/records/cursor.ts';
import { walkFetched, type Piece } from '../../src/kafka/records/fetched.ts';
import { HeaderWalk } from '../../src/kafka/records/headers.ts';
import { scanSet } from '../../src/kafka/records/scan.ts';
import {
  concat,
  encodeBatch,
  plainRecord,
  plainRecords,
  text,
  type PlainRecord,
} from '../unit/records/plain-codec.ts';

const name = text('snowflake_id');
const records = (count: number): PlainRecord[] =>
  Array.from({ length: count }, (_, i) =>
    plainRecord({
      timestamp: BigInt(i * 1_000),
      key: i % 3 === 0 ? null : text(`key ${i}`),
      value: text('value '.repeat(i)),
      headers: [
        { name, value: text('1') },
        { name: text('h'), value: null },
      ].slice(0, i % 3),
    }),
  );
const batch = encodeBatch({ baseOffset: 100, records: records(20) });
const header = readBatchHeader(viewOf(batch), 0);
const section = batch.slice(61);

const edit = fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) });
const edits = fc.array(edit, { minLength: 1, maxLength: 4 });

function changed(bytes: Uint8Array, changes: readonly { at: number; byte: number }[]): Uint8Array {
  const copy = bytes.slice();
  for (const { at, byte } of changes) copy[at % copy.length] = byte;
  return copy;
}

/** The bytes as a view into a larger buffer filled with `around`: a read outside would see it. */
function surrounded(bytes: Uint8Array, around: number): Uint8Array {
  const larger = new Uint8Array(bytes.length + 200).fill(around);
  larger.set(bytes, 100);
  return larger.subarray(100, 100 + bytes.length);
}

/** Everything the cursor says about a section. */
function transcript(bytes: Uint8Array): (number | string | bigint | boolean)[] {
  const cursor = new RecordCursor(name);
  cursor.load(bytes, header);
  const seen: (number | string | bigint | boolean)[] = [];
  let before = 0;
  while (cursor.next()) {
    const { bodyStart, keyStart, keyEnd, valueAt, valueStart, valueEnd, headersAt, headersStart, end } =
      cursor;
    const inOrder = [
      before,
      bodyStart,
      ...(keyStart < 0 ? [] : [keyStart, keyEnd]),
      valueAt,
      ...(valueStart < 0 ? [] : [valueStart, valueEnd]),
      headersAt,
      headersStart,
      end,
      bytes.length,
    ];
    expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b));
    seen.push(
      cursor.offset,
      cursor.timestamp,
      cursor.wideTimestamp,
      ...inOrder,
      cursor.headerCount,
      cursor.watched,
    );
    before = end;
  }
  return [...seen, cursor.malformed ?? 'well'];
}

function byCursor(bytes: Uint8Array): unknown[] {
  const cursor = new RecordCursor();
  const walk = new HeaderWalk();
  const part = (start: number, end: number) => (start < 0 ? null : bytes.slice(start, end));
  const seen: unknown[] = [];
  cursor.load(bytes, header);
  while (cursor.next()) {
    const headers: unknown[] = [];
    walk.load(cursor);
    while (walk.next())
      headers.push([part(walk.nameStart, walk.nameEnd), part(walk.valueStart, walk.valueEnd)]);
    const timestamp = cursor.wideTimestamp ? cursor.timestamp64 : BigInt(cursor.timestamp);
    seen.push([
      cursor.offset,
      timestamp,
      part(cursor.keyStart, cursor.keyEnd),
      part(cursor.valueStart, cursor.valueEnd),
      headers,
    ]);
  }
  return seen;
}

function byPlainDecoder(bytes: Uint8Array): unknown[] {
  const seen: unknown[] = [];
  let last = -1;
  try {
    for (const one of plainRecords(bytes, header.baseTimestamp64, header.recordCount)) {
      if (one.offsetDelta <= last || one.offsetDelta > header.lastOffsetDelta) break;
      last = one.offsetDelta;
      seen.push([
        header.baseOffset + last,
        one.timestamp,
        one.key,
        one.value,
        one.headers.map(({ name: n, value }) => [n, value]),
      ]);
    }
  } catch {
    // Where it fails the cursor must have stopped.
  }
  return seen;
}

const walkAll = (answer: Uint8Array, verifyCrc: boolean): Piece[] => [
  ...walkFetched(answer, 0, [{ producerId: 1n, firstOffset: 0 }], { inflateCapBytes: 100_000, verifyCrc }),
];

describe('bytes that lie', () => {
  it('RecordCursor never throws, never reads outside the section, and keeps every position inside its record', () => {
    fc.assert(
      fc.property(edits, fc.nat({ max: 40 }), (changes, cut) => {
        const bytes = changed(section, changes).subarray(0, section.length - cut);
        expect(transcript(surrounded(bytes, 0))).toEqual(transcript(surrounded(bytes, 255)));
      }),
      { numRuns: 600 },
    );
  });

  it('RecordCursor yields what the plain decoder yields, and stops where that one fails or offsets stop rising', () => {
    fc.assert(
      fc.property(edits, (changes) => {
        const bytes = changed(section, changes);
        expect(byCursor(bytes)).toEqual(byPlainDecoder(bytes));
      }),
      { numRuns: 600 },
    );
  });

  it('RecordCursor on random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(transcript(surrounded(bytes, 0))).toEqual(transcript(surrounded(bytes, 255)));
      }),
      { numRuns: 600 },
    );
  });

  it('walkFetched never throws, with or without the checksum; positions never go back', () => {
    const answer = concat(
      encodeBatch({ records: records(4) }),
      encodeBatch({
        baseOffset: 4,
        records: records(3),
        codec: 1,
        compress: (bytes) => deflate('gzip', bytes)!,
      }),
      batch,
    );
    fc.assert(
      fc.property(edits, fc.nat({ max: 500 }), fc.boolean(), (changes, cut, verifyCrc) => {
        const bytes = changed(answer, changes).subarray(0, Math.max(0, answer.length - cut));
        const pieces = walkAll(bytes, verifyCrc);
        const positions = pieces.map(({ nextOffset }) => nextOffset);
        expect(positions).toEqual(positions.toSorted((a, b) => a - b));
        expect(pieces.slice(0, -1).every(({ kind }) => kind === 'data' || kind === 'skipped')).toBe(true);
        expect(scanSet(bytes).batches).toBeGreaterThanOrEqual(
          pieces.filter(({ kind }) => kind !== 'too-small').length,
        );
      }),
      { numRuns: 300 },
    );
  });

  it('any change under the checksum is found', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 21, max: batch.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        (at, flip) => {
          const bytes = batch.slice();
          bytes[at]! ^= flip;
          expect(walkAll(bytes, true)).toMatchObject([{ kind: 'problem', code: 'BATCH_CORRUPT' }]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)(
    '%s frames: changed or cut, inflation never throws and never passes its cap',
    (codec: Compression) => {
      const packed = deflate(codec, concat(section, new Uint8Array(3_000), section))!;
      const cap = 2 * section.length + 3_000;
      fc.assert(
        fc.property(
          edits,
          fc.nat({ max: 30 }),
          fc.integer({ min: 1, max: 2 * cap }),
          (changes, cut, capBytes) => {
            const inflated = inflate(
              CODEC_NUMBER[codec],
              changed(packed, changes).subarray(0, packed.length - cut),
              capBytes,
            );
            expect(inflated.ok ? inflated.bytes.length : 0).toBeLessThanOrEqual(capBytes);
          },
        ),
        { numRuns: 300 },
      );
    },
  );
});
