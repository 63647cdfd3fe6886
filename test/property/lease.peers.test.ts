import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { offByMs, PeerClocks } from '../../src/lease/peers.ts';
import { decodeBeacon, encodeBeacon } from '../../src/lease/values.ts';

const EPOCH_MS = 1_700_000_000_000;
const AGREE_MS = 2_000;

interface HostPlan {
  /** Off the true time by this. */
  readonly offsetMs: number;
  readonly driftPpm: number;
  /** A turn: pause before it, way to the store, way back. */
  readonly turns: readonly (readonly [pauseMs: number, thereMs: number, backMs: number])[];
}

/** One host: its clocks are functions of true time, as `lease` sees them only through readings. */
class Host {
  readonly peers = new PeerClocks();
  readonly name: string;
  readonly plan: HostPlan;
  readonly bootMs: number;
  nonce: string;
  steppedMs = 0;

  constructor(plan: HostPlan, index: number) {
    this.plan = plan;
    this.name = `host-${index}`;
    this.nonce = `a${index}`;
    this.bootMs = 1_000 * index;
  }

  /** Without the step and the rounding: what the wall clock says. */
  trueWallMs(atMs: number): number {
    return EPOCH_MS + this.plan.offsetMs + this.steppedMs + atMs * (1 + this.plan.driftPpm / 1e6);
  }

  now(atMs: number) {
    return {
      wallMs: Math.floor(this.trueWallMs(atMs)),
      monotonicMs: this.bootMs + atMs * (1 + this.plan.driftPpm / 1e6),
    };
  }
}

interface Happening {
  readonly atMs: number;
  readonly what: () => void;
}

/** A store with one beacon and a revision, hosts that take turns on it, and all the time in the world. */
class World {
  readonly hosts: readonly Host[];
  readonly granted: boolean;
  atMs = 0;
  onAnswer: (host: Host) => void = () => undefined;
  #happenings: Happening[] = [];
  #beacon: string | undefined;
  #revision = 100;

  constructor(plans: readonly HostPlan[], { granted = true } = {}) {
    this.hosts = plans.map((plan, index) => new Host(plan, index));
    this.granted = granted;
    for (const host of this.hosts) this.#turn(host, 0);
  }

  run(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.atMs = next.atMs;
      next.what();
    }
  }

  #next(): Happening | undefined {
    this.#happenings.sort((a, b) => a.atMs - b.atMs);
    return this.#happenings.shift();
  }

  #after(ms: number, what: () => void): void {
    this.#happenings.push({ atMs: this.atMs + ms, what });
  }

  #turn(host: Host, index: number): void {
    const [pauseMs, thereMs, backMs] = host.plan.turns[index] ?? [];
    if (pauseMs === undefined) return;
    this.#after(pauseMs, () => {
      const sent = host.now(this.atMs);
      const { name, nonce } = host;
      const text = encodeBeacon({
        nonce,
        wallMs: sent.wallMs,
        name,
        granted: this.granted,
        heard: host.peers.heard(sent),
      });
      this.#after(thereMs!, () => {
        const found = this.#beacon === undefined ? undefined : decodeBeacon(this.#beacon);
        this.#beacon = text;
        const revision = String(++this.#revision);
        this.#after(backMs!, () => {
          const answeredMs = host.now(this.atMs).monotonicMs;
          host.peers.take({ revision, sentMs: sent.monotonicMs, answeredMs, wrote: nonce }, found);
          this.onAnswer(host);
          this.#turn(host, index + 1);
        });
      });
    });
  }

  /** Our lead over a peer, in truth. */
  leadMs(host: Host, who: string): number {
    const peer = this.hosts.find(({ name }) => name === who)!;
    return host.trueWallMs(this.atMs) - peer.trueWallMs(this.atMs);
  }
}

const turns = fc.array(
  fc.tuple(
    fc.integer({ min: 0, max: 4_000 }),
    fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 1_990 })),
    fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 3_000 })),
  ),
  { minLength: 10, maxLength: 30 },
);
const host: fc.Arbitrary<HostPlan> = fc.record({
  offsetMs: fc.oneof(
    fc.integer({ min: -300, max: 300 }),
    fc.integer({ min: -20_000, max: 20_000 }),
    fc.constant(365 * 86_400_000),
  ),
  driftPpm: fc.integer({ min: -500, max: 500 }),
  turns,
});
const near = fc.record({
  offsetMs: fc.integer({ min: -80, max: 80 }),
  driftPpm: fc.integer({ min: -50, max: 50 }),
  turns,
});
/** A small fleet's grants (their rhythm is spread so that everybody meets everybody), a fast store. */
const steady = fc
  .array(fc.integer({ min: 1_500, max: 3_000 }), { minLength: 40, maxLength: 40 })
  .map((pauses): HostPlan['turns'] => pauses.map((pauseMs) => [pauseMs, 2, 2] as const));

