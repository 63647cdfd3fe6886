import type { Clock } from '../../clock.ts';
import { SnowstampError } from '../../errors.ts';
import { LinkError, type Cluster } from '../cluster/port.ts';
import { ERROR } from '../wire/errors.ts';
import type {
  InitOutcome,
  TransactionFact,
  TransactionIntent,
  TransactionOutcome,
  TransactionalProducer,
} from './port.ts';
import { Interpreter, type Operation } from './interpreter.ts';
import { doubled, routeBatches, type Route } from './route.ts';

export interface ProducerOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  /** `snowstamp.<domain>.<node>` (data-path rule 2). */
  readonly transactionalId: string;
  /** The broker aborts a transaction older than this; ours end within half of it (rule 1). Default 10,000. */
  readonly transactionTimeoutMs?: number;
  /** Bound of every single request, further cut by what is left of the transaction. */
  readonly requestTimeoutMs: number;
  /** Rule 3: whether the lease stands, read in the tick in which an InitProducerId is sent. */
  permitted(): boolean;
  /** Called synchronously, before anything that follows the fact is sent. */
  observe(fact: TransactionFact): void;
}

const DEFAULT_TRANSACTION_TIMEOUT_MS = 10_000;
const fatalRun = (why: string): TransactionOutcome => ({
  result: 'fatal',
  errorCode: ERROR.UNKNOWN_SERVER_ERROR,
  why,
});

/** Ties calls to the machine: one at a time, each with what may stop it. */
class Producer implements TransactionalProducer {
  readonly #options: ProducerOptions & { readonly transactionTimeoutMs: number };
  readonly #machine: Interpreter;
  /** Settles when the operation does. */
  #idle: Promise<unknown> = Promise.resolve();
  #closing = false;
  /** A leader was wrong or lost: ask for metadata before the next transaction. */
  #stale = false;

  constructor(options: ProducerOptions) {
    this.#options = {
      cluster: options.cluster,
      clock: options.clock,
      transactionalId: options.transactionalId,
      transactionTimeoutMs: options.transactionTimeoutMs ?? DEFAULT_TRANSACTION_TIMEOUT_MS,
      requestTimeoutMs: options.requestTimeoutMs,
      permitted: () => options.permitted(),
      observe: (fact) => {
        options.observe(fact);
      },
    };
    this.#machine = new Interpreter(this.#options);
  }

  init(signal: AbortSignal): Promise<InitOutcome> {
    return this.#operate(signal, {}, () => this.#initialise());
  }

  run(intent: TransactionIntent, signal: AbortSignal): Promise<TransactionOutcome> {
    const nowMs = this.#nowMs();
    const timeoutMs = this.#options.transactionTimeoutMs;
    const bounds = { workMs: nowMs + (timeoutMs * 3) / 8, hardMs: nowMs + timeoutMs / 2 };
    return this.#operate(signal, { intent, bounds }, (operation) => this.#transact(operation, intent));
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#machine.operation?.stop.abort();
    await this.#idle.catch(() => undefined);
    this.#machine.dispatch({ on: 'close' });
  }

  /** Ties one operation to everything that may stop it, and unties it when it is over. */
  async #operate<Outcome>(
    signal: AbortSignal,
    parts: Pick<Operation, 'bounds' | 'intent'>,
    body: (operation: Operation) => Promise<Outcome>,
  ): Promise<Outcome> {
    if (this.#machine.operation !== undefined)
      throw new SnowstampError('INTERNAL', 'a transactional producer does one thing at a time');
    const stop = new AbortController();
    const operation: Operation = { ...parts, stop, finishInit: () => undefined, finishRun: () => undefined };
    this.#machine.operation = operation;
    const over = new AbortController();
    const abort = (): void => {
      stop.abort();
    };
    signal.addEventListener('abort', abort, { signal: over.signal });
    stop.signal.addEventListener(
      'abort',
      () => {
        this.#machine.dispatch({ on: 'stop' });
      },
      { once: true, signal: over.signal },
    );
    if (signal.aborted || this.#closing) stop.abort();
    if (operation.bounds !== undefined) void this.#abortAt(operation.bounds.workMs, stop, over.signal);
    const running = body(operation);
    this.#idle = running;
    try {
      return await running;
    } finally {
      over.abort();
      this.#machine.operation = undefined;
    }
  }

  /** Rule 1: a transaction that has used up its time begins nothing more. */
  async #abortAt(atMs: number, stop: AbortController, over: AbortSignal): Promise<void> {
    await this.#options.clock.sleep(atMs - this.#nowMs(), over);
    if (!over.aborted) stop.abort();
  }

  async #initialise(): Promise<InitOutcome> {
    const operation = this.#machine.operation;
    if (operation === undefined || operation.stop.signal.aborted) return { result: 'stopped' };
    return new Promise((resolve) => {
      operation.finishInit = resolve;
      this.#machine.dispatch({ on: 'init' });
    });
  }

  async #transact(operation: Operation, intent: TransactionIntent): Promise<TransactionOutcome> {
    const twice = doubled(intent.batches);
    if (twice !== undefined)
      return fatalRun(`two batches for ${twice.topic}/${twice.partition} in one transaction`);
    const bump = this.#machine.state.at === 'ready' && this.#machine.state.mustBump;
    const init = bump ? await this.#initialise() : undefined;
    if (init !== undefined && init.result !== 'ready') return withoutEpoch(init);
    const route = await this.#route(intent);
    if (operation.stop.signal.aborted && this.#machine.state.at === 'ready')
      return { result: 'aborted', why: 'asked', refusals: [], groupError: 0 };
    const outcome = await new Promise<TransactionOutcome>((resolve) => {
      operation.finishRun = resolve;
      this.#machine.dispatch({ on: 'begin', plan: { ...route, identity: intent.identity } });
    });
    this.#stale =
      outcome.result === 'doubtful' || (outcome.result === 'aborted' && outcome.refusals.length > 0);
    return outcome;
  }

  /** Leaders before anything is begun: nothing inside an open transaction waits for metadata. */
  async #route({ batches }: TransactionIntent): Promise<Route> {
    const { cluster } = this.#options;
    const known = routeBatches(batches, (name) => cluster.topic(name));
    if (!this.#stale && known.leaderless.length === 0) return known;
    cluster.watch([...new Set(batches.map(({ topic }) => topic))]);
    try {
      await cluster.refresh();
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
    }
    return routeBatches(batches, (name) => cluster.topic(name));
  }

  #nowMs(): number {
    return this.#options.clock.now().monotonicMs;
  }
}

/** A transaction that could not begin because its new epoch could not be had; nothing of it was sent. */
function withoutEpoch(init: Exclude<InitOutcome, { result: 'ready' }>): TransactionOutcome {
  if (init.result === 'fenced' || init.result === 'fatal') return init;
  return { result: 'doubtful', why: `no new epoch: ${init.result}`, refusals: [], groupError: 0 };
}

/** One producer per worker and incarnation. A fenced one is done for: whoever still holds the claim creates another. */
export function createProducer(options: ProducerOptions): TransactionalProducer {
  return new Producer(options);
}
