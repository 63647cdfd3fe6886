/** One field of a Protobuf message, by its tag alone. */
export interface Field {
  readonly number: number;
  readonly wire: number;
  /** Of its value: behind the tag, and behind the length where there is one. */
  readonly start: number;
  readonly end: number;
}

/** A varint, and where it ends; undefined when it is cut short or longer than ten bytes. */
export function varintAt(
  bytes: Buffer,
  at: number,
): { readonly value: bigint; readonly end: number } | undefined {
  let value = 0n;
  for (let i = 0; i < 10 && at + i < bytes.length; i++) {
    const byte = bytes[at + i]!;
    value |= BigInt(byte & 127) << BigInt(7 * i);
    if (byte < 128) return { value, end: at + i + 1 };
  }
  return undefined;
}

/** The fields of the top level, which must fill the message; undefined when they do not. A group is one field, `wire` 3. PURE. */
export function fieldsOf(message: Buffer): readonly Field[] | undefined {
  const fields: Field[] = [];
  for (let at = 0; at < message.length;) {
    const field = fieldAt(message, at);
    if (field === undefined) return undefined;
    fields.push(field);
    at = field.wire === 3 ? groupEnd(message, field) : field.end;
    if (at < 0) return undefined;
  }
  return fields;
}

const U32 = 2n ** 32n;

/** A group's `end` is where what it holds begins. */
function fieldAt(message: Buffer, at: number): Field | undefined {
  const tag = varintAt(message, at);
  if (tag === undefined || tag.end - at > 5 || tag.value >= U32 || tag.value < 8n) return undefined;
  const number = Number(tag.value >> 3n);
  const wire = Number(tag.value & 7n);
  let [start, end] = [tag.end, tag.end];
  if (wire === 0) end = varintAt(message, start)?.end ?? Infinity;
  else if (wire === 1) end += 8;
  else if (wire === 5) end += 4;
  else if (wire === 2) {
    const length = varintAt(message, start);
    if (length === undefined || length.end - start > 5 || length.value >= U32 / 2n) return undefined;
    start = length.end;
    end = start + Number(length.value);
  } else if (wire !== 3 && wire !== 4) return undefined;
  return end > message.length ? undefined : { number, wire, start, end };
}

/** Behind the end tag of a group, −1 when there is none. Groups in groups are followed to their ends by counting. */
function groupEnd(message: Buffer, group: Field): number {
  const open = [group.number];
  let at = group.end;
  while (open.length > 0 && at < message.length) {
    const field = fieldAt(message, at);
    if (field === undefined) return -1;
    if (field.wire === 3) open.push(field.number);
    if (field.wire === 4 && open.pop() !== field.number) return -1;
    at = field.end;
  }
  return open.length === 0 ? at : -1;
}
