import { describe, expect, it } from '@jest/globals';
import { START_MS, Walk } from './machine-driver.ts';

const releaseOf = (walk: Walk, lastTimestampMs = START_MS) =>
  walk.on({ on: 'release', incarnation: walk.hold.incarnation, lastTimestampMs });

describe('releasing: the generator has stopped, the node goes back clean', () => {
  it('asks for RELEASE with all that was ever asked for, then closes the lease', () => {
    const walk = releaseOf(new Walk().toHeld().after(3_000).renewed(), START_MS + 77);
    expect(walk.effect('release').release).toMatchObject({
      lastTimestampMs: START_MS + 77,
      attemptedUntilMs: START_MS + 13_000,
    });
    walk.on({ on: 'release-judged', call: walk.call, verdict: 'clean' });
    expect(walk.effects.map((effect) => effect.do)).toEqual(['close-lease', 'note']);
    expect(walk.effect('note').fact).toEqual({ fact: 'released', node: 0, clean: true });
    expect(walk.state.at).toBe('released');
  });

  it('does not take the late answer of a GRANT for leave to go on', () => {
    const walk = new Walk().toHeld().after(3_000).renewed();
    const grant = walk.call;
    releaseOf(walk).on({
      on: 'hold-judged',
      call: grant,
      verdict: { at: 'ours', untilMs: START_MS + 13_000 },
    });
    expect(walk.did('tell-permit')).toBe(false);
    expect(walk.state.at).toBe('releasing');
  });

  it('settles a RELEASE of unknown outcome by a read, and asks again when the claim still stands', () => {
    const walk = releaseOf(new Walk().toHeld()).failed();
    expect(walk.did('settle-release')).toBe(true);
    walk.on({ on: 'release-judged', call: walk.call, verdict: 'still-ours' });
    expect(walk.did('release')).toBe(true);
  });

  it('is bounded: with nobody answering it leaves the claim to its lease', () => {
    const walk = releaseOf(new Walk().toHeld()).failed().failed();
    expect(walk.did('settle-release')).toBe(false);
    expect(walk.after(100).did('settle-release')).toBe(true);
    walk.failed().after(6_000);
    expect(walk.effect('note').fact).toMatchObject({ fact: 'released', clean: false });
    expect(walk.state.at).toBe('released');
  });

  it('leaves a window that somebody else raised where it is', () => {
    const walk = releaseOf(new Walk().toHeld());
    walk.on({ on: 'release-judged', call: walk.call, verdict: 'still-ours' });
    expect(walk.effect('note').fact).toMatchObject({ clean: false });
  });

  it('releases what is held when the run was stopped, and claims no more', () => {
    const walk = new Walk().toHeld();
    const { incarnation } = walk.hold;
    walk.on({ on: 'stop' });
    expect(walk.after(3_000).effects).toEqual([]);
    walk.on({ on: 'release', incarnation, lastTimestampMs: START_MS });
    expect(walk.did('release')).toBe(true);
  });

  it('has nothing to do for an incarnation that is not the one held', () => {
    const walk = new Walk().toHeld();
    const other = { ...walk.hold.incarnation, nonce: 'another' };
    expect(walk.on({ on: 'release', incarnation: other, lastTimestampMs: START_MS }).effects).toEqual([]);
    expect(walk.state.at).toBe('held');
  });
});
