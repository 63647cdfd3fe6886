import type { Clock } from '../../clock.ts';
import type { GroupIdentity, OwnershipToken } from './port.ts';

/** Who we are in the group, what was declared to become that, and the one question the data path may ask about it. */
export class Identity {
  readonly #clock: Clock;
  #current: GroupIdentity | undefined;
  #pending: { readonly round: number; readonly tokens: ReadonlySet<OwnershipToken> } | undefined;
  #declared: ReadonlySet<OwnershipToken> = new Set();
  #changed = Promise.withResolvers<undefined>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get current(): GroupIdentity | undefined {
    return this.#current;
  }

  /** A JoinGroup that names these as owned is about to be sent. */
  declare(round: number, tokens: readonly OwnershipToken[]): void {
    this.#pending = { round, tokens: new Set(tokens) };
  }

  /** That JoinGroup was answered: its generation is current from now on, before any SyncGroup (data-path rule 7). */
  adopt(round: number, identity: GroupIdentity): void {
    this.#declared = this.#pending?.round === round ? this.#pending.tokens : new Set();
    this.#current = identity;
    this.announce();
  }

  clear(): void {
    this.#current = undefined;
    this.#declared = new Set();
    this.announce();
  }

  /** Tokens died or the identity changed: whoever waits looks again. */
  announce(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve(undefined);
  }

  /**
   * Waits for another identity than the refused one. It may take over a transaction exactly when it is the same member's, every
   * token lived through, and each was declared in the JoinGroup that gave it: then the leader cannot have given the partition
   * to anybody else. Otherwise undefined, and at the latest after `timeoutMs`.
   */
  async successor(
    refused: GroupIdentity,
    tokens: readonly OwnershipToken[],
    timeoutMs: number,
  ): Promise<GroupIdentity | undefined> {
    const deadlineMs = this.#clock.now().monotonicMs + timeoutMs;
    const done = new AbortController();
    try {
      for (;;) {
        const current = this.#current;
        if (current === undefined || !tokens.every((token) => token.alive)) return undefined;
        if (current.generationId !== refused.generationId || current.memberId !== refused.memberId) {
          return current.memberId === refused.memberId && this.#allDeclared(tokens) ? current : undefined;
        }
        const leftMs = deadlineMs - this.#clock.now().monotonicMs;
        if (leftMs <= 0) return undefined;
        await Promise.race([this.#changed.promise, this.#clock.sleep(leftMs, done.signal)]);
      }
    } finally {
      done.abort();
    }
  }

  #allDeclared(tokens: readonly OwnershipToken[]): boolean {
    return tokens.every((token) => this.#declared.has(token));
  }
}
