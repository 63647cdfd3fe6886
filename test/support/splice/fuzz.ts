import { bookOf, ready, settings, stampOf } from '../../unit/stamp/value-drive.ts';
import { Random } from '../schemas/random.ts';
import { SpliceArena } from './arena.ts';
import { payload, prefixed, type Format } from './inputs.ts';
import { judgeRefusal, judgeStamped } from './judges.ts';

const BATCH = 256;
const OLD_SCHEMA = 7;
const NEW_SCHEMA = 70_001;

export interface FuzzPlan {
  readonly format: Format;
  readonly shape: 'flat' | 'envelope';
  readonly wire: 'none' | 'confluent';
  readonly count: number;
  readonly seed: number;
}

export interface FuzzReport {
  /** How often each end came: `stamped`, a refusal's code, or another result. */
  readonly ends: ReadonlyMap<string, number>;
  /** The first few that are wrong, with the payload. */
  readonly wrong: readonly string[];
}

/** `count` random and damaged payloads through the stamp, each judged. Throws what the stamp throws. */
export function fuzzSplice({ format, shape, wire, count, seed }: FuzzPlan): FuzzReport {
  const random = new Random(seed);
  const book = bookOf({ [OLD_SCHEMA]: ready(NEW_SCHEMA), [`${OLD_SCHEMA}/0`]: ready(NEW_SCHEMA) });
  const arena = new SpliceArena(stampOf(settings({ format, shape, wire }), wire === 'none' ? {} : { book }));
  const ends = new Map<string, number>();
  const wrong: string[] = [];
  for (let done = 0; done < count; done += BATCH) {
    const values = Array.from({ length: Math.min(BATCH, count - done) }, () => {
      const body = payload(format, random);
      return wire === 'none' ? body : prefixed(format, body, OLD_SCHEMA, random);
    });
    const ids = values.map(() => random.id());
    let heard = 0;
    arena.run(
      values,
      (index) => ids[index]!,
      (index, { result, value }) => {
        heard++;
        const end = result === 'refused' ? arena.stamp.refusal!.code : result;
        ends.set(end, (ends.get(end) ?? 0) + 1);
        const fault = judge({ format, shape, wire }, values[index]!, value, end, ids[index]!);
        if (fault !== undefined && wrong.length < 5)
          wrong.push(`${end}: ${fault}: ${Buffer.from(values[index]!).toString('hex')}`);
      },
    );
    if (heard !== values.length) wrong.push(`${values.length - heard} records were never asked about`);
  }
  return { ends, wrong };
}

function judge(
  { format, shape, wire }: Pick<FuzzPlan, 'format' | 'shape' | 'wire'>,
  original: Uint8Array,
  stamped: Uint8Array | undefined,
  end: string,
  id: bigint,
): string | undefined {
  if (wire === 'confluent') {
    if (stamped === undefined) return wrongPrefixEnd(format, original, end);
    const at = prefixBytes(format, original);
    const prefix = Buffer.from(original.subarray(0, at));
    prefix.writeInt32BE(NEW_SCHEMA, 1);
    if (!prefix.equals(stamped.subarray(0, at))) return 'the prefix is not the new schema’s';
    return judgeStamped({
      format,
      shape,
      original: original.subarray(at),
      stamped: stamped.subarray(at),
      id,
    });
  }
  if (end !== 'stamped') return judgeRefusal(format, shape, original, end);
  return judgeStamped({ format, shape, original, stamped: stamped!, id });
}

/** Whole prefixes of our schema must not be refused for the prefix's sake. */
function wrongPrefixEnd(format: Format, original: Uint8Array, end: string): string | undefined {
  const view = Buffer.from(original);
  const whole = view.length >= 5 && view[0] === 0 && view.readInt32BE(1) === OLD_SCHEMA;
  if (!whole || (format === 'protobuf' && view[5] !== 0)) return undefined;
  return judgeRefusal(format, 'flat', original.subarray(prefixBytes(format, original)), end);
}

/** Magic byte and schema ID; the indexes of our schema are the lone 0, or written out as one index 0. */
function prefixBytes(format: Format, original: Uint8Array): number {
  if (format !== 'protobuf') return 5;
  return original[5] === 0 ? 6 : original[5] === 2 && original[6] === 0 ? 7 : 5;
}
