import type { GroupIdentity } from '../membership/port.ts';

/** A record batch (message format v2) complete but for what lies in the producer's hands; see records/writer.ts. */
export interface SealableBatch {
  /** The whole batch. Producer id, epoch, base sequence and CRC are written by `sealBatch` at send time. */
  readonly bytes: Uint8Array;
  readonly recordCount: number;
}

/** At most one per (topic, partition) in a transaction: a Produce request may hold one batch per partition. */
export interface OutgoingBatch {
  readonly topic: string;
  readonly partition: number;
  readonly batch: SealableBatch;
}

/** What the broker said to one batch. */
export interface Produced {
  readonly topic: string;
  readonly partition: number;
  /** Offset of the batch's first record in the output partition. */
  readonly baseOffset: number;
}

export interface OffsetToCommit {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly leaderEpoch: number;
  /** `v1:<lastId>:<outputOffset>` (data-path rule 9), ≤ 4096 bytes. */
  readonly metadata: string;
}

/** One transaction as planned by the pipeline: everything is minted and stamped before it is begun (rule 1). */
export interface TransactionIntent {
  readonly batches: readonly OutgoingBatch[];
  /** Called once all outputs are acknowledged, before TxnOffsetCommit; throws nothing. `undefined` means: abort (an ownership token died, rule 6). */
  offsets(produced: readonly Produced[]): readonly OffsetToCommit[] | undefined;
  /** Captured at begin. */
  readonly identity: GroupIdentity;
  /** Rule 7: asked once after a TxnOffsetCommit refused with 22; undefined means abort. */
  successor(refused: GroupIdentity): Promise<GroupIdentity | undefined>;
}

/** One batch the broker refused. */
export interface Refusal {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
  /** Index within the batch of each record named by the broker (Produce ≥ 8); empty when it named none. */
  readonly recordIndexes: readonly number[];
}

export type TransactionOutcome =
  | { readonly result: 'committed'; readonly produced: readonly Produced[] }
  /** The abort is known to have taken effect; positions are as before; the producer can begin again. */
  | {
      readonly result: 'aborted';
      readonly why: AbortReason;
      readonly refusals: readonly Refusal[];
      readonly groupError: number;
    }
  /**
   * The outcome is not known (rule 4): the epoch has ended. The caller awaits `recover()`, then re-reads
   * committed offsets (stable) before it goes on.
   */
  | {
      readonly result: 'doubtful';
      readonly why: string;
      readonly refusals: readonly Refusal[];
      readonly groupError: number;
    }
  /** Somebody else has our transactional id (47 or 90): caller must settle by a linearizable claim read (rule 3). */
  | { readonly result: 'fenced'; readonly why: string }
  /** Not authorised, unsupported …: no retry will help. */
  | { readonly result: 'fatal'; readonly errorCode: number; readonly why: string };

export type AbortReason = 'refused' | 'ownership' | 'group' | 'asked';

export type InitOutcome =
  | { readonly result: 'ready' }
  | { readonly result: 'fenced'; readonly why: string }
  | { readonly result: 'permit-gone' }
  | { readonly result: 'fatal'; readonly errorCode: number; readonly why: string }
  | { readonly result: 'stopped' };

/** Synchronous, so that a test can kill the process at exactly this point; production counts and times. */
export type TransactionFact =
  | { readonly fact: 'initialised'; readonly producerId: string; readonly producerEpoch: number }
  | { readonly fact: 'begun'; readonly partitions: number }
  | { readonly fact: 'produced'; readonly records: number; readonly bytes: number }
  | { readonly fact: 'offsets-added' }
  | { readonly fact: 'offsets-committed' }
  | { readonly fact: 'ended'; readonly committed: boolean }
  | {
      readonly fact: 'retried';
      readonly request: string;
      readonly errorCode: number;
      readonly attempt: number;
    }
  | { readonly fact: 'doubtful'; readonly why: string };

/** One transactional producer: one transaction at a time, every outcome a value, nothing retried blindly. */
export interface TransactionalProducer {
  /**
   * Rule 3: InitProducerId, sent only while `permitted()` in the same tick. The first one of an incarnation sends −1/−1,
   * later ones (recovery) the current id and epoch. Retries 51, 14, 15, 16 and lost links until `signal` aborts.
   */
  init(signal: AbortSignal): Promise<InitOutcome>;
  run(intent: TransactionIntent, signal: AbortSignal): Promise<TransactionOutcome>;
  /** After lease loss or at stop: at most EndTxn(abort) with the old epoch if a transaction is open; never an Init. */
  close(): Promise<void>;
}
