import type { Bytes } from '../kafka/records/copy.ts';
import type { LegacyId } from './legacy-id.ts';

const [TAB, LINE, RETURN, SPACE] = [9, 10, 13, 32];
const [QUOTE, COMMA, COLON, BACKSLASH] = [34, 44, 58, 92];
const [OPEN_LIST, CLOSE_LIST, OPEN, CLOSE] = [91, 93, 123, 125];
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

const decoder = new TextDecoder();

/**
 * The member `name` of the JSON object in `start` … `end`: the text of a string, or a number as it is written, since parsing would round
 * one beyond 2^53. Of members with one name the last counts, as JSON.parse has it. False when there is none, it is neither string
 * nor number, or what is there is no object. Looks at members of the object itself, and at nothing twice. Never throws.
 */
export function legacyInJson(source: Bytes, start: number, end: number, name: string, id: LegacyId): boolean {
  const scan = new Scan(source.bytes, start, end);
  if (!scan.enter()) return false;
  let [from, to] = [-1, -1];
  while (scan.member()) {
    if (scan.isNamed(name)) [from, to] = [scan.valueStart, scan.at];
  }
  if (!scan.ended || from < 0) return false;
  if (source.bytes[from] !== QUOTE)
    return NUMBER.test(decoder.decode(source.bytes.subarray(from, to))) && id.take(source, from, to);
  const text = source.bytes.subarray(from, to);
  if (!text.includes(BACKSLASH)) return id.take(source, from + 1, to - 1);
  const spelt = parsed(text);
  return spelt !== undefined && id.spell(spelt);
}

/** A string with escapes; undefined when they are none of JSON's. */
function parsed(text: Uint8Array): string | undefined {
  try {
    return JSON.parse(decoder.decode(text)) as string;
  } catch {
    return undefined;
  }
}

/** Members of one object, one after another; values are passed over by their brackets and quotes alone. */
class Scan {
  at: number;
  valueStart = 0;
  /** The closing brace came, and nothing behind it. */
  ended = false;
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #nameStart = 0;
  #nameEnd = 0;
  #first = true;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.at = start;
    this.#end = end;
  }

  enter(): boolean {
    const bytes = this.#bytes;
    if (bytes[this.at] === 0xef && bytes[this.at + 1] === 0xbb && bytes[this.at + 2] === 0xbf) this.at += 3;
    return this.#takes(OPEN);
  }

  member(): boolean {
    if (this.#takes(CLOSE)) {
      this.#space();
      this.ended = this.at === this.#end;
      return false;
    }
    if (!this.#first && !this.#takes(COMMA)) return false;
    this.#first = false;
    this.#space();
    this.#nameStart = this.at;
    if (!this.#string()) return false;
    this.#nameEnd = this.at;
    if (!this.#takes(COLON)) return false;
    this.#space();
    this.valueStart = this.at;
    return this.#value();
  }

  /** "event\u005fid" is event_id. */
  isNamed(name: string): boolean {
    const text = this.#bytes.subarray(this.#nameStart, this.#nameEnd);
    return text.includes(BACKSLASH)
      ? parsed(text) === name
      : decoder.decode(text.subarray(1, text.length - 1)) === name;
  }

  #value(): boolean {
    const bytes = this.#bytes;
    if (bytes[this.at] === QUOTE) return this.#string();
    let depth = 0;
    const start = this.at;
    while (this.at < this.#end) {
      const byte = bytes[this.at]!;
      if (byte === QUOTE) {
        if (!this.#string()) return false;
        continue;
      }
      if (byte === OPEN || byte === OPEN_LIST) depth++;
      else if (depth === 0 && (byte === COMMA || byte === CLOSE || isSpace(byte))) break;
      else if ((byte === CLOSE || byte === CLOSE_LIST) && --depth === 0) {
        this.at++;
        break;
      }
      this.at++;
    }
    return depth === 0 && this.at > start && this.at < this.#end;
  }

  #string(): boolean {
    if (this.at >= this.#end || this.#bytes[this.at] !== QUOTE) return false;
    for (let at = this.at + 1; at < this.#end; at++) {
      const byte = this.#bytes[at]!;
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) {
        this.at = at + 1;
        return true;
      }
    }
    return false;
  }

  #takes(byte: number): boolean {
    this.#space();
    if (this.at >= this.#end || this.#bytes[this.at] !== byte) return false;
    this.at++;
    return true;
  }

  #space(): void {
    while (this.at < this.#end && isSpace(this.#bytes[this.at]!)) this.at++;
  }
}

const isSpace = (byte: number): boolean => byte === SPACE || byte === LINE || byte === RETURN || byte === TAB;
