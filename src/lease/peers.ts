import type { Instant } from '../clock.ts';
import { marzullo } from './marzullo.ts';
import type { Beacon, Heard } from './values.ts';

/** One answered CLAIM, GRANT or read of the beacon of ours; both times monotonic. It took effect between them. */
export interface OwnTurn {
  /** Store revision it was applied at, decimal. */
  readonly revision: string;
  readonly sentMs: number;
  readonly answeredMs: number;
  /** The nonce written into the beacon; undefined for a read. */
  readonly wrote: string | undefined;
}

/** A clock compared with ours lies at least and at most this far behind it (negative: ahead of it). */
export interface Range {
  readonly leastMs: number;
  readonly mostMs: number;
}

/** The clock of one host, as far as it is known. */
export interface PeerClock extends Range {
  readonly who: string;
  /** It minted, or may have; else somebody with any clock claims. */
  readonly granted: boolean;
}

/** Our wall clock against the fleet's median: ahead of it by `leastMs` … `mostMs`. */
export interface PeerStanding extends Range {
  /** Fresh clocks compared with, one a host; at least 1. */
  readonly clocks: number;
}

/** How long a peer counts as fresh, and a comparison is remembered. */
const FRESH_MS = 60_000;
/** No try lives longer (`tryMs`): a stamp reaches the store within this, or its sender has given it up. */
const IN_FLIGHT_MS = 2_000;
/** Clocks are disciplined by at most 500 ppm (adjtimex), and there are two of them. */
const DRIFT = 0.001;
/** Wall clocks are read in whole milliseconds. */
const ROUNDING_MS = 1;
const MOST_TURNS = 64;
const MOST_SAMPLES = 512;

/** Bounds of (their wall clock − our monotonic one), learned at `atMs`. */
interface Sample {
  readonly atMs: number;
  readonly loMs: number;
  readonly hiMs: number;
  /** False: said by a CLAIM. */
  readonly granted: boolean;
}

/**
 * The clocks of the others, learned from the beacon that every CLAIM and GRANT reads and rewrites. PURE: time is an
 * argument. Each beacon seen bounds its writer's clock from both sides, without trust in how long anything took:
 *
 * - its stamp was taken before our turn took effect: they are ahead of us by the difference at least;
 * - the speaker says when its turn before was under way, by its present clock. By revision we know which of ours came
 *   before and after that one;
 * - only where we are too new to have a turn before that one: its stamp was sent at most `IN_FLIGHT_MS` before the store
 *   had it, and that was after our turn before. An assumption, dropped where it contradicts the rest; needed, as a newcomer
 *   cannot wait for a peer to speak twice.
 *
 * Theirs is kept against our *monotonic* clock, so that a step of our own wall clock shows at once; `forget` when the
 * monotonic one may have stood still. Over a minute the bounds of one clock are intersected as Marzullo does: what most of
 * them agree on. A peer is fresh if the beacon moved between two turns of ours, whatever stamps say.
 *
 * Nobody outvotes the fleet by speaking often: a host has one vote, whatever it runs and however often it restarts; a
 * CLAIM, which anybody with any clock may make, can agree with us but not accuse us.
 */
export class PeerClocks {
  #turns: OwnTurn[] = [];
  readonly #samples = new Map<string, Sample[]>();
  /** The beacon as our last turn left or found it. */
  #stands: Pick<Beacon, 'nonce' | 'wallMs'> | undefined;
  #own: string[] = [];

