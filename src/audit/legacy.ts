import { isUtf8 } from 'node:buffer';
import type { AuditRecord } from './batches.ts';
import { membersOf } from './json-members.ts';
import { fieldsOf, varintAt, type Field } from './tags.ts';
import { prefixOf } from './wire-prefix.ts';

/** Where a route's events have their legacy ID. */
export interface LegacyRule {
  readonly from: 'header' | 'key' | 'field';
  /** Of the header or the field; Protobuf: its number. */
  readonly name: string;
  /** Protobuf: what integers of the field are. */
  readonly integers: 'signed' | 'unsigned' | 'zigzag';
  /** Undefined, and `avro`: fields of it are not read here. */
  readonly format: 'json' | 'avro' | 'protobuf' | undefined;
  readonly wire: 'none' | 'confluent';
}

/** `unknown`: there may be one, and it is not for this program to say. */
export type Legacy = { readonly at: 'here'; readonly text: string } | { readonly at: 'none' | 'unknown' };

const MOST_BYTES = 1_024;
const NONE: Legacy = { at: 'none' };
const UNKNOWN: Legacy = { at: 'unknown' };

/** The legacy ID of an event as the key of its mapping has it, read a second time. PURE. */
export function legacyOf({ key, value, headers }: AuditRecord, rule: LegacyRule): Legacy {
  if (rule.from === 'key') return legacyText(key);
  if (rule.from === 'header')
    return legacyText(headers.findLast(({ name }) => name.toString('utf8') === rule.name)?.value ?? null);
  if (value === null) return NONE;
  if (rule.format === undefined || rule.format === 'avro') return UNKNOWN;
  const prefix = rule.wire === 'confluent' ? prefixOf(value, rule.format) : undefined;
  if (rule.wire === 'confluent' && prefix === undefined) return NONE;
  const payload = value.subarray(prefix?.bytes ?? 0);
  return rule.format === 'json' ? inJson(payload, rule.name) : inProtobuf(payload, rule);
}

/** As the key of a mapping has it, if it may be one. PURE. */
export const legacyText = (bytes: Buffer | null): Legacy =>
  bytes === null || bytes.length === 0 || bytes.length > MOST_BYTES || !isUtf8(bytes)
    ? NONE
    : { at: 'here', text: bytes.toString('utf8') };

function inJson(text: Buffer, name: string): Legacy {
  const members = membersOf(text);
  // A text that is broken within may hold one in front of the break.
  if (members === undefined) return UNKNOWN;
  if (members === 'no object') return NONE;
  const found = members.findLast((one) => one.name === name);
  if (found === undefined) return NONE;
  const bytes = text.subarray(found.start, found.end);
  if (bytes[0] !== 0x22) return /^[-\d]/.test(bytes.toString('latin1')) ? legacyText(bytes) : NONE;
  return bytes.includes(0x5c)
    ? legacyText(Buffer.from(JSON.parse(bytes.toString('utf8')) as string))
    : legacyText(bytes.subarray(1, -1));
}

function inProtobuf(message: Buffer, { name, integers }: LegacyRule): Legacy {
  const field = fieldsOf(message)?.findLast(({ number }) => number === Number(name));
  if (field === undefined) return NONE;
  if (field.wire === 2) return legacyText(message.subarray(field.start, field.end));
  const [raw, bits] = rawOf(message, field);
  if (raw === undefined) return NONE;
  const number =
    integers === 'unsigned'
      ? raw
      : integers === 'signed'
        ? BigInt.asIntN(bits, raw)
        : (raw >> 1n) ^ -(raw & 1n);
  return { at: 'here', text: String(number) };
}

function rawOf(message: Buffer, { wire, start }: Field): readonly [bigint | undefined, number] {
  if (wire === 0) return [BigInt.asUintN(64, varintAt(message, start)!.value), 64];
  if (wire === 1) return [message.readBigUInt64LE(start), 64];
  return wire === 5 ? [BigInt(message.readUInt32LE(start)), 32] : [undefined, 0];
}
