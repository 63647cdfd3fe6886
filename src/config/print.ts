import type { Config } from './schema.ts';
import { schemaAt } from './settings.ts';

const MASK = '********';

/** The configuration in effect with every secret (`writeOnly` in the schema) masked: for `config print` and the log. PURE. */
export const printableConfig = (config: Config): unknown => masked(config, []);

function masked(value: unknown, path: readonly PropertyKey[]): unknown {
  if (Array.isArray(value)) return value.map((element, i) => masked(element, [...path, i]));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, child]) => [key, masked(child, [...path, key])]),
    );
  return schemaAt(path)?.writeOnly === true && value !== undefined ? MASK : value;
}
