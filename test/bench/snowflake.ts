/**
 * What IDs cost: `npm run bench:ids` (with distinct-ids.ts), or `node test/bench/snowflake.ts`, half a minute. Design
 * targets: raw reserve and fill ≥ 300 M IDs/s, decimal text ≤ about 10 ns an ID, all 4.096 M IDs/s of one node at under
 * 5 % of a core over 10 s.
 */
import { systemClock } from '../../src/clock.ts';
import { fillBigEndian, ID_BYTES } from '../../src/snowflake/binary.ts';
import type { IdRun } from '../../src/snowflake/generator.ts';
import { Generator } from '../../src/snowflake/generator.ts';
import { DEFAULT_LAYOUT, idsPerMs } from '../../src/snowflake/layout.ts';
import { IdCursor } from '../../src/snowflake/text.ts';

const NODE = 137;
const ROUNDS = 5;
const START_MS = Date.UTC(2026, 0, 1);
const PER_MS = idsPerMs(DEFAULT_LAYOUT);

const incarnation = { node: NODE, createRevision: '1', nonce: 'bench', floorMs: 0 };

function permitted(maxLeadMs: number): Generator {
  const generator = new Generator(DEFAULT_LAYOUT, incarnation, { maxLeadMs });
  const far = Number.MAX_SAFE_INTEGER;
  generator.accept({ incarnation, untilMs: far, deadlineMonotonicMs: far, deadlineWallMs: far });
  return generator;
}

function fullRuns(ids: number): IdRun[] {
  return Array.from({ length: ids / PER_MS }, (_, ms) => ({
    timestampMs: START_MS + ms,
    firstSequence: 0,
    count: PER_MS,
  }));
}

/** CPU nanoseconds of this thread an ID, one figure per round: other programs on the machine count less. */
function measure(name: string, ids: number, work: () => void): void {
  const figures = Array.from({ length: ROUNDS }, () => {
    const start = process.threadCpuUsage();
    work();
    const { user, system } = process.threadCpuUsage(start);
    return ((user + system) * 1e3) / ids;
  });
  const best = Math.min(...figures);
  const all = figures.map((ns) => ns.toFixed(2)).join(' ');
  console.log(
    `${name.padEnd(44)} ${best.toFixed(2)} ns/ID  ${(1e3 / best).toFixed(0)} M IDs/s  (rounds: ${all})`,
  );
}

function fill(megabytes: number, repeat: number): void {
  const out = new Uint8Array(megabytes * 2 ** 20);
  const runs = fullRuns(out.length / ID_BYTES);
  measure(`fillBigEndian, ${megabytes} MiB`, (repeat * out.length) / ID_BYTES, () => {
    for (let i = 0; i < repeat; i += 1) fillBigEndian(DEFAULT_LAYOUT, NODE, runs, out, 0);
  });
}

/** Walks `runs` and returns something of each ID, so that no step can be left out. */
type Walk = (cursor: IdCursor) => number;

const textOnly: Walk = (cursor) => {
  let sum = 0;
  while (cursor.next()) sum = (sum + (cursor.digits[18] ?? 0)) | 0;
  return sum;
};

const copied: Walk = (cursor) => {
  const out = new Uint8Array(19);
  const { digits, end } = cursor;
  while (cursor.next()) {
    for (let from = cursor.start, to = 0; from < end; from += 1, to += 1) out[to] = digits[from] ?? 0;
  }
  return out[0] ?? 0;
};

const halves: Walk = (cursor) => {
  let sum = 0;
  while (cursor.next()) sum = (sum + cursor.hi + cursor.lo) | 0;
  return sum;
};

function cursor(name: string, runs: readonly IdRun[], walk: Walk): void {
  const walker = new IdCursor();
  const ids = runs.reduce((sum, { count }) => sum + count, 0);
  measure(name, ids, () => {
    walker.load(DEFAULT_LAYOUT, NODE, runs);
    if (walk(walker) === 0.5) console.log('never');
  });
}

function cursors(): void {
  const ids = 2 ** 22;
  const runs = fullRuns(ids);
  cursor('IdCursor.next, decimal digits', runs, textOnly);
  cursor('IdCursor.next + copy of the digits', runs, copied);
  cursor('IdCursor.next + hi, lo', runs, halves);
  const singles = runs.flatMap(({ timestampMs }) =>
    Array.from({ length: 512 }, (_, at) => ({ timestampMs, firstSequence: at * 8, count: 1 })),
  );
  cursor('IdCursor.next, runs of one ID', singles, textOnly);
}

/** What the pipeline does, without a clock to wait for: all IDs of each millisecond, reserved and composed as bytes. */
function reserveAndFill(): void {
  const ask = 32_768;
  const asks = 1_024;
  const generator = permitted(ask / PER_MS);
  const out = new Uint8Array(ask * ID_BYTES);
  let wallMs = START_MS;
  measure('reserve + fillBigEndian, 32,768 at a time', ask * asks, () => {
    for (let i = 0; i < asks; i += 1) {
      wallMs += ask / PER_MS;
      const reservation = generator.reserve(ask, { wallMs, monotonicMs: wallMs - START_MS });
      if (!reservation.ok || reservation.count !== ask) throw new Error('not all that was asked for');
      fillBigEndian(DEFAULT_LAYOUT, NODE, reservation.runs, out, 0);
    }
  });
}

function reserveOne(): void {
  const calls = 2 ** 20;
  const generator = permitted(5);
  let wallMs = START_MS;
  measure('Generator.reserve(1), 1,000 a millisecond', calls, () => {
    for (let i = 0; i < calls; i += 1) {
      if (i % 1_000 === 0) wallMs += 1;
      generator.reserve(1, { wallMs, monotonicMs: wallMs - START_MS });
    }
  });
}

/** Everything one node may mint, in real time, waiting as told; composed as bytes. */
async function paced(seconds: number, ask: number): Promise<void> {
  const generator = permitted(5);
  const out = new Uint8Array(ask * ID_BYTES);
  const startMs = performance.now();
  const cpu = process.cpuUsage();
  let ids = 0;
  let wakes = 0;
  while (performance.now() - startMs < seconds * 1e3) {
    const reservation = generator.reserve(ask, systemClock.now());
    if (!reservation.ok) throw new Error(reservation.refused);
    fillBigEndian(DEFAULT_LAYOUT, NODE, reservation.runs, out, 0);
    ids += reservation.count;
    wakes += 1;
    if (reservation.waitMs > 0) await systemClock.sleep(reservation.waitMs);
  }
  const elapsedMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(cpu);
  const share = (user + system) / 10 / elapsedMs;
  const rate = ids / elapsedMs / 1e3;
  const use = generator.sequenceUse(systemClock.now());
  console.log(
    `paced, asking ${ask} at a time: ${rate.toFixed(3)} M IDs/s over ${seconds} s, ${share.toFixed(1)} % of a core, ` +
      `${((wakes * 1e3) / elapsedMs).toFixed(0)} reserves/s, sequence use ${use.toFixed(3)}`,
  );
}

reserveAndFill();
fill(1, 128);
fill(64, 2);
cursors();
reserveOne();
await paced(10, 32_768);
await paced(10, 4_096);
