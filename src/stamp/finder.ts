import { Buffer } from 'node:buffer';

/** As it takes a Uint8Array, whatever its type says. */
const native = Buffer.prototype as unknown as {
  readonly indexOf: (this: Uint8Array, needle: Uint8Array, from: number) => number;
};
const NOTHING = new Uint8Array(0);
/** Up to so many bytes Node looks for the first one (memchr) and compares; for more it prepares a search that is slower on events. */
const PROBE_BYTES = 7;
/** Bytes that JSON texts are full of, commonest first, more or less. */
const COMMON = new TextEncoder().encode('"e,0:ta1oi2nsr3_ld4c5u6h7m8p9gyfbv-. {}[]kwTZ');

/**
 * Where a few bytes stand next, looked for natively. Records of one section are asked about in their order, so the last answer holds for
 * every record before it: a needle that does not occur costs one search per section, not one per record.
 */
export class Finder {
  readonly #needle: Uint8Array;
  /** A part of the needle, and where in it: a search for these few is several times as fast. */
  readonly #probe: Uint8Array;
  readonly #probeAt: number;
  #section: Uint8Array = NOTHING;
  /** No needle begins between these two. */
  #from = 0;
  #hit = 0;

  constructor(needle: Uint8Array) {
    this.#needle = needle;
    this.#probeAt = rarestStart(needle);
    this.#probe = needle.subarray(this.#probeAt, this.#probeAt + PROBE_BYTES);
  }

  /** Whether a needle begins at `from` or behind it, and before `end`. */
  isWithin(section: Uint8Array, from: number, end: number): boolean {
    if (section !== this.#section || from < this.#from || from > this.#hit) this.#search(section, from);
    return this.#hit < end;
  }

  #search(section: Uint8Array, from: number): void {
    const probeAt = this.#probeAt;
    let at = from + probeAt;
    for (;;) {
      const hit = native.indexOf.call(section, this.#probe, at);
      this.#hit = hit < 0 ? section.length : hit - probeAt;
      if (hit < 0 || this.#isAt(section, hit - probeAt)) break;
      at = hit + 1;
    }
    this.#section = section;
    this.#from = from;
  }

  #isAt(section: Uint8Array, at: number): boolean {
    const needle = this.#needle;
    for (let i = 0; i < needle.length; i++) if (section[at + i] !== needle[i]) return false;
    return true;
  }
}

/** Where in the needle a probe had best begin: at its rarest byte. */
function rarestStart(needle: Uint8Array): number {
  const rarity = (at: number): number => {
    const place = COMMON.indexOf(needle[at]!);
    return place < 0 ? COMMON.length : place;
  };
  let best = 0;
  for (let at = 1; at + PROBE_BYTES <= needle.length; at++) if (rarity(at) > rarity(best)) best = at;
  return best;
}
