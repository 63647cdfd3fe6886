/**
 * What the offset commit of one input partition carries along (data-path rule 9): the last ID given in it and the
 * offset of the record that bears it in the output partition. Text form `v1:<lastId>:<outputOffset>`, inside the
 * same transaction as the outputs, so that whoever owns the partition next mints above it (P2).
 */
export interface Carried {
  /** 0 when no record of this partition was ever stamped. */
  readonly lastId: bigint;
  /** −1 when the partition's output holds nothing of ours yet. */
  readonly outputOffset: number;
}

export const NOTHING_CARRIED: Carried = { lastId: 0n, outputOffset: -1 };

const FORM = /^v1:(\d{1,19}):(-1|\d{1,16})$/;
const MAX_ID = 2n ** 63n - 1n;

export const formatCarried = ({ lastId, outputOffset }: Carried): string => `v1:${lastId}:${outputOffset}`;

/** Undefined when the metadata is absent or not ours: the floor must then come from the output's tail. */
export function parseCarried(metadata: string | null): Carried | undefined {
  const match = metadata === null ? null : FORM.exec(metadata);
  if (match === null) return undefined;
  const lastId = BigInt(match[1]!);
  const outputOffset = Number(match[2]);
  return lastId <= MAX_ID && Number.isSafeInteger(outputOffset) ? { lastId, outputOffset } : undefined;
}
