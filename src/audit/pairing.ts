import type { AuditRecord } from './batches.ts';
import { compareRecords, stampOf, type Comparison } from './compare.ts';
import { compareLetter } from './letters.ts';
import type { Lookahead } from './lookahead.ts';
import type { StampRule } from './rule.ts';
import type { SchemaStep } from './values.ts';

/** What was found out about one partition. All counts are records. */
export interface PartitionReport {
  readonly route: string;
  readonly partition: number;
  inputs: number;
  stamped: number;
  /** Of these, with the ID in the value. */
  inValue: number;
  /** Of these, with the ID in the header, although the route stamps values: the value allowed none (`onError: header`). */
  headerOnly: number;
  /** Left as they came, with the ID they had. */
  kept: number;
  deadLettered: number;
  /** Inputs below the committed position without an output or a dead letter. */
  missing: number;
  /** Outputs no input accounts for: duplicates, or records of somebody else. */
  extra: number;
  different: number;
  /** IDs not above the one before them in the partition. */
  outOfOrder: number;
  /** Records that could not be paired because their counterpart is gone (retention, compaction); offsets where nothing is committed. */
  unproven: number;
  firstDifference: string | undefined;
}

export const emptyReport = (route: string, partition: number): PartitionReport => ({
  ...{
    route,
    partition,
    inputs: 0,
    stamped: 0,
    inValue: 0,
    headerOnly: 0,
    kept: 0,
    deadLettered: 0,
    missing: 0,
    extra: 0,
    different: 0,
    outOfOrder: 0,
    unproven: 0,
  },
  firstDifference: undefined,
});

export interface PairingParts {
  readonly inputs: Lookahead;
  readonly outputs: Lookahead;
  /** Dead letters by the offset of the input record they hold. */
  readonly letters: ReadonlyMap<number, readonly AuditRecord[]>;
  readonly rule: StampRule;
  /** Counterparts of what was deleted at the other side: passed over and counted as unproven. */
  readonly skip: { readonly inputs: number; readonly outputs: number };
  /** Input records may be gone from the middle (compaction): what has no input is unproven, not extra. */
  readonly inputCompacted: boolean;
  /** Output records likewise: an input without one is unproven, not missing. */
  readonly outputCompacted: boolean;
  /** Told every ID of every visible output, paired or not. */
  readonly seen: (id: bigint) => void;
  /** Told every pair of schemas by which a stamped value and its original are read. */
  readonly schemas: (step: SchemaStep) => void;
  /** Told every stamped record, and its ID; a promise where somebody had to be asked first. */
  readonly mapped: (input: AuditRecord, id: bigint) => Promise<void> | undefined;
  readonly progress: (records: number) => void;
}

/** How far ahead a counterpart is looked for when two records do not match: longer losses are reported record by record. */
const RESYNC = 256;

/** Inputs and outputs of one partition side by side (P2, P3, P4). */
export async function pairPartition(report: PartitionReport, parts: PairingParts): Promise<void> {
  const { inputs, outputs, letters, skip, progress } = parts;
  const order = new Order(report, parts);
  for (let i = 0; i < skip.outputs; i++) await order.pass('unproven');
  for (let i = 0; i < skip.inputs; i++) {
    await inputs.fill(1);
    inputs.shift();
    report.unproven++;
  }
  for (;;) {
    await inputs.fill(1);
    const input = inputs.peek();
    if (input === undefined) break;
    progress(1);
    const letter = letters.get(input.offset);
    if (letter !== undefined) {
      report.inputs++;
      buried(report, input, letter);
      inputs.shift();
      continue;
    }
    await outputs.fill(1);
    await match(report, parts, order, input);
  }
  for (;;) {
    await outputs.fill(1);
    const output = outputs.peek();
    if (output === undefined) return;
    note(report, `output ${output.offset}: no input below the committed position accounts for it`);
    await order.pass(parts.inputCompacted ? 'unproven' : 'extra');
  }
}

