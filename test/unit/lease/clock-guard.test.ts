import { beforeEach, describe, expect, it } from '@jest/globals';
import { ClockGuard, DEFAULT_GUARD_RULES } from '../../../src/lease/clock-guard.ts';
import type { ExternalStanding } from '../../../src/lease/external-clock.ts';

const WALL_MS = 1_700_000_000_000;

/** A guard that hears peers, and what its sources say. */
class Scene {
  readonly guard: ClockGuard;
  outside: ExternalStanding | undefined;
  forgotten = 0;
  atMs = 0;
  wallAheadMs = 0;
  #revision = 100;

  constructor({ sources = false } = {}) {
    this.guard = new ClockGuard(
      DEFAULT_GUARD_RULES,
      sources
        ? {
            standing: () => this.outside ?? { best: undefined, unsynchronisedMs: 0 },
            forget: () => this.forgotten++,
          }
        : undefined,
    );
  }

  get now() {
    return { wallMs: WALL_MS + this.atMs + this.wallAheadMs, monotonicMs: this.atMs };
  }

  /** What the peers' clocks are ahead of the truth by; ours is right unless `wallAheadMs` says otherwise. */
  hear(...aheads: number[]): this {
    this.#turn();
    aheads.forEach((aheadMs, n) => {
      this.atMs += 200;
      this.#turn({ nonce: `b${n}`, wallMs: WALL_MS + this.atMs + aheadMs, name: `b${n}`, granted: true });
    });
    return this;
  }

