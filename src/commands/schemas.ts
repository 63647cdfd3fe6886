import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/schema.ts';
import { CATALOGUE } from '../errors.ts';
import { agentOf, RegistryHttp } from '../registry/http.ts';
import type { RegistrySettings } from '../registry/port.ts';
import type { OptionLine } from './line.ts';
import { registryConnectionOf } from './registry-settings.ts';
import type { Folder } from './schema-catalog.ts';
import { schemasCheckCommand } from './schemas-check.ts';
import { schemasRegisterCommand } from './schemas-register.ts';
import type { ReadFile } from './worker-settings.ts';

const URL_OPTION: OptionLine = [
  '--url <url>',
  'address of the registry, with its path; by default the configured one',
];
const JSON_OPTION: OptionLine = ['--json', 'print the report as JSON'];

type Verb = 'check' | 'register';

/** Each verb of `snowstamp schemas`, what it says in the help, and its options. */
export const SCHEMAS: readonly (readonly [Verb, string, readonly OptionLine[]])[] = [
  [
    'check',
    'schemas against their history and what is derived from them; exit 0 or 1',
    [URL_OPTION, JSON_OPTION],
  ],
  [
    'register',
    'register plain and stamped versions, oldest first',
    [URL_OPTION, ['--dry-run', 'say what would be registered, register nothing'], JSON_OPTION],
  ],
];

export interface SchemasRequest {
  readonly url?: string;
  readonly json?: boolean;
  readonly dryRun?: boolean;
}

/** Bound of one request where no configuration says another. */
const TIMEOUT_MS = 10_000;

/** `snowstamp schemas check` and `schemas register`. Returns the exit code. */
export async function schemasCommand(
  verb: Verb,
  root: string,
  request: SchemasRequest,
  around: {
    readonly config: Config | undefined;
    readonly readFile: ReadFile;
    readonly out: (line: string) => void;
  },
): Promise<number> {
  const { readFile, out } = around;
  const { json = false, dryRun = false } = request;
  const folder = folderAt(root, readFile);
  const settings = connectionOf(request.url, around.config, readFile);
  if (settings === undefined) {
    if (verb === 'check') return schemasCheckCommand({ folder, registry: undefined, json, out });
    out('USAGE: name the registry: --url, or a configuration that has one');
    return CATALOGUE.USAGE.exit;
  }
  const agent = agentOf(settings);
  const registry = new RegistryHttp(settings, agent);
  try {
    return verb === 'check'
      ? await schemasCheckCommand({ folder, registry, json, out })
      : await schemasRegisterCommand({ folder, registry, json, dryRun, out });
  } finally {
    agent.destroy();
  }
}

function connectionOf(
  url: string | undefined,
  config: Config | undefined,
  readFile: ReadFile,
): RegistrySettings | undefined {
  const configured = config?.registry;
  if (configured !== undefined)
    return registryConnectionOf({ ...configured, url: url ?? configured.url }, readFile);
  if (url === undefined) return undefined;
  return { url: url.replace(/\/+$/, ''), auth: { kind: 'none' }, tls: undefined, timeoutMs: TIMEOUT_MS };
}

const folderAt = (root: string, readFile: ReadFile): Folder => ({
  read: (path) => readFile(join(root, path)),
  list: (path) => {
    try {
      return readdirSync(join(root, path));
    } catch {
      return [];
    }
  },
});
