import { lettersOf } from './letter-box.ts';
import { MappingAudit, type MappingRule } from './mapping-audit.ts';
import { verdictOf, type MappingReport } from './mappings.ts';
import type { PartitionReport } from './pairing.ts';
import { auditPartition, auditUnfed, committedAt } from './partition.ts';
import type { StampRule, ValueRule } from './rule.ts';
import { SchemaSteps, type SchemaJudge, type SchemaReport } from './schema-steps.ts';
import type { TopicReader } from './topic-reader.ts';
import { UniqueIds } from './unique.ts';

export interface AuditRoute {
  readonly name: string;
  readonly input: string;
  readonly output: string;
  readonly deadLetter: string | undefined;
  readonly rule: StampRule;
  /** cleanup.policy of the input, or of the output, holds `compact`: records may be gone from the middle. */
  readonly inputCompacted: boolean;
  readonly outputCompacted: boolean;
  readonly mapping?: MappingRule | undefined;
}

export interface Report {
  readonly verdict: 'proven' | 'unproven' | 'failed';
  readonly ids: number;
  readonly duplicateIds: number;
  readonly firstDuplicate: string | undefined;
  readonly partitions: readonly PartitionReport[];
  /** Confluent wire format: which schema the values had, and which they have. */
  readonly schemas: readonly SchemaReport[];
  readonly mappings: readonly MappingReport[];
  /** Output partitions whose first records were deleted: what IDs those had is not known. */
  readonly truncated: readonly string[];
}

export interface Audit {
  readonly reader: TopicReader;
  readonly groupId: string;
  readonly routes: readonly AuditRoute[];
  /** Undefined: there is no registry to ask. */
  readonly judge?: ((rule: ValueRule) => SchemaJudge) | undefined;
  /** Given all IDs seen, at the end. */
  readonly highest?: (ids: UniqueIds) => void;
  /** Told how many input records there are about, and then as they are looked at. */
  readonly expect: (records: number) => void;
  readonly progress: (records: number) => void;
}

/** What a partition's commit says: read up to here, written up to there, this ID last (data-path rule 9). */
export interface Committed {
  readonly offset: number;
  readonly lastId: bigint | undefined;
  readonly outputOffset: number | undefined;
}

/**
 * Proves P1–P4 over everything committed at the moment of asking; a running fleet may go on meanwhile. Positions are read first
 * and topics after, so that what a commit claims must be there.
 */
export async function audit(parts: Audit): Promise<Report> {
  const unique = new UniqueIds();
  const partitions: PartitionReport[] = [];
  const schemas: SchemaReport[] = [];
  const mappings = new MappingAudit(parts);
  const truncated: string[] = [];
  for (const route of parts.routes) {
    const steps = new SchemaSteps(route.name);
    const count = await parts.reader.partitionCount(route.input);
    const outputs = await parts.reader.partitionCount(route.output);
    const committed: Committed[] = [];
    for (let partition = 0; partition < count; partition++)
      committed.push(await committedAt(parts, route, partition));
    const letters = await lettersOf(parts.reader, route);
    for (const [partition, at] of committed.entries()) {
      partitions.push(
        await auditPartition(parts, route, partition, at, {
          letters: letters.get(partition) ?? new Map(),
          unique,
          steps,
          ...mappings.of(route, partition, at),
        }),
      );
    }
    for (let partition = count; partition < outputs; partition++)
      partitions.push(...(await auditUnfed(parts.reader, route, partition, unique)));
    for (let partition = 0; partition < outputs; partition++)
      if ((await parts.reader.start(route.output, partition)) > 0)
        truncated.push(`${route.output}-${partition}`);
    const value = route.rule.value;
    schemas.push(...(await steps.judge(value === undefined ? undefined : parts.judge?.(value))));
  }
  const mapped = await mappings.judge();
  const { ids, duplicates, first } = unique.judge();
  parts.highest?.(unique);
  const others = [...schemas.map((one) => one.verdict), ...mapped.map(verdictOf)];
  const failed =
    duplicates > 0 ||
    partitions.some((p) => p.missing + p.extra + p.different + p.outOfOrder > 0) ||
    others.includes('failed');
  const open = partitions.some((p) => p.unproven > 0) || others.includes('unproven');
  const verdict = failed ? 'failed' : open ? 'unproven' : 'proven';
  return {
    ...{ verdict, ids, duplicateIds: duplicates, firstDuplicate: first?.toString(), partitions },
    ...{ schemas, mappings: mapped, truncated },
  };
}
