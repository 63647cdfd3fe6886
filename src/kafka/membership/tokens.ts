import { keyOf, type TopicPartition } from './partition.ts';
import type { OwnershipToken } from './port.ts';

/**
 * The one writer of ownership (data-path rule 7). A partition has at most one living token here; a dead one stays dead,
 * and the partition's next spell has another object.
 */
export class Tokens {
  readonly #living = new Map<string, Token>();

  create(partitions: readonly TopicPartition[]): OwnershipToken[] {
    return partitions.map(({ topic, partition }) => {
      const token = new Token(topic, partition);
      const before = this.#living.get(keyOf(token));
      before?.end();
      this.#living.set(keyOf(token), token);
      return token;
    });
  }

  /** The living ones among these partitions. */
  of(partitions: readonly TopicPartition[]): OwnershipToken[] {
    return partitions.flatMap((tp) => this.#living.get(keyOf(tp)) ?? []);
  }

  alive(): OwnershipToken[] {
    return [...this.#living.values()];
  }

  destroy(partitions: readonly TopicPartition[]): void {
    for (const tp of partitions) {
      const token = this.#living.get(keyOf(tp));
      if (token === undefined) continue;
      token.end();
      this.#living.delete(keyOf(tp));
    }
  }

  /** Returns what has just died. */
  destroyAll(): OwnershipToken[] {
    const dead = this.alive();
    this.destroy(dead);
    return dead;
  }
}

class Token implements OwnershipToken {
  readonly topic: string;
  readonly partition: number;
  #alive = true;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  get alive(): boolean {
    return this.#alive;
  }

  end(): void {
    this.#alive = false;
  }
}
