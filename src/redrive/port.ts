import type { Clock } from '../clock.ts';
import type { Cluster } from '../kafka/cluster/port.ts';
import type { Membership } from '../kafka/membership/port.ts';
import type { TransactionalProducer } from '../kafka/transaction/port.ts';
import type { Letter } from './gather.ts';
import type { Ownership } from './ownership.ts';
import type { Selection } from './selection.ts';

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** What is asked for. */
export interface RedrivePlan {
  /** The dead-letter topic. */
  readonly topic: string;
  readonly selection: Selection;
  /** Letters in all; undefined: every one there is at the start. */
  readonly most: number | undefined;
  /** Letters per second. */
  readonly rate: number | undefined;
  /** Mark as dealt with, resubmit nothing. */
  readonly discard: boolean;
}

/** What came of it; all counts are letters. */
export interface RedriveReport {
  redriven: number;
  /** By the filters. */
  leftOut: number;
  /** They do not say that they come from an input of ours. */
  foreign: number;
  /** Their topic would not take them, or their partition is not there; they stay. */
  refused: number;
  readonly byCode: Record<string, number>;
  /** Why, of the first few that were refused. */
  readonly refusals: string[];
}

export interface RedriveParts {
  readonly plan: RedrivePlan;
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly groupId: string;
  readonly requestTimeoutMs: number;
  /** Ends between two transactions. */
  readonly stop: AbortSignal;
  /** Letters looked at, and how many there are about. */
  readonly expect: (letters: number) => void;
  readonly progress: (letters: number) => void;
}

/** What resubmitting needs and looking does not. */
export interface Hands {
  readonly membership: Membership;
  readonly ownership: Ownership;
  readonly producer: TransactionalProducer;
}

/** Letters of a transaction the brokers refused. */
export interface Blamed {
  readonly letter: Letter;
  readonly why: string;
}
