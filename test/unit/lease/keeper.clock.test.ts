import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ClockFleet, W_MS } from './clock-fleet.ts';
import type { Host } from './clock-fleet.ts';

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;

const factsOf = ({ running }: Host) => running.facts.map(({ fact }) => fact);
const standing = ({ running }: Host) => running.keeper.facts().clock;

describe('three workers, one of whose wall clocks steps (facts §5.3); the monotonic ones are honest', () => {
  let fleet: ClockFleet;
  let a: Host;
  let others: Host[];

  beforeEach(async () => {
    fleet = new ClockFleet();
    await fleet.bench.init();
    a = await fleet.start('a');
    others = [await fleet.start('b', 20), await fleet.start('c', -20)];
    await fleet.pass(60_000);
    for (const { said } of fleet.hosts) said.length = 0;
  });
  afterEach(() => {
    fleet.stop();
  });

  /** Nobody else is disturbed, and no window goes further than W beyond the true time. */
  async function step(byMs: number, forMs: number): Promise<void> {
    a.clock.aheadMs += byMs;
    for (let left = forMs; left > 0; left -= 1_000) {
      await fleet.pass(1_000);
      expect(fleet.reach()[0]).toBeLessThanOrEqual(W_MS + 500);
    }
    for (const host of others) {
      expect(host.said.filter((word) => word !== 'given' && word !== 'waits')).toEqual([]);
      expect(host.running.keeper.facts().state).toBe('held');
    }
  }

  it('before it everybody knows two clocks, and is within the bound of them', () => {
    for (const host of fleet.hosts) {
      const { clocks, level, offsetMs, boundMs } = standing(host);
      expect([clocks, level]).toEqual([2, 'fine']);
      expect(Math.abs(offsetMs!)).toBeLessThan(boundMs! + 40);
    }
  });

  it('−3 ms: absorbed', async () => {
    await step(-3, 10_000);
    expect(a.said).toEqual(['given']);
  });

  it('−300 ms: held until the clock is back where it was, then goes on', async () => {
    await step(-300, 10_000);
    expect(a.said).toEqual(['waits', 'given']);
    expect(standing(a).level).not.toBe('refuse');
  });

  it('−10 s: fails at once, keeps its claim, goes on ten seconds later when the clock is back', async () => {
    await step(-10_000, 5_000);
    expect(a.said).toEqual(['clock-back']);
    expect(standing(a)).toMatchObject({ level: 'refuse', by: '2 peers' });
    await step(10_000, 10_000);
    expect(a.said.at(-1)).toBe('given');
    expect(a.running.keeper.facts().incarnation).toBeDefined();
    expect(a.running.listener.losses).toEqual([]);
  });

  it('+300 ms: counted and told; IDs are early, and within the window', async () => {
    await step(300, 10_000);
    expect(a.said).toEqual(['given']);
    expect(a.running.facts).toContainEqual({ fact: 'clock-stepped', byMs: expect.closeTo(300) });
  });

  it.each([
    ['+1 h', HOUR_MS],
    ['+1 year', YEAR_MS],
  ])(
    '%s: minting stops at once; no window follows; no ID is ahead; a corrected clock goes on',
    async (_, byMs) => {
      await step(byMs, 60_000);
      expect(a.said).not.toContain('given');
      expect(a.lastMs).toBeLessThan(fleet.truth.now().wallMs);
      expect(factsOf(a).some((fact) => fact === 'clock-off' || fact === 'clock-awaited')).toBe(true);
      expect(a.running.facts.findLast(({ fact }) => fact === 'clock-level')).toMatchObject({
        level: 'refuse',
      });
      await step(-byMs, 30_000);
      expect(a.says).toBe('given');
      expect(factsOf(a)).toContain('clock-proven');
    },
  );

  it('control: with clockProof none the window follows the clock by a year', async () => {
    const d = await fleet.start('d', 0, { clockProof: 'none' });
    await fleet.pass(6_000);
    d.clock.aheadMs += YEAR_MS;
    await fleet.pass(30_000);
    expect(fleet.reach()[0]).toBeGreaterThan(YEAR_MS - 1_000);
  });
});

