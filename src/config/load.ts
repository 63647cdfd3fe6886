import { LineCounter, parseDocument, type Document } from 'yaml';
import { overlay } from './environment.ts';
import { explain } from './explain.ts';
import { withFiles } from './files.ts';
import type { Mistake } from './mistake.ts';
import { ruleMistakes } from './rules.ts';
import type { Config } from './schema.ts';
import { checkShape, isWhole } from './shape.ts';

export interface Sources {
  /** Text of the file, and its name for messages. */
  readonly yaml: { readonly text: string; readonly name: string } | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads the files that `…File` settings name; throws when one cannot be read. */
  readonly readFile: (path: string) => string;
  readonly nowMs: number;
}

export type Loaded =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

/**
 * File, then environment, then defaults; every mistake at once. A rule between settings is asked as soon as the sections it
 * reads have the right shape, whatever is wrong elsewhere. Mistakes hold no secret. Touches nothing but `readFile`.
 */
export function loadConfig({ yaml, env, readFile, nowMs }: Sources): Loaded {
  const parsed = yaml === undefined ? { value: {} } : parseYaml(yaml);
  if ('mistakes' in parsed) return { ok: false, mistakes: parsed.mistakes };
  const laid = overlay(withoutEmpty(parsed.value), env);
  const { sections, issues } = checkShape(laid.value);
  const filled = withFiles(sections, readFile);
  const mistakes = [
    ...laid.mistakes,
    ...issues.flatMap((issue) => explain(issue, laid.value)),
    ...filled.mistakes,
    ...ruleMistakes(sections, nowMs),
  ];
  return mistakes.length === 0 && isWhole(filled.sections)
    ? { ok: true, config: filled.sections }
    : { ok: false, mistakes };
}

/** Complaints of the parser that repeat a piece of the file, which may be a secret. */
const REPEATING: Readonly<Record<string, string>> = {
  UNEXPECTED_TOKEN: 'something stands where YAML allows nothing; a text with special characters needs quotes',
  BAD_DQ_ESCAPE: 'an escape sequence between double quotes is not known; use single quotes',
  BAD_DIRECTIVE: 'a line begins with % and is no directive',
  TAG_RESOLVE_FAILED: 'a value begins with !, which YAML takes for a tag; put it in quotes',
};

function parseYaml({ text, name }: { readonly text: string; readonly name: string }):
  | { readonly value: unknown }
  | {
      readonly mistakes: readonly Mistake[];
    } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const mistakes = [...document.errors, ...document.warnings].map(({ code, message, pos }) => {
    const { line, col } = lines.linePos(pos[0]);
    return { path: `${name}:${line}:${col}`, problem: REPEATING[code] ?? message, remedy: 'mend the YAML' };
  });
  return mistakes.length > 0 ? { mistakes } : resolved(document, name);
}

/** Aliases are resolved only here; the error names the alias, which may be a password that begins with `*`. */
function resolved(document: Document, name: string): ReturnType<typeof parseYaml> {
  try {
    return { value: document.toJS() as unknown };
  } catch {
    const problem = 'a value begins with *, which YAML takes for an alias, and there is no such anchor';
    return { mistakes: [{ path: name, problem, remedy: 'put it in quotes' }] };
  }
}

/** A key without a value counts as left out: a section all of whose lines are commented out keeps its defaults. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, child]) => (child === null ? [] : [[key, withoutEmpty(child)]])),
  );
}
