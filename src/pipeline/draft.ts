import type { Carried } from './carried.ts';
import type { Partition } from './partition.ts';
import type { ErrorCode } from '../errors.ts';
import type { BatchWriter } from '../kafka/records/writer.ts';
import type { OwnershipToken } from '../kafka/membership/port.ts';

/** What one transaction does for one input partition: moves it from `from` to `next`. */
export interface Part {
  readonly partition: Partition;
  /** As it was when the part was begun (rule 6): a later loss and regain has another token. */
  readonly token: OwnershipToken;
  readonly from: number;
  next: number;
  nextEpoch: number;
  stamped: number;
  /** Of the stamped ones, those whose value could not be: the route's `onError: header`. */
  headerOnly: number;
  kept: number;
  deadLettered: number;
  /** Of the stamped ones, those whose legacy ID was mapped. */
  mapped: number;
  /** Of the stamped ones of a route with a mapping, those without a legacy ID. */
  unmapped: number;
  /** Timestamp and sequence of the last ID given; meaningful when `stamped` > 0. */
  lastTimestampMs: number;
  lastSequence: number;
  /** Undefined until the first record goes out. */
  writer: BatchWriter | undefined;
}

/** One dead letter of a draft, by its place in its batch. */
export interface Letter {
  readonly part: Part;
  readonly offset: number;
  readonly code: ErrorCode;
  readonly message: string;
}

/** Dead letters of one draft for one partition of one dead-letter topic; input partitions may share it. */
export interface LetterBatch {
  readonly topic: string;
  readonly partition: number;
  readonly writer: BatchWriter;
  readonly letters: Letter[];
}

/** Mappings of one draft for one partition of one mapping topic; what `parts` and `offsets` hold at one index belongs to one of them. */
export interface MappingBatch {
  readonly topic: string;
  readonly partition: number;
  readonly writer: BatchWriter;
  readonly parts: Part[];
  readonly offsets: number[];
}

/** One transaction while it is composed. Nothing of it is visible to Kafka yet. */
export interface Draft {
  readonly parts: Map<Partition, Part>;
  readonly letters: Map<string, LetterBatch>;
  readonly mappings: Map<string, MappingBatch>;
  bytes: number;
  /** Input records. */
  records: number;
  mappingRecords: number;
}

export const newDraft = (): Draft => ({
  parts: new Map(),
  letters: new Map(),
  mappings: new Map(),
  bytes: 0,
  records: 0,
  mappingRecords: 0,
});

/** Gives back the buffers of batches that were not finished. */
export function releaseDraft({ parts, letters, mappings }: Draft): void {
  for (const batches of [parts, letters, mappings])
    for (const { writer } of batches.values()) writer?.release();
}

export function partOf(draft: Draft, partition: Partition): Part {
  const existing = draft.parts.get(partition);
  if (existing !== undefined) return existing;
  const part: Part = {
    partition,
    token: partition.token,
    from: partition.position,
    next: partition.position,
    nextEpoch: partition.positionEpoch,
    stamped: 0,
    headerOnly: 0,
    kept: 0,
    deadLettered: 0,
    mapped: 0,
    unmapped: 0,
    lastTimestampMs: 0,
    lastSequence: 0,
    writer: undefined,
  };
  draft.parts.set(partition, part);
  return part;
}

/** Parts that move their partition, the others are noise. */
export const movingParts = (draft: Draft): Part[] =>
  [...draft.parts.values()].filter((part) => part.next > part.from);

/** Nothing to tell Kafka: a dead letter always moves its part. */
export const isEmpty = (draft: Draft): boolean => movingParts(draft).length === 0;

/** Records of the part's outgoing batch. */
export const writtenBy = ({ stamped, kept }: Part): number => stamped + kept;

/** Rule 9: carried forward when the transaction only moved past markers, aborted batches or dead letters. */
export function carriedAfter(part: Part, lastId: bigint, baseOffset: number | undefined): Carried {
  const before = part.partition.carried;
  const written = writtenBy(part);
  return {
    lastId: part.stamped > 0 ? lastId : before.lastId,
    outputOffset: written > 0 && baseOffset !== undefined ? baseOffset + written - 1 : before.outputOffset,
  };
}
