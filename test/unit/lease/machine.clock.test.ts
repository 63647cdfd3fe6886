import { describe, expect, it } from '@jest/globals';
import type { ClockProof, ClockWord } from '../../../src/lease/state.ts';
import { START_MS, Walk } from './machine-driver.ts';

const HOUR_MS = 3_600_000;
const MISTRUSTED: ClockWord = { mayClaim: false, mayGrant: false, clocks: 3 };
const OFF: ClockProof = { at: 'off', byMs: HOUR_MS, by: 'a peer' };

const proved = (walk: Walk, proof: ClockProof): Walk => walk.on({ on: 'proved', call: walk.call, proof });
const unproven = (walk: Walk, why = 'no peer spoke'): Walk => proved(walk, { at: 'unavailable', why });
/** Held, vouched for. */
const held = (clockProof: 'auto' | 'required' | 'none' = 'auto'): Walk => {
  const walk = new Walk({ clockProof }).toGranting();
  return clockProof === 'none' ? walk.granted() : proved(walk, { at: 'proven', by: 'chrony' }).granted();
};
const facts = (walk: Walk): unknown[] =>
  walk.all.flatMap((effect) => (effect.do === 'note' ? [effect.fact] : []));

describe('who vouched for the clock is told', () => {
  it('by name', () => {
    expect(facts(held())).toContainEqual({ fact: 'clock-proven', node: 0, by: 'chrony' });
  });

  it('or that nobody was asked', () => {
    const fact = { fact: 'clock-unproven', node: 0, why: 'lease.clockProof is none' };
    expect(facts(held('none'))).toContainEqual(fact);
  });

  it('what is waited for is told once, not at every try', () => {
    const walk = new Walk({ clockProof: 'required' }).toGranting();
    for (let n = 0; n < 3; n++) unproven(walk).after(1_000).renewed();
    expect(facts(walk)).toEqual([{ fact: 'clock-awaited', node: 0, why: 'no peer spoke' }]);
    proved(walk, OFF);
    expect(facts(walk).at(-1)).toEqual({ fact: 'clock-off', node: 0, byMs: HOUR_MS, by: 'a peer' });
  });
});

describe('peers are listened to where others hold claims', () => {
  const among = (others: boolean): Walk => {
    const walk = new Walk({ clockProof: 'auto' });
    walk.claims = others ? [{ key: '/c/3', value: 'somebody', createRevision: '5' }] : [];
    return walk.toGranting();
  };

  it('and only there: the first worker does not wait for nobody', () => {
    expect(among(false).effect('prove').peers).toBe(false);
    expect(among(true).effect('prove').peers).toBe(true);
  });

  it('auto: for a refresh period, as whoever lives grants within it; then without', () => {
    const walk = among(true);
    walk.atMs += 2_000;
    expect(unproven(walk).did('grant')).toBe(false);
    expect(walk.after(0).did('renew')).toBe(true);
    expect(walk.renewed().did('prove')).toBe(true);
    walk.atMs += 1_600;
    expect(unproven(walk).did('grant')).toBe(true);
    expect(facts(walk)).toEqual([{ fact: 'clock-unproven', node: 0, why: 'no peer spoke' }]);
  });
});

