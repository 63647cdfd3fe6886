import type { LinkFailure } from '../../src/kafka/cluster/port.ts';
import { transition } from '../../src/kafka/transaction/machine.ts';
import type { OutgoingBatch, TransactionOutcome } from '../../src/kafka/transaction/port.ts';
import {
  type Ask,
  type Effect,
  type Event,
  type Outgoing,
  type Plan,
  type State,
  type Step,
} from '../../src/kafka/transaction/states.ts';
import { happened, including, RECORDS, reply } from './transaction-broker.ts';

const IDENTITY = { groupId: 'g', generationId: 5, memberId: 'm', groupInstanceId: null };

const batch = (partition: number): OutgoingBatch => ({
  topic: 'out',
  partition,
  batch: { bytes: new Uint8Array(0), recordCount: RECORDS },
});

/** Two partitions on two leaders, or offsets alone. */
export const PLANS: Readonly<Record<'full' | 'offsets', Plan>> = {
  full: {
    route: new Map([
      [1, [batch(1)]],
      [2, [batch(2)]],
    ]),
    leaderless: [],
    identity: IDENTITY,
  },
  offsets: { route: new Map(), leaderless: [], identity: IDENTITY },
};

export type Fate = number | LinkFailure;
export type Machine = (state: State, event: Event) => Step;

/** Something the machine asked for and has not heard of yet. */
export type Owed =
  | { readonly owed: 'link'; readonly ask: 'InitProducerId' | 'EndTxn' }
  | { readonly owed: 'answer'; readonly ask: Ask; readonly commit: boolean }
  | { readonly owed: 'backoff'; readonly ask: Ask }
  | { readonly owed: 'offsets' }
  | { readonly owed: 'successor' };

/** The machine, and what really happened at the brokers, which it can only infer. */
export interface World {
  readonly state: State;
  readonly owed: readonly Owed[];
  readonly running: 'init' | 'run' | undefined;
  readonly permitted: boolean;
  readonly stopped: boolean;
  readonly inits: number;
  readonly begins: number;
  /** What the log expects next per partition, in the current epoch; undefined when a batch may or may not be in it. */
  readonly expected: readonly (number | undefined)[];
  readonly epoch: number;
  /** A request of this epoch was sent and will never be answered. */
  readonly lost: boolean;
  /** The coordinator holds an open transaction, as far as it told. */
  readonly open: boolean;
  readonly outcome: 'none' | 'committed' | 'perhaps';
  /** Acknowledged in this transaction. */
  readonly done: readonly Ask[];
  /** Sent in this transaction. */
  readonly sent: readonly Ask[];
  readonly fenced: boolean;
}

export const START: World = {
  state: { at: 'uninitialised' },
  owed: [],
  running: undefined,
  permitted: true,
  stopped: false,
  inits: 0,
  begins: 0,
  expected: [0, 0, 0],
  epoch: -1,
  lost: false,
  open: false,
  outcome: 'none',
  done: [],
  sent: [],
  fenced: false,
};

/** What concerns one operation alone. */
const FORGOTTEN = { stopped: false, outcome: 'none', done: [], sent: [] } as const;

export type Move =
  | { readonly move: 'init' | 'stop' | 'close' | 'permit' }
  | { readonly move: 'begin'; readonly plan: keyof typeof PLANS }
  | { readonly move: 'settle'; readonly owed: Owed; readonly fate: Fate | boolean };

export class Violation extends Error {}

const insist = (holds: boolean, invariant: string): void => {
  if (!holds) throw new Violation(invariant);
};

function checkSend(world: World, outgoing: Outgoing): void {
  const { ask } = outgoing;
  insist(!world.fenced, `nothing after fencing, but ${ask}`);
  insist(world.state.at !== 'closed', `nothing after close, but ${ask}`);
  if (ask === 'InitProducerId') insist(world.permitted, 'Init only under a permit');
  else
    insist(
      outgoing.ask === 'EndTxn' ? !(outgoing.commit && world.stopped) : !world.stopped,
      `after a stop only EndTxn(abort), but ${ask}`,
    );
  if (outgoing.ask === 'EndTxn') {
    insist(!world.lost, 'no EndTxn while a request of the epoch is unanswered');
    const produces = world.sent.filter((sent) => sent.startsWith('Produce'));
    const complete = [...produces, 'TxnOffsetCommit' as const].every((needed) => world.done.includes(needed));
    insist(!outgoing.commit || complete, 'commit only what is all acknowledged, offsets included');
  }
  if ('batches' in outgoing && 'nodeId' in outgoing) {
    insist(!world.sent.includes(ask), 'no Produce twice');
    insist(outgoing.epoch.producerEpoch === world.epoch, 'Produce in the current epoch');
    for (const { partition, baseSequence } of outgoing.batches)
      insist(world.expected[partition] === baseSequence, 'sequence as the log expects it');
  }
}

