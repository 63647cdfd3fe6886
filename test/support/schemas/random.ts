/** Reproducible chance: everything follows from the seed (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** 0 … below 1. */
  share(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** 0 … below `n`. */
  below(n: number): number {
    return Math.floor(this.share() * n);
  }

  chance(share: number): boolean {
    return this.share() < share;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  many<T>(most: number, make: (index: number) => T): T[] {
    return Array.from({ length: this.below(most + 1) }, (_, index) => make(index));
  }

  /** Of every length up to 64 bits, signed; the ends often. */
  long(): bigint {
    if (this.chance(0.1)) return this.pick([0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n]);
    const wide = (BigInt(this.below(2 ** 32)) << 32n) | BigInt(this.below(2 ** 32));
    return BigInt.asIntN(64, wide) >> BigInt(this.below(64));
  }

  /** As snowstamp mints them: any 63 bits. */
  id(): bigint {
    return BigInt.asUintN(63, this.chance(0.2) ? this.long() : (1n << 61n) | BigInt.asUintN(61, this.long()));
  }

  text(): string {
    return this.many(6, () =>
      this.pick(['a', 'B', '7', ' ', '"', '\\', 'é', '𝒵', '{', '}', '[', ',', '\n']),
    ).join('');
  }

  bytes(length = this.below(9)): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }
}
