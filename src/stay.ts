import type { Clock } from './clock.ts';
import type { Membership } from './kafka/membership/port.ts';

/** Being in the consumer group, or not: joined once asked, left once asked, joined again if asked meanwhile. */
export class Stay {
  readonly #membership: Membership;
  readonly #broken: (error: unknown) => void;
  #current: { readonly leave: AbortController; readonly over: Promise<void> } | undefined;
  #wanted = false;

  constructor(membership: Membership, broken: (error: unknown) => void) {
    this.#membership = membership;
    this.#broken = broken;
  }

  join(): void {
    this.#wanted = true;
    if (this.#current !== undefined) return;
    const leave = new AbortController();
    const over = this.#membership
      .run(leave.signal)
      .catch((error: unknown) => {
        this.#wanted = false; // refused for good: asking again at once would go on for ever
        this.#broken(error);
      })
      .finally(() => {
        this.#current = undefined;
        if (this.#wanted) this.join();
      });
    this.#current = { leave, over };
  }

  /** Resolves when we have left; partitions were given up through the membership's listener. */
  async leave(): Promise<void> {
    this.#wanted = false;
    this.#current?.leave.abort();
    await this.#current?.over;
  }
}

/** A doubt that lasts leads to one thing after another, until it ends. */
export class Doubt {
  #lasting: AbortController | undefined;

  /** Does nothing while a doubt lasts already. */
  begin(clock: Clock, steps: readonly (readonly [afterMs: number, act: () => void])[]): void {
    if (this.#lasting !== undefined) return;
    const { signal } = (this.#lasting = new AbortController());
    for (const [afterMs, act] of steps) {
      void clock.sleep(afterMs, signal).then(() => {
        if (!signal.aborted) act();
      });
    }
  }

  end(): void {
    this.#lasting?.abort();
    this.#lasting = undefined;
  }
}

/** Resolves with `work`, or after `ms`, whichever is first; leaves no timer behind. */
export async function atMost(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  const done = work.finally(() => {
    over.abort();
  });
  await Promise.race([done, clock.sleep(ms, over.signal)]);
}
