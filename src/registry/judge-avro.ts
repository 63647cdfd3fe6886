import { avroTypeOf } from './avro-types.ts';
import { differs, eventIn, PROVEN, unreadable, whyOf, type Judge, type JudgedSchemas } from './verdict.ts';

/** Reads both with avsc; what it makes of the event within must be what it makes of the event alone. */
export function avroJudge({ original, stamped, referenced, placement }: JudgedSchemas): Judge {
  const plain = avroTypeOf(original, referenced);
  const with_ = avroTypeOf(stamped, referenced);
  const { field, shape } = placement;
  return (originalBytes, stampedBytes, id) => {
    let before: Buffer;
    try {
      before = plain.toBuffer(plain.fromBuffer(Buffer.from(originalBytes)));
    } catch (error) {
      return unreadable(error);
    }
    try {
      const read = with_.fromBuffer(Buffer.from(stampedBytes)) as Record<string, unknown>;
      const given = read[field];
      const number = typeof given === 'object' && given !== null && 'long' in given ? given.long : given;
      if (number !== id) return differs(`${field} is ${String(number)}`);
      const after = plain.toBuffer(eventIn(read, shape));
      return after.equals(before) ? PROVEN : differs('another field changed');
    } catch (error) {
      return differs(whyOf(error));
    }
  };
}