  /** `found`: the beacon as it stood before the turn. */
  take(turn: OwnTurn, found: Beacon | undefined): void {
    const before = this.#turns.at(-1);
    const moved =
      before !== undefined &&
      found !== undefined &&
      (found.nonce !== this.#stands?.nonce || found.wallMs !== this.#stands.wallMs);
    if (moved && !this.#own.includes(found.nonce)) this.#learn(turn, found, before);
    this.#turns = [...this.#turns.filter(isFresh(turn.answeredMs)), turn].slice(-MOST_TURNS);
    this.#stands = found;
    if (turn.wrote === undefined) return;
    if (!this.#own.includes(turn.wrote)) this.#own = [...this.#own, turn.wrote].slice(-MOST_TURNS);
    // What stands now is ours; whatever is found there next is another.
    this.#stands = undefined;
  }

  /** What our next beacon says of our last turn that wrote one. */
  heard(now: Instant): Heard | undefined {
    const last = this.#turns.findLast(({ wrote }) => wrote !== undefined);
    if (last === undefined || now.monotonicMs - last.answeredMs > FRESH_MS) return undefined;
    return {
      revision: last.revision,
      sentAgoMs: Math.ceil(now.monotonicMs - last.sentMs),
      answeredAgoMs: Math.floor(now.monotonicMs - last.answeredMs),
    };
  }

  /** Undefined when nobody is fresh. Claimants count while they may be within `agreeMs` of us. */
  standing(now: Instant, agreeMs: number): PeerStanding | undefined {
    const votes = this.clocks(now).filter((clock) => clock.granted || offByMs(clock) <= agreeMs);
    return votes.length === 0 ? undefined : median(votes);
  }

  /** Every fresh clock against ours. */
  clocks(now: Instant): PeerClock[] {
    const aheadMs = now.wallMs - now.monotonicMs;
    const fresh: PeerClock[] = [];
    for (const [who, all] of this.#samples) {
      const samples = all.filter(({ atMs }) => now.monotonicMs - atMs <= FRESH_MS);
      if (samples.length === 0) {
        this.#samples.delete(who);
        continue;
      }
      this.#samples.set(who, samples);
      const { loMs, hiMs } = agreed(samples, now.monotonicMs);
      const range = { leastMs: aheadMs - hiMs - ROUNDING_MS, mostMs: aheadMs - loMs + ROUNDING_MS };
      fresh.push({ who, granted: samples.some(({ granted }) => granted), ...range });
    }
    return fresh;
  }

  /** Our monotonic clock may have stood still, or the machine was copied: what was learned before is worth nothing. */
  forget(): void {
    this.#turns = [];
    this.#samples.clear();
    this.#stands = undefined;
  }

  #learn(turn: OwnTurn, found: Beacon, before: OwnTurn): void {
    const who = found.name ?? found.nonce;
    const sample = this.#bound(turn, found, before);
    // Their clock was set between the two things the beacon tells of: it says nothing.
    if (sample.hiMs < sample.loMs) return;
    const samples = this.#samples.get(who) ?? [];
    samples.push(sample);
    if (samples.length > MOST_SAMPLES) samples.shift();
    this.#samples.set(who, samples);
  }

  #bound(turn: OwnTurn, { wallMs, granted = false, heard }: Beacon, before: OwnTurn): Sample {
    const atMs = turn.answeredMs;
    let loMs = wallMs - turn.answeredMs;
    let hiMs = Number.POSITIVE_INFINITY;
    if (heard !== undefined) {
      for (const { revision, sentMs, answeredMs } of [...this.#turns, turn]) {
        const driftMs = (heard.sentAgoMs + atMs - sentMs) * DRIFT;
        const cameAfter = Number(revision) >= Number(heard.revision);
        if (cameAfter) loMs = Math.max(loMs, wallMs - heard.sentAgoMs - answeredMs - driftMs);
        else hiMs = Math.min(hiMs, wallMs - heard.answeredAgoMs - sentMs + driftMs);
      }
    }
    const soonMs = wallMs + IN_FLIGHT_MS - before.sentMs;
    if (hiMs === Number.POSITIVE_INFINITY && soonMs >= loMs) hiMs = soonMs;
    return { atMs, loMs, hiMs, granted };
  }
}

/** How far off a clock is at least; 0 when it may be right. */
export function offByMs({ leastMs, mostMs }: Range): number {
  return Math.max(0, leastMs, -mostMs);
}

const isFresh =
  (nowMs: number) =>
  ({ answeredMs }: OwnTurn): boolean =>
    nowMs - answeredMs <= FRESH_MS;

/** What most samples allow, each widened by what clocks may have drifted since; in doubt, what the newest allows. */
function agreed(samples: readonly Sample[], nowMs: number): { loMs: number; hiMs: number } {
  return marzullo(
    samples.map(({ atMs, loMs, hiMs }) => {
      const driftMs = (nowMs - atMs) * DRIFT;
      return { loMs: loMs - driftMs, hiMs: hiMs + driftMs };
    }),
  );
}

/**
 * Of an even number the two middle ones: then a bound beyond zero means that strictly more than half of the clocks are
 * beyond it, on the same side.
 */
function median(votes: readonly Range[]): PeerStanding {
  const least = votes.map(({ leastMs }) => leastMs).sort((a, b) => a - b);
  const most = votes.map(({ mostMs }) => mostMs).sort((a, b) => a - b);
  const last = votes.length - 1;
  return {
    clocks: votes.length,
    leastMs: least[Math.floor(last / 2)]!,
    mostMs: most[Math.ceil(last / 2)]!,
  };
}
