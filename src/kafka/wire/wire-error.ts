/**
 * Bytes that are not what the schema says (truncated, hostile, another version), or a value its field cannot hold.
 * A RangeError, because every cause is a number outside its range: a length, a count, an offset.
 */
export class WireError extends RangeError {
  constructor(message: string) {
    super(message);
    this.name = 'WireError';
  }
}
