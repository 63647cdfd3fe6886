import { SnowstampError } from '../errors.ts';
import type { RecordCursor } from '../kafka/records/cursor.ts';
import { BatchWriter, type BufferPool } from '../kafka/records/writer.ts';
import type { Draft, Part } from './draft.ts';

/** Smallest buffer asked for; below it sizes are not worth telling apart. */
const LEAST_CAPACITY_BYTES = 65_536;
/** Room for a stamp and for varints that grow, per record, in the estimate of a batch's size. */
const GROWTH_BYTES = 48;

/** How large the batches of stamped records are begun. */
export class Outgoing {
  readonly #pool: BufferPool;
  readonly #batchBytes: number;
  readonly #maxMessageBytes: (topic: string) => number;

  constructor(pool: BufferPool, batchBytes: number, maxMessageBytes: (topic: string) => number) {
    this.#pool = pool;
    this.#batchBytes = batchBytes;
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** Begins the part's batch; undefined when the draft has no room left. */
  open(draft: Draft, part: Part, budgetBytes: number): BatchWriter | undefined {
    const left = budgetBytes - draft.bytes;
    if (left <= 0) return undefined;
    const { inflow, route } = part.partition;
    const wanted = Math.max(LEAST_CAPACITY_BYTES, inflow.bytes + inflow.records * GROWTH_BYTES);
    const limit = Math.min(this.#batchBytes, this.#maxMessageBytes(route.output));
    part.writer = new BatchWriter(this.#pool);
    part.writer.begin(Math.min(wanted, limit, Math.max(left, LEAST_CAPACITY_BYTES)));
    return part.writer;
  }

  /** Room for a record too large for a batch of usual size, within the output topic's limit; false when it had that already. */
  grow(part: Part, { bodyStart, end }: RecordCursor): boolean {
    const most = this.#maxMessageBytes(part.partition.route.output);
    const hard = Math.min(most, end - bodyStart + LEAST_CAPACITY_BYTES);
    const writer = part.writer;
    if (writer === undefined)
      throw new SnowstampError('INTERNAL', 'a record did not fit a batch that was never begun');
    if (writer.capacityBytes >= hard) return false;
    writer.release();
    writer.begin(hard);
    return true;
  }
}
