import { describe, expect, it } from '@jest/globals';
import type { Event } from '../../../src/kafka/membership/state.ts';
import { Driver, tp } from './drive.ts';

describe('membership machine: joining and rebalancing', () => {
  it('the new generation is current at the JoinGroup answer, before SyncGroup (M3, data-path rule 7)', () => {
    const member = new Driver().stable().refused('heartbeat', 27).joined(8);
    expect(member.acts()).toEqual(['identify', 'sync']);
    expect(member.core.generation).toBe(8);
  });

  it('a generation that goes backwards is taken as it comes (pitfall 7)', () => {
    const member = new Driver().stable().refused('heartbeat', 27).joined(3).synced(tp(0), tp(1));
    expect(member.at).toBe('stable');
    expect(member.core.generation).toBe(3);
  });

  it('adds what is new at once and does not mention what is kept (M2)', () => {
    const member = new Driver().stable(tp(0)).refused('heartbeat', 27).joined(8).synced(tp(0), tp(1));
    expect(member.acts()).toEqual(['add']);
    expect(member.one('add').partitions).toEqual([tp(1)]);
    expect(member.facts()).toContainEqual({ fact: 'synced', added: 1, revoked: 0, kept: 1 });
  });

  it('adds, then drains what is taken away, then joins again at once', () => {
    const member = new Driver().stable(tp(0), tp(1)).refused('heartbeat', 27).joined(8).synced(tp(0), tp(2));
    expect(member.acts()).toEqual(['add', 'drain']);
    expect(member.one('drain').partitions).toEqual([tp(1)]);
    member.drained(member.one('drain'));
    expect(member.acts()).toEqual(['destroy', 'join']);
    expect(member.core.owned).toEqual([tp(0), tp(2)]);
  });

  it('heartbeats go on while draining, while a JoinGroup is pending and while syncing (rule 11)', () => {
    const beats = [
      new Driver().revoking(),
      new Driver().stable().refused('heartbeat', 27),
      new Driver().stable().refused('heartbeat', 27).joined(8),
      new Driver().leaving(),
    ].map((member) => member.on({ on: 'beat-due' }).acts());
    expect(beats).toEqual([['heartbeat'], ['heartbeat'], ['heartbeat'], ['heartbeat']]);
  });

  it('a first JoinGroup has no generation to heartbeat with: its coordinator is probed instead', () => {
    const member = new Driver().joining().on({ on: 'beat-due' });
    expect(member.acts()).toEqual(['probe']);
    expect(member.unanswered('probe').acts()).toEqual(['find']);
  });

  it('never believes a JoinGroup answer without a generation or a member id (pitfall 10)', () => {
    for (const [generation, memberId] of [
      [-1, 'me'],
      [5, ''],
    ] as const) {
      const member = new Driver().joining().joined(generation, memberId);
      expect(member.at).toBe('joining');
      expect(member.acts()).toEqual(['wait']);
    }
  });

  it('a drain of an earlier incarnation does nothing to the next one (pitfall 5)', () => {
    const member = new Driver().revoking();
    const slow = member.one('drain');
    member.refused('heartbeat', 25).waited().joined(9, 'new').synced(tp(0), tp(1));
    expect(member.drained(slow).effects).toEqual([]);
    expect(member.core.owned).toEqual([tp(0), tp(1)]);
  });

  it('answers to abandoned requests do nothing', () => {
    const member = new Driver().stable();
    const { tag } = member;
    member.refused('heartbeat', 16).found(2);
    for (const code of [16, 22, 25, 27]) {
      const late: Event = { on: 'refused', request: 'heartbeat', tag, code, memberId: '' };
      expect(member.on(late).effects).toEqual([]);
    }
    expect(member.at).toBe('stable');
  });

  it('a heartbeat answer of the generation before does nothing', () => {
    const member = new Driver().stable().refused('heartbeat', 27);
    const { tag } = member;
    member.joined(8).synced(tp(0), tp(1));
    const late: Event = { on: 'refused', request: 'heartbeat', tag, code: 22, memberId: '' };
    expect(member.on(late).at).toBe('stable');
  });

  it('looks at once when the data path suspects this identity, and only this one', () => {
    const member = new Driver().stable();
    expect(member.on({ on: 'suspected', generation: 7, memberId: 'me' }).acts()).toEqual(['heartbeat']);
    expect(member.on({ on: 'suspected', generation: 6, memberId: 'me' }).acts()).toEqual([]);
    expect(member.on({ on: 'suspected', generation: 7, memberId: 'you' }).acts()).toEqual([]);
  });

  it('joins again when the leader sees the metadata change', () => {
    expect(new Driver().stable().on({ on: 'metadata-changed', why: 'grown' }).acts()).toEqual(['join']);
    expect(new Driver().revoking().on({ on: 'metadata-changed', why: 'grown' }).acts()).toEqual([]);
  });
});

