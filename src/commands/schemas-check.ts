import { CATALOGUE, codeOf, SnowstampError } from '../errors.ts';
import { evolutionProblems } from '../registry/evolution.ts';
import type { RegistryHttp } from '../registry/http.ts';
import { compatibilityVerdict } from '../registry/questions.ts';
import { derive } from '../stamp/schema/derive.ts';
import {
  readCatalog,
  type CatalogSubject,
  type Folder,
  type StampedSubject,
  type Version,
} from './schema-catalog.ts';

export interface SchemasCheckParts {
  readonly folder: Folder;
  /** Undefined: no registry is asked. */
  readonly registry: RegistryHttp | undefined;
  readonly json: boolean;
  readonly out: (line: string) => void;
}

/** One line of the report. */
interface Finding {
  readonly subject: string;
  readonly file: string;
  /** `evolution`: against its history; `derived`: against its original; `flat`: what a flat stamp would do; `registry`: its verdict. */
  readonly check: 'evolution' | 'derived' | 'flat' | 'registry';
  readonly level: 'ok' | 'note' | 'problem';
  readonly says: string;
}

/**
 * `snowstamp schemas check`: each file against its history and its level, each stamped file against its original, whether each can be
 * stamped flat, and with a registry what it says. 0: all well; 1: a problem; other codes as in the catalogue.
 */
export async function schemasCheckCommand({
  folder,
  registry,
  json,
  out,
}: SchemasCheckParts): Promise<number> {
  try {
    const findings: Finding[] = [];
    for (const subject of readCatalog(folder)) {
      findings.push(...evolutions(subject), ...stampedFiles(subject), flatness(subject));
      if (registry !== undefined) findings.push(...(await verdicts(subject, registry)));
    }
    const problems = findings.filter(({ level }) => level === 'problem').length;
    if (json) out(JSON.stringify({ problems, findings }, null, 2));
    else for (const line of [...linesOf(findings), `${problems} problems`]) out(line);
    return problems === 0 ? 0 : CATALOGUE.SCHEMAS_DIFFER.exit;
  } catch (error) {
    if (!(error instanceof SnowstampError)) throw error;
    out(error.message);
    return CATALOGUE[codeOf(error)].exit;
  }
}

type Checked = Pick<CatalogSubject, 'subject' | 'level' | 'current' | 'history'>;

/** Released versions in order, and the file behind them where it is not one of them yet. */
export function versionsOf({ current, history }: Pick<Checked, 'current' | 'history'>): readonly Version[] {
  return history.at(-1)?.text === current.text ? history : [...history, current];
}

function evolutions(subject: CatalogSubject): Finding[] {
  const { type, examples, referenced } = subject;
  return [subject, ...subject.stamped].flatMap((one: Checked) => {
    const versions = versionsOf(one);
    const against = (index: number): readonly Version[] =>
      one.level.endsWith('TRANSITIVE')
        ? versions.slice(0, index)
        : versions.slice(Math.max(0, index - 1), index);
    const problems = versions.flatMap((newer, index) =>
      against(index).flatMap((older) =>
        evolutionProblems(
          {
            type,
            older: older.text,
            newer: newer.text,
            referenced,
            examples: one === subject ? examples : [],
          },
          one.level,
        ).map((says) => `${older.file} → ${newer.file}: ${says}`),
      ),
    );
    return problems.length === 0
      ? [finding(one, 'evolution', 'ok', `${versions.length} versions, ${one.level}`)]
      : problems.map((says) => finding(one, 'evolution', 'problem', says));
  });
}

/** Golden files: the bytes every worker derives, in this release and the next. */
function stampedFiles(subject: CatalogSubject): Finding[] {
  return subject.stamped.flatMap((stamped) => {
    const pairs = [
      [subject.current, stamped.current],
      ...subject.history.map((version, index) => [version, stamped.history[index]] as const),
    ] as const;
    const problems = [
      ...pairs.flatMap(([from, to]) => derivedProblem(subject, stamped, from, to)),
      ...stamped.history
        .slice(subject.history.length)
        .map(({ file }) => `${file} is derived from no version of ${subject.subject}`),
    ];
    return problems.length === 0
      ? [
          finding(
            stamped,
            'derived',
            'ok',
            `${pairs.length} files are what is derived from ${subject.subject}`,
          ),
        ]
      : problems.map((says) => finding(stamped, 'derived', 'problem', says));
  });
}

function derivedProblem(
  { type, path }: CatalogSubject,
  { placement }: StampedSubject,
  from: Version,
  to: Version | undefined,
): string[] {
  const derived = derive(type, from.text, path, placement);
  if (derived.kind === 'refused')
    return [`${from.file} cannot be stamped: ${derived.code}: ${derived.message}`];
  if (to === undefined) return [`${from.file} has no stamped version in the history`];
  return derived.text === to.text ? [] : [`${to.file} is not what is derived from ${from.file}`];
}

/** Whether a flat stamp would do, for who has not decided yet; no problem where an envelope is configured. */
function flatness({ subject, type, path, current }: CatalogSubject): Finding {
  const placement = { shape: 'flat', field: 'snowflake_id', nullable: false, fieldNumber: 2047 } as const;
  const derived = derive(type, current.text, path, placement);
  const said = { subject, file: current.file, check: 'flat' } as const;
  return derived.kind === 'derived'
    ? { ...said, level: 'ok', says: 'can be stamped flat' }
    : { ...said, level: 'note', says: `cannot be stamped flat: ${derived.code}: ${derived.message}` };
}

async function verdicts(subject: CatalogSubject, registry: RegistryHttp): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const one of [subject, ...subject.stamped]) {
    const { type, references } = subject;
    const verdict = await compatibilityVerdict(registry, one.subject, {
      type,
      text: one.current.text,
      references,
    });
    if (verdict.at === 'unavailable')
      throw new SnowstampError('REGISTRY_UNREACHABLE', `${one.subject}: ${verdict.why}`);
    findings.push(
      verdict.at === 'incompatible'
        ? finding(one, 'registry', 'problem', verdict.messages.join('; '))
        : finding(
            one,
            'registry',
            verdict.at === 'new' ? 'note' : 'ok',
            verdict.at === 'new' ? 'not registered yet' : 'compatible',
          ),
    );
  }
  return findings;
}

const finding = (one: Checked, check: Finding['check'], level: Finding['level'], says: string): Finding => ({
  subject: one.subject,
  file: one.current.file,
  ...{ check, level, says },
});

const MARKS = { ok: 'ok     ', note: 'note   ', problem: 'PROBLEM' } as const;

function linesOf(findings: readonly Finding[]): string[] {
  const widest = Math.max(...findings.map(({ subject }) => subject.length));
  return findings.map(
    ({ subject, check, level, says }) =>
      `${MARKS[level]}  ${subject.padEnd(widest)}  ${check.padEnd(9)}  ${says}`,
  );
}
