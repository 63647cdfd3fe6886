import type { LinkFailure } from '../cluster/port.ts';
import type { GroupIdentity } from '../membership/port.ts';
import type {
  AbortReason,
  InitOutcome,
  OffsetToCommit,
  OutgoingBatch,
  Produced,
  Refusal,
  TransactionFact,
  TransactionOutcome,
} from './port.ts';
import type { RequestName } from './classify.ts';
import type { Sequences } from './sequences.ts';

/** A producer id and its epoch, as InitProducerId gave them. The server makes a new id when an epoch is used up. */
export interface Epoch {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

/** One request on its way: at most one of each kind, and one Produce per leader. */
export type Ask = Exclude<RequestName, 'Produce'> | `Produce ${number}`;

export const requestOf = (ask: Ask): RequestName =>
  ask.startsWith('Produce ') ? 'Produce' : (ask as RequestName);

/** A transaction with its batches sorted by leader, before anything is sent. */
export interface Plan {
  readonly route: ReadonlyMap<number, readonly OutgoingBatch[]>;
  /** Partitions that have no leader: named, and nothing is begun. */
  readonly leaderless: readonly Refusal[];
  readonly identity: GroupIdentity;
}

/** Why a transaction will not commit. */
export type Verdict =
  | { readonly verdict: 'abort'; readonly why: AbortReason }
  | { readonly verdict: 'doubt'; readonly why: string }
  | { readonly verdict: 'fatal'; readonly errorCode: number; readonly why: string }
  | { readonly verdict: 'fenced'; readonly why: string };

/** What a transaction carries from begin to end. */
export interface Transaction {
  readonly epoch: Epoch;
  readonly sequences: Sequences;
  readonly plan: Plan;
  /** Current identity: the plan's, or its one successor (rule 7). */
  readonly identity: GroupIdentity;
  readonly successorAsked: boolean;
  readonly offsets: readonly OffsetToCommit[];
  /** The coordinator acknowledged at least one Add: there is something to end. */
  readonly opened: boolean;
  /** A request was sent whose answer will never come: no EndTxn may follow it (rule 4). */
  readonly unanswered: boolean;
  readonly verdict: Verdict | undefined;
  readonly produced: readonly Produced[];
  readonly refusals: readonly Refusal[];
  readonly groupError: number;
}

/** Requests whose answer or backoff is awaited, with the number of times each was retried. */
export type Pending = ReadonlyMap<Ask, number>;

export interface Initialising {
  readonly at: 'initialising';
  /** Undefined for the first Init of an incarnation (−1/−1). */
  readonly current: Epoch | undefined;
  readonly attempt: number;
  /** Asked to stop: whatever comes next is the last. */
  readonly stopping: boolean;
}

/**
 * Where the producer is. One writer (the shell's dispatch), one transaction at a time (rule 1).
 *
 * - `uninitialised`: no producer id yet.
 * - `initialising`: an Init is connecting, sent, or backing off.
 * - `ready`: nothing open, nothing unanswered. `mustBump`: a Produce was refused, so the broker's sequence for that partition is not
 *   known for sure; the next transaction needs a new epoch first.
 * - `beginning`: AddPartitionsToTxn and AddOffsetsToTxn are pending.
 * - `producing`: one Produce per leader is pending.
 * - `offsets`: the offsets are being stated, the TxnOffsetCommit is pending, or the group's successor identity is asked for.
 * - `ending`: EndTxn is connecting (`sent: false`, a stop still turns commit into abort) or sent.
 * - `doubtful`: the epoch has ended; only Init goes on from here.
 * - `fenced`, `fatal`, `closed`: for good. A fenced producer never sends again: whoever still holds the claim makes a new one.
 */
export type State =
  | { readonly at: 'uninitialised' }
  | Initialising
  | { readonly at: 'ready'; readonly epoch: Epoch; readonly sequences: Sequences; readonly mustBump: boolean }
  | {
      readonly at: 'beginning' | 'producing' | 'offsets';
      readonly transaction: Transaction;
      readonly pending: Pending;
    }
  | {
      readonly at: 'ending';
      readonly transaction: Transaction;
      readonly commit: boolean;
      readonly sent: boolean;
    }
  | { readonly at: 'doubtful'; readonly epoch: Epoch }
  | { readonly at: 'fenced'; readonly why: string }
  | { readonly at: 'fatal'; readonly errorCode: number; readonly why: string }
  | { readonly at: 'closed' };

export type Working = Extract<State, { at: 'beginning' | 'producing' | 'offsets' }>;
export type Ending = Extract<State, { at: 'ending' }>;

/** One partition of an answer; requests without such a field leave it at its neutral value. */
export interface PartitionReply {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly baseOffset: number;
  readonly recordIndexes: readonly number[];
}

/** Any answer, reduced to what decides. */
export interface Reply {
  readonly errorCode: number;
  readonly epoch?: Epoch;
  readonly partitions: readonly PartitionReply[];
}

export type Event =
  | { readonly on: 'init' }
  | { readonly on: 'begin'; readonly plan: Plan }
  /** The connection is there; whatever is decided now is sent in the same tick. `permitted` was read in this tick too. */
  | { readonly on: 'linked'; readonly ask: 'InitProducerId' | 'EndTxn'; readonly permitted: boolean }
  | { readonly on: 'answered'; readonly ask: Ask; readonly reply: Reply }
  | { readonly on: 'failed'; readonly ask: Ask; readonly failure: LinkFailure; readonly detail: string }
  /** A backoff is over. */
  | { readonly on: 'due'; readonly ask: Ask }
  | { readonly on: 'stated'; readonly offsets: readonly OffsetToCommit[] | undefined }
  | { readonly on: 'succeeded'; readonly identity: GroupIdentity | undefined }
  /** The lease is lost, the caller stops, or the time bound of rule 1 has passed. */
  | { readonly on: 'stop' }
  | { readonly on: 'close' };

/** A request as the machine wants it sent. */
export type Outgoing =
  | { readonly ask: 'InitProducerId'; readonly current: Epoch | undefined }
  | { readonly ask: 'AddPartitionsToTxn'; readonly epoch: Epoch; readonly batches: readonly OutgoingBatch[] }
  | { readonly ask: 'AddOffsetsToTxn'; readonly epoch: Epoch; readonly groupId: string }
  | {
      readonly ask: `Produce ${number}`;
      readonly nodeId: number;
      readonly epoch: Epoch;
      readonly batches: readonly (OutgoingBatch & { readonly baseSequence: number })[];
    }
  | {
      readonly ask: 'TxnOffsetCommit';
      readonly epoch: Epoch;
      readonly identity: GroupIdentity;
      readonly offsets: readonly OffsetToCommit[];
    }
  | { readonly ask: 'EndTxn'; readonly epoch: Epoch; readonly commit: boolean };

/** Every effect that asks for something is answered by exactly one event. */
export type Effect =
  | { readonly do: 'connect'; readonly ask: 'InitProducerId' | 'EndTxn' }
  | { readonly do: 'send'; readonly outgoing: Outgoing }
  | { readonly do: 'wait'; readonly ask: Ask; readonly ms: number }
  /** Drop the cached coordinator that answers this request. */
  | { readonly do: 'forget'; readonly ask: Ask }
  | { readonly do: 'state-offsets'; readonly produced: readonly Produced[] }
  | { readonly do: 'ask-successor'; readonly refused: GroupIdentity }
  | { readonly do: 'observe'; readonly fact: TransactionFact }
  | { readonly do: 'finish-init'; readonly outcome: InitOutcome }
  | { readonly do: 'finish-run'; readonly outcome: TransactionOutcome };

export interface Step {
  readonly state: State;
  readonly effects: readonly Effect[];
}

export const stay = (state: State): Step => ({ state, effects: [] });
