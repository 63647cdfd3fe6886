import type { OwnershipListener, OwnershipToken } from '../kafka/membership/port.ts';
import { Partition } from './partition.ts';
import type { Observe, Route } from './port.ts';

/**
 * The partitions this worker owns, as the group says (rule 7). A partition that must go leaves in two steps: it is no
 * longer composed from the moment the group asks, and it is let go once no transaction holds it.
 */
export class Owned implements OwnershipListener {
  readonly #routes: ReadonlyMap<string, Route>;
  readonly #observe: Observe;
  readonly #changed: () => void;
  readonly #byToken = new Map<OwnershipToken, Partition>();
  readonly #leaving = new Set<Partition>();
  /** The partitions of the transaction being composed or run, and its end. */
  #held: { readonly partitions: ReadonlySet<Partition>; readonly over: Promise<void> } | undefined;

  constructor(deps: { routes: readonly Route[]; observe: Observe; changed: () => void }) {
    this.#routes = new Map(deps.routes.map((route) => [route.input, route]));
    this.#observe = deps.observe;
    this.#changed = deps.changed;
  }

  added(tokens: readonly OwnershipToken[]): void {
    for (const token of tokens) {
      const route = this.#routes.get(token.topic);
      if (route !== undefined) this.#byToken.set(token, new Partition(token, route, this.#observe));
    }
    this.#changed();
  }

  async revoking(tokens: readonly OwnershipToken[]): Promise<void> {
    const going = tokens.flatMap((token) => this.#byToken.get(token) ?? []);
    for (const partition of going) this.#leaving.add(partition);
    const held = this.#held;
    if (held !== undefined && going.some((partition) => held.partitions.has(partition))) await held.over;
    this.#drop(tokens);
  }

  lost(tokens: readonly OwnershipToken[]): void {
    this.#drop(tokens);
  }

  all(): Iterable<Partition> {
    return this.#byToken.values();
  }

  /** Still ours and not about to go. */
  composable(partition: Partition): boolean {
    return (
      partition.token.alive &&
      !this.#leaving.has(partition) &&
      this.#byToken.get(partition.token) === partition
    );
  }

  /** Runs one transaction's work; `revoking` waits for it when it concerns a partition that must go. */
  async holding<T>(partitions: readonly Partition[], work: () => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#held = { partitions: new Set(partitions), over: promise };
    try {
      return await work();
    } finally {
      this.#held = undefined;
      resolve(undefined);
    }
  }

  #drop(tokens: readonly OwnershipToken[]): void {
    for (const token of tokens) {
      const partition = this.#byToken.get(token);
      if (partition !== undefined) this.#leaving.delete(partition);
      this.#byToken.delete(token);
    }
    this.#changed();
  }
}
