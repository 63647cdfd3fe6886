import { closest } from './closest.ts';
import type { Mistake } from './mistake.ts';
import { allSettings, schemaAt } from './settings.ts';

const PREFIX = 'SNOWSTAMP_';
/** Read elsewhere; no settings. */
const RESERVED: ReadonlySet<string> = new Set(['CONFIG', 'CACHE']);

export interface Overlaid {
  readonly value: unknown;
  readonly mistakes: readonly Mistake[];
}

/**
 * Lays environment variables over a parsed file, PURE. `SNOWSTAMP_KAFKA__GROUP_ID=x` sets `kafka.groupId`: two underscores go a
 * level down, one is the hump of a camel. A text is taken as it stands (a password may look like a number); anything else is read
 * as JSON; a list of plain words may be separated by commas. `SNOWSTAMP_CONFIG` and `SNOWSTAMP_TEST_…` are not settings.
 */
export function overlay(file: unknown, env: Readonly<Record<string, string | undefined>>): Overlaid {
  const root: unknown = file ?? {};
  if (typeof root !== 'object' || root === null || Array.isArray(root)) {
    const problem = 'the file holds no mapping at its top';
    return {
      value: {},
      mistakes: [{ path: '', problem, remedy: 'write sections such as kafka: and routes:' }],
    };
  }
  const value = structuredClone(root) as Record<string, unknown>;
  const mistakes = Object.entries(env).flatMap(([name, text]) =>
    text === undefined || !isOurs(name) ? [] : lay(value, name, text),
  );
  return { value, mistakes };
}

const isOurs = (name: string): boolean =>
  name.startsWith(PREFIX) && !name.startsWith(`${PREFIX}TEST_`) && !RESERVED.has(name.slice(PREFIX.length));

function lay(root: Record<string, unknown>, name: string, text: string): Mistake[] {
  const path = name.slice(PREFIX.length).split('__').map(camel);
  const schema = schemaAt(path);
  if (schema === undefined) {
    const near = closest(name, allSettings().map(variableOf));
    return [
      {
        path: name,
        problem: `names no setting (${path.join('.')})`,
        remedy: near === undefined ? 'unset it, or see snowstamp config schema' : `did you mean ${near}?`,
      },
    ];
  }
  const parsed = parse(text, schema.type);
  if (parsed === undefined)
    return [{ path: name, problem: 'is not JSON', remedy: `write a JSON ${schema.type ?? 'value'}` }];
  place(root, path, parsed.value);
  return [];
}

const camel = (part: string): string =>
  part.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** The variable that sets a setting; within a list the whole list is one variable. */
const variableOf = ({ path }: { readonly path: readonly string[] }): string => {
  const list = path.findIndex((key) => key.endsWith('[]'));
  const keys = list < 0 ? path : [...path.slice(0, list), path[list]!.slice(0, -2)];
  return PREFIX + keys.map((key) => key.replace(/[A-Z]/g, (hump) => `_${hump}`).toUpperCase()).join('__');
};

/** undefined: a list or an object was begun as JSON and is none. */
function parse(text: string, type: string | undefined): { readonly value: unknown } | undefined {
  if (type === 'string') return { value: text };
  try {
    const parsed: unknown = JSON.parse(text);
    return { value: type === 'array' && !Array.isArray(parsed) ? [text] : parsed };
  } catch {
    if (/^\s*[[{]/.test(text) || type === 'object') return undefined;
    return { value: type === 'array' ? text.split(',').map((word) => word.trim()) : text };
  }
}

function place(root: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let at = root;
  for (const key of path.slice(0, -1)) {
    const child = at[key];
    const section =
      typeof child === 'object' && child !== null && !Array.isArray(child)
        ? (child as Record<string, unknown>)
        : {};
    at[key] = section;
    at = section;
  }
  at[path.at(-1)!] = value;
}
