/**
 * What an ID is: 1 sign bit (always 0) | timestamp | datacenter | worker | sequence. One layout and one epoch per
 * domain, pinned in its record in etcd (P1); a layout that differs between two workers voids every promise.
 */
export interface Layout {
  /** 31 … 50. */
  readonly timestampBits: number;
  /** 0 or more; datacenter and worker together are the node. */
  readonly datacenterBits: number;
  readonly workerBits: number;
  /** 1 … 22. Node and sequence together fill at most 32 bits. */
  readonly sequenceBits: number;
  /** The zero of the timestamp field. Unix ms. */
  readonly epochMs: number;
}

export const DEFAULT_LAYOUT: Layout = {
  timestampBits: 41,
  datacenterBits: 5,
  workerBits: 5,
  sequenceBits: 12,
  epochMs: Date.UTC(2024, 0, 1),
};

/** The latest epoch whose widest timestamp field still ends within what a Date can hold. */
const MAX_EPOCH_MS = 8.64e15 - 2 ** 50;
const MS_PER_YEAR = 365.25 * 86_400_000;

/** Every reason why this layout cannot be used, one sentence each with field, value and remedy; empty when it can. */
export function layoutMistakes(layout: Layout): string[] {
  const { timestampBits, datacenterBits, workerBits, sequenceBits, epochMs } = layout;
  const mistakes: string[] = [];
  const within = (field: string, value: number, min: number, max: number, remedy: string): void => {
    if (Number.isInteger(value) && value >= min && value <= max) return;
    mistakes.push(`${field} is ${value}: use a whole number from ${min} to ${max}${remedy}`);
  };
  within('timestampBits', timestampBits, 31, 50, '; 41 lasts 69 years');
  within('datacenterBits', datacenterBits, 0, 31, '; 0 for a single datacenter');
  within('workerBits', workerBits, 0, 31, '; 0 for a single worker per datacenter');
  within('sequenceBits', sequenceBits, 1, 22, '; 12 gives 4096 IDs a millisecond');
  within('epochMs', epochMs, 0, MAX_EPOCH_MS, ', Unix milliseconds; 1704067200000 is 2024-01-01T00:00:00Z');
  if (mistakes.length > 0) return mistakes;

  const below = shiftOf(layout);
  if (timestampBits + below !== 63) {
    mistakes.push(
      `timestampBits + datacenterBits + workerBits + sequenceBits is ${timestampBits + below}: ` +
        'make them add up to 63, the sign bit stays 0',
    );
  }
  if (below > 32) {
    mistakes.push(
      `datacenterBits + workerBits + sequenceBits is ${below}: take bits away until it is 32 or less, ` +
        'and give them to timestampBits',
    );
  }
  return mistakes;
}

/** The mistake of an epoch ahead of the clock, under which every timestamp would be negative. */
export function epochInFuture(layout: Layout, nowMs: number): string | undefined {
  if (layout.epochMs <= nowMs) return undefined;
  return `epochMs is ${layout.epochMs}, after the present ${nowMs}: choose an epoch in the past, or set the clock right`;
}

/** Bits below the timestamp: 13 … 32 in a layout without mistakes. */
export function shiftOf(layout: Layout): number {
  return layout.datacenterBits + layout.workerBits + layout.sequenceBits;
}

/** IDs one node has for one millisecond. */
export function idsPerMs(layout: Layout): number {
  return 2 ** layout.sequenceBits;
}

/** How many nodes a domain has: nodes are 0 … this − 1. */
export function nodeCount(layout: Layout): number {
  return 2 ** (layout.datacenterBits + layout.workerBits);
}

/** The whole node number, or undefined when either part does not fit: it would bleed into another worker's IDs (P1). */
export function nodeOf(layout: Layout, datacenter: number, worker: number): number | undefined {
  const fits = (value: number, bits: number): boolean =>
    Number.isInteger(value) && value >= 0 && value < 2 ** bits;
  if (!fits(datacenter, layout.datacenterBits) || !fits(worker, layout.workerBits)) return undefined;
  return datacenter * 2 ** layout.workerBits + worker;
}

/** The last timestamp the field can hold, itself usable. Unix ms. */
export function maxTimestampMs(layout: Layout): number {
  return layout.epochMs + 2 ** layout.timestampBits - 1;
}

/** Years of 365.25 days until the timestamp field is full; negative once it is. */
export function yearsLeft(layout: Layout, nowMs: number): number {
  return (maxTimestampMs(layout) - nowMs) / MS_PER_YEAR;
}

export interface IdParts {
  /** Unix ms. */
  readonly timestampMs: number;
  readonly node: number;
  readonly sequence: number;
}

/**
 * The plain definition of an ID, which `IdCursor` and `fillBigEndian` are tested against; for edges, it allocates.
 * The parts must fit the layout: nothing is masked.
 */
export function compose(layout: Layout, { timestampMs, node, sequence }: IdParts): bigint {
  const timestamp = BigInt(timestampMs - layout.epochMs) << BigInt(shiftOf(layout));
  return timestamp | (BigInt(node) << BigInt(layout.sequenceBits)) | BigInt(sequence);
}

export type Decoded =
  | (IdParts & {
      readonly ok: true;
      /** `timestampMs` as ISO 8601 in UTC. */
      readonly iso: string;
      readonly datacenter: number;
      readonly worker: number;
    })
  | { readonly ok: false; readonly refused: 'negative' | 'too-large' };

/** The fields of an ID. `too-large`: more than 63 bits. */
export function decode(layout: Layout, id: bigint): Decoded {
  if (id < 0n) return { ok: false, refused: 'negative' };
  if (id >= 2n ** 63n) return { ok: false, refused: 'too-large' };
  const field = (shift: number, bits: number): number => Number(BigInt.asUintN(bits, id >> BigInt(shift)));
  const { timestampBits, datacenterBits, workerBits, sequenceBits, epochMs } = layout;
  const timestampMs = epochMs + field(shiftOf(layout), timestampBits);
  return {
    ok: true,
    timestampMs,
    iso: new Date(timestampMs).toISOString(),
    datacenter: field(workerBits + sequenceBits, datacenterBits),
    worker: field(sequenceBits, workerBits),
    node: field(sequenceBits, datacenterBits + workerBits),
    sequence: field(0, sequenceBits),
  };
}

export type ParsedId =
  | { readonly ok: true; readonly id: bigint }
  | { readonly ok: false; readonly refused: 'not-an-id' | 'too-large' };

/**
 * Reads an ID as people have it: decimal (`-` is read too, so that `decode` can say what is wrong with it), hexadecimal
 * after `0x`, or the sixteen hexadecimal digits of the big-endian bytes. Sixteen *decimal* digits without a leading zero
 * are taken as decimal, since IDs of a domain's first month look like that; write `0x` to be understood for certain.
 */
export function parseId(text: string): ParsedId {
  if (/^0x[0-9a-f]+$/i.test(text)) {
    return text.length <= 18 ? { ok: true, id: BigInt(text) } : { ok: false, refused: 'too-large' };
  }
  const sixteenHexDigits = /^[0-9a-f]{16}$/i.test(text);
  if (sixteenHexDigits && (text.startsWith('0') || /[a-f]/i.test(text)))
    return { ok: true, id: BigInt(`0x${text}`) };
  if (!/^-?[0-9]+$/.test(text)) return { ok: false, refused: 'not-an-id' };
  // Twenty characters hold every 63-bit number and its sign; longer text is not even converted (P6).
  return text.length <= 20 ? { ok: true, id: BigInt(text) } : { ok: false, refused: 'too-large' };
}
