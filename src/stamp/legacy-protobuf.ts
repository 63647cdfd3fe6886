import type { Bytes } from '../kafka/records/copy.ts';
import type { LegacyId } from './legacy-id.ts';

/** How the integers of a field are meant; the bytes do not say. */
export type IntegerKind = 'signed' | 'unsigned' | 'zigzag';

const MOST_DEPTH = 100;

/**
 * Field `number` of the Protobuf message in `start` … `end`, found by its tag alone: a string's text, an integer's digits. Of a field
 * that comes more than once the last counts, as the specification has it. False when it is not there, or what is there is no message.
 * Never throws.
 */
export function legacyInProtobuf(
  source: Bytes,
  start: number,
  end: number,
  field: { readonly number: number; readonly kind: IntegerKind },
  id: LegacyId,
): boolean {
  const scan = new TagScan(source.bytes, start, end);
  let type = -1;
  let [from, to] = [0, 0];
  while (scan.next()) {
    if (scan.number !== field.number) continue;
    type = scan.type;
    [from, to] = [scan.valueStart, scan.at];
  }
  if (scan.failed || type < 0) return false;
  if (type === 2) return id.take(source, from, to);
  if (type === 0) return id.spell(String(meant(varint(source.bytes, from, to), 64, field.kind)));
  if (type === 1) return id.spell(String(meant(source.view.getBigUint64(from, true), 64, field.kind)));
  return type === 5 && id.spell(String(meant(BigInt(source.view.getUint32(from, true)), 32, field.kind)));
}

function meant(raw: bigint, bits: number, kind: IntegerKind): bigint {
  if (kind === 'unsigned') return raw;
  return kind === 'signed' ? BigInt.asIntN(bits, raw) : (raw >> 1n) ^ -(raw & 1n);
}

function varint(bytes: Uint8Array, from: number, to: number): bigint {
  let value = 0n;
  for (let at = from, shift = 0n; at < to; at++, shift += 7n) value |= BigInt(bytes[at]! & 127) << shift;
  return BigInt.asUintN(64, value);
}

/** The fields of one message, one after another. */
class TagScan {
  at: number;
  /** It is no message. */
  failed = false;
  number = 0;
  type = 0;
  /** Of a length-delimited field: behind the length. */
  valueStart = 0;
  readonly #bytes: Uint8Array;
  readonly #end: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.at = start;
    this.#end = end;
  }

  next(): boolean {
    if (this.at >= this.#end) return false;
    this.failed = !this.#field(this.at, 0);
    return !this.failed;
  }

  /** Reads the field at `at` and moves behind it; a group with all it holds. */
  #field(from: number, depth: number): boolean {
    const tag = this.#number(from);
    if (tag === undefined || tag.value < 8 || tag.value >= 2 ** 32) return false;
    this.number = Math.floor(tag.value / 8);
    this.type = tag.value % 8;
    this.valueStart = tag.behind;
    const behind = this.#behind(tag.behind, depth);
    if (behind < 0 || behind > this.#end) return false;
    this.at = behind;
    return true;
  }

  #behind(from: number, depth: number): number {
    switch (this.type) {
      case 0:
        return this.#number(from)?.behind ?? -1;
      case 1:
        return from + 8;
      case 2: {
        const length = this.#number(from);
        if (length === undefined) return -1;
        this.valueStart = length.behind;
        return length.behind + length.value;
      }
      case 3:
        return depth < MOST_DEPTH ? this.#group(from, this.number, depth) : -1;
      case 5:
        return from + 4;
      default:
        return -1;
    }
  }

  #group(from: number, number: number, depth: number): number {
    let at = from;
    while (at < this.#end) {
      const tag = this.#number(at);
      if (tag?.value === number * 8 + 4) {
        this.number = number;
        this.type = 3;
        return tag.behind;
      }
      if (!this.#field(at, depth + 1)) return -1;
      at = this.at;
    }
    return -1;
  }

  /** A varint of at most ten bytes; rounded beyond 2^53, where no tag or length can lie. */
  #number(from: number): { readonly value: number; readonly behind: number } | undefined {
    let value = 0;
    let scale = 1;
    for (let at = from; at < this.#end && at < from + 10; at++, scale *= 128) {
      const byte = this.#bytes[at]!;
      value += (byte & 127) * scale;
      if (byte < 128) return { value, behind: at + 1 };
    }
    return undefined;
  }
}