describe('starting with a clock that is a year ahead', () => {
  const fleets: ClockFleet[] = [];
  afterEach(() => {
    for (const fleet of fleets.splice(0)) fleet.stop();
  });

  async function crashLoop(peers: number, clockProof: 'auto' | 'required' | 'none'): Promise<ClockFleet> {
    const fleet = new ClockFleet(4);
    fleets.push(fleet);
    await fleet.bench.init();
    for (let n = 0; n < peers; n++) await fleet.start(`peer-${n}`);
    await fleet.pass(10_000);
    for (const { said } of fleet.hosts) said.length = 0;
    for (let n = 0; n < 6; n++) {
      const bad = await fleet.start('bad', YEAR_MS, { clockProof });
      await fleet.pass(8_000);
      bad.running.stop.abort();
      await fleet.pass(2_000);
    }
    return fleet;
  }
  const burnt = (fleet: ClockFleet): number => fleet.reach().filter((ms) => ms > W_MS + 500).length;

  it.each([
    [1, 'auto'],
    [3, 'auto'],
    [0, 'required'],
    [1, 'required'],
    [3, 'required'],
  ] as const)(
    'in a crash loop with %d peers (%s) burns nothing, and stops nobody',
    async (peers, clockProof) => {
      const fleet = await crashLoop(peers, clockProof);
      expect(burnt(fleet)).toBe(0);
      for (const host of fleet.hosts.slice(0, peers)) {
        expect(host.says).toBe('given');
        expect(host.said.filter((word) => word !== 'given' && word !== 'waits')).toEqual([]);
        expect(standing(host).level === 'fine' || peers === 1).toBe(true);
      }
    },
  );

  it('control: where the proof is overridden it burns one worker ID after the other', async () => {
    expect(burnt(await crashLoop(1, 'none'))).toBeGreaterThan(2);
  });

  it('control: the very first worker of all is believed, with a warning: nobody could know better', async () => {
    const fleet = await crashLoop(0, 'auto');
    expect(burnt(fleet)).toBeGreaterThan(0);
    expect(fleet.hosts[0]!.running.facts).toContainEqual(expect.objectContaining({ fact: 'clock-unproven' }));
  });
});

describe('a worker alone', () => {
  let fleet: ClockFleet;
  beforeEach(async () => {
    fleet = new ClockFleet();
    await fleet.bench.init();
  });
  afterEach(() => {
    fleet.stop();
  });

  it('whose clock jumps an hour ahead: nobody vouches for it, and no window follows, whatever is claimed afresh', async () => {
    const a = await fleet.start('a');
    await fleet.pass(5_000);
    a.clock.aheadMs += HOUR_MS;
    for (let n = 0; n < 60; n++) {
      await fleet.pass(1_000);
      expect(fleet.reach()[0]).toBeLessThanOrEqual(W_MS);
    }
    expect(a.says).not.toBe('given');
    expect(factsOf(a)).toContain('clock-awaited');
    expect(a.running.keeper.facts().clockAwaited).toBe('no peer spoke');
  });

  it('with a source outside: told who vouched; stopped by it when it says otherwise; goes on once it agrees', async () => {
    let aheadMs = 0;
    const a = await fleet.start('a', 0, {
      clockProof: 'required',
      proveClock: () =>
        Promise.resolve(
          aheadMs < 2_000 ? { at: 'proven', by: 'chrony' } : { at: 'off', byMs: aheadMs, by: 'chrony' },
        ),
    });
    await fleet.pass(5_000);
    expect(a.running.facts).toContainEqual(expect.objectContaining({ fact: 'clock-proven', by: 'chrony' }));
    expect(a.says).toBe('given');
    for (const byMs of [HOUR_MS, -HOUR_MS]) {
      a.clock.aheadMs += byMs;
      aheadMs += byMs;
      await fleet.pass(20_000);
      expect([byMs, a.says === 'given']).toEqual([byMs, byMs < 0]);
    }
  });

  it('and one peer that is a minute off: both are warned, both go on', async () => {
    const a = await fleet.start('a');
    await fleet.pass(3_000);
    const b = await fleet.start('b', 0);
    await fleet.pass(10_000);
    b.clock.aheadMs -= 60_000;
    await fleet.pass(70_000);
    expect([standing(a).level, standing(a).by]).toEqual(['warn', 'one peer']);
    expect(a.says).toBe('given');
  });

  it('a gap of more than the window: the stall is told, and the window is gone until the next grant', async () => {
    const a = await fleet.start('a', 0, { ttlS: 30 });
    await fleet.pass(5_000);
    fleet.truth.skip(12_000);
    a.clock.aheadMs -= 9_000;
    expect(a.mint()).toBe('lease-deadline');
    await fleet.pass(1_000);
    expect(a.says).toBe('given');
    expect(a.running.keeper.facts().state).toBe('held');
    expect(a.running.facts).toContainEqual({ fact: 'stalled', forMs: expect.any(Number) });
  });
});