  #turn(found?: Parameters<ClockGuard['take']>[1]): void {
    const { atMs } = this;
    this.guard.take(
      { revision: String(++this.#revision), sentMs: atMs, answeredMs: atMs, wrote: 'aa' },
      found,
    );
  }

  source(aheadMs: number, boundMs = 1): this {
    const best = {
      by: 'chrony',
      leastMs: aheadMs - boundMs,
      mostMs: aheadMs + boundMs,
      maxErrorMs: Math.abs(aheadMs) + boundMs,
    };
    this.outside = { best, unsynchronisedMs: 0 };
    return this;
  }

  get level(): string {
    return this.guard.standing(this.now).level;
  }

  get word() {
    return this.guard.word(this.now);
  }

  pass(ms: number) {
    this.atMs += ms;
    return this.guard.observe(this.now);
  }
}

/** Peers ahead by this: we are behind. Their stamps are found at once, so the bound on that side is exact. */
const LEVELS = [
  [90, 'fine', true, true],
  [110, 'warn', true, true],
  [510, 'not-ready', true, true],
  [2_010, 'refuse', false, false],
] as const;

describe('off against the fleet', () => {
  it.each(LEVELS)('by %d ms: %s, may claim %s, may grant %s', (offMs, level, mayClaim, mayGrant) => {
    const scene = new Scene().hear(offMs, offMs);
    expect([scene.level, scene.word]).toEqual([level, { mayClaim, mayGrant, clocks: 2 }]);
  });

  it('is how far we are from their median, with a bound', () => {
    const { offsetMs, boundMs, clocks, by } = new Scene().hear(300, 310, 320).guard.standing({
      wallMs: WALL_MS + 600,
      monotonicMs: 600,
    });
    expect([clocks, by]).toEqual([3, '3 peers']);
    expect(offsetMs! + boundMs!).toBeGreaterThan(-320);
    expect(offsetMs! - boundMs!).toBeLessThan(-310);
  });

  it('takes strictly more than half: one of two changes nothing', () => {
    expect(new Scene().hear(60_000, 0).level).toBe('fine');
    expect(new Scene().hear(60_000, 60_000, 0).level).toBe('refuse');
  });

  it('control: of one peer alone nobody knows who is wrong: a warning, and no more', () => {
    const scene = new Scene().hear(60_000);
    expect(scene.level).toBe('warn');
    expect(scene.word).toMatchObject({ mayClaim: true, mayGrant: true });
  });

  it('our own step shows within the same look', () => {
    const scene = new Scene().hear(0, 0);
    expect(scene.level).toBe('fine');
    scene.wallAheadMs = 3_600_000;
    expect(scene.level).toBe('refuse');
  });
});

describe('a source outside', () => {
  const SOURCE = [
    [90, 'fine', true],
    [-110, 'warn', true],
    [510, 'not-ready', false],
    [-2_010, 'refuse', false],
  ] as const;

  it.each(SOURCE)(
    'decides where there are no peers: off by %d ms is %s, may claim %s',
    (offMs, level, mayClaim) => {
      const scene = new Scene({ sources: true }).source(offMs);
      expect([scene.level, scene.word.mayClaim]).toEqual([level, mayClaim]);
      expect(scene.guard.standing(scene.now).by).toBe('chrony');
    },
  );

  it('decides between us and one peer', () => {
    expect(new Scene({ sources: true }).source(0).hear(60_000).level).toBe('fine');
    expect(new Scene({ sources: true }).source(-60_000).hear(60_000).level).toBe('refuse');
  });

  it('does not outweigh two peers', () => {
    const scene = new Scene({ sources: true }).source(-60_000).hear(0, 0);
    expect(scene.level).toBe('warn');
    expect(scene.guard.standing(scene.now).why).toBe('off by up to 60001 ms, by chrony');
    expect(scene.word).toMatchObject({ mayClaim: true, mayGrant: true });
  });

  it('with an error of more than 250 ms: warns; no new claim, but where peers are', () => {
    const scene = new Scene({ sources: true }).source(0, 251);
    expect([scene.level, scene.word.mayClaim, scene.word.mayGrant]).toEqual(['warn', false, true]);
    expect(scene.guard.standing(scene.now).why).toBe('off by up to 251 ms, by chrony');
    expect(new Scene({ sources: true }).source(0, 250).word.mayClaim).toBe(true);
    expect(new Scene({ sources: true }).source(0, 251).hear(0).word.mayClaim).toBe(true);
  });

  it('that knew nothing for more than ten minutes: the same', () => {
    const scene = new Scene({ sources: true });
    scene.outside = { best: undefined, unsynchronisedMs: 600_000 };
    expect([scene.level, scene.word.mayClaim]).toEqual(['fine', true]);
    scene.outside = { best: undefined, unsynchronisedMs: 600_001 };
    scene.atMs += 1_000;
    expect([scene.level, scene.word.mayClaim]).toEqual(['warn', false]);
    expect(scene.guard.standing(scene.now).why).toBe('no clock source knew the time for 600 s');
  });
});

describe('a proof from peers', () => {
  it.each([
    [[], { at: 'unavailable', why: 'no peer spoke' }],
    [[0], { at: 'proven', by: 'a peer' }],
    [[1_990], { at: 'proven', by: 'a peer' }],
    [[60_000], { at: 'off', by: 'a peer', byMs: expect.any(Number) }],
    [[60_000, 0], { at: 'proven', by: '2 peers' }],
    [[60_000, 60_000, 0], { at: 'off', by: '3 peers', byMs: expect.any(Number) }],
  ])('ahead of us by %j: %j', (aheads, proof) => {
    const scene = new Scene().hear(...aheads);
    expect(scene.guard.proof(scene.now)).toEqual(proof);
  });
});

describe('what is told', () => {
  let scene: Scene;
  beforeEach(() => {
    scene = new Scene({ sources: true });
    scene.pass(0);
  });

  it('a gap of more than a second between two looks', () => {
    expect(scene.pass(1_000)).toEqual([]);
    expect(scene.pass(1_001)).toEqual([{ fact: 'stalled', forMs: 1_001 }]);
  });

  it.each([
    [50, 0],
    [51, 1],
    [500, 1],
    [501, 0], // the machine tells of these
    [-2, 0], // resolution
    [-3, 1],
    [-10_000, 1],
  ])('a step of %d ms: %d facts', (byMs, told) => {
    scene.wallAheadMs += byMs;
    const expected = [{ fact: 'clock-stepped', byMs }];
    expect(scene.pass(250)).toEqual(told === 0 ? [] : expected);
  });

  it('after a step ahead all that was learned is forgotten: it may be that the machine slept', () => {
    scene.hear(0, 0);
    expect(scene.word.clocks).toBe(2);
    scene.wallAheadMs += 60;
    scene.pass(250);
    expect([scene.word.clocks, scene.forgotten]).toEqual([0, 1]);
    scene.hear(0, 0);
    scene.wallAheadMs -= 60;
    scene.pass(250);
    expect([scene.word.clocks, scene.forgotten]).toEqual([2, 1]);
  });

  it('a change of level once, with what led to it', () => {
    scene.hear(700, 700);
    expect(scene.pass(250)).toEqual([
      {
        ...{
          fact: 'clock-level',
          was: 'fine',
          level: 'not-ready',
          by: '2 peers',
          clocks: 2,
          rollbackAlarm: false,
        },
        why: expect.stringMatching(/^(699|70\d) ms off at least, by 2 peers$/),
        ...{ offsetMs: expect.any(Number), boundMs: expect.any(Number) },
      },
    ]);
    expect(scene.pass(250)).toEqual([]);
    scene.wallAheadMs = -30_000;
    expect(scene.pass(250)).toMatchObject([
      { fact: 'clock-stepped', byMs: -30_000 },
      { was: 'not-ready', level: 'refuse' },
    ]);
  });
});
