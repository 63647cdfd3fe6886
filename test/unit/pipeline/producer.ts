import { sealBatch } from '../../../src/kafka/records/writer.ts';
import type {
  InitOutcome,
  OutgoingBatch,
  Produced,
  Refusal,
  TransactionIntent,
  TransactionOutcome,
  TransactionalProducer,
} from '../../../src/kafka/transaction/port.ts';
import { decodeBatch } from '../records/plain-codec.ts';
import type { World } from './world.ts';

/** What happens to one transaction. `lost-…`: the worker hears nothing; the truth is what the word says. */
export type Fate =
  | 'commit'
  | 'lost-committed'
  | 'lost-aborted'
  | 'group'
  | 'fenced'
  | 'fatal'
  | 'ownership'
  | 'out-of-time'
  | ((intent: TransactionIntent) => Fate | readonly Refusal[] | Promise<Fate | readonly Refusal[]>);

/** One batch as it went out. */
export interface Sent {
  readonly topic: string;
  readonly partition: number;
  readonly values: readonly string[];
  readonly ids: readonly bigint[];
  readonly bytes: number;
}

export interface Script {
  readonly calls: string[];
  readonly fates: Fate[];
  readonly inits: InitOutcome[];
  /** When `fates` are used up. */
  readonly otherwise: Fate;
  /** One entry per transaction. */
  readonly sent: Sent[][];
}

export const read = ({ topic, partition, batch }: OutgoingBatch): Sent => {
  const { records } = decodeBatch(batch.bytes);
  const word = (bytes: Uint8Array | null | undefined): string => new TextDecoder().decode(bytes ?? undefined);
  const ids = records.flatMap(({ headers }) =>
    headers.filter(({ name }) => word(name) === 'snowflake_id').map(({ value }) => BigInt(word(value))),
  );
  return {
    topic,
    partition,
    values: records.map(({ value }) => word(value)),
    ids,
    bytes: batch.bytes.length,
  };
};

let nextProducerId = 100n;

/** Transactions against the world's logs, each with the fate the test gives it. */
export class FakeProducer implements TransactionalProducer {
  readonly #script: Script;
  readonly #world: World;
  #id = nextProducerId++;

  constructor(world: World, script: Script) {
    this.#world = world;
    this.#script = script;
  }

  async init(): Promise<InitOutcome> {
    this.#script.calls.push('init');
    await this.#world.clock.sleep(1);
    this.#id = nextProducerId++;
    return this.#script.inits.shift() ?? { result: 'ready' };
  }

  async run(intent: TransactionIntent, signal: AbortSignal): Promise<TransactionOutcome> {
    this.#script.calls.push('run');
    this.#script.sent.push(intent.batches.map(read));
    const outcome = await this.#transact(intent, signal);
    this.#script.calls.push('ran');
    return outcome;
  }

  async #transact(intent: TransactionIntent, signal: AbortSignal): Promise<TransactionOutcome> {
    await this.#world.clock.sleep(1);
    if (signal.aborted) return { result: 'aborted', why: 'asked', refusals: [], groupError: 0 };
    let fate: Fate | readonly Refusal[] = this.#script.fates.shift() ?? this.#script.otherwise;
    while (typeof fate === 'function') fate = await fate(intent);
    if (fate === 'fenced') return { result: 'fenced', why: 'scripted' };
    if (fate === 'out-of-time') return { result: 'aborted', why: 'asked', refusals: [], groupError: 0 };
    if (fate === 'fatal') return { result: 'fatal', errorCode: 53, why: 'scripted' };
    const produced = this.#produce(intent, typeof fate === 'object' ? fate : []);
    if (typeof fate === 'object') {
      this.#end(intent, false);
      return { result: 'aborted', why: 'refused', refusals: fate, groupError: 0 };
    }
    const offsets = fate === 'ownership' ? undefined : intent.offsets(produced);
    if (offsets === undefined || fate === 'group') {
      this.#end(intent, false);
      const why = offsets === undefined ? 'ownership' : 'group';
      return { result: 'aborted', why, refusals: [], groupError: offsets === undefined ? 0 : 22 };
    }
    const commits = fate !== 'lost-aborted';
    for (const { topic, partition, offset, leaderEpoch, metadata } of commits ? offsets : []) {
      const key = `${topic}-${partition}`;
      const before = this.#world.committed.get(key);
      // What the coordinator has not finished yet is the reader's business (rule 6), not only the writer's.
      if (fate === 'lost-committed') this.#world.unstable.set(key, { left: 3, before });
      this.#world.committed.set(key, { offset, leaderEpoch, metadata });
    }
    this.#end(intent, commits);
    if (fate === 'commit') return { result: 'committed', produced };
    return { result: 'doubtful', why: 'scripted', refusals: [], groupError: 0 };
  }

  close(): Promise<void> {
    this.#script.calls.push('close');
    return Promise.resolve();
  }

  #produce({ batches }: TransactionIntent, refused: readonly Refusal[]): Produced[] {
    return batches.flatMap(({ topic, partition, batch }) => {
      if (refused.some((r) => r.topic === topic && r.partition === partition)) return [];
      sealBatch(batch, { producerId: this.#id, producerEpoch: 0, baseSequence: 0 });
      const baseOffset = this.#world.log(topic, partition).putBytes(batch.bytes, this.#id);
      return [{ topic, partition, baseOffset }];
    });
  }

  #end({ batches }: TransactionIntent, committed: boolean): void {
    for (const { topic, partition } of batches) this.#world.log(topic, partition).finish(this.#id, committed);
  }
}

export const refusal = (topic: string, errorCode: number, change: Partial<Refusal> = {}): Refusal => ({
  topic,
  partition: 0,
  errorCode,
  errorMessage: null,
  recordIndexes: [],
  ...change,
});
