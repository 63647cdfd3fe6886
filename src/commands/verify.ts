import type { PartitionReport } from '../audit/pairing.ts';
import type { Report } from '../audit/verify.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import { CATALOGUE } from '../errors.ts';
import { asKnown } from '../kafka/cluster/known-error.ts';
import { auditRoutes } from './audit-routes.ts';
import { createProgress } from './progress.ts';
import { tableOf } from './table.ts';
import type { ReadFile } from './worker-settings.ts';

export interface VerifyParts {
  readonly config: Config;
  /** One route only. */
  readonly route: string | undefined;
  readonly json: boolean;
  readonly clock: Clock;
  readonly readFile: ReadFile;
  readonly terminal: NodeJS.WriteStream;
  readonly out: (line: string) => void;
}

/** `snowstamp verify`: 0 proven, 1 failed, 2 not all could be proven; other codes as in the catalogue. */
export async function verifyCommand({
  config,
  route,
  json,
  clock,
  readFile,
  terminal,
  out,
}: VerifyParts): Promise<number> {
  const chosen = config.routes.filter(({ name }) => route === undefined || name === route);
  if (chosen.length === 0) {
    out(
      `USAGE: no route is named ${route ?? ''}: the configuration has ${config.routes.map(({ name }) => name).join(', ')}`,
    );
    return CATALOGUE.USAGE.exit;
  }
  const progress = createProgress(terminal, 'verify');
  try {
    const report = await auditRoutes({ config, clock, readFile }, chosen, progress);
    progress.end();
    if (json) out(JSON.stringify(report, null, 2));
    else for (const line of linesOf(report)) out(line);
    return report.verdict === 'proven'
      ? 0
      : CATALOGUE[report.verdict === 'failed' ? 'VERIFY_FAILED' : 'VERIFY_UNPROVEN'].exit;
  } catch (error) {
    progress.end();
    const known = asKnown(error);
    out(known.message);
    return CATALOGUE[known.code].exit;
  }
}

const COLUMNS = [
  'inputs',
  'stamped',
  'inValue',
  'headerOnly',
  'kept',
  'deadLettered',
  'missing',
  'extra',
  'different',
  'outOfOrder',
  'unproven',
] as const;

function linesOf({
  verdict,
  ids,
  duplicateIds,
  firstDuplicate,
  partitions,
  schemas,
  mappings,
}: Report): string[] {
  const title = [
    'route',
    'part',
    'inputs',
    'stamped',
    'value',
    'header-only',
    'kept',
    'dead',
    'missing',
    'extra',
    'differ',
    'order',
    'unproven',
  ];
  const rows = partitions.map((p) => [
    p.route,
    String(p.partition),
    ...COLUMNS.map((name) => String(p[name])),
  ]);
  const total = [
    'total',
    '',
    ...COLUMNS.map((name) => String(partitions.reduce((sum, p) => sum + p[name], 0))),
  ];
  const differences = partitions.flatMap((p: PartitionReport) =>
    p.firstDifference === undefined ? [] : [`${p.route}-${p.partition}: ${p.firstDifference}`],
  );
  const first = firstDuplicate === undefined ? '' : `, the first is ${firstDuplicate}`;
  return [
    ...tableOf([title, ...rows, total], 1),
    `${ids} IDs, ${duplicateIds} duplicates${first}`,
    ...differences,
    ...mappings.flatMap((one) => [
      `mapping ${one.topic}: ${one.mapped} mapped, ${one.withoutLegacy} events without legacy ID, ${one.missing} missing, ${one.stale} stale, ${one.extra} extra, ${one.unproven} unproven`,
      ...(one.firstDifference === undefined ? [] : [one.firstDifference]),
    ]),
    ...schemas.map(
      ({ route, from, to, messagePath, records, verdict: says, why }) =>
        `${route}: schema ${from}${messagePath === '' ? '' : ` message ${messagePath}`} became ${to} in ${records} values: ${says}${why === '' ? '' : `: ${why}`}`,
    ),
    `verdict: ${verdict}`,
  ];
}
