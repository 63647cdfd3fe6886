import { describe, expect, it } from '@jest/globals';
import { requestOf, type Event } from '../../src/kafka/transaction/states.ts';
import { transition } from '../../src/kafka/transaction/machine.ts';
import type { RequestName } from '../../src/kafka/transaction/classify.ts';
import {
  play,
  START,
  Violation,
  type Fate,
  type Machine,
  type Move,
  type Owed,
  type World,
} from './transaction-world.ts';

/** One code for each thing a code can mean to that request, and each way of getting no answer. */
const FATES: Readonly<Record<RequestName, readonly Fate[]>> = {
  InitProducerId: [0, 51, 16, 90, 53, 'timeout', 'unreachable', 'refused'],
  AddPartitionsToTxn: [0, 51, 16, 3, 48, 90, 53, 'timeout', 'unreachable', 'unsupported'],
  AddOffsetsToTxn: [0, 51, 48, 90, 30, 'closed', 'unreachable'],
  Produce: [0, 10, 45, 47, 53, 'timeout', 'unreachable'],
  TxnOffsetCommit: [0, 51, 16, 22, 25, 3, -1, 47, 30, 'timeout', 'unreachable'],
  EndTxn: [0, 16, 90, 53, 'timeout', 'unreachable'],
};

const MAX_INITS = 2;
const MAX_BEGINS = 3;

function fatesOf(owed: Owed): readonly (Fate | boolean)[] {
  switch (owed.owed) {
    case 'answer':
      return FATES[requestOf(owed.ask)];
    case 'link':
      return [0, 'unreachable'];
    case 'backoff':
      return [0];
    case 'offsets':
    case 'successor':
      return [true, false];
  }
}

function movesOf(world: World): Move[] {
  const moves: Move[] = world.owed.flatMap((owed) =>
    fatesOf(owed).map((fate): Move => ({ move: 'settle', owed, fate })),
  );
  if (world.running === 'init' || world.permitted) moves.push({ move: 'permit' });
  if (world.running !== undefined) return world.stopped ? moves : [...moves, { move: 'stop' }];
  moves.push({ move: 'close' });
  if (world.inits < MAX_INITS) moves.push({ move: 'init' });
  if (world.begins < MAX_BEGINS)
    moves.push({ move: 'begin', plan: 'full' }, { move: 'begin', plan: 'offsets' });
  return moves;
}

/** Attempts only lengthen backoffs; reasons are prose. Two worlds that differ in nothing else have the same future. */
const keyOf = (world: World): string =>
  JSON.stringify(world, (key: string, value: unknown) => {
    if (key === 'why' || key === 'detail' || key === 'attempt' || key === 'plan' || key === 'bytes')
      return undefined;
    if (key === 'pending') return [...(value as Map<string, number>).keys()];
    if (value instanceof Map) return [...(value as Map<unknown, unknown>)];
    return typeof value === 'bigint' ? value.toString() : value;
  });

interface Search {
  readonly worlds: number;
  readonly broken: string | undefined;
  readonly ends: ReadonlySet<string>;
}

/** Breadth first, so that a violation is found by a shortest path. */
function search(machine: Machine): Search {
  const seen = new Set<string>([keyOf(START)]);
  const ends = new Set<string>();
  let frontier: World[] = [START];
  while (frontier.length > 0) {
    const following: World[] = [];
    for (const world of frontier) {
      if (world.running === undefined) ends.add(world.state.at);
      for (const move of movesOf(world)) {
        try {
          const next = play(world, move, machine);
          const key = keyOf(next);
          if (seen.has(key)) continue;
          seen.add(key);
          following.push(next);
        } catch (error) {
          if (!(error instanceof Violation)) throw error;
          return { worlds: seen.size, broken: error.message, ends };
        }
      }
    }
    frontier = following;
  }
  return { worlds: seen.size, broken: undefined, ends };
}

describe('the transaction machine, searched exhaustively (rules 3, 4, 5, 7)', () => {
  it('keeps every invariant on every path, and every operation ends at rest', () => {
    const { worlds, broken, ends } = search(transition);
    expect(broken).toBeUndefined();
    expect([...ends].sort()).toEqual(['closed', 'doubtful', 'fatal', 'fenced', 'ready', 'uninitialised']);
    expect(worlds).toBeGreaterThan(10_000);
  }, 120_000);
});

