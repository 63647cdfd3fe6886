import { bytesDiffer, byteAt } from './bytes-differ.ts';
import { formOf, idAt, idBytes, idWithin, type Form } from './forms.ts';
import type { ValueRule } from './rule.ts';
import { prefixOf, type Prefix } from './wire-prefix.ts';

/** Whose schema a stamped value says it has, and whose it had. */
export interface SchemaStep {
  readonly from: number;
  readonly to: number;
  readonly messagePath: string;
}

/** What an honest writer does with a value. */
export type Outlook =
  | { readonly at: 'stampable'; readonly form: Form; readonly prefix: Prefix | undefined }
  /** No value stamp fits; the ID may stand in the header where the route has it so. */
  | { readonly at: 'refused'; readonly why: string };

/** PURE. */
export function outlookOf(value: Buffer, rule: ValueRule): Outlook {
  const prefix = rule.wire === 'confluent' ? prefixOf(value, rule.format) : undefined;
  if (rule.wire === 'confluent' && prefix === undefined)
    return { at: 'refused', why: 'it has no wire prefix' };
  const form = formOf(value.subarray(prefix?.bytes ?? 0), rule);
  return typeof form === 'string' ? { at: 'refused', why: form } : { at: 'stampable', form, prefix };
}

export interface ValueComparison {
  readonly difference: string | undefined;
  readonly id: bigint | undefined;
  readonly step: SchemaStep | undefined;
}

/** P4 for a stamped value: the original, the ID where the route has it, and not a byte besides. PURE. */
export function compareValues(
  value: Buffer,
  found: Buffer | null,
  { form, prefix }: Extract<Outlook, { at: 'stampable' }>,
  rule: ValueRule,
): ValueComparison {
  const none = { id: undefined, step: undefined };
  if (found === null) return { ...none, difference: `value: ${value.length} bytes became null` };
  let head = value.subarray(0, prefix?.bytes ?? 0);
  let step: SchemaStep | undefined;
  if (prefix !== undefined) {
    const now = prefixOf(found, rule.format);
    if (now !== undefined) {
      // Which ID is right is not for the bytes to say.
      head = Buffer.from(head);
      head.writeInt32BE(now.schemaId, 1);
      step = { from: prefix.schemaId, to: now.schemaId, messagePath: prefix.messagePath };
    }
  }
  const begin = Buffer.concat([head, form.before, form.lead]);
  const difference = bytesDiffer('value', begin, found.subarray(0, begin.length));
  if (difference !== undefined) return { ...none, difference: sized(difference, value, found) };
  const id = idAt(found, begin.length, rule.format);
  if (id === undefined)
    return {
      ...none,
      difference: sized(
        `value: byte ${begin.length} expected an ID, found ${byteAt(found, begin.length)}`,
        value,
        found,
      ),
    };
  const wanted = Buffer.concat([begin, idBytes(id, rule.format), form.trail, form.after]);
  return { difference: bytesDiffer('value', wanted, found), id, step };
}

const sized = (difference: string, value: Buffer, found: Buffer): string =>
  difference.includes(' bytes became ')
    ? difference
    : `${difference}, ${value.length} bytes became ${found.length}`;

/** The ID in a stamped value, as its readers find it. PURE. */
export function valueIdOf(value: Buffer | null, rule: ValueRule): bigint | undefined {
  if (value === null) return undefined;
  const prefix = rule.wire === 'confluent' ? prefixOf(value, rule.format) : undefined;
  if (rule.wire === 'confluent' && prefix === undefined) return undefined;
  return idWithin(value.subarray(prefix?.bytes ?? 0), rule);
}
