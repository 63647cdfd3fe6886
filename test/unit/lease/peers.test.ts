import { beforeEach, describe, expect, it } from '@jest/globals';
import { offByMs, PeerClocks } from '../../../src/lease/peers.ts';
import type { Beacon } from '../../../src/lease/values.ts';

const WALL_MS = 1_700_000_000_000;
const AGREE_MS = 2_000;
const now = (atMs: number) => ({ wallMs: WALL_MS + atMs, monotonicMs: atMs });

describe('PeerClocks', () => {
  let peers: PeerClocks;
  let revision: number;

  beforeEach(() => {
    peers = new PeerClocks();
    revision = 100;
  });

  /** A turn of ours at `atMs` that takes 10 ms, and finds `found`. */
  function turn(atMs: number, found?: Beacon, wrote = 'aa'): void {
    take(atMs, found, wrote);
  }
  const read = (atMs: number, found?: Beacon): void => {
    take(atMs, found, undefined);
  };
  function take(atMs: number, found: Beacon | undefined, wrote: string | undefined): void {
    revision += 2;
    peers.take({ revision: String(revision), sentMs: atMs, answeredMs: atMs + 10, wrote }, found);
  }

  const says = (atMs: number, aheadMs: number, more: Partial<Beacon> = {}): Beacon => ({
    nonce: 'bb',
    wallMs: WALL_MS + atMs + aheadMs,
    name: 'b',
    granted: true,
    ...more,
  });

  it('nobody spoke: nothing is known', () => {
    turn(0);
    turn(3_000, says(0, 0, { nonce: 'aa' }));
    expect(peers.standing(now(3_010), AGREE_MS)).toBeUndefined();
  });

  it('a stamp above our clock at the answer: they are ahead by that at least', () => {
    turn(0);
    turn(3_000, says(2_900, 5_000));
    const { leastMs, mostMs, clocks } = peers.standing(now(3_010), AGREE_MS)!;
    expect(clocks).toBe(1);
    expect(mostMs).toBeCloseTo(-4_890, -1); // 5,000 less the 110 ms between stamp and answer
    expect(leastMs).toBeLessThan(-5_000);
    expect(offByMs({ leastMs, mostMs })).toBeGreaterThan(4_800);
  });

  it('a stamp far below our clock: we are ahead, as it was sent after our turn before', () => {
    turn(0);
    turn(3_000, says(2_900, -3_600_000));
    const { leastMs } = peers.standing(now(3_010), AGREE_MS)!;
    expect(leastMs).toBeGreaterThan(3_600_000 - 5_100);
    expect(leastMs).toBeLessThan(3_600_000);
  });

  it('when they say when their turn before was, the other side is as close as the turns were', () => {
    turn(0); // revision 102
    turn(2_800, undefined); // 104
    const heard = { revision: '105', sentAgoMs: 150, answeredAgoMs: 140 }; // right after our turn at 2,800
    turn(5_900, says(3_000, -1_000, { heard }));
    const { leastMs, mostMs } = peers.standing(now(5_910), AGREE_MS)!;
    expect(leastMs).toBeGreaterThan(900);
    expect(leastMs).toBeLessThan(1_000);
    expect(mostMs).toBeGreaterThan(1_000);
  });

  it('a beacon that does not move is of nobody who lives, whatever it says', () => {
    const old = says(0, 86_400_000);
    for (const atMs of [0, 100, 300, 700]) read(atMs, old);
    expect(peers.standing(now(710), AGREE_MS)).toBeUndefined();
    read(1_000, says(950, 0));
    expect(peers.standing(now(1_010), AGREE_MS)).toMatchObject({ clocks: 1 });
  });

  it('the first turn of all learns nothing: there is nothing before it that the beacon moved since', () => {
    turn(0, says(-86_400_000, 0));
    expect(peers.standing(now(10), AGREE_MS)).toBeUndefined();
  });

  it('incarnations of our own are no peers', () => {
    turn(0, undefined, 'a1');
    turn(1_000, says(0, 0, { nonce: 'a1' }), 'a2');
    turn(2_000, says(1_500, 0, { nonce: 'a1' }), 'a2');
    expect(peers.standing(now(2_010), AGREE_MS)).toBeUndefined();
  });

  it('who only claims can agree with us, not accuse us', () => {
    turn(0);
    turn(3_000, says(2_900, 86_400_000, { granted: false }));
    expect(peers.standing(now(3_010), AGREE_MS)).toBeUndefined();
    turn(6_000, says(5_900, 100, { nonce: 'cc', name: 'c', granted: false }));
    expect(peers.standing(now(6_010), AGREE_MS)).toMatchObject({ clocks: 1 });
    turn(9_000, says(8_900, 86_400_000));
    expect(offByMs(peers.standing(now(9_010), AGREE_MS)!)).toBe(0);
  });

  it('counts for a minute after it was heard, by the monotonic clock', () => {
    turn(0);
    turn(3_000, says(2_900, 0));
    expect(peers.standing(now(63_000), AGREE_MS)).toBeDefined();
    expect(peers.standing(now(63_011), AGREE_MS)).toBeUndefined();
  });

  it('our own step shows at once, without another word from anybody', () => {
    turn(0);
    turn(3_000, says(2_900, 0));
    expect(offByMs(peers.standing(now(3_100), AGREE_MS)!)).toBe(0);
    const stepped = { ...now(3_100), wallMs: now(3_100).wallMs + 3_600_000 };
    expect(peers.standing(stepped, AGREE_MS)!.leastMs).toBeGreaterThan(3_590_000);
  });

  it('after forget everything is learned anew', () => {
    turn(0);
    turn(3_000, says(2_900, 0));
    peers.forget();
    expect(peers.standing(now(3_100), AGREE_MS)).toBeUndefined();
    expect(peers.heard(now(3_100))).toBeUndefined();
    turn(6_000, says(5_900, 0));
    expect(peers.standing(now(6_010), AGREE_MS)).toBeUndefined();
    turn(9_000, says(8_900, 0));
    expect(peers.standing(now(9_010), AGREE_MS)).toBeDefined();
  });

  it('one word that does not fit the many is outvoted (Marzullo); when the new ones are as many, they count', () => {
    for (let n = 0; n < 8; n++) turn(n * 3_000, n === 0 ? undefined : says(n * 3_000 - 100, 0));
    turn(24_000, says(23_900, 60_000));
    expect(offByMs(peers.standing(now(24_010), AGREE_MS)!)).toBe(0);
    for (let n = 9; n < 16; n++) turn(n * 3_000, says(n * 3_000 - 100, 60_000));
    expect(offByMs(peers.standing(now(45_010), AGREE_MS)!)).toBeGreaterThan(50_000);
  });

  it('a stamp that was on its way for longer than a try lives is not taken for a slow clock', () => {
    turn(0);
    const heard = { revision: '103', sentAgoMs: 20, answeredAgoMs: 10 };
    turn(3_000, undefined);
    turn(60_000, says(100, 0, { heard }));
    expect(offByMs(peers.standing(now(60_010), AGREE_MS)!)).toBe(0);
  });

  it('says nothing by a beacon whose speaker’s clock was set between the two things it tells of', () => {
    turn(0); // 102
    turn(1_000); // 104
    const heard = { revision: '103', sentAgoMs: 2_000_000, answeredAgoMs: 1_990_000 };
    turn(3_000, says(2_900, 0, { heard }));
    expect(peers.standing(now(3_010), AGREE_MS)).toBeUndefined();
  });

  it('tells of its last turn that wrote, by ages, rounded so that they hold', () => {
    expect(peers.heard(now(0))).toBeUndefined();
    turn(1_000.6);
    read(2_000);
    expect(peers.heard(now(3_000))).toEqual({ revision: '102', sentAgoMs: 2_000, answeredAgoMs: 1_989 });
    expect(peers.heard(now(61_100))).toBeUndefined();
  });

  it.each([
    [[5_000], 5_000],
    [[5_000, 0], 0],
    [[5_000, 5_000], 5_000],
    [[5_000, 5_000, 0], 5_000],
    [[5_000, 5_000, 0, 0], 0],
    [[5_000, 5_000, 5_000, 0], 5_000],
    [[5_000, 0, -5_000], 0],
    [[5_000, -5_000], 0],
  ])(
    'against clocks ahead by %j we are off by about %d: strictly more than half, on one side',
    (aheads, off) => {
      turn(0);
      aheads.forEach((aheadMs, n) => {
        turn((n + 1) * 500, says((n + 1) * 500 - 1, aheadMs, { nonce: `b${n}`, name: `b${n}` }));
      });
      const standing = peers.standing(now(aheads.length * 500 + 10), AGREE_MS)!;
      expect(standing.clocks).toBe(aheads.length);
      expect(Math.abs(offByMs(standing) - off)).toBeLessThan(20);
    },
  );
});
