import type { Clock } from '../../clock.ts';
import { LinkError, type Cluster, type Link } from '../cluster/port.ts';
import type { GroupIdentity } from '../membership/port.ts';
import { ERROR } from '../wire/errors.ts';
import { INITIAL, transition } from './machine.ts';
import { coordinatorOf, linkTo, linkToLeader, type Destination } from './messenger.ts';
import type { InitOutcome, TransactionFact, TransactionIntent, TransactionOutcome } from './port.ts';
import { sendRequest } from './requests.ts';
import { requestOf, type Ask, type Effect, type Event, type Outgoing, type State } from './states.ts';

export interface InterpreterOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly transactionalId: string;
  readonly transactionTimeoutMs: number;
  readonly requestTimeoutMs: number;
  permitted(): boolean;
  observe(fact: TransactionFact): void;
}

/** One call of `init` or `run`. At most one at a time. */
export interface Operation {
  /** Aborted by the caller, by `close`, or at the bound of rule 1: nothing new is begun, what is outstanding is awaited. */
  readonly stop: AbortController;
  /** For `run` only, monotonic: after `workMs` only the EndTxn is sent, after `hardMs` nothing is waited for. */
  readonly bounds?: { readonly workMs: number; readonly hardMs: number };
  readonly intent?: TransactionIntent;
  finishInit: (outcome: InitOutcome) => void;
  finishRun: (outcome: TransactionOutcome) => void;
}

/** Even the last request of a late transaction gets this long. */
const LEAST_TIMEOUT_MS = 100;

/** The machine's hands: carries effects out and reports what came of them. It decides nothing. */
export class Interpreter {
  readonly #options: InterpreterOptions;
  #state: State = INITIAL;
  #operation: Operation | undefined;
  /** Where an InitProducerId or EndTxn goes, in the tick in which the link was obtained. */
  #linked: Link | undefined;
  readonly #events: Event[] = [];
  #dispatching = false;

  constructor(options: InterpreterOptions) {
    this.#options = options;
  }

  get state(): State {
    return this.#state;
  }

  get operation(): Operation | undefined {
    return this.#operation;
  }

  set operation(operation: Operation | undefined) {
    this.#operation = operation;
  }

  /** Events are taken one at a time, and all effects of one are carried out before the next, in this tick. */
  dispatch(event: Event): void {
    this.#events.push(event);
    if (this.#dispatching) return;
    this.#dispatching = true;
    try {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
        const { state, effects } = transition(this.#state, next);
        this.#state = state;
        for (const effect of effects) this.#perform(effect);
      }
    } catch (error) {
      this.#defect(error);
    } finally {
      this.#dispatching = false;
    }
  }

  /** An observer or an intent threw, or a request could not be written: ours to mend, so nothing more is sent. */
  #defect(error: unknown): void {
    const why = `defect: ${error instanceof Error ? error.message : String(error)}`;
    this.#events.length = 0;
    this.#state = { at: 'fatal', errorCode: ERROR.UNKNOWN_SERVER_ERROR, why };
    this.#operation?.finishInit({ result: 'fatal', errorCode: ERROR.UNKNOWN_SERVER_ERROR, why });
    this.#operation?.finishRun({ result: 'fatal', errorCode: ERROR.UNKNOWN_SERVER_ERROR, why });
  }

  #perform(effect: Effect): void {
    const { cluster, clock } = this.#options;
    const operation = this.#operation;
    switch (effect.do) {
      case 'connect':
        void this.#connect(effect.ask);
        return;
      case 'send':
        void this.#send(effect.outgoing);
        return;
      case 'wait':
        void clock.sleep(effect.ms, operation?.stop.signal).then(() => {
          this.dispatch({ on: 'due', ask: effect.ask });
        });
        return;
      case 'forget':
        cluster.forget(...coordinatorOf(effect.ask, this.#destination()));
        return;
      case 'state-offsets':
        this.dispatch({ on: 'stated', offsets: operation?.intent?.offsets(effect.produced) });
        return;
      case 'ask-successor':
        void this.#askSuccessor(effect.refused);
        return;
      case 'observe':
        this.#options.observe(effect.fact);
        return;
      case 'finish-init':
        operation?.finishInit(effect.outcome);
        return;
      case 'finish-run':
        operation?.finishRun(effect.outcome);
        return;
    }
  }

  /** The permit is read in the tick in which the link is there; what the machine decides on it is sent in the same one. */
  async #connect(ask: 'InitProducerId' | 'EndTxn'): Promise<void> {
    try {
      this.#linked = await this.#linkTo(ask);
    } catch (error) {
      this.#failed(ask, error);
      return;
    }
    this.dispatch({ on: 'linked', ask, permitted: this.#options.permitted() });
  }

  async #send(outgoing: Outgoing): Promise<void> {
    const { ask } = outgoing;
    const linked = ask === 'InitProducerId' || ask === 'EndTxn' ? this.#linked : undefined;
    try {
      const link = linked ?? (await this.#linkTo(ask));
      const reply = await sendRequest(link, this.#options, outgoing, this.#timeoutMs(ask));
      this.dispatch({ on: 'answered', ask, reply });
    } catch (error) {
      this.#failed(ask, error);
    }
  }

  #failed(ask: Ask, error: unknown): void {
    if (!(error instanceof LinkError)) {
      this.#defect(error);
      return;
    }
    if (requestOf(ask) !== 'Produce')
      this.#options.cluster.forget(...coordinatorOf(ask, this.#destination()));
    this.dispatch({ on: 'failed', ask, failure: error.failure, detail: error.message });
  }

  /** Waits for the group as long as the transaction may: a stop ends the wait, and the transaction with it. */
  async #askSuccessor(refused: GroupIdentity): Promise<void> {
    const stop = this.#operation?.stop.signal;
    const stopped = new Promise<undefined>((resolve) => {
      if (stop === undefined || stop.aborted) resolve(undefined);
      else
        stop.addEventListener(
          'abort',
          () => {
            resolve(undefined);
          },
          { once: true },
        );
    });
    const identity = await Promise.race([this.#operation?.intent?.successor(refused), stopped]).catch(
      () => undefined,
    );
    this.dispatch({ on: 'succeeded', identity });
  }

  #linkTo(ask: Ask): Promise<Link> {
    const timeoutMs = this.#timeoutMs(ask);
    const signal = this.#operation?.stop.signal;
    const reach = ask === 'EndTxn' || signal === undefined ? { timeoutMs } : { timeoutMs, signal };
    if (requestOf(ask) === 'Produce') return linkToLeader(this.#options, ask, reach);
    return linkTo(this.#options, coordinatorOf(ask, this.#destination()), reach);
  }

  #destination(): Destination {
    const groupId = this.#operation?.intent?.identity.groupId ?? '';
    return { transactionalId: this.#options.transactionalId, groupId };
  }

  #timeoutMs(ask: Ask): number {
    const { requestTimeoutMs } = this.#options;
    const bounds = this.#operation?.bounds;
    if (bounds === undefined) return requestTimeoutMs;
    const leftMs = (ask === 'EndTxn' ? bounds.hardMs : bounds.workMs) - this.#nowMs();
    return Math.min(requestTimeoutMs, Math.max(LEAST_TIMEOUT_MS, leftMs));
  }

  #nowMs(): number {
    return this.#options.clock.now().monotonicMs;
  }
}
