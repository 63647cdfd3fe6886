/** How a route stamps values; every setting of its configuration with its default filled in. What a format has no use for is ignored. */
export interface ValueSettings {
  readonly format: 'json' | 'avro' | 'protobuf';
  /** What stands before the payload: nothing, or Confluent's magic byte and schema ID (Protobuf: and message indexes). */
  readonly wire: 'none' | 'confluent';
  /** Protobuf is always flat. */
  readonly shape: 'flat' | 'envelope';
  /** A name the format allows; ASCII. */
  readonly field: string;
  /** Protobuf: 1 … 2^29 − 1. */
  readonly fieldNumber: number;
  /** Avro: `["null", "long"]` instead of `long`. */
  readonly nullable: boolean;
}
