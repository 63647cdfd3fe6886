import { addOffsetsToTxn } from '../wire/add-offsets-to-txn.ts';
import { addPartitionsToTxn } from '../wire/add-partitions-to-txn.ts';
import { endTxn } from '../wire/end-txn.ts';
import { fetch } from '../wire/fetch.ts';
import { findCoordinator } from '../wire/find-coordinator.ts';
import { heartbeat } from '../wire/heartbeat.ts';
import { initProducerId } from '../wire/init-producer-id.ts';
import { joinGroup } from '../wire/join-group.ts';
import { leaveGroup } from '../wire/leave-group.ts';
import { listOffsets } from '../wire/list-offsets.ts';
import type { Message } from '../wire/message.ts';
import { metadata } from '../wire/metadata.ts';
import { offsetFetch } from '../wire/offset-fetch.ts';
import { offsetForLeaderEpoch } from '../wire/offset-for-leader-epoch.ts';
import { produce } from '../wire/produce.ts';
import { syncGroup } from '../wire/sync-group.ts';
import { txnOffsetCommit } from '../wire/txn-offset-commit.ts';
import type { ApiRanges } from './dialer.ts';

type Versioned = Pick<Message<never, unknown>, 'name' | 'apiKey' | 'version'>;

/** Everything the program says to a broker; one fixed version each, so one missing is known at connect. */
export const REQUIRED: readonly Versioned[] = [
  produce,
  fetch,
  listOffsets,
  metadata,
  offsetFetch,
  findCoordinator,
  joinGroup,
  heartbeat,
  leaveGroup,
  syncGroup,
  initProducerId,
  offsetForLeaderEpoch,
  addPartitionsToTxn,
  addOffsetsToTxn,
  endTxn,
  txnOffsetCommit,
];

/** One sentence part for a message the broker lacks at our version; undefined when it speaks it. PURE. */
export function lacking(message: Versioned, ranges: ApiRanges): string | undefined {
  const range = ranges.get(message.apiKey);
  if (range !== undefined && range.min <= message.version && message.version <= range.max) return undefined;
  const has = range === undefined ? 'does not know it' : `speaks ${range.min} to ${range.max}`;
  return `${message.name} (API ${message.apiKey}) version ${message.version}: the broker ${has}`;
}

/** Every required message the broker lacks. PURE. */
export const allLacking = (ranges: ApiRanges): readonly string[] =>
  REQUIRED.map((message) => lacking(message, ranges)).filter((text) => text !== undefined);
