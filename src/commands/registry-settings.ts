import type { RegistryUse } from '../books.ts';
import type { Config } from '../config/schema.ts';
import type { RegistrySettings } from '../registry/port.ts';
import type { ReadFile } from './worker-settings.ts';

type Section = NonNullable<Config['registry']>;

/** How the registry is reached, in the words of its room. */
export function registryConnectionOf(registry: Section, readFile: ReadFile): RegistrySettings {
  const { url, username, password, token, tls, timeoutMs } = registry;
  const pem = (path: string | undefined, key: 'ca' | 'cert' | 'key'): object =>
    path === undefined ? {} : { [key]: readFile(path) };
  return {
    url: url.replace(/\/+$/, ''),
    auth:
      token !== undefined
        ? { kind: 'bearer', token }
        : username !== undefined
          ? { kind: 'basic', username, password: password ?? '' }
          : { kind: 'none' },
    tls:
      tls === undefined
        ? undefined
        : { ...pem(tls.caFile, 'ca'), ...pem(tls.certFile, 'cert'), ...pem(tls.keyFile, 'key') },
    timeoutMs,
  };
}

export function registryUseOf(
  { registry }: Pick<Config, 'registry'>,
  readFile: ReadFile,
): RegistryUse | undefined {
  if (registry === undefined) return undefined;
  const { subjectStrategy, registerMode, compatibility, proveEvents, negativeTtlMs, maxSchemas } = registry;
  return {
    connection: registryConnectionOf(registry, readFile),
    ...{ subjectStrategy, registerMode, compatibility, proveEvents, negativeTtlMs, maxSchemas },
  };
}
