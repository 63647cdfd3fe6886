import type { GroupIdentity, Membership } from '../kafka/membership/port.ts';
import type { Produced, TransactionIntent } from '../kafka/transaction/port.ts';
import { compose as composeId } from '../snowflake/layout.ts';
import { formatCarried, type Carried } from './carried.ts';
import { carriedAfter, movingParts, type Draft, type Part } from './draft.ts';
import type { Minter } from './port.ts';

/** How long a commit refused for its generation waits for the next one (rule 7). */
const SUCCESSOR_TIMEOUT_MS = 2_000;

/** What `part` leaves behind once its outputs are known to stand at `produced`. */
export function carriedBy(part: Part, { layout, node }: Minter, produced: readonly Produced[]): Carried {
  const { route, token } = part.partition;
  const base = produced.find((p) => p.topic === route.output && p.partition === token.partition)?.baseOffset;
  const lastId = composeId(layout, { timestampMs: part.lastTimestampMs, node, sequence: part.lastSequence });
  return carriedAfter(part, lastId, base);
}

/** An intent and the buffers it holds until the brokers have answered. */
export interface Prepared {
  readonly intent: TransactionIntent;
  release(): void;
}

/** A composed draft as the producer wants it. */
export function prepare(
  draft: Draft,
  identity: GroupIdentity,
  minter: Minter,
  membership: Membership,
): Prepared {
  const parts = movingParts(draft);
  const outputs = parts.flatMap(({ partition: { route, token }, writer }) => {
    if (writer === undefined || writer.recordCount === 0) return [];
    const batch = writer.finish({ compression: route.compression, transactional: true });
    return [{ topic: route.output, partition: token.partition, batch }];
  });
  const besides = [...draft.letters.values(), ...draft.mappings.values()].flatMap(
    ({ topic, partition, writer }) => {
      if (writer.recordCount === 0) return []; // what it was begun for did not fit: brokers refuse empty batches
      return [{ topic, partition, batch: writer.finish({ compression: 'none', transactional: true }) }];
    },
  );
  const batches = [...outputs, ...besides];
  const intent: TransactionIntent = {
    identity,
    batches,
    offsets: (produced) => {
      // Rule 6: the first input offset is the last committed position, under the same ownership.
      if (!parts.every((part) => part.token.alive && part.partition.position === part.from)) return undefined;
      return parts.map((part) => {
        const metadata = formatCarried(carriedBy(part, minter, produced));
        return { ...name(part), offset: part.next, leaderEpoch: part.nextEpoch, metadata };
      });
    },
    successor: (refused) =>
      membership.successor(
        refused,
        parts.map(({ token }) => token),
        SUCCESSOR_TIMEOUT_MS,
      ),
  };
  return {
    intent,
    release: () => {
      for (const { batch } of batches) batch.release();
    },
  };
}

const name = ({ token: { topic, partition } }: Part): { topic: string; partition: number } => ({
  topic,
  partition,
});