describe('a wall clock that jumped ahead', () => {
  it.each(['auto', 'required'] as const)(
    'is granted nothing until somebody vouches for it (%s)',
    (clockProof) => {
      const walk = held(clockProof);
      walk.wallAheadMs += 600;
      walk.after(3_000).renewed();
      expect(walk.effect('prove').peers).toBe(true);
      for (let n = 0; n < 5; n++) {
        expect(unproven(walk).did('grant')).toBe(false);
        walk.after(1_000).renewed();
      }
      expect(proved(walk, { at: 'proven', by: 'a peer' }).did('grant')).toBe(true);
      walk.granted().after(3_000).renewed();
      expect(walk.did('grant')).toBe(true);
    },
  );

  it('control: with clockProof none the window follows it at once', () => {
    const walk = held('none');
    walk.wallAheadMs += HOUR_MS / 400; // 9 s: within the lease
    walk.after(1_000).after(2_000).renewed();
    expect(walk.effect('grant').untilMs).toBe(START_MS + 9_000 + 3_000 + 10_000);
    expect(walk.all).toContainEqual({ do: 'note', fact: { fact: 'clock-stepped', byMs: 9_000 } });
  });

  it('by so much that the lease is lost: the next claim is granted nothing either', () => {
    const walk = held();
    walk.wallAheadMs += HOUR_MS;
    expect(walk.after(250).did('tell-lost')).toBe(true);
    expect(walk.effects[0]!.do).toBe('tell-lost');
    walk.after(100).toGrantingFromSurvey();
    expect(walk.did('prove')).toBe(true);
    expect(unproven(walk).did('grant')).toBe(false);
  });

  it('while no claim was held: the first GRANT of the claim that follows waits, even where nobody is', () => {
    const walk = new Walk({ clockProof: 'auto' });
    walk.on({ on: 'tick' });
    walk.wallAheadMs += HOUR_MS;
    walk.after(10).toGrantingFromSurvey();
    expect(walk.effect('prove').peers).toBe(true);
    expect(unproven(walk).did('grant')).toBe(false);
  });
});

describe('a clock that most peers call wrong', () => {
  it('claims nothing: the pool is read again a second later', () => {
    const walk = new Walk({ clockProof: 'auto' });
    walk.clock = MISTRUSTED;
    walk.on({ on: 'tick' }).surveyed();
    expect(walk.did('open-lease')).toBe(false);
    expect(walk.after(999).effects).toEqual([]);
    expect(walk.after(1).did('survey')).toBe(true);
    walk.clock = { ...MISTRUSTED, mayClaim: true, mayGrant: true };
    expect(walk.surveyed().did('open-lease')).toBe(true);
  });

  it('is granted nothing more, and keeps its claim; a source outside does not outweigh them', () => {
    const walk = held();
    walk.clock = MISTRUSTED;
    walk.after(3_000).renewed();
    expect(walk.did('prove')).toBe(true);
    expect(proved(walk, { at: 'proven', by: 'chrony' }).did('grant')).toBe(false);
    expect(facts(walk).at(-1)).toMatchObject({
      fact: 'clock-awaited',
      why: 'most peers call the clock wrong',
    });
    expect(walk.after(1_000).did('renew')).toBe(true);
    expect(walk.renewed().did('prove')).toBe(true);
  });

  it('stays doubted when they fall silent, until one of them vouches for it', () => {
    const walk = held();
    walk.clock = MISTRUSTED;
    walk.after(3_000).renewed();
    walk.clock = { mayClaim: true, mayGrant: true, clocks: 0 };
    expect(unproven(walk).did('grant')).toBe(false);
    walk.after(1_000).renewed();
    expect(proved(walk, { at: 'proven', by: 'a peer' }).did('grant')).toBe(true);
  });
});

describe('the window ends on the monotonic clock too', () => {
  it('so that after a gap of more than the window nothing is minted, though the wall clock went back', () => {
    const walk = new Walk({ windowMs: 5_000, refreshMs: 1_000 }).toHeld();
    const { deadlineMonotonicMs, untilMs } = walk.effect('tell-permit').permit;
    expect(deadlineMonotonicMs).toBe(5_000);
    walk.wallAheadMs -= 4_000;
    walk.after(6_000);
    expect(untilMs).toBeGreaterThan(walk.atMs + walk.wallAheadMs); // control: by the wall clock it is open
    expect(walk.renewed().granted().effect('tell-permit').permit.deadlineMonotonicMs).toBe(11_000);
  });
});

describe('how often grants are asked for', () => {
  it('in a small fleet with more jitter, so that everybody hears everybody', () => {
    const dueIn = (clocks: number): number => {
      const walk = new Walk();
      walk.clock = { mayClaim: true, mayGrant: true, clocks };
      return walk.toHeld().hold.dueMs;
    };
    expect([dueIn(4), dueIn(3)]).toEqual([2_700, 1_500]);
  });
});
