import { markBytes, membersOf, passSpace } from './json-members.ts';
import { idIn, type ValueRule } from './rule.ts';
import { fieldsOf, varintAt } from './tags.ts';

/** Where a payload takes its ID: what stays before, what is written around the ID, what stays behind. */
export interface Form {
  readonly before: Buffer;
  readonly lead: Buffer;
  readonly trail: Buffer;
  readonly after: Buffer;
  /** It held an ID already. */
  readonly replaces: boolean;
  /** The bytes allow the route to leave it unstamped as well: a text that is broken somewhere inside. */
  readonly doubtful: boolean;
}

const NONE = Buffer.alloc(0);
const ascii = (text: string): Buffer => Buffer.from(text, 'latin1');
const plain = { lead: NONE, trail: NONE, after: NONE, replaces: false, doubtful: false };

/** How a payload is stamped, or in words why it cannot be. PURE. */
export function formOf(payload: Buffer, rule: ValueRule): Form | string {
  if (rule.format === 'avro')
    return { ...plain, before: NONE, lead: rule.nullable ? Buffer.from([2]) : NONE, after: payload };
  if (rule.format === 'json') return rule.shape === 'flat' ? member(payload, rule) : envelope(payload, rule);
  const fields = fieldsOf(payload);
  if (fields === undefined) return 'its fields do not end where the message ends';
  if (fields.some(({ wire }) => wire === 3 || wire === 4)) return 'it holds a group';
  const ours = fields.filter(({ number }) => number === rule.fieldNumber);
  if (ours.some(({ wire }) => wire !== 1)) return `field ${rule.fieldNumber} is of another type`;
  return { ...plain, before: payload, lead: tagOf(rule.fieldNumber), replaces: ours.length > 0 };
}

function tagOf(fieldNumber: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(fieldNumber) * 8n + 1n;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) + 128);
  return Buffer.from([...bytes, Number(rest)]);
}

function member(text: Buffer, { field }: ValueRule): Form | string {
  const members = membersOf(text);
  if (members === 'no object') return 'it is no JSON object';
  const named = members?.filter(({ name }) => name === field) ?? [];
  if (named.length > 1) return `it has ${named.length} members named ${field}`;
  const [there] = named;
  if (there !== undefined) {
    const [before, after] = [text.subarray(0, there.start), text.subarray(there.end)];
    return { ...plain, before, lead: ascii('"'), trail: ascii('"'), after, replaces: true };
  }
  const open = passSpace(text, markBytes(text));
  const next = passSpace(text, open + 1);
  let last = text.length - 1;
  while (last > open && passSpace(text, last) > last) last--;
  if (text[open] !== 0x7b || last <= open || text[last] !== 0x7d || (next !== last && text[next] !== 0x22))
    return 'it is no JSON object';
  return {
    ...plain,
    before: text.subarray(0, open + 1),
    lead: ascii(`"${field}":"`),
    trail: ascii(next === last ? '"' : '",'),
    after: text.subarray(open + 1),
    doubtful: members === undefined,
  };
}

function envelope(text: Buffer, { field }: ValueRule): Form | string {
  if (membersOf(text) === undefined) return 'it is no JSON text';
  const mark = markBytes(text);
  return {
    ...plain,
    before: text.subarray(0, mark),
    lead: ascii(`{"${field}":"`),
    trail: ascii('","event":'),
    after: Buffer.concat([text.subarray(mark), ascii('}')]),
  };
}

/** An ID as the format writes it. PURE. */
export function idBytes(id: bigint, format: ValueRule['format']): Buffer {
  if (format === 'json') return ascii(String(id));
  if (format === 'protobuf') {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(id);
    return bytes;
  }
  const bytes: number[] = [];
  let rest = id * 2n;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) + 128);
  return Buffer.from([...bytes, Number(rest)]);
}

/** The ID written at `at`; undefined when there is none. PURE. */
export function idAt(bytes: Buffer, at: number, format: ValueRule['format']): bigint | undefined {
  if (at > bytes.length) return undefined;
  if (format === 'json') return idIn(/^\d*/.exec(bytes.toString('latin1', at, at + 20))![0]);
  if (format === 'protobuf') {
    const id = at + 8 <= bytes.length ? bytes.readBigInt64LE(at) : -1n;
    return id < 0n ? undefined : id;
  }
  const read = varintAt(bytes, at);
  return read === undefined || (read.value & 1n) === 1n || read.value >= 2n ** 64n
    ? undefined
    : read.value >> 1n;
}

/** The ID a reader of the stamped topic finds in a payload, knowing nothing of the original. PURE. */
export function idWithin(payload: Buffer, rule: ValueRule): bigint | undefined {
  const { format, field, fieldNumber, nullable } = rule;
  if (format === 'avro')
    return nullable && payload[0] !== 2 ? undefined : idAt(payload, nullable ? 1 : 0, format);
  if (format === 'protobuf') {
    const ours = fieldsOf(payload)?.findLast(({ number }) => number === fieldNumber);
    return ours?.wire === 1 ? idAt(payload, ours.start, format) : undefined;
  }
  const members = membersOf(payload);
  if (members === 'no object') return undefined;
  if (members === undefined) {
    // Broken before it was stamped, or since: what stands in front is read all the same.
    const lead = ascii(`{"${field}":"`);
    const at = passSpace(payload, markBytes(payload));
    return payload.subarray(at, at + lead.length).equals(lead)
      ? idAt(payload, at + lead.length, format)
      : undefined;
  }
  const ours = members.findLast(({ name }) => name === field);
  if (ours === undefined || payload[ours.start] !== 0x22) return undefined;
  return idIn(payload.toString('latin1', ours.start + 1, ours.end - 1));
}
