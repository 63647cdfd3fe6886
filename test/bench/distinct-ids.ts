/**
 * A thousand million IDs of one generator, composed as bytes and read back as bytes: each must be above the one before,
 * so no two are equal. Its clock stands still, goes back by up to 3 ms and leaps ahead at random. About fifteen seconds:
 * `node test/bench/distinct-ids.ts [how many] [seed]`.
 */
import { randomInt } from 'node:crypto';
import { fillBigEndian, ID_BYTES } from '../../src/snowflake/binary.ts';
import { Generator } from '../../src/snowflake/generator.ts';
import { DEFAULT_LAYOUT } from '../../src/snowflake/layout.ts';

const WANTED = Number(process.argv[2] ?? 1e9);
const SEED = Number(process.argv[3] ?? randomInt(2 ** 31));
const ASK = 20_480;
const NODE = 137;
const START_MS = Date.UTC(2026, 0, 1);
const FAR = Number.MAX_SAFE_INTEGER;

/** Mulberry32: 0 ≤ x < 1. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Reads IDs in the order given; counts those that do not rise above the one before. */
class RisingReader {
  notRising = 0;
  #hi = -1;
  #lo = -1;

  read(view: DataView, end: number): void {
    let hi = this.#hi;
    let lo = this.#lo;
    for (let at = 0; at < end; at += ID_BYTES) {
      const nextHi = view.getUint32(at);
      const nextLo = view.getUint32(at + 4);
      if (nextHi < hi || (nextHi === hi && nextLo <= lo)) this.notRising += 1;
      hi = nextHi;
      lo = nextLo;
    }
    this.#hi = hi;
    this.#lo = lo;
  }
}

/** Planted: an ID given twice, and one that falls. A reader that overlooks them proves nothing. */
function proveReader(): void {
  const bytes = new DataView(new ArrayBuffer(4 * ID_BYTES));
  [5n, 2n ** 40n, 2n ** 40n, 7n].forEach((id, at) => {
    bytes.setBigUint64(at * ID_BYTES, id);
  });
  const reader = new RisingReader();
  reader.read(bytes, bytes.byteLength);
  if (reader.notRising !== 2) throw new Error(`the reader found ${reader.notRising} of 2 planted faults`);
}

function run(): void {
  const incarnation = { node: NODE, createRevision: '1', nonce: 'bench', floorMs: 0 };
  const generator = new Generator(DEFAULT_LAYOUT, incarnation);
  generator.accept({ incarnation, untilMs: FAR, deadlineMonotonicMs: FAR, deadlineWallMs: FAR });
  const random = dice(SEED);
  const reader = new RisingReader();
  const out = new Uint8Array(ASK * ID_BYTES);
  const view = new DataView(out.buffer);
  const startMs = performance.now();
  let [ids, wallMs, monotonicMs, back] = [0, START_MS, 0, 0];
  while (ids < WANTED) {
    // A step back now and then; else the clock goes on by 0 to 10 ms, and the monotonic one with it.
    const stepMs = random() < 0.01 ? -1 - Math.floor(random() * 3) : Math.floor(random() * 11);
    if (stepMs < 0) back += 1;
    wallMs += stepMs;
    monotonicMs += Math.max(1, stepMs);
    const reservation = generator.reserve(ASK, { wallMs, monotonicMs });
    if (!reservation.ok) throw new Error(`refused: ${reservation.refused}`);
    reader.read(view, fillBigEndian(DEFAULT_LAYOUT, NODE, reservation.runs, out, 0));
    ids += reservation.count;
  }
  const seconds = (performance.now() - startMs) / 1e3;
  console.log(
    `${ids.toLocaleString('en')} IDs, ${back.toLocaleString('en')} steps back, seed ${SEED}: ${reader.notRising} not above ` +
      `the one before (${seconds.toFixed(1)} s, reading included)`,
  );
  if (reader.notRising > 0) process.exitCode = 1;
}

proveReader();
run();
