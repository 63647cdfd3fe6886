import type { AuditRecord, Header } from './batches.ts';
import { bytesDiffer, headersDiffer } from './bytes-differ.ts';
import { idIn, type StampRule, type ValueRule } from './rule.ts';
import { compareValues, outlookOf, valueIdOf, type Outlook, type SchemaStep } from './values.ts';

export interface Comparison {
  /** First difference in words; undefined when the output is the input plus a stamp. */
  readonly difference: string | undefined;
  /** Where the ID stands; `kept`: the record had one and the route leaves those: P1 and P2 are given up for it alone (rule 10). */
  readonly as: 'header' | 'value' | 'kept';
  /** `header` although the route stamps values and this is one. */
  readonly headerOnly: boolean;
  /** What the topics alone cannot say about it. */
  readonly doubt: string | undefined;
  readonly step: SchemaStep | undefined;
}

const isNamed = ({ name }: Header, wanted: string): boolean => name.toString('utf8') === wanted;
/** Its schema is named in a header, so that the value cannot get another one. */
const SCHEMA_HEADER = '__value_schema_id';
const certain = { headerOnly: false, doubt: undefined, step: undefined };

/** P4: key, value, timestamp and headers left as they came, but for the stamp. PURE. */
export function compareRecords(input: AuditRecord, output: AuditRecord, rule: StampRule): Comparison {
  const had = input.headers.some((header) => isNamed(header, rule.header));
  const { value, existing } = rule;
  if (had && existing === 'keep') return asItCame(input, output);
  const rejected = {
    ...certain,
    as: 'header',
    difference: 'it had an ID, and the route rejects those',
  } as const;
  if (had && existing === 'reject') return rejected;
  if (value === undefined || input.value === null) return inHeader(input, output, rule);
  const outlook: Outlook = input.headers.some((header) => isNamed(header, SCHEMA_HEADER))
    ? { at: 'refused', why: `its schema is named in the header ${SCHEMA_HEADER}` }
    : outlookOf(input.value, value);
  const stamped = output.headers.at(-1);
  const hasHeader = stamped !== undefined && isNamed(stamped, rule.header);
  if (hasHeader && value.orHeader) return headerOnly(input, output, rule, outlook);
  if (outlook.at === 'refused')
    return { ...certain, as: 'value', difference: `value: cannot be stamped: ${outlook.why}` };
  if (outlook.form.replaces && existing === 'keep') return asItCame(input, output);
  if (outlook.form.replaces && existing === 'reject') return rejected;
  return inValue(input, output, rule, value, outlook);
}

const asItCame = (input: AuditRecord, output: AuditRecord): Comparison => ({
  ...certain,
  as: 'kept',
  difference:
    timesDiffer(input, output) ??
    bytesDiffer('key', input.key, output.key) ??
    bytesDiffer('value', input.value, output.value) ??
    headersDiffer(input.headers, output.headers),
});

function inHeader(input: AuditRecord, output: AuditRecord, { header }: StampRule): Comparison {
  const stamp = output.headers.at(-1);
  const as = 'header';
  if (stamp === undefined || !isNamed(stamp, header))
    return { ...certain, as, difference: `the last header is not ${header}` };
  const text = stamp.value?.toString('latin1') ?? '';
  if (idIn(text) === undefined)
    return { ...certain, as, difference: `${header} is no ID: ${JSON.stringify(text)}` };
  return {
    ...certain,
    as,
    difference:
      timesDiffer(input, output) ??
      bytesDiffer('key', input.key, output.key) ??
      bytesDiffer('value', input.value, output.value) ??
      headersDiffer(without(input, header), output.headers.slice(0, -1)),
  };
}

/** `onError: header`: right only where the value could not be stamped. */
function headerOnly(input: AuditRecord, output: AuditRecord, rule: StampRule, outlook: Outlook): Comparison {
  const plain = { ...inHeader(input, output, rule), headerOnly: true };
  if (plain.difference !== undefined || outlook.at === 'refused' || outlook.form.doubtful) return plain;
  if (outlook.prefix !== undefined)
    return {
      ...plain,
      doubt: `the ID stands in the header: whether schema ${outlook.prefix.schemaId} could be stamped is not known`,
    };
  return { ...plain, difference: 'the ID stands in the header, although the value can be stamped' };
}

function inValue(
  input: AuditRecord,
  output: AuditRecord,
  rule: StampRule,
  value: ValueRule,
  outlook: Extract<Outlook, { at: 'stampable' }>,
): Comparison {
  const { difference, step } = compareValues(input.value!, output.value, outlook, value);
  return {
    ...certain,
    as: 'value',
    step,
    difference:
      timesDiffer(input, output) ??
      bytesDiffer('key', input.key, output.key) ??
      difference ??
      headersDiffer(without(input, rule.header), output.headers),
  };
}

const without = ({ headers }: AuditRecord, name: string): Header[] =>
  headers.filter((header) => !isNamed(header, name));

const timesDiffer = (input: AuditRecord, output: AuditRecord): string | undefined =>
  input.timestamp === output.timestamp
    ? undefined
    : `timestamp ${input.timestamp} became ${output.timestamp}`;

/** The ID a record of the output carries: in its last header, else where the route has it in the value. PURE. */
export function stampOf({ headers, value }: AuditRecord, rule: StampRule): bigint | undefined {
  const last = headers.at(-1);
  if (last !== undefined && isNamed(last, rule.header)) return idIn(last.value?.toString('latin1') ?? '');
  return rule.value === undefined ? undefined : valueIdOf(value, rule.value);
}
