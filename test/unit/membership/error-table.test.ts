import { describe, expect, it } from '@jest/globals';
import { judge } from '../../../src/kafka/membership/verdict.ts';
import { Driver, tp } from './drive.ts';

const settled = { joining: 'join', syncing: 'sync', stable: 'heartbeat', revoking: 'heartbeat' } as const;
type Settled = keyof typeof settled;
const everyPhase = Object.entries(settled) as [Settled, (typeof settled)[Settled]][];

describe('error table of the classic group protocol', () => {
  it.each(everyPhase)('14 while %s: same coordinator again after 50 ms', (phase, request) => {
    const member = new Driver()[phase]();
    const before = member.state;
    member.refused(request, 14);
    expect(member.at).toBe(phase);
    expect(member.core.coordinator).toBe(before.core.coordinator);
    expect(member.one('wait').ms).toBe(50);
    expect(member.facts()).toContainEqual(expect.objectContaining({ fact: 'retried', code: 14 }));
    expect(member.waited().acts()).toEqual([request]);
  });

  it.each([15, 16])(
    '%i while stable: forgets the coordinator, heartbeats with the same generation',
    (code) => {
      const member = new Driver().stable().refused('heartbeat', code);
      expect(member.acts()).toEqual(['find']);
      expect(member.core).toMatchObject({ coordinator: null, generation: 7, owned: [tp(0), tp(1)] });
      expect(member.found(2).one('heartbeat')).toMatchObject({ node: 2, tag: { generation: 7 } });
    },
  );

  it('connection lost or timeout while stable or revoking: the same, nothing owned is lost (M5)', () => {
    for (const phase of ['stable', 'revoking'] as const) {
      const member = new Driver()[phase]();
      const { generation, owned } = member.core;
      member.unanswered('heartbeat');
      expect(member.acts()).toEqual(['find']);
      expect(member.found(3).one('heartbeat').tag.generation).toBe(generation);
      expect(member.core.owned).toEqual(owned);
      expect(member.at).toBe(phase);
    }
  });

  it.each([
    ['joining', 'join'],
    ['syncing', 'sync'],
  ] as const)(
    'coordinator lost while %s: what is owned stays, the member joins again where it is found',
    (phase, request) => {
      const member = new Driver()[phase]();
      member.unanswered(request);
      expect(member.at).toBe('joining');
      expect(member.found(2).one('join')).toMatchObject({ node: 2 });
    },
  );

  it('27 while stable: joins again, everything goes on', () => {
    const member = new Driver().stable().refused('heartbeat', 27);
    expect(member.acts()).toEqual(['join']);
    expect(member.core).toMatchObject({ generation: 7, owned: [tp(0), tp(1)] });
  });

  it('27 on sync: joins again with the generation of the JoinGroup answer, everything goes on', () => {
    const member = new Driver().stable().refused('heartbeat', 27).joined(8).refused('sync', 27);
    expect(member.one('join').tag.generation).toBe(8);
    expect(member.core.owned).toEqual([tp(0), tp(1)]);
  });

  it('27 while revoking: the drain ends first (M1, data-path rule 7)', () => {
    const member = new Driver().revoking();
    const drain = member.one('drain');
    expect(member.refused('heartbeat', 27).effects).toEqual([]);
    expect(member.drained(drain).acts()).toEqual(['destroy', 'join']);
  });

  it('27 while joining changes nothing', () => {
    const member = new Driver().stable().refused('heartbeat', 27);
    expect(member.refused('heartbeat', 27).effects).toEqual([]);
  });

  it.each([
    ['heartbeat', 'stable'],
    ['heartbeat', 'revoking'],
    ['heartbeat', 'syncing'],
    ['sync', 'syncing'],
  ] as const)('22 on %s while %s: loses all, keeps the member id, joins again', (request, phase) => {
    const member = new Driver()[phase]().refused(request, 22);
    expect(member.at).toBe('lost');
    expect(member.acts()).toEqual(['lose', 'wait']);
    expect(member.core).toMatchObject({ memberId: 'me', generation: null, owned: [] });
    expect(member.waited().one('join')).toMatchObject({ memberId: 'me', tag: { generation: null } });
  });

  it('22 on a heartbeat while a JoinGroup is under way: its answer decides (pitfall 4)', () => {
    const member = new Driver().stable().refused('heartbeat', 27).refused('heartbeat', 22);
    expect(member.at).toBe('joining');
    expect(member.core.owned).toEqual([tp(0), tp(1)]);
  });

  it.each(everyPhase)('25 while %s: loses all, empties the member id, joins again', (phase, request) => {
    const member = new Driver()[phase]().refused(request, 25);
    expect(member.at).toBe('lost');
    expect(member.core).toMatchObject({ memberId: '', generation: null, owned: [] });
    expect(member.waited().one('join').memberId).toBe('');
  });

  it('25 on a heartbeat while a JoinGroup is under way: loses all, and that JoinGroup is void (pitfall 5)', () => {
    const member = new Driver().stable().refused('heartbeat', 27);
    const { tag } = member;
    member.refused('heartbeat', 25);
    expect(member.at).toBe('lost');
    expect(member.on({ on: 'joined', tag, generation: 8, memberId: 'me', leader: false }).effects).toEqual(
      [],
    );
  });

  it('79 on join: takes the member id and joins again at once', () => {
    const member = new Driver().joining().refused('join', 79, 'given');
    expect(member.one('join').memberId).toBe('given');
  });

  it('79 again and again: bounded, with growing pauses, then fatal', () => {
    const member = new Driver().joining().refused('join', 79, 'given');
    const pauses: number[] = [];
    for (let tries = 1; tries <= 10; tries += 1) {
      pauses.push(member.refused('join', 79, 'another').one('wait').ms);
      member.waited();
    }
    expect(member.refused('join', 79, 'another').at).toBe('fatal');
    expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
  });

  it.each(everyPhase)('82 while %s: fatal INSTANCE_FENCED, everything lost first', (phase, request) => {
    const member = new Driver({ isStatic: true })[phase]().refused(request, 82);
    expect(member.acts()).toEqual(['lose', 'fail']);
    expect(member.one('fail').code).toBe('INSTANCE_FENCED');
    expect(member.core).toMatchObject({ owned: [], generation: null });
  });

  it.each([
    [23, 'GROUP_FATAL'],
    [24, 'GROUP_FATAL'],
    [26, 'GROUP_FATAL'],
    [30, 'KAFKA_REFUSED'],
    [35, 'KAFKA_UNSUPPORTED'],
    [81, 'GROUP_FATAL'],
  ])('%i is fatal with a reason', (code, expected) => {
    const member = new Driver().joining().refused('join', code);
    expect(member.at).toBe('fatal');
    expect(member.one('fail')).toMatchObject({ code: expected, why: expect.stringContaining(`(${code})`) });
  });

  it('an error without a row is retried a bounded number of times, visibly, then fatal', () => {
    const member = new Driver().stable();
    for (let tries = 1; tries <= 10; tries += 1) {
      member.refused('heartbeat', -1);
      expect(member.facts()).toContainEqual(expect.objectContaining({ fact: 'retried', code: -1 }));
      member.waited();
    }
    expect(member.refused('heartbeat', -1).one('fail').code).toBe('GROUP_FATAL');
  });

  it('a good answer in between starts the count anew', () => {
    const member = new Driver().stable();
    for (let tries = 1; tries <= 30; tries += 1) {
      member.refused('heartbeat', -1).waited();
      member.on({ on: 'beaten', tag: member.tag });
    }
    expect(member.at).toBe('stable');
  });

  it('on commits and offset reads: 22 waits for the successor, 88 is retried in 10 ms', () => {
    expect(judge('offset-commit', 22)).toEqual({ do: 'await-generation' });
    expect(judge('offset-commit', 25)).toEqual({ do: 'lose', keepMemberId: false });
    expect(judge('offset-fetch', 88)).toEqual({ do: 'retry', afterMs: 10 });
    expect(judge('offset-commit', 82)).toMatchObject({ do: 'fatal', code: 'INSTANCE_FENCED' });
  });

  it('brokers that turn us away (credentials) are tried again a bounded number of times, then fatal', () => {
    const member = new Driver().on({ on: 'start', topics: ['t'] });
    for (let tries = 0; member.at === 'joining' && tries < 50; tries += 1) {
      member.on({ on: 'not-found', term: member.core.term, failure: 'refused' });
    }
    expect(member.one('fail').code).toBe('KAFKA_REFUSED');
  });

  it('a coordinator that cannot be found is searched for without end, at most every 100 ms', () => {
    const member = new Driver().stable().unanswered('heartbeat');
    for (let tries = 0; tries < 1_000; tries += 1) {
      member.on({ on: 'not-found', term: member.core.term, failure: 'unreachable' });
    }
    expect(member.at).toBe('stable');
    expect(member.one('find').delayMs).toBe(100);
    expect(member.core.owned).toEqual([tp(0), tp(1)]);
  });
});
