import { describe, expect, it } from '@jest/globals';
import { assign } from '../../src/kafka/membership/assignor.ts';
import type { State, Step } from '../../src/kafka/membership/state.ts';
import { explore, type Search } from './membership.explore.ts';
import { realParts, type Parts } from './membership.member.ts';
import type { Budget } from './membership.world.ts';

/** 200,000 exhausts each single fault (about 110,000 states each); the default keeps the run short. */
const LIMIT = Number(process.env['SNOWSTAMP_MODEL_STATES'] ?? 15_000);

const calm: Budget = { links: 0, expiries: 0, failovers: 0, stops: 0 };

const round = (i: number) => [
  `${i}: join received`,
  `${i}: join answered joined`,
  `${i}: sync received`,
  `${i}: sync answered synced`,
];
const told = (i: number) => [`${i}: beat`, `${i}: heartbeat received`, `${i}: heartbeat answered error`];

/** Member 0 owns everything, member 1 has joined, 0 drains what 1 shall have. */
const midDrain = [
  '0: start',
  '0: found',
  ...round(0),
  '1: start',
  '1: found',
  '1: join received',
  ...told(0),
  ...round(0),
];

function search(
  budget: Partial<Budget>,
  { limit = LIMIT, prefix = [], ...parts }: Partial<Parts & Search> = {},
): Search {
  const whole = { ...calm, ...budget };
  const mayLose = whole.expiries + whole.failovers > 0;
  const all = { ...realParts, mayLose, ...parts };
  return { members: 2, partitions: 2, budget: whole, parts: all, limit, prefix, settleEvery: 500 };
}

/**
 * Two members (src/kafka/membership/machine.ts and assignor.ts as they are), a model of the coordinator, and every order in
 * which requests, answers, timers, drains and the given faults can happen. In every state: no partition has two owners
 * whose commits the coordinator would take; a drain ends before the next JoinGroup (M1); what is kept is not touched (M2); no loss
 * without a cause (M5); at rest, members hold what they are assigned and every partition has an owner (pitfall 5).
 */
describe('membership of two, every interleaving', () => {
  it('joins, rebalances and comes to rest, whatever the order (M1, M2, M5)', () => {
    const result = explore(search({}, { limit: 100_000 }));
    expect(result).toEqual({ states: result.states, exhausted: true });
    expect(result.states).toBeGreaterThan(2_000);
  }, 60_000);

  it('a member may stop at any moment', () => {
    const result = explore(search({ stops: 1 }, { limit: 100_000 }));
    expect(result).toEqual({ states: result.states, exhausted: true });
  }, 60_000);

  it.each([
    ['a connection is torn', { links: 1 }],
    ['a member is thrown out', { expiries: 1 }],
    ['the coordinator fails over to what was written', { failovers: 1 }],
    ['all of it', { links: 1, expiries: 1, failovers: 1, stops: 1 }],
  ])(
    '%s at any moment, from the start and from within a drain on: no violation',
    (_, budget) => {
      for (const prefix of [[], midDrain]) {
        const result = explore(search(budget, { prefix }));
        expect(result).toEqual({ states: result.states, exhausted: result.states < LIMIT });
      }
    },
    600_000,
  );
});

describe('controls: the rule taken out, the accident found', () => {
  const found = (budget: Partial<Budget>, parts: Partial<Parts & Search>) =>
    explore(search(budget, parts)).violation;

  it('a leader that hands over what is still claimed makes two owners (A2)', () => {
    const violation = found(
      {},
      {
        assign: (members, all) =>
          assign(
            members.map((m) => ({ ...m, claims: [] })),
            all,
          ),
      },
    );
    expect(violation?.what).toMatch(/2 owners/);
  }, 60_000);

  it('tokens that outlive a loss make two owners (M4)', () => {
    expect(found({ expiries: 1 }, { lossKills: false, prefix: midDrain })?.what).toMatch(/2 owners/);
  }, 60_000);

  it('27 that interrupts a drain sends a JoinGroup before its end (M1, rule 7)', () => {
    const violation = found({ stops: 1 }, { step: rash, prefix: midDrain });
    expect(violation?.what).toMatch(/^M1/);
  }, 60_000);

  it('a drain not tagged with its incarnation ends what it did not begin (pitfall 5)', () => {
    expect(found({ expiries: 1 }, { step: forgetful, prefix: midDrain })?.what).toMatch(
      /nobody notices|owned by nobody/,
    );
  }, 60_000);

  it('22 on a heartbeat believed while a JoinGroup is under way loses everything for nothing (pitfall 4)', () => {
    expect(found({}, { step: credulous })?.what).toMatch(/^lost without a cause/);
  }, 60_000);
});

type Machine = Parts['step'];

/** Without M1: a rebalance that begins during a drain is joined at once. */
const rash: Machine = (state, event) => {
  const begins = event.on === 'refused' && event.request === 'heartbeat' && event.code === 27;
  if (!begins || state.phase.at !== 'revoking') return realParts.step(state, event);
  const step = realParts.step({ ...state, phase: { at: 'stable' } }, event);
  return step.effects.length > 0 ? step : realParts.step(state, event);
};

/** Without the tag: whatever drain ends, its partitions are given up. */
const forgetful: Machine = (state, event) => {
  if (event.on !== 'drained') return realParts.step(state, event);
  const { core } = state;
  const step: Step = realParts.step(state, { ...event, incarnation: core.incarnation });
  if (step.effects.some(({ act }) => act === 'destroy')) return step;
  const gone = new Set(event.partitions.map(({ partition }) => partition));
  const owned = core.owned.filter(({ partition }) => !gone.has(partition));
  const next: State = { ...step.state, core: { ...step.state.core, owned } };
  return { state: next, effects: [{ act: 'destroy', partitions: event.partitions }] };
};

/** Without the exception for a pending JoinGroup in the row of 22. */
const credulous: Machine = (state, event) => {
  const illegal = event.on === 'refused' && event.request === 'heartbeat' && event.code === 22;
  const joining = state.phase.at === 'joining';
  return realParts.step(illegal && joining ? { ...state, phase: { at: 'stable' } } : state, event);
};
