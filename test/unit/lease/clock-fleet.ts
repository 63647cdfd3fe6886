import type { Clock, Instant } from '../../../src/clock.ts';
import type { KeeperOptions } from '../../../src/lease/options.ts';
import { keysUnder } from '../../../src/lease/protocol.ts';
import { decodeWindow } from '../../../src/lease/values.ts';
import { Generator } from '../../../src/snowflake/generator.ts';
import { DEFAULT_LAYOUT } from '../../../src/snowflake/layout.ts';
import type { Incarnation, Permit } from '../../../src/snowflake/permit.ts';
import { Bench } from './bench.ts';
import type { Running } from './bench.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryStore } from './memory-store.ts';

export const W_MS = 10_000;

/** The wall clock of one host; the monotonic one is honest, and true time is everybody's. */
export class HostClock implements Clock {
  aheadMs: number;
  readonly #truth: ManualClock;

  constructor(truth: ManualClock, aheadMs: number) {
    this.#truth = truth;
    this.aheadMs = aheadMs;
  }

  now(): Instant {
    const { wallMs, monotonicMs } = this.#truth.now();
    return { wallMs: wallMs + this.aheadMs, monotonicMs };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#truth.sleep(ms, signal);
  }
}

export interface Host {
  readonly name: string;
  readonly clock: HostClock;
  readonly running: Running;
  /** What the generator said last: `given`, or why not. */
  says: string;
  /** Every different thing it said, in order. */
  readonly said: string[];
  /** Timestamp of the last ID. */
  lastMs: number;
  /** Right now, in the caller's tick. */
  readonly mint: () => string;
}

/** Keepers on one store, each with a generator that mints all the time, and a wall clock of its own. */
export class ClockFleet {
  readonly truth = new ManualClock();
  readonly store = new MemoryStore(this.truth);
  readonly bench: Bench;
  readonly hosts: Host[] = [];
  readonly #keys = keysUnder('/t');
  /** Park–Miller: the same every time. */
  #seed = 7;

  constructor(workerBits = 3) {
    this.bench = new Bench(this.store, this.truth, { workerBits });
  }

  async start(name: string, aheadMs = 0, options: Partial<KeeperOptions> = {}): Promise<Host> {
    const clock = new HostClock(this.truth, aheadMs);
    let generator: Generator | undefined;
    const listener = {
      claimed: (incarnation: Incarnation) => {
        generator = new Generator(DEFAULT_LAYOUT, incarnation);
      },
      permit: (permit: Permit) => {
        generator?.accept(permit);
      },
      lost: () => {
        generator?.stop();
      },
    };
    const random = () => (this.#seed = (this.#seed * 48_271) % 0x7fffffff) / 0x7fffffff;
    const running = await this.bench.keep({ name, listener, random, ...options }, this.store, clock);
    const host: Host = {
      ...{ name, clock, running, says: 'nothing', said: [], lastMs: 0 },
      mint: () => mint(host, generator),
    };
    this.hosts.push(host);
    void this.#mintOn(host);
    return host;
  }

  /** Lets time pass in small steps. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 250) await this.truth.advance(Math.min(250, left));
  }

  /** How far each window reaches beyond the true time, highest first. */
  reach(): number[] {
    const nowMs = this.truth.now().wallMs;
    const nodes = Array.from({ length: 2 ** this.bench.layout.workerBits }, (_, node) => node);
    return nodes
      .map((node) => decodeWindow(this.store.peek(this.#keys.window(node))!)!.untilMs - nowMs)
      .sort((a, b) => b - a);
  }

  stop(): void {
    for (const { running } of this.hosts) running.stop.abort();
  }

  async #mintOn(host: Host): Promise<void> {
    const { stop } = host.running;
    while (!stop.signal.aborted) {
      await host.clock.sleep(100, stop.signal);
      host.mint();
    }
  }
}

function mint(host: Host, generator: Generator | undefined): string {
  const reservation = generator?.reserve(10, host.clock.now());
  if (reservation === undefined) return 'nothing';
  if (reservation.ok && reservation.count > 0) host.lastMs = reservation.runs.at(-1)!.timestampMs;
  host.says = !reservation.ok ? reservation.refused : reservation.count > 0 ? 'given' : 'waits';
  if (host.said.at(-1) !== host.says) host.said.push(host.says);
  return host.says;
}
