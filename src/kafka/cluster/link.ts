import type { Clock } from '../../clock.ts';
import type { Message } from '../wire/message.ts';
import type { Dialed } from './dialer.ts';
import { listen } from './frames.ts';
import { LinkError } from './port.ts';
import type { Link, LinkFailure, SendOptions } from './port.ts';
import { correlationOf, readAnswer, requestBody, requestHead, throttleOf } from './request.ts';
import { lacking } from './versions.ts';

/** One request from `send` until it is answered or given up. */
interface Call {
  readonly message: Pick<Message<never, unknown>, 'name' | 'apiKey' | 'version' | 'flexible'>;
  readonly body: { readonly chunks: readonly Uint8Array[]; readonly length: number };
  /** Reads the answer and returns what settles the call with it; throws on a malformed one. */
  readonly read: (frame: Buffer) => { readonly throttleMs: number; readonly settle: () => void };
  readonly reject: (error: LinkError) => void;
  /** Aborted when the call is settled, to end its timer. */
  readonly settled: AbortController;
  /** −1 until it is written. */
  correlationId: number;
}

export interface LinkOptions {
  readonly nodeId: number;
  /** For messages: node, purpose and address. */
  readonly label: string;
  readonly clientId: string;
  readonly clock: Clock;
  readonly dialed: Dialed;
}

const MAX_CORRELATION_ID = 0x7fff_ffff;

/**
 * One connection with requests in flight. A call is first *waiting*, then *in flight*, then settled.
 *
 * Invariants: answers come in the order of requests, so the oldest call in flight is the one answered; what is
 * written keeps the order of `send`; a timeout of a written call closes the link, because its answer would still
 * come and the state of everything behind it would be a guess. A closed link stays closed.
 */
export class BrokerLink implements Link {
  readonly nodeId: number;
  readonly label: string;
  /** Aborts when the link closes, for whatever reason. */
  readonly closed: AbortSignal;
  readonly #ended = new AbortController();
  readonly #clientId: Buffer;
  readonly #clock: Clock;
  readonly #waiting: Call[] = [];
  readonly #inflight: Call[] = [];
  #dialed: Dialed;
  #detach: () => void;
  #gone: Promise<void> = Promise.resolve();
  #lastCorrelationId = 0;
  #throttledUntilMs = 0;
  #wakeUpAtMs = 0;
  /** While set, nothing is written; it is called once nothing is in flight. */
  #onDrained: (() => void) | undefined;

  constructor({ nodeId, label, clientId, clock, dialed }: LinkOptions) {
    this.nodeId = nodeId;
    this.label = label;
    this.closed = this.#ended.signal;
    this.#clientId = Buffer.from(clientId);
    this.#clock = clock;
    this.#dialed = dialed;
    this.#detach = this.#attach(dialed);
  }

  get dialed(): Dialed {
    return this.#dialed;
  }

