import { copyBytes, Bytes } from '../kafka/records/copy.ts';
import type { Cut, ValueFormat } from './cut.ts';
import { Finder } from './finder.ts';
import { isSpace, JsonScan } from './json-scan.ts';
import type { ValueRefusal } from './refusal.ts';
import type { StampId } from './result.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const ID_TEXT = /^"\d{1,19}"$/;
const encoder = new TextEncoder();
/** What any other spelling of an ASCII name has in it: an escape of a character below U+0100. */
const ESCAPED = encoder.encode('\\u00');
/** First bytes of arrays, strings, numbers and literals. */
const SCALARS = new Set(encoder.encode('["-0123456789tfn'));

/** The array of digits last met, with its view: the ID cursor keeps one array, so this is made once, not per record. */
let shown: Bytes = new Bytes(new Uint8Array(0));

function writeDigits(to: Bytes, at: number, ids: StampId): number {
  if (shown.bytes !== ids.digits) shown = new Bytes(ids.digits);
  copyBytes(shown, ids.start, to, at, ids.end - ids.start);
  return at + ids.end - ids.start;
}

/** The ID as a member before all others, always a decimal string: a number of 64 bits does not survive most readers. */
export class JsonFormat implements ValueFormat {
  /** `"name":"` */
  readonly #member: Bytes;
  readonly #named: Finder;
  readonly #escaped = new Finder(ESCAPED);
  readonly #scan: JsonScan;

  /** `field`: ASCII without quote, backslash or control characters. */
  constructor(field: string) {
    this.#member = new Bytes(encoder.encode(`"${field}":"`));
    this.#named = new Finder(encoder.encode(`"${field}"`));
    this.#scan = new JsonScan(encoder.encode(field));
  }

  /**
   * Begins with `{` and a member or `}`, ends with `}`: what lies between is read only when the name may be in it, spelt either way.
   * A text that is no JSON in the middle stays as broken as it was.
   */
  place(bytes: Uint8Array, start: number, end: number, ids: StampId, cut: Cut): ValueRefusal | undefined {
    const open = passLead(bytes, start, end);
    cut.faultAt = open;
    const fault = whyNoObject(bytes, open, end);
    if (fault !== undefined) return fault;
    let last = end - 1;
    while (isSpace(bytes[last]!)) last--;
    cut.faultAt = last;
    if (last === open || bytes[last] !== CLOSE) return 'VALUE_TRUNCATED';
    let next = open + 1;
    while (isSpace(bytes[next]!)) next++;
    cut.faultAt = next;
    const isEmpty = next === last;
    if (!isEmpty && bytes[next] !== QUOTE) return 'VALUE_NOT_JSON';
    if (this.#named.isWithin(bytes, open, end) || this.#escaped.isWithin(bytes, open, end)) {
      const known = this.#look(bytes, open, end, ids, cut);
      if (known !== 'absent') return known;
    }
    const { inserted } = cut;
    const nameBytes = this.#member.bytes.length;
    copyBytes(this.#member, 0, inserted, 0, nameBytes);
    let length = writeDigits(inserted, nameBytes, ids);
    inserted.bytes[length++] = QUOTE;
    if (!isEmpty) inserted.bytes[length++] = COMMA;
    cut.insertAt(open + 1, length);
    return undefined;
  }

  read(bytes: Uint8Array, start: number, end: number): bigint | undefined {
    return readMember(this.#scan, bytes, passMark(bytes, start, end), end);
  }

  /** Reads all of it. A member of the name that is there once has its value replaced in place; several cannot all be meant. */
  #look(
    bytes: Uint8Array,
    open: number,
    end: number,
    ids: StampId,
    cut: Cut,
  ): ValueRefusal | undefined | 'absent' {
    const scan = this.#scan;
    const fault = scan.run(bytes, open, end);
    cut.faultAt = scan.at;
    if (fault !== undefined) return fault;
    if (scan.members === 0) return 'absent';
    cut.faultAt = scan.valueStart;
    if (scan.members > 1) return 'VALUE_ID_REPEATED';
    const { inserted } = cut;
    inserted.bytes[0] = QUOTE;
    const length = writeDigits(inserted, 1, ids);
    inserted.bytes[length] = QUOTE;
    cut.insertAt(scan.valueStart, length + 1);
    cut.resume = scan.valueEnd;
    cut.replaces = true;
    return undefined;
  }
}

/** `{"name":"…","event":…}` around any JSON text; all of it is read, since a broken one could break out of its envelope. */
export class JsonEnvelopeFormat implements ValueFormat {
  /** `{"name":"` and `","event":` */
  readonly #lead: Bytes;
  readonly #middle = new Bytes(encoder.encode('","event":'));
  readonly #scan = new JsonScan(new Uint8Array(0));
  readonly #members: JsonScan;

  constructor(field: string) {
    this.#lead = new Bytes(encoder.encode(`{"${field}":"`));
    this.#members = new JsonScan(encoder.encode(field));
  }

  place(bytes: Uint8Array, start: number, end: number, ids: StampId, cut: Cut): ValueRefusal | undefined {
    const first = passMark(bytes, start, end);
    cut.faultAt = first;
    if (isWide(bytes, first, end)) return 'VALUE_ENCODING';
    const fault = this.#scan.run(bytes, first, end);
    cut.faultAt = this.#scan.at;
    if (fault !== undefined) return fault;
    const { inserted } = cut;
    copyBytes(this.#lead, 0, inserted, 0, this.#lead.bytes.length);
    const at = writeDigits(inserted, this.#lead.bytes.length, ids);
    copyBytes(this.#middle, 0, inserted, at, this.#middle.bytes.length);
    cut.insertAt(first, at + this.#middle.bytes.length);
    cut.closing = CLOSE;
    return undefined;
  }

  read(bytes: Uint8Array, start: number, end: number): bigint | undefined {
    return readMember(this.#members, bytes, passMark(bytes, start, end), end);
  }
}

/** Behind a byte order mark, which keeps its place. */
const passMark = (bytes: Uint8Array, start: number, end: number): number =>
  end - start >= 3 && bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf
    ? start + 3
    : start;

function passLead(bytes: Uint8Array, start: number, end: number): number {
  let at = passMark(bytes, start, end);
  while (at < end && isSpace(bytes[at]!)) at++;
  return at;
}

/** UTF-16 or UTF-32: its byte order mark, or the zero byte that any ASCII character has in it. */
function isWide(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at < 2) return false;
  const first = bytes[at]!;
  const second = bytes[at + 1]!;
  return (
    first === 0 || second === 0 || (first === 0xfe && second === 0xff) || (first === 0xff && second === 0xfe)
  );
}

function whyNoObject(bytes: Uint8Array, at: number, end: number): ValueRefusal | undefined {
  if (at >= end) return 'VALUE_NOT_JSON';
  if (isWide(bytes, at, end)) return 'VALUE_ENCODING';
  const byte = bytes[at]!;
  if (byte === OPEN) return undefined;
  return SCALARS.has(byte) ? 'VALUE_NOT_AN_OBJECT' : 'VALUE_NOT_JSON';
}

function readMember(scan: JsonScan, bytes: Uint8Array, start: number, end: number): bigint | undefined {
  if (scan.run(bytes, start, end) !== undefined || scan.members !== 1) return undefined;
  const text = new TextDecoder('latin1').decode(bytes.subarray(scan.valueStart, scan.valueEnd));
  return ID_TEXT.test(text) ? BigInt(text.slice(1, -1)) : undefined;
}
