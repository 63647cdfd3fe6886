import type { Clock, Instant } from '../clock.ts';
import type { Range } from './peers.ts';
import type { ClockProof } from './state.ts';

/** Something outside the fleet that knows the time. */
export interface ClockSource {
  /** For logs: kind and address. */
  readonly name: string;
  /** Rejects, with a reason for people, when it cannot tell; within a second or two, or when the signal aborts. */
  measure(signal: AbortSignal): Promise<Measured>;
}

/** Our wall clock against a source. */
export interface Measured {
  /** How far ahead ours is; negative: behind. */
  readonly aheadMs: number;
  /** The truth lies within this of `aheadMs`. */
  readonly boundMs: number;
  /** False: the source itself does not know whether it is right. */
  readonly synchronised: boolean;
}

/** A source began to answer, or to fail. */
export interface SourceFact {
  readonly fact: 'clock-source';
  readonly source: string;
  readonly answers: boolean;
  /** What it said, or why it did not. */
  readonly detail: string;
}

/** What the sources say of our wall clock now; computed when asked. */
export interface ExternalStanding {
  /** The best of those that know; undefined while none does. */
  readonly best: (Range & { readonly by: string; readonly maxErrorMs: number }) | undefined;
  /** Since one last knew, or since the start. */
  readonly unsynchronisedMs: number;
}

export interface ExternalRules {
  /** The sources are asked this often. */
  readonly everyMs: number;
  /** A proof: the clock is off by this at most. */
  readonly maxErrorMs: number;
  /** The contrary: it is off by more than this for certain. */
  readonly refuseOffsetMs: number;
}

/** One asking; chronyc, an HTTP GET and a UDP round trip take far less. */
const ASK_MS = 1_500;
/** Quartz and discipline together drift by less; an answer is good for three rounds of asking. */
const DRIFT = 0.001;
const ROUNDS_KEPT = 3;

/** Kept against the monotonic clock: a step of the wall clock shows at once. */
interface Reading {
  readonly by: string;
  readonly atMs: number;
  /** Their wall clock less our monotonic one, and how well it is known. */
  readonly offsetMs: number;
  readonly boundMs: number;
}

/** Asks the sources now and then, and when a proof is wanted. Of several that know, the one with the tightest bound counts. */
export class ExternalClock {
  readonly #sources: readonly ClockSource[];
  readonly #clock: Clock;
  readonly #rules: ExternalRules;
  readonly #observe: (fact: SourceFact) => void;
  readonly #answering = new Map<string, boolean>();
  /** The last of each source. */
  readonly #readings = new Map<string, Reading>();
  #knownMs: number;

  constructor(
    sources: readonly ClockSource[],
    clock: Clock,
    rules: ExternalRules,
    observe: (fact: SourceFact) => void,
  ) {
    this.#sources = sources;
    this.#clock = clock;
    this.#rules = rules;
    this.#observe = observe;
    this.#knownMs = clock.now().monotonicMs;
  }

  /** Asks until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#ask();
      await this.#clock.sleep(this.#rules.everyMs, signal);
    }
  }

  /** Asks now. */
  async prove(): Promise<ClockProof> {
    const why = await this.#ask();
    const { best } = this.standing(this.#clock.now());
    if (best === undefined) return { at: 'unavailable', why };
    const offMs = Math.max(best.leastMs, -best.mostMs);
    if (offMs > this.#rules.refuseOffsetMs)
      return { at: 'off', byMs: Math.round((best.leastMs + best.mostMs) / 2), by: best.by };
    if (best.maxErrorMs <= this.#rules.maxErrorMs) return { at: 'proven', by: best.by };
    return { at: 'unavailable', why: `${best.by}: off by up to ${Math.round(best.maxErrorMs)} ms` };
  }

  standing(now: Instant): ExternalStanding {
    const keptMs = ROUNDS_KEPT * this.#rules.everyMs;
    const [reading] = [...this.#readings.values()]
      .filter(({ atMs }) => now.monotonicMs - atMs <= keptMs)
      .toSorted((a, b) => a.boundMs - b.boundMs);
    const unsynchronisedMs = now.monotonicMs - this.#knownMs;
    if (reading === undefined) return { best: undefined, unsynchronisedMs };
    const aheadMs = now.wallMs - now.monotonicMs - reading.offsetMs;
    const boundMs = reading.boundMs + (now.monotonicMs - reading.atMs) * DRIFT;
    return {
      best: {
        by: reading.by,
        leastMs: aheadMs - boundMs,
        mostMs: aheadMs + boundMs,
        maxErrorMs: Math.abs(aheadMs) + boundMs,
      },
      unsynchronisedMs,
    };
  }

  /** The monotonic clock may have stood still: what was measured before is worth nothing. */
  forget(): void {
    this.#readings.clear();
  }

  /** All at once. Why none knows, if none does. */
  async #ask(): Promise<string> {
    const done = new AbortController();
    const late = this.#clock.sleep(ASK_MS, done.signal).then((): never => {
      done.abort();
      throw new Error(`no answer within ${ASK_MS} ms`);
    });
    late.catch(() => undefined);
    const results = await Promise.all(
      this.#sources.map((source) => this.#askOne(source, Promise.race([source.measure(done.signal), late]))),
    );
    done.abort();
    const readings = results.filter((result) => typeof result === 'object');
    if (readings.length > 0) this.#knownMs = this.#clock.now().monotonicMs;
    for (const reading of readings) this.#readings.set(reading.by, reading);
    return results.filter((result) => typeof result === 'string').join('; ');
  }

  async #askOne({ name }: ClockSource, measuring: Promise<Measured>): Promise<Reading | string> {
    try {
      const { aheadMs, boundMs, synchronised } = await measuring;
      if (!synchronised) throw new Error('not synchronised');
      const { wallMs, monotonicMs } = this.#clock.now();
      this.#note(name, true, `ahead by ${aheadMs.toFixed(1)} ms ± ${boundMs.toFixed(1)} ms`);
      return { by: name, atMs: monotonicMs, offsetMs: wallMs - monotonicMs - aheadMs, boundMs };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#note(name, false, why);
      return `${name}: ${why}`;
    }
  }

  #note(source: string, answers: boolean, detail: string): void {
    if (this.#answering.get(source) === answers) return;
    this.#answering.set(source, answers);
    this.#observe({ fact: 'clock-source', source, answers, detail });
  }
}
