import { describe, expect, it } from '@jest/globals';
import { scanSet } from '../../../src/kafka/records/scan.ts';
import { RecordCursor } from '../../../src/kafka/records/cursor.ts';
import { walk } from './drive.ts';
import { concat, encodeBatch, marker, plainRecord, text, type PlainBatch } from './plain-codec.ts';

const records = (...values: string[]) => values.map((value) => plainRecord({ value: text(value) }));
const plain = (baseOffset: number, ...values: string[]) =>
  encodeBatch({ baseOffset, records: records(...values) });
const inTransaction = (producerId: bigint, baseOffset: number, batch: PlainBatch) =>
  encodeBatch({ ...batch, baseOffset, producerId, producerEpoch: 0, transactional: true });

/** Values a reader would be handed, skipping what it has read before. */
function visible(
  answer: Uint8Array,
  fetchOffset = 0,
  aborted: { producerId: bigint; firstOffset: number }[] = [],
): string[] {
  const values: string[] = [];
  const cursor = new RecordCursor();
  for (const piece of walk(answer, fetchOffset, aborted)) {
    if (piece.kind === 'problem') throw new Error(piece.detail);
    if (piece.kind !== 'data') continue;
    cursor.load(piece.records, piece.header);
    while (cursor.next()) {
      if (cursor.offset < piece.skipBefore) continue;
      values.push(new TextDecoder().decode(cursor.bytes.subarray(cursor.valueStart, cursor.valueEnd)));
    }
    expect(cursor.malformed).toBeNull();
  }
  return values;
}

const shape = (
  answer: Uint8Array,
  fetchOffset = 0,
  aborted: { producerId: bigint; firstOffset: number }[] = [],
) =>
  walk(answer, fetchOffset, aborted).map((piece) =>
    piece.kind === 'skipped'
      ? `${piece.why}→${piece.nextOffset}`
      : piece.kind === 'problem'
        ? piece.code
        : `${piece.kind}→${piece.nextOffset}`,
  );

describe('walkFetched: positions', () => {
  it('counts markers, aborted, empty and old batches into nextOffset, so that lag reaches 0 (pitfall 5)', () => {
    const answer = concat(
      plain(0, 'old'),
      plain(1, 'a', 'b'),
      inTransaction(9n, 3, { records: records('gone') }),
      marker('abort', 9n, 4),
      encodeBatch({ baseOffset: 5, lastOffsetDelta: 4, records: [] }),
      marker('commit', 8n, 10),
    );
    const aborted = [{ producerId: 9n, firstOffset: 3 }];
    expect(shape(answer, 2, aborted)).toEqual([
      'old→2',
      'data→3',
      'aborted→4',
      'control→5',
      'empty→10',
      'control→11',
    ]);
    expect(visible(answer, 2, aborted)).toEqual(['b']);
  });

  it('skips records below the fetch offset in the first batch (pitfall 4)', () => {
    expect(visible(plain(100, 'a', 'b', 'c'), 101)).toEqual(['b', 'c']);
    expect(visible(plain(100, 'a', 'b', 'c'), 0)).toEqual(['a', 'b', 'c']);
  });

  it('keeps gaps that compaction left', () => {
    const gap = encodeBatch({
      baseOffset: 10,
      lastOffsetDelta: 9,
      records: [
        plainRecord({ value: text('x'), offsetDelta: 2 }),
        plainRecord({ value: text('y'), offsetDelta: 7 }),
      ],
    });
    expect(shape(gap)).toEqual(['data→20']);
    expect(visible(gap)).toEqual(['x', 'y']);
  });

  it('leaves a truncated batch at the end for the next fetch, at every cut', () => {
    const first = plain(0, 'a');
    const second = plain(1, 'b');
    for (let cut = 1; cut <= second.length; cut++) {
      const answer = concat(first, second.subarray(0, second.length - cut));
      expect(shape(answer)).toEqual(['data→1']);
      expect(scanSet(answer)).toMatchObject({ batches: 1, nextOffset: 1, records: 1 });
    }
  });

  it('reports an answer without one whole batch, with the size that would do', () => {
    const batch = plain(7, 'a', 'b');
    for (const length of [1, 16, 17, 60, batch.length - 1]) {
      const needBytes = length < 17 ? 0 : batch.length;
      expect(walk(batch.subarray(0, length), 7)).toEqual([{ kind: 'too-small', needBytes, nextOffset: 7 }]);
      expect(scanSet(batch.subarray(0, length))).toMatchObject({ batches: 0, needBytes });
    }
    expect(walk(new Uint8Array(0), 7)).toEqual([]);
  });

  it('hands out plain arrays that lie in the answer when nothing was compressed, whatever the answer is a view of', () => {
    const bytes = Buffer.concat([Buffer.from('xyz'), plain(0, 'a'), Buffer.from('q')]).subarray(3, -1);
    const [piece] = walk(bytes);
    expect(piece).toMatchObject({ kind: 'data' });
    if (piece?.kind !== 'data') return;
    expect(piece.records.buffer).toBe(bytes.buffer);
    expect(Buffer.isBuffer(piece.records)).toBe(false);
  });
});

