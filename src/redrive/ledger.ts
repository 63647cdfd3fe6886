import { Buffer } from 'node:buffer';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** Brokers keep no more with an offset (offset.metadata.max.bytes). */
const METADATA_BYTES = 4_096;
/** Nobody keeps more letters back in one partition; a commit that says so is not ours. */
const MOST_SPAN = 2 ** 24;

const FORM = /^r1:([0-9a-z]{1,8}):([A-Za-z0-9+/]*={0,2})$/;

/**
 * Which letters of one partition were dealt with: all below `walked` but those kept back, because a filter left them out or their topic
 * refused them. It is committed with the group's offset, so whoever runs next resubmits each letter once, whatever it filters by. PURE.
 *
 * Offset: the first letter not dealt with. Metadata: `r1:<how many offsets on was walked to>:<those kept back>`, a bit per offset, deflated.
 */
export class Ledger {
  readonly walked: number;
  readonly #keptBack: ReadonlySet<number>;

  constructor(walked: number, keptBack: ReadonlySet<number> = new Set()) {
    this.walked = walked;
    this.#keptBack = keptBack;
  }

  /** The ledger of a commit; metadata of somebody else's leaves only the offset. */
  static read(offset: number, metadata: string | null): Ledger {
    const match = FORM.exec(metadata ?? '');
    const span = match === null ? 0 : Number.parseInt(match[1]!, 36);
    if (match === null || span > MOST_SPAN) return new Ledger(offset);
    const bits = inflated(match[2]!, Math.ceil(span / 8));
    if (bits === undefined) return new Ledger(offset);
    const keptBack = new Set<number>();
    for (let i = 0; i < span; i++) if ((bits[i >> 3]! & (1 << (i & 7))) !== 0) keptBack.add(offset + i);
    return new Ledger(offset + span, keptBack);
  }

  isDue(offset: number): boolean {
    return offset >= this.walked || this.#keptBack.has(offset);
  }

  /** The first letter not dealt with. */
  get offset(): number {
    let first = this.walked;
    for (const kept of this.#keptBack) if (kept < first) first = kept;
    return first;
  }

  /** After `dealt` were resubmitted and `keptBack` were not, all of them due, and nothing else is due below `walked`. */
  after(dealt: readonly number[], keptBack: readonly number[], walked: number): Ledger {
    const left = new Set(this.#keptBack);
    for (const offset of dealt) left.delete(offset);
    for (const offset of keptBack) left.add(offset);
    return new Ledger(Math.max(this.walked, walked), left);
  }

  /** Letters that retention deleted since are not due any more. */
  from(start: number): Ledger {
    return new Ledger(
      Math.max(this.walked, start),
      new Set([...this.#keptBack].filter((offset) => offset >= start)),
    );
  }

  /** Undefined when brokers would not keep it: too many letters lie behind the first one kept back. */
  metadata(): string | undefined {
    const { offset, walked } = this;
    const span = walked - offset;
    if (span > MOST_SPAN) return undefined;
    const bits = new Uint8Array(Math.ceil(span / 8));
    for (const kept of this.#keptBack) bits[(kept - offset) >> 3]! |= 1 << ((kept - offset) & 7);
    const text = `r1:${span.toString(36)}:${Buffer.from(deflateRawSync(bits)).toString('base64')}`;
    return text.length <= METADATA_BYTES ? text : undefined;
  }
}

function inflated(base64: string, length: number): Uint8Array | undefined {
  try {
    const bits = inflateRawSync(Buffer.from(base64, 'base64'), { maxOutputLength: length + 1 });
    return bits.length === length ? bits : undefined;
  } catch {
    return undefined;
  }
}