  /**
   * Byte fields of `request` of 1 KiB and more go to the socket as they are: they must not change until the call
   * is settled. A call that timed out unwritten (throttled, or behind a renewal) leaves the link open.
   */
  send<Request, Answer>(
    message: Message<Request, Answer>,
    request: Request,
    { timeoutMs }: SendOptions,
  ): Promise<Answer> {
    const lack = lacking(message, this.#dialed.ranges);
    if (lack !== undefined) return Promise.reject(this.#error('unsupported', lack));
    if (this.closed.aborted) return Promise.reject(this.#error('closed', `${message.name} on a closed link`));
    return new Promise<Answer>((resolve, reject) => {
      const call: Call = {
        message,
        body: requestBody(message, request),
        read: (frame) => {
          const answer = readAnswer(message, frame);
          return {
            throttleMs: throttleOf(answer),
            settle: () => {
              resolve(answer);
            },
          };
        },
        reject,
        settled: new AbortController(),
        correlationId: -1,
      };
      this.#waiting.push(call);
      void this.#expire(call, timeoutMs);
      this.#pump();
    });
  }

  /**
   * Goes on over a fresh connection, without a caller noticing: holds what is not yet written, waits for what is
   * in flight, then changes over (KIP-368: the broker would end the old one with its session). Resolves to false,
   * with the fresh one destroyed, when either of the two is gone by then.
   */
  async replace(fresh: Dialed): Promise<boolean> {
    await new Promise<void>((resolve) => {
      this.#onDrained = resolve;
      if (this.#inflight.length === 0 || this.closed.aborted) resolve();
    });
    this.#onDrained = undefined;
    const usable = !this.closed.aborted && fresh.socket.readable && fresh.socket.writable;
    if (usable) {
      this.#detach();
      this.#dialed.socket.destroy();
      this.#dialed = fresh;
      this.#detach = this.#attach(fresh);
    } else {
      fresh.socket.destroy();
    }
    this.#pump();
    return usable;
  }

  /** Resolves once the socket's handle is gone, which is a moment after `close`. */
  gone(): Promise<void> {
    return this.#gone;
  }

  /** Everything unanswered fails with `closed`. */
  close(why: string, cause?: unknown): void {
    if (this.closed.aborted) return;
    this.#ended.abort();
    this.#detach();
    this.#dialed.socket.destroy();
    for (const call of [...this.#inflight.splice(0), ...this.#waiting.splice(0)]) {
      this.#reject(call, 'closed', `${call.message.name}: ${why}`, cause);
    }
    this.#onDrained?.();
  }

  #attach({ socket }: Dialed): () => void {
    // The event, not `socket.closed`: that is true as soon as the socket is destroyed.
    if (!socket.destroyed)
      this.#gone = new Promise((resolve) =>
        socket.once('close', () => {
          resolve();
        }),
      );
    return listen(socket, {
      frame: (bytes) => {
        this.#answer(bytes);
      },
      gone: (why, cause) => {
        this.close(why, cause);
      },
    });
  }

  #pump(): void {
    while (this.#waiting.length > 0 && this.#onDrained === undefined) {
      const nowMs = this.#clock.now().monotonicMs;
      if (nowMs < this.#throttledUntilMs) {
        void this.#pumpAfterThrottle(nowMs);
        return;
      }
      const call = this.#waiting.shift();
      if (call !== undefined) this.#write(call);
    }
  }

  async #pumpAfterThrottle(nowMs: number): Promise<void> {
    if (this.#wakeUpAtMs >= this.#throttledUntilMs) return;
    this.#wakeUpAtMs = this.#throttledUntilMs;
    await this.#clock.sleep(this.#throttledUntilMs - nowMs, this.closed);
    this.#wakeUpAtMs = 0;
    this.#pump();
  }

  #write(call: Call): void {
    this.#lastCorrelationId =
      this.#lastCorrelationId === MAX_CORRELATION_ID ? 1 : this.#lastCorrelationId + 1;
    call.correlationId = this.#lastCorrelationId;
    this.#inflight.push(call);
    const { socket } = this.#dialed;
    socket.cork();
    socket.write(requestHead(call.message, call.correlationId, this.#clientId, call.body.length));
    for (const chunk of call.body.chunks) socket.write(chunk);
    socket.uncork();
  }

  #answer(frame: Buffer): void {
    const call = this.#inflight[0];
    if (call?.correlationId !== correlationOf(frame)) {
      this.close('an answer to no request of ours');
      return;
    }
    let read;
    try {
      read = call.read(frame);
    } catch (cause) {
      this.close('malformed answer', cause);
      return;
    }
    this.#inflight.shift();
    call.settled.abort();
    if (read.throttleMs > 0)
      this.#throttledUntilMs = Math.max(
        this.#throttledUntilMs,
        this.#clock.now().monotonicMs + read.throttleMs,
      );
    read.settle();
    if (this.#inflight.length === 0) this.#onDrained?.();
  }

  async #expire(call: Call, timeoutMs: number): Promise<void> {
    await this.#clock.sleep(timeoutMs, call.settled.signal);
    if (call.settled.signal.aborted) return;
    const where = this.#waiting.indexOf(call);
    if (where >= 0) {
      this.#waiting.splice(where, 1);
      this.#reject(call, 'timeout', `${call.message.name} could not be sent within ${timeoutMs} ms`);
      return;
    }
    this.#inflight.splice(this.#inflight.indexOf(call), 1);
    this.#reject(call, 'timeout', `${call.message.name} had no answer within ${timeoutMs} ms`);
    this.close(`link closed after ${call.message.name} had no answer within ${timeoutMs} ms`);
  }

  #reject(call: Call, failure: LinkFailure, what: string, cause?: unknown): void {
    call.settled.abort();
    call.reject(this.#error(failure, what, cause));
  }

  #error(failure: LinkFailure, what: string, cause?: unknown): LinkError {
    return new LinkError(failure, this.nodeId, `${this.label}: ${what}`, cause);
  }
}