describe('the clocks of the others, whatever requests take', () => {
  it('the true difference always lies within what is known of it', () => {
    let compared = 0;
    fc.assert(
      fc.property(
        fc.array(host, { minLength: 2, maxLength: 5 }),
        fc.integer({ min: -9_000, max: 9_000 }),
        (plans, stepMs) => {
          const world = new World(plans);
          world.onAnswer = (us) => {
            // Our own wall clock may step whenever it likes: what is known of the others stays true.
            if (us === world.hosts[0] && us.steppedMs === 0) us.steppedMs = stepMs;
            for (const { who, leastMs, mostMs } of us.peers.clocks(us.now(world.atMs))) {
              if (who === 'host-0') continue; // its clock stepped: what was learned before is of its old one
              compared++;
              const leadMs = world.leadMs(us, who);
              if (leadMs < leastMs || leadMs > mostMs)
                throw new Error(`${us.name} leads ${who} by ${leadMs}, known is ${leastMs} … ${mostMs}`);
            }
          };
          world.run();
        },
      ),
      { numRuns: 400 },
    );
    expect(compared).toBeGreaterThan(20_000);
  });

  it('after a minute of grants it is known within the pause between two of them, as a rule far closer', () => {
    const widths: number[] = [];
    fc.assert(
      fc.property(steady, steady, (a, b) => {
        const world = new World([
          { offsetMs: 0, driftPpm: 0, turns: a },
          { offsetMs: 1_000, driftPpm: 0, turns: b },
        ]);
        let known = { leastMs: Number.NEGATIVE_INFINITY, mostMs: Number.POSITIVE_INFINITY };
        world.onAnswer = (us) => {
          if (us === world.hosts[0] && world.atMs > 60_000)
            known = us.peers.standing(us.now(world.atMs), AGREE_MS) ?? known;
        };
        world.run();
        expect(known.mostMs - known.leastMs).toBeLessThan(3_200);
        widths.push(known.mostMs - known.leastMs);
      }),
      { numRuns: 100 },
    );
    expect(widths.sort((a, b) => a - b)[50]).toBeLessThan(600);
  });

  it('one bad clock cannot accuse any of the good ones, and is found out itself', () => {
    let found = 0;
    const offsets = fc.constantFrom(-3_600_000, -30_000, 30_000, 3_600_000, 365 * 86_400_000);
    const fleet = fc.tuple(offsets, fc.array(fc.tuple(near, steady), { minLength: 3, maxLength: 5 }));
    fc.assert(
      fc.property(fleet, ([wrongMs, hosts]) => {
        const plans = hosts.map(([plan, turns], n) => ({
          ...plan,
          turns,
          offsetMs: n === 0 ? wrongMs : plan.offsetMs,
        }));
        const world = new World(plans);
        let offMs = 0;
        world.onAnswer = (us) => {
          const standing = us.peers.standing(us.now(world.atMs), AGREE_MS);
          if (standing === undefined || standing.clocks < 2) return;
          if (us === world.hosts[0]) offMs = offByMs(standing);
          else expect(offByMs(standing)).toBeLessThan(200);
        };
        world.run();
        if (offMs > AGREE_MS) found++;
      }),
      { numRuns: 100 },
    );
    expect(found).toBeGreaterThan(90);
  });

  it('control: where clocks are counted by incarnation, a bad one that restarts all the time accuses everybody', () => {
    const standings = ['one name', undefined].map((name) => {
      const peers = new PeerClocks();
      const turn = (n: number) => ({
        revision: String(2 * n),
        sentMs: n * 1_000,
        answeredMs: n * 1_000 + 5,
        wrote: 'ff',
      });
      const now = { wallMs: EPOCH_MS + 12_000, monotonicMs: 12_000 };
      peers.take(turn(0), undefined);
      for (let n = 1; n < 10; n++) {
        const bad = { nonce: `b${n}`, wallMs: EPOCH_MS + n * 1_000 + 86_400_000, granted: true };
        const good = { nonce: 'aa', wallMs: EPOCH_MS + n * 1_000, name: 'good', granted: true };
        peers.take(turn(n), n % 3 === 0 ? good : name === undefined ? bad : { ...bad, name });
      }
      return offByMs(peers.standing(now, AGREE_MS)!);
    });
    expect(standings[0]).toBe(0);
    expect(standings[1]).toBeGreaterThan(86_000_000);
  });
});
