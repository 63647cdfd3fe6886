import type { Clock } from '../clock.ts';
import { loadConfig } from '../config/load.ts';
import { formatMistakes } from '../config/mistake.ts';
import { printableConfig } from '../config/print.ts';
import { configJsonSchema, type Config } from '../config/schema.ts';
import type { ReadFile } from './worker-settings.ts';

/** The configuration, or undefined once every mistake was printed. */
export function loadOrExplain(
  file: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  readFile: ReadFile,
  clock: Clock,
  err: (line: string) => void,
): Config | undefined {
  let yaml: { text: string; name: string } | undefined;
  try {
    yaml = file === undefined ? undefined : { text: readFile(file), name: file };
  } catch {
    err(`CONFIG_INVALID: ${file ?? ''} cannot be read: give --config or SNOWSTAMP_CONFIG`);
    return undefined;
  }
  const loaded = loadConfig({ yaml, env, readFile, nowMs: clock.now().wallMs });
  if (loaded.ok) return loaded.config;
  err(
    `CONFIG_INVALID: ${loaded.mistakes.length} mistake${loaded.mistakes.length === 1 ? '' : 's'}\n${formatMistakes(loaded.mistakes)}`,
  );
  return undefined;
}

/** `snowstamp config print|schema`. */
export function configCommand(
  what: 'print' | 'schema',
  config: Config | undefined,
  out: (line: string) => void,
): number {
  out(
    JSON.stringify(
      what === 'schema' || config === undefined ? configJsonSchema() : printableConfig(config),
      null,
      2,
    ),
  );
  return 0;
}
