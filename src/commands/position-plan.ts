import { formatCarried, parseCarried } from '../pipeline/carried.ts';
import type { CommittedOffset } from '../kafka/transaction/offsets.ts';

export interface PositionRequest {
  /** The next input offset to be stamped. */
  readonly offset: number;
  /** IDs of this partition will be above this one; undefined: what was recorded, else the output's tail decides. */
  readonly lastId: bigint | undefined;
  /** A last ID below the recorded one is meant: order (P2) is given up at this point. */
  readonly giveUpOrder: boolean;
}

/** What the log holds: first offset, and the end of everything replicated. */
export interface LogBounds {
  readonly start: number;
  readonly end: number;
}

export type PositionPlan =
  | { readonly at: 'refused'; readonly why: string }
  | {
      readonly at: 'planned';
      readonly offset: number;
      readonly metadata: string;
      /** What it means, in sentences. */
      readonly lines: readonly string[];
    };

const MAX_ID = 2n ** 63n - 1n;

/**
 * What stating a position means for one partition (data-path rules 8 and 9). PURE. The output offset is left open (−1): the
 * records from here on are not the successors of one we know. The last ID is kept, because P2 outlives any jump.
 */
export function planPosition(
  request: PositionRequest,
  committed: CommittedOffset,
  { start, end }: LogBounds,
): PositionPlan {
  const { offset, lastId, giveUpOrder } = request;
  if (!Number.isSafeInteger(offset) || offset < start || offset > end)
    return { at: 'refused', why: `the log holds offsets ${start} to ${end}: ${offset} is outside` };
  if (lastId !== undefined && (lastId < 0n || lastId > MAX_ID))
    return { at: 'refused', why: `${lastId} is no ID: at most 63 bits, at least 0` };
  const recorded = committed.offset < 0 ? undefined : parseCarried(committed.metadata)?.lastId;
  if (lastId !== undefined && recorded !== undefined && lastId < recorded && !giveUpOrder)
    return {
      at: 'refused',
      why: `the group recorded ${recorded} as last ID: below it order (P2) is given up; --give-up-order, if that is meant`,
    };
  const floor = lastId ?? recorded;
  return {
    at: 'planned',
    offset,
    metadata: floor === undefined ? '' : formatCarried({ lastId: floor, outputOffset: -1 }),
    lines: [positionLine(offset, committed.offset, start), floorLine(floor, lastId === undefined)],
  };
}

function positionLine(offset: number, before: number, start: number): string {
  const from = before < 0 ? start : before;
  const was = before < 0 ? 'there was no committed offset' : `the committed offset was ${before}`;
  if (offset > from)
    return `${was}: offsets ${from} to ${offset - 1} are skipped and will never be stamped, unless they were before`;
  if (offset < from && before >= 0)
    return `${was}: offsets ${offset} to ${before - 1} will be stamped again, with new IDs`;
  return `${was}: nothing is skipped and nothing repeated`;
}

function floorLine(floor: bigint | undefined, kept: boolean): string {
  if (floor === undefined)
    return 'no last ID is known: the worker will take the largest one in the tail of the output topic';
  return `IDs of this partition will be above ${floor}${kept ? ', as recorded' : ''}`;
}
