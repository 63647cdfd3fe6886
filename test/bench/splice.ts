/**
 * `npm run bench:splice`: CPU per event of a value stamp beside decode + modify + encode with avsc, protobufjs and JSON in the same run;
 * thread CPU time with the collector on the same thread, so that what either side leaves behind is paid for; median of interleaved rounds.
 * `splice`: value to value, as the other side does it, into an arena. `record`: the whole record from the fetched batch into the outgoing
 * one, for which the other side would need as much again. Issue targets at 200 B: Avro ≥ 20 ×, Protobuf ≥ 25 ×, JSON ≥ 6 ×.
 */
import { BufferPool } from '../../src/kafka/records/buffer-pool.ts';
import { Bytes, copyBytes } from '../../src/kafka/records/copy.ts';
import { RecordCursor } from '../../src/kafka/records/cursor.ts';
import { BatchWriter } from '../../src/kafka/records/writer.ts';
import { headerPolicy } from '../../src/stamp/header.ts';
import { Cut } from '../../src/stamp/cut.ts';
import { formatOf, ValueStamp } from '../../src/stamp/value.ts';
import { FixedId, headerOf, sectionOf } from '../support/splice/arena.ts';
import { settings } from '../unit/stamp/value-drive.ts';
import { EVENTS, FIRST_ID, lanes, type Lane } from './splice-lanes.ts';

const ROUNDS = 11;
const ROUND_US = 60_000;

type Side = () => number;

/** Two of the same: a section met again would have been searched already. */
const twice = <T>(make: () => T): readonly [T, T] => [make(), make()];

/** Where the ID goes, by the product, and the copies around it, as its record splicer makes them. */
function valueSplicer({ format, values }: Lane): Side {
  const place = formatOf(settings({ format }));
  const cut = new Cut();
  const sections = twice(() => new Bytes(new Uint8Array(Buffer.concat(values))));
  const lengths = Uint32Array.from(values, ({ length }) => length);
  const arena = new Bytes(new Uint8Array(sections[0].bytes.length + EVENTS * 64));
  const id = new FixedId();
  id.set(FIRST_ID);
  let turn = 0;
  return () => {
    const from = sections[(turn ^= 1)]!;
    const section = from.bytes;
    let start = 0;
    let to = 0;
    let count = 0;
    for (const length of lengths) {
      const end = start + length;
      if (place.place(section, start, end, id, cut) === undefined) count++;
      copyBytes(from, start, arena, to, cut.at - start);
      to += cut.at - start;
      copyBytes(cut.inserted, 0, arena, to, cut.length);
      to += cut.length;
      if (cut.resume < end) copyBytes(from, cut.resume, arena, to, end - cut.resume);
      to += end - cut.resume;
      start = end;
    }
    return count;
  };
}

/** The lane's values through the product's value stamp, section in, batch out. */
function recordSplicer({ format, values }: Lane): Side {
  const stamp = new ValueStamp(settings({ format }), headerPolicy('snowflake_id', 'replace'), {
    book: undefined,
    refused: 'tell',
  });
  const sections = twice(() => sectionOf(values));
  const header = headerOf(values.length);
  const cursor = new RecordCursor(stamp.watch);
  const writer = new BatchWriter(new BufferPool(1 << 24));
  const id = new FixedId();
  id.set(FIRST_ID);
  let turn = 0;
  return () => {
    const section = sections[(turn ^= 1)]!;
    writer.begin(1 << 23);
    cursor.load(section, header);
    let count = 0;
    while (cursor.next()) if (stamp.apply(cursor, section, id, writer) === 'stamped') count++;
    writer.release();
    return count;
  };
}

function again(lane: Lane): Side[] {
  const buffers = lane.values.map((value) => Buffer.from(value));
  return lane.peers.map((peer) => () => {
    let count = 0;
    for (const value of buffers) if (peer.again(value).length > value.length) count++;
    return count;
  });
}

/** Microseconds of this thread so far. The kernel brings them up to date when the whole process is asked for, else at its next tick. */
function cpuUs(): number {
  process.cpuUsage();
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

/** Thread CPU nanoseconds an event, over at least `ROUND_US`. */
function nsOf(work: Side): number {
  const start = cpuUs();
  for (let times = 1; ; times++) {
    if (work() !== EVENTS) throw new Error('not every event was stamped');
    const spent = cpuUs() - start;
    if (spent >= ROUND_US) return (spent * 1_000) / (times * EVENTS);
  }
}

const median = (list: readonly number[]): number =>
  list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!;

/** The sides take turns; the first rounds are for the compiler. */
function medians(sides: readonly Side[]): number[] {
  for (let warmUp = 0; warmUp < 3; warmUp++) sides.forEach(nsOf);
  const rounds = Array.from({ length: ROUNDS }, () => sides.map(nsOf));
  return sides.map((_, side) => median(rounds.map((round) => round[side]!)));
}

const ns = (value: number, width: number): string => `${value.toFixed(0)} ns`.padStart(width);

function report(lane: Lane, isTarget: boolean): void {
  const [splice, record, ...others] = medians([valueSplicer(lane), recordSplicer(lane), ...again(lane)]);
  const bytes = lane.values.reduce((sum, { length }) => sum + length, 0) / EVENTS;
  const fastest = Math.min(...others);
  console.log(
    `${lane.format.padEnd(9)} ${bytes.toFixed(0).padStart(5)} B   splice ${ns(splice!, 6)}   record ${ns(record!, 6)}`,
  );
  for (const [i, { name }] of lane.peers.entries()) {
    const ratio = others[i]! / splice!;
    const verdict = `   target ≥ ${lane.target} ${ratio >= lane.target ? 'reached' : 'MISSED'}`;
    console.log(
      `  ${ns(others[i]!, 8)} ${ratio.toFixed(1).padStart(6)} ×   ${name}${isTarget && others[i] === fastest ? verdict : ''}`,
    );
  }
}

console.log(`CPU per event, median of ${ROUNDS} interleaved rounds`);
for (const [pad, isTarget] of [
  [0, true],
  [210, false],
] as const)
  for (const lane of lanes(pad)) report(lane, isTarget);
