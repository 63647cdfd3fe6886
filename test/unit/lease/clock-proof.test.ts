import { beforeEach, describe, expect, it } from '@jest/globals';
import { prove } from '../../../src/lease/clock-proof.ts';
import type { ClockProof } from '../../../src/lease/state.ts';
import { ManualClock } from './manual-clock.ts';

const PROVEN: ClockProof = { at: 'proven', by: 'chrony' };
const OFF: ClockProof = { at: 'off', byMs: 5_000, by: 'a peer' };
const NOTHING: ClockProof = { at: 'unavailable', why: 'no peer spoke' };

describe('prove', () => {
  let clock: ManualClock;
  let reads: number;

  beforeEach(() => {
    clock = new ManualClock();
    reads = 0;
  });

  const says = (proof: ClockProof) => () => Promise.resolve(proof);
  const hangs = () => new Promise<ClockProof>(() => undefined);
  /** Says these, one at a time, and the last for ever. */
  const peers =
    (...proofs: ClockProof[]) =>
    () =>
      Promise.resolve(proofs[Math.min(reads++, proofs.length - 1)]!);

  /** What came of it, and after how long: as soon as it was clear, or at the end of the two seconds. */
  async function outcome(witnesses: Parameters<typeof prove>[1]): Promise<[ClockProof, number]> {
    const startMs = clock.now().monotonicMs;
    let tookMs = Number.NaN;
    const proving = prove(clock, witnesses).finally(() => {
      tookMs = clock.now().monotonicMs - startMs;
    });
    for (let n = 0; n < 60; n++) await clock.advance(50);
    return [await proving, tookMs];
  }

  it('with nobody to ask is over at once', async () => {
    const proof = { at: 'unavailable', why: 'nobody to compare with' };
    expect(await outcome({ external: undefined, peers: undefined })).toEqual([proof, 0]);
  });

  it('the first that vouches for the clock ends it, whoever else hangs or says otherwise', async () => {
    expect(await outcome({ external: says(PROVEN), peers: hangs })).toEqual([PROVEN, 0]);
    expect(await outcome({ external: hangs, peers: peers(OFF, OFF, PROVEN) })).toEqual([PROVEN, 350]);
    expect(reads).toBe(3);
  });

  it('that the clock is off counts in the end: more peers may be heard until then', async () => {
    expect(await outcome({ external: undefined, peers: peers(OFF) })).toEqual([OFF, 2_000]);
    expect(await outcome({ external: says(OFF), peers: peers(NOTHING) })).toEqual([OFF, 2_000]);
    expect(await outcome({ external: says(OFF), peers: undefined })).toEqual([OFF, 0]);
  });

  it('who is silent, fails or hangs proves nothing, and holds up nothing for longer than two seconds', async () => {
    expect(await outcome({ external: hangs, peers: undefined })).toEqual([
      { at: 'unavailable', why: 'nobody to compare with' },
      2_000,
    ]);
    const fails = () => Promise.reject(new Error('gone'));
    expect(await outcome({ external: fails, peers: peers(NOTHING) })).toEqual([
      { at: 'unavailable', why: 'gone; no peer spoke' },
      2_000,
    ]);
  });

  it('reads the beacon a handful of times, and no more once it is over', async () => {
    await outcome({ external: undefined, peers: peers(NOTHING) });
    expect(reads).toBeGreaterThanOrEqual(5);
    expect(reads).toBeLessThanOrEqual(8);
    const before = reads;
    await clock.advance(60_000);
    expect(reads).toBe(before);
  });
});
