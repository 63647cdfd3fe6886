/** How a route stamps, in the auditor's own words. */
export interface StampRule {
  readonly header: string;
  readonly existing: 'replace' | 'keep' | 'reject';
  /** Undefined: the ID stands in the header. */
  readonly value?: ValueRule | undefined;
}

export interface ValueRule {
  readonly format: 'json' | 'avro' | 'protobuf';
  readonly wire: 'none' | 'confluent';
  readonly shape: 'flat' | 'envelope';
  readonly field: string;
  /** Protobuf. */
  readonly fieldNumber: number;
  /** Avro. */
  readonly nullable: boolean;
  /** A value that cannot be stamped leaves with the ID in the header (`onError: header`). */
  readonly orHeader: boolean;
}

/** The largest ID plus one. */
const IDS = 2n ** 63n;

/** Decimal, without leading zeros, below 2^63; undefined for any other text. */
export const idIn = (text: string): bigint | undefined =>
  /^(?:0|[1-9]\d{0,18})$/.test(text) && BigInt(text) < IDS ? BigInt(text) : undefined;
