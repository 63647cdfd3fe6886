import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import type { Piece } from '../../../src/kafka/records/fetched.ts';
import { Inflow } from '../../../src/pipeline/inflow.ts';
import { encodeBatch, plainRecord, text } from '../records/plain-codec.ts';
import { FakeLog } from './log.ts';
import { numbers } from './scene.ts';

const CAP_BYTES = 1 << 20;

function drain(inflow: Inflow): Piece[] {
  const pieces: Piece[] = [];
  for (let piece = inflow.peek(); piece !== undefined; piece = inflow.peek()) {
    pieces.push(piece);
    if (piece.kind === 'problem') break;
    inflow.advance();
  }
  return pieces;
}

/** A log with everything in it, fetched from 0 in answers of `maxBytes`. */
function fetched(plan: readonly number[], maxBytes: number): { inflow: Inflow; log: FakeLog } {
  const log = new FakeLog();
  for (const [i, kind] of plan.entries()) {
    const records = numbers(0, 1 + (kind % 4)).map((value) => plainRecord({ value: text(value) }));
    const producerId = BigInt(i + 1);
    if (kind % 3 === 0) log.putBytes(encodeBatch({ records }));
    else if (kind % 5 === 0)
      log.putBytes(encodeBatch({ records, codec: 1, compress: (section) => gzipSync(section) }));
    else {
      log.putBytes(encodeBatch({ records, transactional: true, producerId, producerEpoch: 0 }), producerId);
      log.finish(producerId, kind % 2 === 0);
    }
  }
  const inflow = new Inflow(CAP_BYTES);
  inflow.reset(0, -1);
  while (inflow.fetchOffset < log.end) {
    const { records, aborted } = log.read(inflow.fetchOffset, 1, maxBytes);
    expect(inflow.append(records, aborted, 1)).toBe(true);
  }
  return { inflow, log };
}

const plans = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 12 });
const sizes = fc.constantFrom(1, 200, 1 << 20);

describe('inflow', () => {
  it('pieces cover exactly what was fetched, without a gap; every piece knows its leader epoch', () => {
    fc.assert(
      fc.property(plans, sizes, (plan, maxBytes) => {
        const { inflow, log } = fetched(plan, maxBytes);
        const pieces = drain(inflow);
        expect(pieces.map(({ nextOffset }) => nextOffset)).toEqual(log.stored.map(({ last }) => last + 1));
        expect(inflow.fetchOffset).toBe(log.end);
      }),
    );
  });

  it('rewind gives the same pieces again; settle lets go of what lies wholly below; all accounts return to 0', () => {
    fc.assert(
      fc.property(plans, sizes, fc.nat(), (plan, maxBytes, cut) => {
        const { inflow, log } = fetched(plan, maxBytes);
        const pieces = drain(inflow);
        inflow.rewind();
        expect(drain(inflow)).toEqual(pieces);
        const position = cut % (log.end + 1);
        inflow.settle(position);
        expect(drain(inflow)).toEqual(pieces.filter(({ nextOffset }) => nextOffset > position));
        inflow.settle(log.end);
        expect([inflow.bytes, inflow.records, inflow.pending]).toEqual([0, 0, false]);
        expect(inflow.oldestMs).toBe(Infinity);
      }),
    );
  });

  it('counts what was inflated besides what was fetched, and gives both back', () => {
    const inflow = new Inflow(CAP_BYTES);
    inflow.reset(0, -1);
    const records = [plainRecord({ value: new Uint8Array(50_000) })];
    const bytes = encodeBatch({ records, codec: 1, compress: (section) => gzipSync(section) });
    inflow.append(bytes, [], 1);
    expect(inflow.bytes).toBe(bytes.length);
    drain(inflow);
    expect(inflow.bytes).toBeGreaterThan(bytes.length + 50_000);
    inflow.settle(1);
    expect(inflow.bytes).toBe(0);
  });

  it('a batch that cannot be read stays at its place when what lies before it is settled (rule 8)', () => {
    const log = new FakeLog();
    log.put(numbers(0, 3));
    log.put(numbers(3, 6));
    log.put(numbers(6, 9));
    const { records } = log.read(0, 1, 1 << 20);
    records[log.stored[0]!.bytes.length + 70]! ^= 1; // the second batch no longer matches its checksum
    const inflow = new Inflow(CAP_BYTES);
    inflow.reset(0, -1);
    inflow.append(records, [], 1);
    expect(drain(inflow).map(({ kind }) => kind)).toEqual(['data', 'problem']);
    inflow.settle(3);
    expect(inflow.peek()).toMatchObject({ kind: 'problem', code: 'BATCH_CORRUPT', offset: 3 });
    inflow.settle(3);
    expect(inflow.peek()).toMatchObject({ kind: 'problem', offset: 3 });
  });

  it('an answer without one whole batch is told apart, with the size it says it has', () => {
    const bytes = encodeBatch({ records: [plainRecord({ value: new Uint8Array(500) })] });
    const inflow = new Inflow(CAP_BYTES);
    inflow.reset(0, -1);
    expect(inflow.append(bytes.subarray(0, 100), [], 1)).toBe(false);
    expect([inflow.truncated, inflow.needBytes, inflow.bytes]).toEqual([1, bytes.length, 0]);
    expect(inflow.append(bytes.subarray(0, 5), [], 1)).toBe(false);
    expect([inflow.truncated, inflow.needBytes, inflow.pending]).toEqual([2, 0, false]);
    expect(inflow.append(bytes, [], 1)).toBe(true);
    expect([inflow.truncated, inflow.needBytes, inflow.fetchOffset]).toEqual([0, 0, 1]);
  });

  it('a truncated batch at the end is left for the next fetch', () => {
    const log = new FakeLog();
    log.put(numbers(0, 3));
    log.put(numbers(3, 6));
    const { records } = log.read(0, 1, 1 << 20);
    const inflow = new Inflow(CAP_BYTES);
    inflow.reset(0, -1);
    inflow.append(records.subarray(0, records.length - 1), [], 1);
    expect(drain(inflow).map(({ nextOffset }) => nextOffset)).toEqual([3]);
    expect(inflow.fetchOffset).toBe(3);
    inflow.settle(3);
    expect([inflow.bytes, inflow.records]).toEqual([0, 0]);
  });

  it('reset forgets everything', () => {
    const { inflow } = fetched([0, 1, 2, 3], 1 << 20);
    inflow.peek();
    inflow.reset(100, 4);
    expect([
      inflow.bytes,
      inflow.records,
      inflow.pending,
      inflow.fetchOffset,
      inflow.lastFetchedEpoch,
    ]).toEqual([0, 0, false, 100, 4]);
    expect(inflow.peek()).toBeUndefined();
  });
});
