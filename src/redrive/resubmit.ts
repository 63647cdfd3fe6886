import { SnowstampError } from '../errors.ts';
import type { FinishedBatch } from '../kafka/records/writer.ts';
import type { Refusal, TransactionIntent, TransactionOutcome } from '../kafka/transaction/port.ts';
import { describeError, ERROR } from '../kafka/wire/errors.ts';
import type { Gathered, Target } from './gather.ts';
import type { Ledger } from './ledger.ts';
import type { Blamed, Hands, RedriveParts, TopicPartition } from './port.ts';

/** `again`: nothing is known to have happened; look at what was committed and go on from there. `blamed` empty: nobody was named. */
export type Sent =
  | { readonly at: 'done' }
  | { readonly at: 'refused'; readonly blamed: readonly Blamed[] }
  | { readonly at: 'again' };

const ABOUT_THE_RECORD: ReadonlySet<number> = new Set([
  ...[ERROR.CORRUPT_MESSAGE, ERROR.MESSAGE_TOO_LARGE, ERROR.RECORD_LIST_TOO_LARGE],
  ...[ERROR.INVALID_TIMESTAMP, ERROR.INVALID_RECORD],
]);
const SUCCESSOR_MS = 2_000;
const PAUSE_MS = 250;
const MOST_TRIES = 40;

/** Sends what was gathered, in one transaction with the ledger. */
export class Resubmitter {
  readonly #hands: Hands;
  readonly #parts: RedriveParts;
  /** Tries in a row that came to nothing. */
  #tries = 0;

  constructor(hands: Hands, parts: RedriveParts) {
    this.#hands = hands;
    this.#parts = parts;
  }

  /** Fences whoever ran before and ends what it left open. */
  async begin(stop: AbortSignal): Promise<void> {
    const outcome = await this.#hands.producer.init(stop);
    switch (outcome.result) {
      case 'ready':
      case 'stopped':
        return;
      case 'fenced':
        throw taken(outcome.why);
      case 'permit-gone':
        throw new SnowstampError('INTERNAL', 'redrive needs no permit');
      case 'fatal':
        throw new SnowstampError(
          'KAFKA_REFUSED',
          `InitProducerId: ${nameOf(outcome.errorCode)}: ${outcome.why}`,
        );
    }
  }

