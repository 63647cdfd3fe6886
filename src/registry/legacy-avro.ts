import { avroFieldOf, type AvroField, type AvroShape } from './avro-types.ts';
import type { FetchedSchema } from './port.ts';

/** Unions and records within each other; no event is nested as deep, and a schema can be without end. */
const MOST_DEPTH = 100;
const ID_TYPES: ReadonlySet<string> = new Set(['string', 'int', 'long', 'abstract:long']);

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * How the legacy ID is read from events of a schema; undefined when its events have none: the field is not there, or is something else
 * than a string, int, long, or a union of those and null. Strings as they are, integers by their digits. Never throws, and takes time
 * linear in the event's length whatever its bytes are: avsc's own projection does not (a forged count has it loop for hours).
 * @throws Error what avsc has against the schema
 */
export function legacyReader(
  { text, referenced }: Pick<FetchedSchema, 'text' | 'referenced'>,
  name: string,
): ((payload: Uint8Array) => string | undefined) | undefined {
  const field = avroFieldOf(text, referenced, name);
  if (field?.types.every((type) => type === 'null' || ID_TYPES.has(type)) !== true) return undefined;
  const walk = new Walk();
  return (payload) => (walk.reach(payload, field) ? walk.id(field.shape) : undefined);
}

/** Goes through one event's bytes, field by field. */
class Walk {
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;

  /** False when the event ends before the field, or is none of this schema. */
  reach(bytes: Uint8Array, { before }: AvroField): boolean {
    this.#bytes = bytes;
    this.#at = 0;
    for (const shape of before) if (!this.#pass(shape, 0)) return false;
    return true;
  }

  id(shape: AvroShape): string | undefined {
    if (shape.kind === 'union') {
      const branch = this.#branch(shape.branches);
      return branch === undefined ? undefined : this.id(branch);
    }
    if (shape.kind === 'varint') return this.#digits();
    if (shape.kind !== 'bytes') return undefined;
    const length = this.#number();
    if (length === undefined || !this.#skip(length)) return undefined;
    try {
      return decoder.decode(this.#bytes.subarray(this.#at - length, this.#at));
    } catch {
      return undefined; // no UTF-8
    }
  }

  #pass(shape: AvroShape, depth: number): boolean {
    if (depth > MOST_DEPTH) return false;
    switch (shape.kind) {
      case 'varint':
        return this.#number() !== undefined;
      case 'bytes':
        return this.#skip(this.#number());
      case 'fixed':
        return this.#skip(shape.size);
      case 'row':
        return this.#passAll(shape.parts, depth + 1);
      case 'union': {
        const branch = this.#branch(shape.branches);
        return branch !== undefined && this.#pass(branch, depth + 1);
      }
      case 'blocks':
        return this.#blocks(shape.item, depth + 1);
    }
  }

  #passAll(shapes: readonly AvroShape[], depth: number): boolean {
    for (const shape of shapes) if (!this.#pass(shape, depth)) return false;
    return true;
  }

  /** Blocks of items, each behind its count, or behind a negative count and its length in bytes; a count of 0 ends them. */
  #blocks(item: readonly AvroShape[], depth: number): boolean {
    for (;;) {
      let count = this.#number();
      if (count === undefined || count === 0) return count === 0;
      if (count < 0) {
        if (!this.#skip(this.#number())) return false;
        continue;
      }
      for (; count > 0; count--) {
        const before = this.#at;
        if (!this.#passAll(item, depth)) return false;
        if (this.#at === before) break; // items without bytes: the rest are too
      }
    }
  }

  #branch(branches: readonly AvroShape[]): AvroShape | undefined {
    const index = this.#number();
    return index === undefined ? undefined : branches[index];
  }

  #skip(length: number | undefined): boolean {
    if (length === undefined || length < 0 || length > this.#bytes.length - this.#at) return false;
    this.#at += length;
    return true;
  }

  /** A zig-zag varint; rounded beyond 2^53, where no length or count can lie. */
  #number(): number | undefined {
    let value = 0;
    let isOdd = false;
    for (let i = 0, scale = 1; i < 10; i++, scale *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) return undefined;
      if (i === 0) isOdd = (byte & 1) === 1;
      value += (byte & 127) * scale;
      if (byte < 128) return isOdd ? -(value + 1) / 2 : value / 2;
    }
    return undefined;
  }

  #digits(): string | undefined {
    const start = this.#at;
    if (this.#number() === undefined) return undefined;
    let raw = 0n;
    for (let at = start, shift = 0n; at < this.#at; at++, shift += 7n)
      raw |= BigInt(this.#bytes[at]! & 127) << shift;
    raw = BigInt.asUintN(64, raw);
    return String((raw >> 1n) ^ -(raw & 1n));
  }
}
