import { Buffer } from 'node:buffer';

/** As it takes a Uint8Array, whatever its type says. */
const native = Buffer.prototype as unknown as {
  readonly indexOf: (this: Uint8Array, needle: Uint8Array, from: number) => number;
};
const NOTHING = new Uint8Array(0);

/**
 * Where a few bytes stand next, looked for natively. Records of one section are asked about in their order, so the last answer holds for
 * every record before it: a needle that does not occur costs one search per section, not one per record.
 */
export class Finder {
  readonly #needle: Uint8Array;
  #section: Uint8Array = NOTHING;
  /** No needle begins between these two. */
  #from = 0;
  #hit = 0;

  constructor(needle: Uint8Array) {
    this.#needle = needle;
  }

  /** Whether a needle begins at `from` or behind it, and before `end`. */
  isWithin(section: Uint8Array, from: number, end: number): boolean {
    if (section !== this.#section || from < this.#from || from > this.#hit) this.#search(section, from);
    return this.#hit < end;
  }

  #search(section: Uint8Array, from: number): void {
    const hit = native.indexOf.call(section, this.#needle, from);
    this.#section = section;
    this.#from = from;
    this.#hit = hit < 0 ? section.length : hit;
  }
}