  async send(at: TopicPartition, gathered: Gathered, ledger: Ledger, stop: AbortSignal): Promise<Sent> {
    const { targets } = gathered;
    const missing = targets.filter((target) => !this.#isThere(target));
    const metadata = ledger.metadata();
    if (missing.length > 0 || metadata === undefined) {
      for (const { writer } of targets) writer.release();
      if (metadata === undefined) throw scattered(at, ledger);
      return { at: 'refused', blamed: missing.flatMap(blame('its partition is not there any more')) };
    }
    const batches = this.#parts.plan.discard ? [] : targets.map(finished);
    if (this.#parts.plan.discard) for (const { writer } of targets) writer.release();
    try {
      const { ownership } = this.#hands;
      const outcome = await ownership.holding(() =>
        this.#transact(at, batches, { offset: ledger.offset, metadata }),
      );
      return await this.#conclude(outcome, gathered, stop);
    } finally {
      for (const { batch } of batches) batch.release();
    }
  }

  async #transact(
    at: TopicPartition,
    batches: TransactionIntent['batches'],
    dealt: { readonly offset: number; readonly metadata: string },
  ): Promise<TransactionOutcome | undefined> {
    const { membership, ownership, producer } = this.#hands;
    const identity = membership.identity();
    const token = ownership.token(at.partition);
    if (identity === undefined || token?.alive !== true) return undefined;
    const intent: TransactionIntent = {
      ...{ identity, batches },
      offsets: () => (token.alive ? [{ ...at, ...dealt, leaderEpoch: -1 }] : undefined),
      successor: (refused) => membership.successor(refused, [token], SUCCESSOR_MS),
    };
    // An interrupted run finishes its transaction: there is a bound to how long that takes.
    return producer.run(intent, new AbortController().signal);
  }

  async #conclude(
    outcome: TransactionOutcome | undefined,
    gathered: Gathered,
    stop: AbortSignal,
  ): Promise<Sent> {
    if (outcome?.result === 'committed') {
      this.#tries = 0;
      return { at: 'done' };
    }
    if (outcome?.result === 'fenced') throw taken(outcome.why);
    if (outcome?.result === 'fatal')
      throw new SnowstampError('KAFKA_REFUSED', `${nameOf(outcome.errorCode)}: ${outcome.why}`);
    if (outcome?.result === 'doubtful') await this.begin(stop);
    const refusals = outcome?.refusals ?? [];
    const denied = refusals.find(({ errorCode }) => errorCode === ERROR.TOPIC_AUTHORIZATION_FAILED);
    if (denied !== undefined)
      throw new SnowstampError('KAFKA_REFUSED', `${denied.topic}: ${nameOf(denied.errorCode)}: grant WRITE`);
    const final = refusals.filter(({ errorCode }) => ABOUT_THE_RECORD.has(errorCode));
    if (final.length > 0) {
      const blamed = final.flatMap((refusal) => blamedBy(refusal, gathered.targets));
      if (blamed.length > 0 || gathered.letters.length > 1) return { at: 'refused', blamed };
    }
    this.#tries++;
    if (this.#tries >= MOST_TRIES)
      throw new SnowstampError('KAFKA_UNREACHABLE', `${whyOf(outcome)}, ${MOST_TRIES} times in a row`);
    await this.#parts.clock.sleep(PAUSE_MS, stop);
    return { at: 'again' };
  }

  #isThere({ topic, partition }: Target): boolean {
    const found = this.#parts.cluster.topic(topic);
    return found?.partitions.some((one) => one.partition === partition) ?? false;
  }
}

/** Those the broker named; a batch of one needs no naming. */
function blamedBy(refusal: Refusal, targets: readonly Target[]): Blamed[] {
  const target = targets.find(
    ({ topic, partition }) => topic === refusal.topic && partition === refusal.partition,
  );
  if (target === undefined) return [];
  const { letters } = target;
  const indexes = refusal.recordIndexes.length > 0 ? refusal.recordIndexes : letters.length === 1 ? [0] : [];
  const why = `${refusal.topic} answers ${nameOf(refusal.errorCode)}${refusal.errorMessage === null ? '' : `: ${refusal.errorMessage}`}`;
  return indexes.flatMap((index) => {
    const letter = letters[index];
    return letter === undefined ? [] : [{ letter, why }];
  });
}

const blame =
  (why: string) =>
  ({ topic, partition, letters }: Target): Blamed[] =>
    letters.map((letter) => ({ letter, why: `${topic}-${partition}: ${why}` }));

const finished = ({
  topic,
  partition,
  writer,
}: Target): TopicPartition & { readonly batch: FinishedBatch } => ({
  ...{ topic, partition },
  batch: writer.finish({ compression: 'none', transactional: true }),
});

const nameOf = (errorCode: number): string => describeError(errorCode).name;

function whyOf(outcome: TransactionOutcome | undefined): string {
  if (outcome === undefined) return 'this run owns its partitions no more';
  if (outcome.result === 'doubtful') return outcome.why;
  if (outcome.result !== 'aborted') return outcome.result;
  const [refusal] = outcome.refusals;
  return refusal === undefined ? `aborted: ${outcome.why}` : `${refusal.topic}: ${nameOf(refusal.errorCode)}`;
}

const taken = (why: string): SnowstampError =>
  new SnowstampError('REDRIVE_FENCED', `another redrive of this topic has begun: ${why}`);

const scattered = ({ topic, partition }: TopicPartition, { offset }: Ledger): SnowstampError =>
  new SnowstampError(
    'LETTERS_SCATTERED',
    `${topic}-${partition}: too many letters lie behind offset ${offset}, which is kept back: redrive the older ones first, or --discard them`,
  );
