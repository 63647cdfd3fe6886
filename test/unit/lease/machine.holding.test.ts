import { describe, expect, it } from '@jest/globals';
import { START_MS, Walk } from './machine-driver.ts';

describe('holding: renew, then GRANT, and never past the deadline', () => {
  it('gives a permit with the acknowledged window and the deadlines of the lease, from before it was asked for', () => {
    const walk = new Walk().toHeld();
    expect(walk.effect('tell-permit').permit).toEqual({
      incarnation: walk.hold.incarnation,
      untilMs: START_MS + 10_000,
      deadlineMonotonicMs: 10_000, // the window ends before the lease does
      deadlineWallMs: START_MS + 13_500,
    });
    expect(walk.state.at).toBe('held');
  });

  it('renews and grants again within the refresh period, idle or not', () => {
    const walk = new Walk().toHeld();
    expect(walk.after(2_699).did('renew')).toBe(false);
    expect(walk.after(1).did('renew')).toBe(true);
    walk.atMs += 20;
    expect(walk.renewed().effect('grant').untilMs).toBe(START_MS + 12_720);
    expect(walk.granted().effect('tell-permit').permit).toMatchObject({
      untilMs: START_MS + 12_720,
      deadlineMonotonicMs: 2_720 + 10_000,
    });
  });

  it('has one request on its way at a time', () => {
    const walk = new Walk().toHeld().after(3_000);
    expect(walk.did('renew')).toBe(true);
    for (let n = 0; n < 40; n++) {
      walk.after(250);
      expect(walk.effects.filter(({ do: what }) => what === 'renew' || what === 'grant')).toEqual([]);
    }
  });

  it('is lost at the deadline, told once, and then claims afresh (P5)', () => {
    const walk = new Walk().toHeld();
    const { incarnation } = walk.hold;
    walk.after(3_000).failed();
    expect(walk.after(10_499).did('tell-lost')).toBe(false);
    expect(walk.after(1).effect('tell-lost').incarnation).toEqual(incarnation);
    expect(walk.state.at).toBe('lost');
    expect(walk.after(100).did('survey')).toBe(true);
    expect(walk.all.filter((effect) => effect.do === 'tell-lost')).toHaveLength(1);
  });

  it.each(['monotonic', 'wall'])('is lost when the %s clock alone passes the deadline (P5)', (which) => {
    const walk = new Walk().toHeld();
    if (which === 'wall') walk.wallAheadMs += 13_500;
    else {
      walk.wallAheadMs -= 13_500;
      walk.atMs += 13_500;
    }
    expect(walk.on({ on: 'tick' }).did('tell-lost')).toBe(true);
  });

  it('is lost, not renewed, by an answer that comes after the deadline (P5)', () => {
    const walk = new Walk().toHeld().after(13_499);
    walk.atMs += 1;
    walk.renewed();
    expect(walk.did('tell-lost')).toBe(true);
    expect(walk.did('grant')).toBe(false);
  });

  it.each([
    ['an answer that the lease is gone', (walk: Walk) => walk.renewed(0)],
    ['a store that does not know the lease', (walk: Walk) => walk.failed('lease-gone')],
    [
      'a read that shows another claim',
      (walk: Walk) => walk.on({ on: 'seen-gone', incarnation: walk.hold.incarnation, why: 'test' }),
    ],
    [
      'a GRANT refused for want of the claim',
      (walk: Walk) =>
        walk.renewed().on({ on: 'hold-judged', call: walk.call, verdict: { at: 'gone', why: 'test' } }),
    ],
  ])('is lost at once by %s', (_, happen) => {
    const walk = new Walk().toHeld().after(3_000);
    happen(walk);
    expect(walk.did('tell-lost')).toBe(true);
    expect(walk.state.at).toBe('lost');
  });

  it('keeps incarnation and permit through an outage shorter than the lease, doubtful meanwhile', () => {
    const walk = new Walk().toHeld();
    const { incarnation, permit } = walk.hold;
    walk.after(3_000).failed();
    expect(walk.state.at).toBe('doubtful');
    for (let n = 0; n < 12; n++) walk.after(500).failed();
    expect(walk.hold).toMatchObject({ incarnation, permit });
    walk.after(1_000).renewed().granted();
    expect(walk.state.at).toBe('held');
    expect(walk.hold.incarnation).toBe(incarnation);
  });

  it('settles a GRANT of unknown outcome by a read: applied', () => {
    const walk = new Walk().toHeld().after(3_000).renewed();
    const { untilMs } = walk.effect('grant');
    walk.failed();
    expect(walk.did('settle')).toBe(true);
    expect(walk.did('tell-permit')).toBe(false);
    walk.on({ on: 'hold-judged', call: walk.call, verdict: { at: 'ours', untilMs } });
    expect(walk.effect('tell-permit').permit.untilMs).toBe(untilMs);
    expect(walk.state.at).toBe('held');
  });

  it('settles a GRANT of unknown outcome by a read: not applied; the next asks above it', () => {
    const walk = new Walk().toHeld();
    const before = walk.hold.permit!;
    walk.after(3_000).renewed();
    const lost = walk.effect('grant').untilMs;
    walk.wallAheadMs -= 60_000;
    walk
      .failed()
      .on({ on: 'hold-judged', call: walk.call, verdict: { at: 'ours', untilMs: before.untilMs } });
    expect(walk.effect('tell-permit').permit.untilMs).toBe(before.untilMs);
    expect(walk.state.at).toBe('doubtful');
    expect(walk.after(100).renewed().effect('grant').untilMs).toBe(lost + 1);
  });

  it('uses no more of a window raised by somebody else than it asked for', () => {
    const walk = new Walk().toHeld().after(3_000).renewed();
    const { untilMs } = walk.effect('grant');
    walk
      .failed()
      .on({ on: 'hold-judged', call: walk.call, verdict: { at: 'ours', untilMs: untilMs + 99_999 } });
    expect(walk.effect('tell-permit').permit.untilMs).toBe(untilMs);
  });

  it('grants no permit out of a read when no window of ours ever got there', () => {
    const walk = new Walk().toGranting();
    walk
      .failed()
      .on({ on: 'hold-judged', call: walk.call, verdict: { at: 'ours', untilMs: START_MS - 1_000 } });
    expect(walk.did('tell-permit')).toBe(false);
    expect(walk.after(100).did('renew')).toBe(true);
  });

  it('never moves a permit back, whatever the clocks do', () => {
    const walk = new Walk().toHeld();
    let last = walk.hold.permit!;
    for (const stepMs of [0, -3_600_000, 20, -5_000, 400, 0]) {
      walk.wallAheadMs += stepMs;
      walk.after(3_000).renewed().granted();
      const permit = walk.effect('tell-permit').permit;
      expect(permit.untilMs).toBeGreaterThan(last.untilMs);
      expect(permit.deadlineMonotonicMs).toBeGreaterThanOrEqual(last.deadlineMonotonicMs);
      expect(permit.deadlineWallMs).toBeGreaterThanOrEqual(last.deadlineWallMs);
      expect(permit.incarnation).toBe(last.incarnation);
      last = permit;
    }
  });

  it('changes nothing by late, repeated and foreign answers', () => {
    const walk = new Walk().toHeld();
    const grant = walk.call;
    const verdict = { at: 'ours', untilMs: START_MS + 999_999 } as const;
    walk.on({ on: 'hold-judged', call: grant, verdict });
    expect(walk.effects).toEqual([]);
    walk.after(3_000).on({ on: 'hold-judged', call: grant, verdict });
    expect(walk.effects).toEqual([]);
    walk.on({ on: 'hold-judged', call: walk.call, verdict });
    expect(walk.effects).toEqual([]);
    walk.renewed();
    expect(walk.effect('grant').call).not.toBe(grant);
    walk.on({ on: 'hold-judged', call: grant, verdict });
    expect(walk.effects).toEqual([]);
    expect(walk.hold.permit!.untilMs).toBe(START_MS + 10_000);
  });

  it('is halted, and lost before, when the domain record changes under it', () => {
    const walk = new Walk().toHeld().after(3_000).renewed();
    walk.on({ on: 'hold-judged', call: walk.call, verdict: { at: 'domain-differs' } });
    expect(walk.effects.map((effect) => effect.do)).toEqual(['tell-lost', 'halt']);
    expect(walk.effect('halt').code).toBe('DOMAIN_DIFFERS');
  });

  it('is halted, and lost before, when the store was rolled back', () => {
    const walk = new Walk().toHeld().on({ on: 'broken', code: 'STORE_ROLLED_BACK', detail: 'test' });
    expect(walk.effects.map((effect) => effect.do)).toEqual(['tell-lost', 'halt']);
  });

  it('never asks beyond what the layout can express, and halts there', () => {
    const walk = new Walk({ timestampEndMs: START_MS + 12_000 }).toHeld().after(3_000).renewed();
    expect(walk.effect('grant').untilMs).toBe(START_MS + 12_000);
    walk.granted().after(3_000).renewed();
    expect(walk.effect('halt').code).toBe('TIMESTAMP_FULL');
    expect(walk.did('tell-lost')).toBe(true);
  });

  it('goes on under its permit while the store is full, which is known not to be applied', () => {
    const walk = new Walk().toHeld().after(3_000).renewed().failed('full');
    expect(walk.did('settle')).toBe(false);
    expect(walk.state.at).toBe('doubtful');
    expect(walk.after(100).did('renew')).toBe(true);
  });

  it('reports its status every 15 s while it holds a permit', () => {
    const walk = new Walk().toHeld();
    expect(walk.after(1).did('status')).toBe(true);
    expect(walk.after(1).did('status')).toBe(false);
  });
});

