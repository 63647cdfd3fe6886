import type { Clock } from '../clock.ts';
import type { OwnershipListener, OwnershipToken } from '../kafka/membership/port.ts';

const POLL_MS = 20;

/** The partitions of the dead-letter topic that this run owns; one is given up between transactions only. */
export class Ownership implements OwnershipListener {
  readonly #tokens = new Map<number, OwnershipToken>();
  #busy: Promise<void> = Promise.resolve();

  added(tokens: readonly OwnershipToken[]): void {
    for (const token of tokens) this.#tokens.set(token.partition, token);
  }

  async revoking(tokens: readonly OwnershipToken[]): Promise<void> {
    await this.#busy;
    this.lost(tokens);
  }

  lost(tokens: readonly OwnershipToken[]): void {
    for (const token of tokens)
      if (this.#tokens.get(token.partition) === token) this.#tokens.delete(token.partition);
  }

  token(partition: number): OwnershipToken | undefined {
    return this.#tokens.get(partition);
  }

  /** Runs a transaction; `revoking` waits for it. */
  async holding<T>(work: () => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#busy = promise.then(() => undefined);
    try {
      return await work();
    } finally {
      resolve(undefined);
    }
  }

  /** Whether partitions 0 … `count` − 1 came to be ours within `timeoutMs`. */
  async all(count: number, clock: Clock, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    const deadlineMs = clock.now().monotonicMs + timeoutMs;
    while (this.#tokens.size < count) {
      if (signal.aborted || clock.now().monotonicMs > deadlineMs) return false;
      await clock.sleep(POLL_MS, signal);
    }
    return true;
  }
}
