import { closest } from './closest.ts';
import type { Mistake } from './mistake.ts';
import { pathText, schemaAt } from './settings.ts';
import type { Issue } from './shape.ts';

/** A schema's issue as mistakes with a remedy. `given` is what was checked; no value of it is ever repeated. PURE. */
export function explain({ path, message, unknownKeys }: Issue, given: unknown): Mistake[] {
  if (unknownKeys.length > 0) return unknownKeys.map((key) => unknown(path, key));
  const schema = schemaAt(path);
  const remedy =
    schema?.description === undefined ? 'see snowstamp config schema' : `wanted: ${schema.description}`;
  const value = valueAt(given, path);
  if (value === undefined) return [{ path: pathText(path), problem: 'is missing', remedy }];
  const unquoted = schema?.type === 'string' && (typeof value === 'number' || typeof value === 'boolean');
  return [{ path: pathText(path), problem: message, remedy: unquoted ? 'put it in quotes' : remedy }];
}

function unknown(path: readonly PropertyKey[], key: string): Mistake {
  const known = Object.keys(schemaAt(path)?.properties ?? {});
  const near = closest(key, known);
  return {
    path: pathText([...path, key]),
    problem: 'is no setting',
    remedy: near === undefined ? `known here: ${known.join(', ')}` : `did you mean ${near}?`,
  };
}

const valueAt = (given: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined,
    given,
  );