describe('clock proof before a GRANT', () => {
  it.each(['auto', 'required'] as const)('is asked for before the first GRANT (%s)', (clockProof) => {
    const walk = new Walk({ clockProof }).toGranting();
    expect(walk.state.at).toBe('claimed');
    expect(walk.did('grant')).toBe(false);
    walk.on({ on: 'proved', call: walk.call, proof: { at: 'proven' } });
    expect(walk.did('grant')).toBe(true);
  });

  it('with none to be had: auto goes on and warns, required waits', () => {
    const auto = new Walk({ clockProof: 'auto' }).toGranting();
    auto.on({ on: 'proved', call: auto.call, proof: { at: 'unavailable' } });
    expect(auto.effect('note').fact).toMatchObject({ fact: 'clock-unproven', node: 0 });
    expect(auto.did('grant')).toBe(true);
    const required = new Walk({ clockProof: 'required' }).toGranting();
    required.on({ on: 'proved', call: required.call, proof: { at: 'unavailable' } });
    expect(required.did('grant')).toBe(false);
    expect(required.after(1_000).renewed().did('prove')).toBe(true);
  });

  it('grants nothing to a clock proven wrong', () => {
    const walk = new Walk({ clockProof: 'auto' }).toGranting();
    walk.on({ on: 'proved', call: walk.call, proof: { at: 'off', byMs: 86_400_000 } });
    expect(walk.did('grant')).toBe(false);
    expect(walk.effect('note').fact).toMatchObject({ fact: 'clock-off' });
  });

  it('is asked for again after a forward step, so that windows do not follow a wrong clock', () => {
    const walk = new Walk({ clockProof: 'auto' }).toGranting();
    walk.on({ on: 'proved', call: walk.call, proof: { at: 'proven' } }).granted();
    walk.wallAheadMs += 600;
    walk.after(3_000);
    expect(walk.effects).toContainEqual({ do: 'note', fact: { fact: 'clock-stepped', byMs: 600 } });
    expect(walk.renewed().did('prove')).toBe(true);
  });
});
