// Found once: in Jest’s sandbox every look-up of a global is slow.
const { floor, imul } = Math;
const TWO_32 = 2 ** 32;

/** Values numbered from 0 in the order met; equal values have one number. Fields must always come in one order. */
export class Numbered<T> {
  readonly #numbers = new Map<string, number>();
  readonly #values: T[] = [];

  get size(): number {
    return this.#values.length;
  }

  of(value: T): number {
    const text = JSON.stringify(value);
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.#values.length);
    return this.#values.push(value) - 1;
  }

  at(number: number): T {
    const value = this.#values[number];
    if (value === undefined) throw new RangeError(`nothing has the number ${number}`);
    return value;
  }
}

/** What was found out once for a number, or for two. */
export class Remembered<T> {
  readonly #known: Map<number, T>[] = [];
  readonly #find: (a: number, b: number) => T;

  constructor(find: (a: number, b: number) => T) {
    this.#find = find;
  }

  at(a: number, b = 0): T {
    const row = (this.#known[a] ??= new Map<number, T>());
    const known = row.get(b);
    if (known !== undefined) return known;
    const found = this.#find(a, b);
    row.set(b, found);
    return found;
  }
}

/** States in the order found, each with the one it was found from; twenty bytes a state. Keys are whole, 0 … 2^53 − 1. */
export class Found {
  #keys = new Float64Array(2 ** 16);
  #from = new Int32Array(2 ** 16);
  #table = new Int32Array(2 ** 17).fill(-1);
  size = 0;

  /** False when it had been found before. */
  add(key: number, from: number): boolean {
    if (this.size === this.#keys.length) this.#grow();
    const slot = this.#slotOf(key);
    if (this.#table[slot] !== -1) return false;
    this.#table[slot] = this.size;
    this.#keys[this.size] = key;
    this.#from[this.size] = from;
    this.size += 1;
    return true;
  }

  keyAt(index: number): number {
    return this.#keys[index]!;
  }

  /** Keys from the first state to this one. */
  pathTo(index: number): number[] {
    return index < 0 ? [] : [...this.pathTo(this.#from[index]!), this.keyAt(index)];
  }

  #slotOf(key: number): number {
    const mask = this.#table.length - 1;
    const high = floor(key / TWO_32);
    let hash = imul((key >>> 0) ^ imul(high, 0x9e3779b1), 0x85ebca6b);
    hash = imul(hash ^ (hash >>> 15), 0xc2b2ae35);
    let slot = (hash ^ (hash >>> 13)) & mask;
    while (this.#table[slot] !== -1 && this.#keys[this.#table[slot]!] !== key) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const keys = new Float64Array(this.#keys.length * 2);
    keys.set(this.#keys);
    this.#keys = keys;
    const from = new Int32Array(this.#from.length * 2);
    from.set(this.#from);
    this.#from = from;
    this.#table = new Int32Array(this.#table.length * 2).fill(-1);
    for (let index = 0; index < this.size; index++) this.#table[this.#slotOf(this.#keys[index]!)] = index;
  }
}
