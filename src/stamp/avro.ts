import { VarintReader } from '../kafka/records/varint.ts';
import type { Cut, ValueFormat } from './cut.ts';
import { writeZigZag } from './id-bytes.ts';
import type { StampId } from './result.ts';

/** The second branch of `["null", "long"]`, zig-zag. */
const LONG_BRANCH = 2;

/**
 * The ID before everything else: a record is its fields in a row, so the same bytes are a record with the ID as first field (flat) and
 * a record of ID and event (envelope). Only a schema can tell bare Avro from noise: nothing is checked here (facts/formats.md §2).
 */
export class AvroFormat implements ValueFormat {
  readonly #nullable: boolean;

  constructor(nullable: boolean) {
    this.#nullable = nullable;
  }

  place(_bytes: Uint8Array, start: number, _end: number, ids: StampId, cut: Cut): undefined {
    const { bytes } = cut.inserted;
    let at = 0;
    if (this.#nullable) bytes[at++] = LONG_BRANCH;
    cut.insertAt(start, writeZigZag(bytes, at, ids));
  }

  read(bytes: Uint8Array, start: number, end: number): bigint | undefined {
    if (this.#nullable && (start >= end || bytes[start++] !== LONG_BRANCH)) return undefined;
    const reader = new VarintReader();
    reader.load(bytes, start, end);
    const id = reader.varlong64();
    return reader.failed || id < 0n ? undefined : id;
  }
}
