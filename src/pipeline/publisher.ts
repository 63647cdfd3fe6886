import type { Clock } from '../clock.ts';
import { codeOf, SnowstampError } from '../errors.ts';
import { fatalError } from '../kafka/transaction/fatal.ts';
import type {
  TransactionIntent,
  TransactionOutcome,
  TransactionalProducer,
} from '../kafka/transaction/port.ts';
import type { Minter, Observe } from './port.ts';

/** How a spell of serving ended by itself. `drained`: asked to; `claim-lost`: Kafka fenced us and the claim is not ours. */
export type SpellEnd = 'drained' | 'claim-lost' | 'permit-gone';

/** One spell of serving: one incarnation of the lease, from a permit until it is lost or the worker stops. */
export interface Spell {
  readonly minter: Minter;
  /** A new producer under this spell's transactional id; called again after a fence that left the claim ours. */
  producer(): TransactionalProducer;
  /** Aborts when nothing new may be taken: stop, suspension, halt. */
  readonly intake: AbortSignal;
  /** Aborts when what is open must be dropped: lease in doubt, drain deadline. */
  readonly work: AbortSignal;
  /** Linearizable read of the claim (rule 3). */
  stillOurs(): Promise<boolean>;
}

/** Whether transactions may be run; if not, how the spell ends. */
export type Readiness = 'ready' | 'permit-gone' | 'claim-lost';

const FENCED_WITHIN_MS = 60_000;
const ASK_AGAIN_MS = 500;

/** The spell's producer through its epochs: initialised, recovered, replaced after a fence, or given up (rules 3 and 4). */
export class Publisher {
  readonly #spell: Spell;
  readonly #clock: Clock;
  readonly #observe: Observe;
  #producer: TransactionalProducer;
  #fencedAtMs = -Infinity;

  constructor(spell: Spell, clock: Clock, observe: Observe) {
    this.#spell = spell;
    this.#clock = clock;
    this.#observe = observe;
    this.#producer = spell.producer();
  }

  run(intent: TransactionIntent): Promise<TransactionOutcome> {
    return this.#producer.run(intent, this.#spell.work);
  }

  /** The first InitProducerId of a producer, or the one that ends a doubtful epoch; never sent without a permit. */
  async initialise(): Promise<Readiness> {
    const outcome = await this.#producer.init(this.#spell.intake);
    switch (outcome.result) {
      case 'ready':
      case 'stopped':
        return 'ready';
      case 'permit-gone':
        return 'permit-gone';
      case 'fenced':
        return this.fenced(outcome.why);
      case 'fatal':
        throw fatalError('InitProducerId', outcome.errorCode, outcome.why);
    }
  }

  /**
   * Somebody else has our transactional id. If the claim is not ours any more this producer is dropped for good; if it is, once
   * is forgiven (a zombie of ours may have had its last word) and twice within a minute halts.
   */
  async fenced(why: string): Promise<Readiness> {
    this.#observe({ fact: 'recovering', why: `fenced: ${why}` });
    const ours = await this.#stillOurs();
    if (ours === undefined) return 'ready'; // the spell is over
    if (!ours) return 'claim-lost';
    const nowMs = this.#clock.now().monotonicMs;
    if (nowMs - this.#fencedAtMs < FENCED_WITHIN_MS) {
      throw new SnowstampError(
        'DUPLICATE_OWNER',
        `Kafka fenced us twice within a minute while the claim on node ${this.#spell.minter.node} is ours: ${why}`,
      );
    }
    this.#fencedAtMs = nowMs;
    await this.#producer.close();
    this.#producer = this.#spell.producer();
    return this.initialise();
  }

  /** Not knowing is not yes (rule 3): asked until somebody answers; undefined when the spell ended before. */
  async #stillOurs(): Promise<boolean | undefined> {
    const { intake } = this.#spell;
    while (!intake.aborted) {
      try {
        return await this.#spell.stillOurs();
      } catch (error) {
        if (codeOf(error) !== 'STORE_UNREACHABLE') throw error;
        this.#observe({ fact: 'retried', request: 'claim', why: 'STORE_UNREACHABLE' });
        await this.#clock.sleep(ASK_AGAIN_MS, intake);
      }
    }
    return undefined;
  }

  close(): Promise<void> {
    return this.#producer.close();
  }
}
