import type { GroupIdentity } from '../../../src/kafka/membership/port.ts';
import type {
  OffsetToCommit,
  OutgoingBatch,
  TransactionFact,
  TransactionIntent,
  TransactionalProducer,
} from '../../../src/kafka/transaction/port.ts';
import { createProducer } from '../../../src/kafka/transaction/producer.ts';
import { ScriptedCluster } from './scripted-cluster.ts';
import { VirtualClock } from './virtual-clock.ts';

export const IDENTITY: GroupIdentity = {
  groupId: 'g',
  generationId: 5,
  memberId: 'm',
  groupInstanceId: null,
};

export const batch = (partition: number, recordCount = 3): OutgoingBatch => ({
  topic: 'out',
  partition,
  batch: { bytes: new Uint8Array(61 + recordCount), recordCount },
});

const offset = (partition: number): OffsetToCommit => ({
  topic: 'in',
  partition,
  offset: 50,
  leaderEpoch: 3,
  metadata: 'v1:9:100',
});

export function intent(
  partitions: readonly number[],
  parts: Partial<TransactionIntent> = {},
): TransactionIntent {
  return {
    batches: partitions.map((partition) => batch(partition)),
    identity: IDENTITY,
    offsets: () => (partitions.length === 0 ? [0] : partitions).map(offset),
    successor: () => Promise.resolve(undefined),
    ...parts,
  };
}

export interface Fixture {
  readonly clock: VirtualClock;
  readonly cluster: ScriptedCluster;
  readonly producer: TransactionalProducer;
  readonly facts: TransactionFact[];
  readonly never: AbortSignal;
  readonly permit: { valid: boolean };
  /** Called at each fact, before anything later is sent. */
  readonly hooks: { onFact: (fact: TransactionFact) => void };
}

export function fixture(): Fixture {
  const clock = new VirtualClock();
  const cluster = new ScriptedCluster(clock);
  const facts: TransactionFact[] = [];
  const permit = { valid: true };
  const hooks: Fixture['hooks'] = { onFact: () => undefined };
  const producer = createProducer({
    cluster,
    clock,
    transactionalId: 'snowstamp.d.1',
    requestTimeoutMs: 2_000,
    permitted: () => permit.valid,
    observe: (fact) => {
      facts.push(fact);
      hooks.onFact(fact);
    },
  });
  return { clock, cluster, producer, facts, permit, hooks, never: new AbortController().signal };
}

/** A producer that has its first epoch, with the record of what was sent emptied. */
export async function ready(): Promise<Fixture> {
  const made = fixture();
  await made.producer.init(made.never);
  made.cluster.sent.length = 0;
  made.facts.length = 0;
  return made;
}

/** Base sequence as sealed into a batch (message format v2, byte 53). */
export const baseSequence = (records: Uint8Array): number =>
  new DataView(records.buffer, records.byteOffset).getInt32(53);
export const producerEpoch = (records: Uint8Array): number =>
  new DataView(records.buffer, records.byteOffset).getInt16(51);