describe('membership machine: subscription', () => {
  it('a further topic: joins again, keeps everything', () => {
    const member = new Driver().stable().on({ on: 'subscribe', topics: ['t', 'u'] });
    expect(member.one('join').topics).toEqual(['t', 'u']);
  });

  it('a topic given up is drained before the JoinGroup that no longer names it (M1)', () => {
    const member = new Driver().stable(tp(0), tp(0, 'u')).on({ on: 'subscribe', topics: ['u'] });
    expect(member.acts()).toEqual(['drain']);
    expect(member.one('drain').partitions).toEqual([tp(0)]);
    expect(member.drained(member.one('drain')).acts()).toEqual(['destroy', 'join']);
  });

  it('a change while joining is made up for when the round settles, and nothing unwanted is added', () => {
    const member = new Driver().syncing().on({ on: 'subscribe', topics: ['u'] });
    expect(member.effects).toEqual([]);
    expect(member.synced(tp(0)).acts()).toEqual(['join']);
    expect(member.one('join').topics).toEqual(['u']);
    expect(member.core.owned).toEqual([]);
  });

  it('the same topics in another order change nothing', () => {
    const member = new Driver()
      .syncing()
      .on({ on: 'subscribe', topics: ['u', 't'] })
      .synced();
    member
      .joined(9)
      .synced()
      .on({ on: 'subscribe', topics: ['t', 'u'] });
    expect(member.effects).toEqual([]);
  });
});

describe('membership machine: stopping', () => {
  it('drains everything while heartbeating, then leaves', () => {
    const member = new Driver().leaving();
    const drain = member.one('drain');
    expect(drain.partitions).toEqual([tp(0), tp(1)]);
    expect(member.drained(drain).acts()).toEqual(['destroy', 'wait', 'leave']);
    expect(member.on({ on: 'left', acknowledged: true }).acts()).toEqual(['finish']);
    expect(member.core).toMatchObject({ memberId: '', generation: null });
  });

  it('a static member does not leave (KIP-345)', () => {
    const member = new Driver({ isStatic: true }).leaving();
    expect(member.drained(member.one('drain')).acts()).toEqual(['destroy', 'finish']);
  });

  it('waits for the drain that was open, and drains the rest beside it', () => {
    const member = new Driver().revoking();
    const first = member.one('drain');
    const rest = member.on({ on: 'stop' }).one('drain');
    expect(rest.partitions).toEqual([tp(0)]);
    expect(member.drained(rest).acts()).toEqual(['destroy']);
    expect(member.drained(first).acts()).toEqual(['destroy', 'wait', 'leave']);
  });

  it('takes the generation of a JoinGroup that was under way, so that the drain can commit', () => {
    const member = new Driver().stable().refused('heartbeat', 27).on({ on: 'stop' });
    const drain = member.one('drain');
    expect(member.joined(8).acts()).toEqual(['identify']);
    expect(member.refused('heartbeat', 27).effects).toEqual([]);
    expect(member.drained(drain).acts()).toEqual(['destroy', 'wait', 'leave']);
  });

  it('LeaveGroup is bounded, and follows a coordinator that moved', () => {
    const member = new Driver().leaving();
    member.drained(member.one('drain'));
    const overdue = member.one('wait').then;
    expect(member.refused('leave', 16).acts()).toEqual(['find']);
    expect(member.found(2).acts()).toEqual(['leave']);
    expect(member.unanswered('leave').acts()).toEqual(['find']);
    expect(member.on(overdue).facts()).toEqual([{ fact: 'left', acknowledged: false }]);
    expect(member.acts()).toEqual(['finish']);
  });

  it.each([22, 25])('%i while draining: everything is lost at once, then it leaves', (code) => {
    const member = new Driver().leaving().refused('heartbeat', code);
    expect(member.acts()).toEqual(code === 22 ? ['lose', 'wait', 'leave'] : ['lose', 'finish']);
  });

  it('without partitions it leaves at once, without membership it is simply over', () => {
    expect(new Driver().syncing().on({ on: 'stop' }).acts()).toEqual(['wait', 'leave']);
    expect(
      new Driver()
        .on({ on: 'start', topics: ['t'] })
        .on({ on: 'stop' })
        .acts(),
    ).toEqual(['finish']);
    expect(new Driver().stable().refused('heartbeat', 25).on({ on: 'stop' }).acts()).toEqual(['finish']);
  });

  it('starts anew after it ended', () => {
    const member = new Driver().leaving().refused('heartbeat', 25).stable(tp(1));
    expect(member.at).toBe('stable');
    expect(member.core.owned).toEqual([tp(1)]);
  });
});