function checkOutcome(world: World, outcome: TransactionOutcome): void {
  insist(world.running === 'run', 'one outcome per run');
  if (outcome.result === 'committed') insist(world.outcome === 'committed', 'committed means committed');
  else insist(world.outcome !== 'committed', 'a commit that is known is reported');
  if (outcome.result === 'aborted')
    insist(
      !world.open && !world.lost && world.outcome === 'none',
      'aborted means that the abort took effect',
    );
}

function perform(world: World, effect: Effect): World {
  switch (effect.do) {
    case 'connect':
      return { ...world, owed: [...world.owed, { owed: 'link', ask: effect.ask }] };
    case 'send': {
      const { outgoing } = effect;
      checkSend(world, outgoing);
      const commit = outgoing.ask === 'EndTxn' && outgoing.commit;
      return {
        ...world,
        sent: including(world.sent, outgoing.ask),
        owed: [...world.owed, { owed: 'answer', ask: outgoing.ask, commit }],
      };
    }
    case 'wait':
      return { ...world, owed: [...world.owed, { owed: 'backoff', ask: effect.ask }] };
    case 'state-offsets':
      return { ...world, owed: [...world.owed, { owed: 'offsets' }] };
    case 'ask-successor':
      return { ...world, owed: [...world.owed, { owed: 'successor' }] };
    case 'finish-init':
      insist(world.running === 'init', 'one outcome per init');
      return { ...world, running: undefined };
    case 'finish-run':
      checkOutcome(world, effect.outcome);
      return { ...world, running: undefined };
    case 'observe':
    case 'forget':
      return world;
  }
}

function eventOf(world: World, owed: Owed, fate: Fate | boolean): Event {
  switch (owed.owed) {
    case 'link':
      return { on: 'linked', ask: owed.ask, permitted: world.permitted };
    case 'answer':
      if (typeof fate === 'number')
        return { on: 'answered', ask: owed.ask, reply: reply(world, owed.ask, fate) };
      return { on: 'failed', ask: owed.ask, failure: fate as LinkFailure, detail: '' };
    case 'backoff':
      return { on: 'due', ask: owed.ask };
    case 'offsets':
      return {
        on: 'stated',
        offsets:
          fate === true
            ? [{ topic: 'in', partition: 0, offset: 1, leaderEpoch: 0, metadata: '' }]
            : undefined,
      };
    case 'successor':
      return { on: 'succeeded', identity: fate === true ? { ...IDENTITY, generationId: 6 } : undefined };
  }
}

/** One move of the environment, and all that the machine does in that tick. Throws a Violation. */
export function play(world: World, move: Move, machine: Machine = transition): World {
  let next = world;
  let event: Event;
  if (move.move === 'permit') return { ...world, permitted: !world.permitted };
  if (move.move === 'settle') {
    event =
      move.owed.owed === 'link' && typeof move.fate === 'string'
        ? { on: 'failed', ask: move.owed.ask, failure: move.fate, detail: '' }
        : eventOf(world, move.owed, move.fate);
    next = { ...world, owed: world.owed.filter((owed) => owed !== move.owed) };
    if (move.owed.owed === 'answer') next = happened(next, move.owed, move.fate as Fate);
  } else if (move.move === 'begin') {
    event = { on: 'begin', plan: PLANS[move.plan] };
    next = {
      ...world,
      running: 'run',
      begins: world.begins + 1,
      stopped: false,
      outcome: 'none',
      done: [],
      sent: [],
    };
  } else {
    event = { on: move.move };
    if (move.move === 'init') next = { ...world, running: 'init', inits: world.inits + 1 };
    if (move.move === 'stop') next = { ...world, stopped: true };
  }
  const { state, effects } = machine(world.state, event);
  next = { ...next, state };
  for (const effect of effects) next = perform(next, effect);
  insist(next.running !== undefined || next.owed.length === 0, 'nothing is left over when an operation ends');
  insist(
    next.running === undefined || next.owed.length > 0,
    'an operation that is not over waits for something',
  );
  if (next.running !== undefined) return next;
  insist(REST.has(next.state.at), `at rest, not ${next.state.at}`);
  return { ...next, ...FORGOTTEN };
}

const REST: ReadonlySet<State['at']> = new Set([
  'uninitialised',
  'ready',
  'doubtful',
  'fenced',
  'fatal',
  'closed',
]);