describe('walkFetched: read_committed (kafka.md §2)', () => {
  const two = concat(
    inTransaction(1n, 0, { records: records('a0') }),
    inTransaction(2n, 1, { records: records('b0') }),
    inTransaction(1n, 2, { records: records('a1') }),
    inTransaction(2n, 3, { records: records('b1') }),
    marker('abort', 2n, 4),
    inTransaction(1n, 5, { records: records('a2') }),
    marker('abort', 1n, 6),
    inTransaction(1n, 7, { records: records('later 1') }),
    inTransaction(2n, 8, { records: records('later 2') }),
  );
  /** As the broker lists them: in the order of the markers, not of the first offsets. */
  const markerOrder = [
    { producerId: 2n, firstOffset: 1 },
    { producerId: 1n, firstOffset: 0 },
  ];

  it('leak 1: sorts the aborted list, which comes in marker order', () => {
    expect(visible(two, 0, markerOrder)).toEqual(['later 1', 'later 2']);
  });

  it('leak 2: filters both transactions when the fetch starts inside them', () => {
    for (const from of [1, 2, 3]) {
      const bytes = concat(
        inTransaction(1n, 2, { records: records('a1') }),
        inTransaction(2n, 3, { records: records('b1') }),
        marker('abort', 2n, 4),
        inTransaction(1n, 5, { records: records('a2') }),
        marker('abort', 1n, 6),
        plain(7, 'after'),
      );
      expect(visible(bytes, from, markerOrder)).toEqual(['after']);
    }
  });

  it('leak 2: opens a transaction that begins in the middle of a batch’s offsets', () => {
    const batch = inTransaction(1n, 10, { records: records('x', 'y', 'z') });
    expect(visible(batch, 12, [{ producerId: 1n, firstOffset: 10 }])).toEqual([]);
    const compacted = inTransaction(1n, 10, {
      lastOffsetDelta: 5,
      records: [plainRecord({ value: text('x'), offsetDelta: 4 })],
    });
    expect(visible(compacted, 10, [{ producerId: 1n, firstOffset: 12 }])).toEqual([]);
  });

  it('leak 3: a user key of four zero bytes closes nothing', () => {
    const zeroKey = (value: string) => plainRecord({ key: new Uint8Array(4), value: text(value) });
    const answer = concat(
      inTransaction(1n, 0, { records: [zeroKey('gone'), zeroKey('gone too')] }),
      inTransaction(1n, 2, { records: [zeroKey('still gone')] }),
      marker('abort', 1n, 3),
      inTransaction(1n, 4, { records: [zeroKey('kept')] }),
    );
    expect(visible(answer, 0, [{ producerId: 1n, firstOffset: 0 }])).toEqual(['kept']);
  });

  it('a commit marker, or another producer’s abort, closes nothing', () => {
    const answer = concat(
      inTransaction(1n, 0, { records: records('a') }),
      marker('commit', 1n, 1),
      marker('abort', 5n, 2),
      inTransaction(1n, 3, { records: records('b') }),
    );
    expect(visible(answer, 0, [{ producerId: 1n, firstOffset: 0 }])).toEqual([]);
  });

  it('the same producer’s batches outside transactions are not filtered', () => {
    const answer = concat(
      inTransaction(1n, 0, { records: records('gone') }),
      encodeBatch({ baseOffset: 1, producerId: 1n, records: records('idempotent') }),
      marker('abort', 1n, 2),
    );
    expect(visible(answer, 0, [{ producerId: 1n, firstOffset: 0 }])).toEqual(['idempotent']);
  });

  it('two aborted transactions of one producer, with a committed one between', () => {
    const answer = concat(
      inTransaction(1n, 0, { records: records('first') }),
      marker('abort', 1n, 1),
      inTransaction(1n, 2, { records: records('kept') }),
      marker('commit', 1n, 3),
      inTransaction(1n, 4, { records: records('second') }),
      marker('abort', 1n, 5),
    );
    expect(
      visible(answer, 0, [
        { producerId: 1n, firstOffset: 4 },
        { producerId: 1n, firstOffset: 0 },
      ]),
    ).toEqual(['kept']);
  });

  it('control: without the list everything would be delivered', () => {
    expect(visible(two)).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'later 1', 'later 2']);
  });
});
