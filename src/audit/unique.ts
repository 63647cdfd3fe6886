/** Collects IDs, eight bytes each, and finds those given twice by sorting: no set of a million entries. */
export class UniqueIds {
  #ids = new BigUint64Array(65_536);
  #count = 0;

  add(id: bigint): void {
    if (this.#count === this.#ids.length) {
      const larger = new BigUint64Array(this.#ids.length * 2);
      larger.set(this.#ids);
      this.#ids = larger;
    }
    this.#ids[this.#count++] = id;
  }

  /** The highest ID of each node that gave one. */
  highest(nodeOf: (id: bigint) => number): ReadonlyMap<number, bigint> {
    const highest = new Map<number, bigint>();
    for (const id of this.#ids.subarray(0, this.#count)) {
      const node = nodeOf(id);
      const before = highest.get(node);
      if (before === undefined || id > before) highest.set(node, id);
    }
    return highest;
  }

  /** How many there are, how many of them repeat an earlier one, and the first such ID. */
  judge(): { readonly ids: number; readonly duplicates: number; readonly first: bigint | undefined } {
    const sorted = this.#ids.subarray(0, this.#count).slice().sort();
    let duplicates = 0;
    let first: bigint | undefined;
    for (let i = 1; i < sorted.length; i++) {
      if (sorted[i] !== sorted[i - 1]) continue;
      duplicates++;
      first ??= sorted[i];
    }
    return { ids: this.#count, duplicates, first };
  }
}
