import type { FetchPartition } from '../kafka/wire/fetch.ts';
import { describeError, ERROR } from '../kafka/wire/errors.ts';
import type { Partition } from './partition.ts';
import type { Observe } from './port.ts';
import { tellRetry } from './retry.ts';

export interface Given {
  /** Monotonic. */
  readonly nowMs: number;
  /** The leader's epoch, as metadata has it. */
  readonly leaderEpoch: number;
  /** The partition was asked for first since its last answer was cut off: this one must hold a whole batch (KIP-74). */
  readonly whole: boolean;
  readonly observe: Observe;
}

/** Takes one partition's answer; true when metadata is out of date. */
export function takeAnswer(partition: Partition, found: FetchPartition, given: Given): boolean {
  const { inflow, name } = partition;
  switch (found.errorCode) {
    case ERROR.NONE:
      take(partition, found, given);
      return false;
    case ERROR.OFFSET_OUT_OF_RANGE:
      partition.stop(
        'POSITION_OUT_OF_RANGE',
        `${name}: offset ${inflow.fetchOffset} is not in the log: state a position`,
      );
      return false;
    case ERROR.TOPIC_AUTHORIZATION_FAILED:
      partition.stop('KAFKA_REFUSED', `${name}: TOPIC_AUTHORIZATION_FAILED: grant READ`);
      return false;
    default: {
      const { name: why } = describeError(found.errorCode);
      const { tries } = partition.failed(why, given.nowMs, given.leaderEpoch);
      tellRetry(given.observe, `Fetch ${name}`, why, tries);
      return true;
    }
  }
}

function take(partition: Partition, found: FetchPartition, { whole, nowMs }: Given): void {
  const { inflow, name } = partition;
  if (found.divergingEpoch !== null) {
    const { epoch, endOffset } = found.divergingEpoch;
    partition.stop(
      'LOG_DIVERGED',
      `${name}: epoch ${epoch} ends at ${endOffset}, below what was read: state a position`,
    );
    return;
  }
  partition.heard(found.lastStableOffset);
  const { records } = found;
  if (records === null || records.length === 0) return;
  if (!inflow.append(records, found.abortedTransactions ?? [], nowMs, found.highWatermark) && whole) {
    const detail = `the batch wants ${inflow.needBytes} bytes, the broker gives ${records.length} although asked for it first`;
    partition.stop('BATCH_CORRUPT', `${name} at offset ${inflow.fetchOffset}: ${detail}`);
  }
}
