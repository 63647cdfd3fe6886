/**
 * Nanoseconds per record of the hot path between Fetch and Produce: walk, stamp, write. `node test/bench/records.ts`.
 * Input as measured for facts/raw-lane.md: uncompressed batches of 16 KiB, output batches of at most 900 KiB.
 */
import { readBatchHeader } from '../../src/kafka/records/batch.ts';
import { BufferPool } from '../../src/kafka/records/buffer-pool.ts';
import { viewOf } from '../../src/kafka/records/copy.ts';
import { crc32cIsNative } from '../../src/kafka/records/crc32c.ts';
import { RecordCursor } from '../../src/kafka/records/cursor.ts';
import { walkFetched } from '../../src/kafka/records/fetched.ts';
import { BatchWriter, sealBatch, type FinishedBatch } from '../../src/kafka/records/writer.ts';
import { headerPolicy, stampHeader } from '../../src/stamp/header.ts';

const INPUT_BATCH_BYTES = 16_384;
const OUTPUT_BATCH_BYTES = 900 * 1024;
const FETCH_BYTES = 1 << 20;
const ROUNDS = 60;

const policy = headerPolicy('snowflake_id', 'replace');
const pool = new BufferPool(16 << 20);
const ids = { digits: new TextEncoder().encode('1234567890123456789'), start: 0, end: 19 };

/** A Fetch answer of about 1 MiB: plain records with an 8-byte key and a value of `valueBytes`, `headers` to each. */
function makeAnswer(valueBytes: number, headers: number): { answer: Uint8Array; records: number } {
  const batches: Uint8Array[] = [];
  let total = 0;
  let offset = 0;
  const writer = new BatchWriter(pool);
  while (total < FETCH_BYTES) {
    writer.begin(INPUT_BATCH_BYTES);
    for (
      let at;
      (at = writer.open(1_760_000_000_000 + offset, bodyBytes(valueBytes, headers))) >= 0;
      offset++
    ) {
      writer.close(writeBody(writer.buffer.bytes, at, valueBytes, headers));
    }
    const batch = writer.finish({ compression: 'none', transactional: false });
    sealBatch(batch, { producerId: 7n, producerEpoch: 0, baseSequence: 0 });
    const copy = batch.bytes.slice();
    viewOf(copy).setBigInt64(0, BigInt(offset - batch.recordCount));
    batch.release();
    batches.push(copy);
    total += copy.length;
  }
  const answer = new Uint8Array(total);
  batches.reduce((at, batch) => (answer.set(batch, at), at + batch.length), 0);
  return { answer, records: offset };
}

const HEADER = new TextEncoder().encode('\x16traceparent\x20abcdefgh01234567');
const bodyBytes = (valueBytes: number, headers: number): number =>
  9 + (valueBytes < 64 ? 1 : 2) + valueBytes + 1 + headers * HEADER.length;

function writeBody(bytes: Uint8Array, at: number, valueBytes: number, headers: number): number {
  bytes[at++] = 16;
  bytes.fill(0x6b, at, at + 8);
  at += 8;
  bytes[at++] = ((valueBytes << 1) & 127) | 128;
  bytes[at++] = valueBytes >> 6;
  for (let i = 0; i < valueBytes; i++) bytes[at + i] = (i * 31) & 255;
  at += valueBytes;
  bytes[at++] = headers << 1;
  for (let i = 0; i < headers; i++, at += HEADER.length) bytes.set(HEADER, at);
  return at;
}

interface Steps {
  readonly verify: boolean;
  readonly seal: boolean;
}

const cursor = new RecordCursor(policy.name);
const writer = new BatchWriter(pool);

function finishBatch(steps: Steps): void {
  const batch: FinishedBatch = writer.finish({ compression: 'none', transactional: true });
  if (steps.seal) sealBatch(batch, { producerId: 7n, producerEpoch: 0, baseSequence: 0 });
  batch.release();
}

function run(answer: Uint8Array, steps: Steps): number {
  let stamped = 0;
  writer.begin(OUTPUT_BATCH_BYTES);
  for (const piece of walkFetched(answer, 0, [], { inflateCapBytes: FETCH_BYTES, verifyCrc: steps.verify })) {
    if (piece.kind !== 'data') throw new Error(`unexpected piece: ${piece.kind}`);
    cursor.load(piece.records, piece.header);
    while (cursor.next()) {
      if (stampHeader(cursor, piece.records, ids, writer, policy) !== 'stamped') {
        finishBatch(steps);
        writer.begin(OUTPUT_BATCH_BYTES);
        if (stampHeader(cursor, piece.records, ids, writer, policy) !== 'stamped')
          throw new Error('does not fit');
      }
      stamped++;
    }
    if (cursor.malformed !== null) throw new Error(cursor.malformed);
  }
  finishBatch(steps);
  return stamped;
}

function measure(answer: Uint8Array, records: number, steps: Steps): { best: number; median: number } {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const from = process.hrtime.bigint();
    if (run(answer, steps) !== records) throw new Error('records went missing');
    times.push(Number(process.hrtime.bigint() - from) / records);
  }
  times.sort((a, b) => a - b);
  return { best: times[0]!, median: times[ROUNDS >> 1]! };
}

function report(name: string, valueBytes: number, headers: number): void {
  const { answer, records } = makeAnswer(valueBytes, headers);
  const first = readBatchHeader(viewOf(answer), 0).recordCount;
  console.log(`${name}: ${records} records, ${first} to a batch`);
  const lines: [string, Steps][] = [
    ['rewrite only', { verify: false, seal: false }],
    ['+ CRC written', { verify: false, seal: true }],
    ['+ CRC verified', { verify: true, seal: true }],
  ];
  for (const [what, steps] of lines) {
    const { best, median } = measure(answer, records, steps);
    console.log(
      `  ${what.padEnd(15)} median ${median.toFixed(0).padStart(4)} ns/record, best ${best.toFixed(0)}`,
    );
  }
}

console.log(
  `Node ${process.version}, CRC32C ${crc32cIsNative ? 'native' : 'in JavaScript'}; bytes are the value's`,
);
for (let pass = 0; pass < 2; pass++) {
  console.log(pass === 0 ? 'warming up' : 'measured');
  report('128 B', 128, 0);
  report('1 KiB', 1_024, 0);
  report('128 B, 2 headers', 128, 2);
}

const heapBefore = process.memoryUsage().heapUsed;
const { answer, records } = makeAnswer(128, 0);
const startHeap = process.memoryUsage().heapUsed;
for (let i = 0; i < 5; i++) run(answer, { verify: true, seal: true });
const perRecord = (process.memoryUsage().heapUsed - startHeap) / (5 * records);
console.log(
  `heap allocated ≈ ${perRecord.toFixed(1)} B/record (made input: ${((startHeap - heapBefore) / 1024).toFixed(0)} KiB)`,
);
