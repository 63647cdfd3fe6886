import type { ValueRefusal } from './refusal.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;
const ZERO = 0x30;
const NINE = 0x39;
const LOWER_U = 0x75;
const LITERALS = ['true', 'false', 'null'].map((word) => new TextEncoder().encode(word));
const NOTHING = new Uint8Array(0);
/** What may stand behind a backslash, besides u: " \ / b f n r t. */
const ESCAPES = new Set(new TextEncoder().encode('"\\/bfnrt'));

export const isSpace = (byte: number): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

const hexOf = (byte: number): number => {
  if (byte >= ZERO && byte <= NINE) return byte - ZERO;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
};

/**
 * Reads one JSON text from end to end, by the grammar of RFC 8259 and no other, and notes the members of the outermost object that have a
 * given name, however it is spelt. No recursion: nesting costs one byte a level. Bytes from 0x80 on are taken as they are within strings.
 */
export class JsonScan {
  /** Members of that name, and where the value of the last one stands. */
  members = 0;
  valueStart = -1;
  valueEnd = -1;
  /** Where reading ended. */
  at = 0;

  #bytes: Uint8Array = NOTHING;
  #end = 0;
  /** 1 for an object, 0 for a list, by level. */
  #levels = new Uint8Array(64);
  #depth = 0;
  readonly #name: Uint8Array;

  /** `name` is ASCII; empty: no member is looked for. */
  constructor(name: Uint8Array) {
    this.#name = name;
  }

  /** Undefined when `start` … `end` is one JSON text. */
  run(bytes: Uint8Array, start: number, end: number): ValueRefusal | undefined {
    this.#bytes = bytes;
    this.#end = end;
    this.#depth = 0;
    this.at = start;
    this.members = 0;
    const whole = this.#text();
    this.#bytes = NOTHING;
    if (whole && this.at === end) return undefined;
    return this.at >= end ? 'VALUE_TRUNCATED' : 'VALUE_NOT_JSON';
  }

  /** Every method that can fail leaves `at` where it failed: at `#end` when bytes ran out. */
  #text(): boolean {
    let more = this.#value();
    while (more && this.#depth > 0) more = this.#onward();
    this.#space();
    return more;
  }

  /** A scalar as a whole; an object or list up to and with its first value, or as a whole when it is empty. */
  #value(): boolean {
    for (;;) {
      this.#space();
      const byte = this.#peek();
      if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
        this.at++;
        this.#push(byte === OPEN_OBJECT);
        this.#space();
        if (this.#peek() === (byte === OPEN_OBJECT ? CLOSE_OBJECT : CLOSE_LIST)) return this.#pop();
        if (byte === OPEN_OBJECT && !this.#key()) return false;
        continue;
      }
      return this.#scalar(byte);
    }
  }

  /** Behind a value within an object or list: to the end of the next value, or out of it. */
  #onward(): boolean {
    if (this.#depth === 1 && this.valueEnd === -2) this.valueEnd = this.at;
    this.#space();
    const inObject = this.#levels[this.#depth - 1] === 1;
    const byte = this.#peek();
    if (byte === (inObject ? CLOSE_OBJECT : CLOSE_LIST)) return this.#pop();
    if (byte !== COMMA) return false;
    this.at++;
    if (inObject && !this.#key()) return false;
    return this.#value();
  }

  #push(isObject: boolean): void {
    if (this.#depth === this.#levels.length) {
      const wider = new Uint8Array(2 * this.#depth);
      wider.set(this.#levels);
      this.#levels = wider;
    }
    this.#levels[this.#depth++] = isObject ? 1 : 0;
  }

  #pop(): boolean {
    this.at++;
    this.#depth--;
    return true;
  }

  /** From before a member's name to its value. */
  #key(): boolean {
    this.#space();
    if (this.#peek() !== QUOTE) return false;
    const start = ++this.at;
    if (!this.#string()) return false;
    const end = this.at - 1;
    this.#space();
    if (this.#peek() !== COLON) return false;
    this.at++;
    if (this.#depth !== 1 || !this.#isName(start, end)) return true;
    this.#space();
    this.members++;
    this.valueStart = this.at;
    this.valueEnd = -2;
    return true;
  }

  #isName(start: number, end: number): boolean {
    const name = this.#name;
    if (name.length === 0 || end - start < name.length) return false;
    let at = start;
    for (const letter of name) {
      if (at >= end) return false;
      let byte = this.#bytes[at++]!;
      if (byte === BACKSLASH) {
        byte = this.#escaped(at);
        at += this.#bytes[at] === LOWER_U ? 5 : 1;
      }
      if (byte !== letter) return false;
    }
    return at === end;
  }

  /** The character of an escape that was read before; of those without u only `\/`, `\"` and `\\` stand for themselves. */
  #escaped(at: number): number {
    const byte = this.#bytes[at]!;
    if (byte !== LOWER_U) return byte === 0x2f || byte === QUOTE || byte === BACKSLASH ? byte : 0;
    let code = 0;
    for (let i = 1; i <= 4; i++) code = code * 16 + hexOf(this.#bytes[at + i]!);
    return code;
  }

  #scalar(byte: number): boolean {
    if (byte === QUOTE) {
      this.at++;
      return this.#string();
    }
    if (byte === 0x2d || (byte >= ZERO && byte <= NINE)) return this.#number();
    const word = LITERALS.find(([first]) => first === byte);
    return word?.every((letter) => this.#take(letter)) ?? false;
  }

  #take(letter: number): boolean {
    if (this.#peek() !== letter) return false;
    this.at++;
    return true;
  }

  /** From behind the opening quote to behind the closing one. */
  #string(): boolean {
    const bytes = this.#bytes;
    const end = this.#end;
    let at = this.at;
    for (;;) {
      while (at < end) {
        const byte = bytes[at]!;
        if (byte === QUOTE || byte === BACKSLASH || byte < 0x20) break;
        at++;
      }
      this.at = at;
      if (at >= end || bytes[at]! < 0x20) return false;
      this.at = ++at;
      if (bytes[at - 1] === QUOTE) return true;
      if (!this.#escape()) return false;
      at = this.at;
    }
  }

  #escape(): boolean {
    const byte = this.#peek();
    if (byte !== LOWER_U) return ESCAPES.has(byte) && this.#take(byte);
    this.at++;
    for (let i = 0; i < 4; i++) {
      if (hexOf(this.#peek()) < 0) return false;
      this.at++;
    }
    return true;
  }

  #number(): boolean {
    if (this.#peek() === 0x2d) this.at++;
    if (this.#peek() === ZERO) this.at++;
    else if (!this.#digits()) return false;
    if (this.#peek() === 0x2e) {
      this.at++;
      if (!this.#digits()) return false;
    }
    if ((this.#peek() | 0x20) !== 0x65) return true;
    this.at++;
    const sign = this.#peek();
    if (sign === 0x2b || sign === 0x2d) this.at++;
    return this.#digits();
  }

  #digits(): boolean {
    const from = this.at;
    for (let byte = this.#peek(); byte >= ZERO && byte <= NINE; byte = this.#peek()) this.at++;
    return this.at > from;
  }

  #space(): void {
    while (isSpace(this.#peek())) this.at++;
  }

  /** 0, which nothing may be, at the end. */
  #peek(): number {
    return this.at < this.#end ? this.#bytes[this.at]! : 0;
  }
}