/** One input that must have an output. */
async function match(
  report: PartitionReport,
  parts: PairingParts,
  order: Order,
  input: AuditRecord,
): Promise<void> {
  const { inputs, outputs, rule, letters, inputCompacted } = parts;
  const output = outputs.peek();
  const found = output === undefined ? undefined : compareRecords(input, output, rule);
  if (output !== undefined && found?.difference === undefined) {
    const told = accept(report, parts, found!, input, output);
    if (told !== undefined) await told;
    inputs.shift();
    await order.pass('paired', found!.as === 'kept');
    return;
  }
  await Promise.all([inputs.fill(RESYNC), outputs.fill(RESYNC)]);
  const extra = find(
    RESYNC,
    (i) => outputs.peek(i),
    (other) => compareRecords(input, other, rule).difference === undefined,
  );
  const missing =
    output === undefined
      ? -1
      : find(
          RESYNC,
          (i) => inputs.peek(i),
          (other) =>
            !letters.has(other.offset) && compareRecords(other, output, rule).difference === undefined,
        );
  if (extra >= 0 && (missing < 0 || extra <= missing)) {
    note(report, `output ${output!.offset}: no input accounts for it (before input ${input.offset})`);
    for (let i = 0; i < extra; i++) await order.pass(inputCompacted ? 'unproven' : 'extra');
    return;
  }
  report.inputs++;
  inputs.shift();
  if (missing >= 0 || output === undefined) {
    note(report, `input ${input.offset}: has no output and no dead letter`);
    if (parts.outputCompacted) report.unproven++;
    else report.missing++;
    return;
  }
  note(report, `input ${input.offset} and output ${output.offset}: ${found!.difference}`);
  report.different++;
  await order.pass('paired', found!.as === 'kept');
}

/** One output that is its input plus a stamp. */
function accept(
  report: PartitionReport,
  parts: PairingParts,
  { as, headerOnly, doubt, step }: Comparison,
  input: AuditRecord,
  output: AuditRecord,
): Promise<void> | undefined {
  report.inputs++;
  if (as === 'kept') report.kept++;
  else report.stamped++;
  if (as === 'value') report.inValue++;
  if (headerOnly) report.headerOnly++;
  if (step !== undefined) parts.schemas(step);
  const id = as === 'kept' ? undefined : stampOf(output, parts.rule);
  if (doubt !== undefined) {
    note(report, `input ${input.offset} and output ${output.offset}: ${doubt}`);
    report.unproven++;
  }
  return id === undefined ? undefined : parts.mapped(input, id);
}

function buried(report: PartitionReport, input: AuditRecord, letter: readonly AuditRecord[]): void {
  report.deadLettered++;
  if (letter.length > 1) {
    note(report, `input ${input.offset}: ${letter.length} dead letters`);
    report.extra += letter.length - 1;
  }
  const difference = compareLetter(input, letter[0]!);
  if (difference === undefined) return;
  note(report, `input ${input.offset} and its dead letter: ${difference}`);
  report.different++;
}

export function note(report: PartitionReport, difference: string): void {
  report.firstDifference ??= difference;
}

function find(
  most: number,
  at: (i: number) => AuditRecord | undefined,
  matches: (record: AuditRecord) => boolean,
): number {
  for (let i = 1; i < most; i++) {
    const record = at(i);
    if (record === undefined) return -1;
    if (matches(record)) return i;
  }
  return -1;
}

/** Walks the outputs one by one: whatever they pair with, their IDs must rise (P2) and are collected (P1). */
class Order {
  readonly #report: PartitionReport;
  readonly #parts: PairingParts;
  #last = -1n;

  constructor(report: PartitionReport, parts: PairingParts) {
    this.#report = report;
    this.#parts = parts;
  }

  /** `foreign`: its ID is not ours, or nobody can say whose it is. */
  async pass(
    as: 'paired' | 'extra' | 'unproven',
    foreign = as !== 'paired' && this.#parts.rule.existing === 'keep',
  ): Promise<void> {
    const { outputs, rule, seen } = this.#parts;
    await outputs.fill(1);
    const output = outputs.peek();
    if (output === undefined) return;
    outputs.shift();
    if (as !== 'paired') this.#report[as]++;
    if (foreign) return;
    const id = stampOf(output, rule);
    if (id === undefined) return;
    seen(id);
    if (id <= this.#last) {
      note(this.#report, `output ${output.offset}: ID ${id} is not above ${this.#last}`);
      this.#report.outOfOrder++;
    }
    this.#last = id;
  }
}
