import { describe, expect, it } from '@jest/globals';
import { START_MS, Walk } from './machine-driver.ts';

const claimed = { at: 'claimed', createRevision: '7', floorMs: START_MS } as const;

describe('acquiring: from no incarnation to one', () => {
  it('reads the pool once, opens a lease, claims a free node chosen by chance', () => {
    const walk = new Walk();
    walk.random = 0.6;
    walk.toClaiming(['released', 'released', 'released']);
    expect(walk.all.map((effect) => effect.do)).toEqual(['survey', 'open-lease', 'claim']);
    expect(walk.effect('claim')).toMatchObject({ node: 1, leaseId: 'L1' });
  });

  it('makes the incarnation of a claim, floor and all, and tells of it before any permit', () => {
    const walk = new Walk().toGranting(START_MS + 5);
    const { incarnation } = walk.effect('tell-claimed');
    expect(incarnation).toEqual({
      node: 0,
      createRevision: '7',
      nonce: expect.any(String),
      floorMs: START_MS + 5,
    });
    expect(walk.state.at).toBe('granting');
    expect(walk.did('tell-permit')).toBe(false);
  });

  it('goes to the next free node, with a new nonce, when a claim is taken', () => {
    const walk = new Walk().toClaiming(['released', 'released']);
    const first = walk.effect('claim');
    walk.on({ on: 'claim-judged', call: walk.call, verdict: { at: 'taken' } });
    const second = walk.effect('claim');
    expect(second.node).not.toBe(first.node);
    expect(second.nonce).not.toBe(first.nonce);
    walk.on({ on: 'claim-judged', call: walk.call, verdict: claimed });
    expect(walk.effect('tell-claimed').incarnation).toMatchObject({ node: second.node, nonce: second.nonce });
  });

  it('closes the lease and looks again when every free node was taken', () => {
    const walk = new Walk().toClaiming();
    walk.on({ on: 'claim-judged', call: walk.call, verdict: { at: 'taken' } });
    expect(walk.effect('close-lease').leaseId).toBe('L1');
    expect(walk.after(100).did('survey')).toBe(true);
  });

  it('settles a claim of unknown outcome by a read, and keeps it when the read shows our nonce', () => {
    const walk = new Walk().toClaiming();
    const { nonce } = walk.effect('claim');
    walk.failed();
    expect(walk.effect('settle-claim').nonce).toBe(nonce);
    walk.on({ on: 'claim-judged', call: walk.call, verdict: claimed });
    expect(walk.effect('tell-claimed').incarnation.nonce).toBe(nonce);
  });

  it.each([{ at: 'free' }, { at: 'taken' }] as const)(
    'never uses a claim of unknown outcome that reads as %j: its lease is closed, since the CLAIM may still arrive',
    (verdict) => {
      const walk = new Walk().toClaiming(['released', 'released']);
      walk.failed().on({ on: 'claim-judged', call: walk.call, verdict });
      expect(walk.effect('close-lease').leaseId).toBe('L1');
      expect(walk.state.formerNonces).toHaveLength(1);
      expect(walk.state.at).toBe('acquiring');
      expect(walk.did('claim')).toBe(false);
    },
  );

  it('gives an unsettled claim up when its lease has run out', () => {
    const walk = new Walk().toClaiming().failed().failed();
    expect(walk.after(60).effect('settle-claim')).toBeDefined();
    walk.failed();
    expect(walk.after(13_500).effect('close-lease').leaseId).toBe('L1');
  });

  it('does not take a claim whose answer came after its deadline', () => {
    const walk = new Walk().toClaiming();
    walk.atMs += 13_500;
    walk.on({ on: 'claim-judged', call: walk.call, verdict: claimed });
    expect(walk.did('tell-claimed')).toBe(false);
    expect(walk.effect('close-lease')).toBeDefined();
  });

  it('counts the lease from before it was asked for', () => {
    const walk = new Walk();
    walk.on({ on: 'tick' });
    const survey = {
      windows: [{ key: '/w/0', value: `${'0'.repeat(20)};released`, createRevision: '1' }],
      claims: [],
    };
    walk.on({ on: 'surveyed', call: walk.call, survey });
    walk.atMs = 900;
    walk.on({ on: 'lease-opened', call: walk.call, leaseId: 'L1', ttlMs: 15_000 });
    walk.on({ on: 'claim-judged', call: walk.call, verdict: claimed });
    expect(walk.hold.deadline).toEqual({ monotonicMs: 13_500, wallMs: START_MS + 13_500 });
  });

  it('waits while nodes rest, and fails only when all are held (P1: quarantine)', () => {
    const walk = new Walk({ count: 1 });
    walk.on({ on: 'tick' });
    const held = {
      key: '/w/0',
      value: `${String(START_MS).padStart(20, '0')};held;by=host-a`,
      createRevision: '1',
    };
    walk.on({ on: 'surveyed', call: walk.call, survey: { windows: [held], claims: [] } });
    expect(walk.effect('note').fact).toEqual({ fact: 'resting', nodes: 1, readyInMs: 35_000 });
    expect(walk.after(5_000).did('survey')).toBe(true);
    const claims = [{ key: '/c/0', value: 'ff', createRevision: '2' }];
    walk.on({ on: 'surveyed', call: walk.call, survey: { windows: [held], claims } });
    expect(walk.effect('halt')).toMatchObject({
      code: 'POOL_EXHAUSTED',
      detail: expect.stringMatching(/1 of 1 .*0 by host-a/),
    });
  });

  describe('in a large pool', () => {
    const window = (node: number, text: string) => ({
      key: `/w/${node}`,
      value: `${String(START_MS).padStart(20, '0')};${text}`,
      createRevision: '1',
    });
    const claim = (node: number) => ({ key: `/c/${node}`, value: 'ff', createRevision: '2' });
    function looking(): { walk: Walk; nodes: readonly number[] } {
      const walk = new Walk({ count: 1_024 }).on({ on: 'tick' });
      const { nodes } = walk.effect('survey');
      if (nodes === 'all') throw new Error('looks at all');
      return { walk, nodes };
    }

    it('looks at a few nodes first, and claims one that is free', () => {
      const { walk, nodes } = looking();
      expect(nodes.length).toBe(16);
      const free = nodes.at(-1)!;
      const survey = {
        windows: nodes.map((node) => window(node, node === free ? 'released' : 'held')),
        claims: nodes.slice(0, -1).map(claim),
      };
      walk.on({ on: 'surveyed', call: walk.call, survey });
      walk.on({ on: 'lease-opened', call: walk.call, leaseId: 'L1', ttlMs: 15_000 });
      expect(walk.effect('claim').node).toBe(free);
    });

    it('reads all when those are held: only then is the pool exhausted, and says how large it is and who holds it', () => {
      const { walk, nodes } = looking();
      const windows = nodes.map((node) => window(node, 'held;by=host-a'));
      walk.on({ on: 'surveyed', call: walk.call, survey: { windows, claims: nodes.map(claim) } });
      expect(walk.effect('survey').nodes).toBe('all');
      const all = Array.from({ length: 1_024 }, (_, node) => node);
      const whole = { windows: all.map((node) => window(node, `held;by=h${node}`)), claims: all.map(claim) };
      walk.on({ on: 'surveyed', call: walk.call, survey: whole });
      expect(walk.effect('halt').detail).toMatch(
        /^nodes 0 to 1023: 1024 of 1024 are held \(0 by h0, .*7 by h7 and 1016 more\)/,
      );
    });

    describe('that rests, as after a power cut', () => {
      const all = Array.from({ length: 1_024 }, (_, node) => node);
      const resting = (walk: Walk, nodes: readonly number[], claims: readonly number[] = []): Walk => {
        const windows = nodes.map((node) => window(node, 'held'));
        return walk.on({ on: 'surveyed', call: walk.call, survey: { windows, claims: claims.map(claim) } });
      };

      it('is read as a whole once; then a few nodes are looked at until its rest is over', () => {
        const { walk, nodes } = looking();
        resting(walk, nodes);
        expect(walk.effect('survey').nodes).toBe('all');
        resting(walk, all);
        const told = { do: 'note', fact: { fact: 'resting', nodes: 1_024, readyInMs: 35_000 } };
        expect(walk.effects).toEqual([told]);
        let waitedMs = 0;
        for (; waitedMs + 5_000 < 30_000; waitedMs += 5_000) {
          const { nodes: few } = walk.after(5_000).effect('survey');
          expect(few).toHaveLength(16);
          resting(walk, few as readonly number[]);
          expect(walk.did('survey')).toBe(false);
        }
        resting(walk, walk.after(5_000).effect('survey').nodes as readonly number[]);
        expect(walk.effect('survey').nodes).toBe('all');
      });

      it('but for one node, is not waited for', () => {
        const { walk, nodes } = looking();
        resting(walk, nodes);
        const windows = all.map((node) => window(node, node === 700 ? 'released' : 'held'));
        walk.on({ on: 'surveyed', call: walk.call, survey: { windows, claims: [] } });
        walk.on({ on: 'lease-opened', call: walk.call, leaseId: 'L1', ttlMs: 15_000 });
        expect(walk.effect('claim').node).toBe(700);
      });

      it('and is then held by others, is exhausted: a few that are all held are not waited for', () => {
        const { walk, nodes } = looking();
        resting(walk, nodes);
        resting(walk, all);
        const few = walk.after(5_000).effect('survey').nodes as readonly number[];
        resting(walk, few, few);
        expect(walk.effect('survey').nodes).toBe('all');
        resting(walk, all, all);
        expect(walk.effect('halt').code).toBe('POOL_EXHAUSTED');
      });
    });
  });

  it('points to init when the slice has no window at all', () => {
    const walk = new Walk().on({ on: 'tick' });
    walk.on({ on: 'surveyed', call: walk.call, survey: { windows: [], claims: [] } });
    expect(walk.effect('halt').detail).toMatch(/snowstamp init/);
  });

  it('lets a node rest whose claim is a former one of ours', () => {
    const walk = new Walk({ count: 1 }).toHeld();
    const { nonce } = walk.hold.incarnation;
    walk.after(13_500);
    walk.after(1_000);
    const claims = [{ key: '/c/0', value: nonce, createRevision: '2' }];
    const windows = [{ key: '/w/0', value: `${'0'.repeat(20)};held`, createRevision: '1' }];
    walk.on({ on: 'surveyed', call: walk.call, survey: { windows, claims } });
    expect(walk.did('halt')).toBe(false);
    expect(walk.effect('note').fact).toMatchObject({ fact: 'resting' });
  });

  it('halts when the store refuses us, and closes what it had opened', () => {
    const walk = new Walk().toClaiming().failed('refused');
    expect(walk.effect('halt').code).toBe('STORE_REFUSED');
    expect(walk.effect('close-lease')).toBeDefined();
  });

  it('closes the lease when stopped while claiming: a claim that may yet arrive finds none', () => {
    const walk = new Walk().toClaiming().on({ on: 'stop' });
    expect(walk.effect('close-lease').leaseId).toBe('L1');
    walk.on({ on: 'claim-judged', call: walk.call, verdict: claimed });
    expect(walk.state.at).toBe('stopped');
    expect(walk.did('tell-claimed')).toBe(false);
  });

  it('ignores answers to calls it does not wait for', () => {
    const walk = new Walk().toClaiming();
    const before = walk.state;
    walk.on({ on: 'claim-judged', call: walk.call - 1, verdict: claimed });
    walk.on({ on: 'lease-opened', call: walk.call, leaseId: 'L2', ttlMs: 1 });
    expect(walk.state).toEqual(before);
  });
});