/** The machine with one rule taken out, by changing what it hears or where it ends. */
const hearing =
  (change: (event: Event) => Event): Machine =>
  (state, event) =>
    transition(state, change(event));

const withCode = (event: Event, of: (request: RequestName, code: number) => number): Event => {
  if (event.on !== 'answered') return event;
  const request = requestOf(event.ask);
  const partitions = event.reply.partitions.map((row) => ({ ...row, errorCode: of(request, row.errorCode) }));
  return { ...event, reply: { ...event.reply, errorCode: of(request, event.reply.errorCode), partitions } };
};

const CONTROLS: readonly (readonly [string, string, Machine])[] = [
  [
    'the permit is not looked at',
    'Init only under a permit',
    hearing((event) => (event.on === 'linked' ? { ...event, permitted: true } : event)),
  ],
  [
    'a refused Produce counts as written',
    'commit only what is all acknowledged, offsets included',
    hearing((event) => withCode(event, (request, code) => (request === 'Produce' && code === 10 ? 0 : code))),
  ],
  [
    'refused offsets count as committed',
    'commit only what is all acknowledged, offsets included',
    hearing((event) => withCode(event, (request, code) => (request === 'TxnOffsetCommit' ? 0 : code))),
  ],
  [
    'a lost request counts as never sent',
    'aborted means that the abort took effect',
    hearing((event) =>
      event.on === 'failed' && event.ask !== 'InitProducerId' ? { ...event, failure: 'unreachable' } : event,
    ),
  ],
  [
    'a lost request counts as answered',
    'no EndTxn while a request of the epoch is unanswered',
    hearing((event) =>
      event.on === 'failed' && event.failure !== 'unreachable' && event.ask !== 'InitProducerId'
        ? { on: 'answered', ask: event.ask, reply: { errorCode: 48, partitions: [] } }
        : event,
    ),
  ],
  [
    'an error of EndTxn(commit) counts as an abort',
    'aborted means that the abort took effect',
    endTxnErrorMeansAborted,
  ],
  [
    'fencing is taken for a busy coordinator',
    'nothing after fencing, but InitProducerId',
    hearing((event) => withCode(event, (_request, code) => (code === 90 || code === 47 ? 51 : code))),
  ],
  [
    'a lost lease does not stop the transaction',
    'after a stop only EndTxn(abort), but Produce 1',
    hearing((event) => (event.on === 'stop' ? { on: 'due', ask: 'EndTxn' } : event)),
  ],
  ['the epoch goes on after a refused Produce', 'sequence as the log expects it', withoutBump],
  ['the epoch goes on after doubt', 'aborted means that the abort took effect', withoutDoubt],
];

function endTxnErrorMeansAborted(...[state, event]: Parameters<Machine>): ReturnType<Machine> {
  const step = transition(state, event);
  if (state.at !== 'ending' || step.state.at !== 'doubtful') return step;
  const { epoch, sequences } = state.transaction;
  const outcome = { result: 'aborted', why: 'asked', refusals: [], groupError: 0 } as const;
  return {
    state: { at: 'ready', epoch, sequences, mustBump: false },
    effects: [{ do: 'finish-run', outcome }],
  };
}

function withoutBump(...[state, event]: Parameters<Machine>): ReturnType<Machine> {
  const step = transition(state, event);
  return step.state.at === 'ready' ? { ...step, state: { ...step.state, mustBump: false } } : step;
}

function withoutDoubt(...[state, event]: Parameters<Machine>): ReturnType<Machine> {
  const step = transition(state, event);
  if (step.state.at !== 'doubtful' || !('transaction' in state)) return step;
  const { epoch, sequences } = state.transaction;
  return { ...step, state: { at: 'ready', epoch, sequences, mustBump: false } };
}

describe('controls: the search finds the accident when a rule is taken out', () => {
  it.each(CONTROLS)(
    '%s',
    (_name, invariant, machine) => {
      expect(search(machine).broken).toBe(invariant);
    },
    120_000,
  );
});
