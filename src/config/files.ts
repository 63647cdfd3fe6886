import type { Mistake } from './mistake.ts';
import type { Config } from './schema.ts';
import { pathText } from './settings.ts';

/** Reads a file as text; throws when it cannot be read. */
type ReadFile = (path: string) => string;

interface Filled {
  readonly sections: Partial<Config>;
  readonly mistakes: readonly Mistake[];
}

/**
 * Reads what `…File` settings name, so that a file that is not there is a mistake now and not a crash later. The text of
 * `xFile` becomes `x` where the schema has such a secret (less one line end); certificates are only tried: whoever
 * connects reads them again, since they are renewed.
 */
export function withFiles({ ...sections }: Partial<Config>, readFile: ReadFile): Filled {
  const mistakes: Mistake[] = [];
  const { etcd, kafka, registry } = sections;
  if (etcd !== undefined) {
    sections.etcd = fill(etcd, ['etcd'], ['password'], readFile, mistakes);
    fill(etcd.tls ?? {}, ['etcd', 'tls'], [], readFile, mistakes);
  }
  if (kafka !== undefined) {
    const { sasl } = kafka;
    fill(kafka.tls ?? {}, ['kafka', 'tls'], [], readFile, mistakes);
    const secrets = ['password', 'clientSecret'];
    if (sasl !== undefined)
      sections.kafka = { ...kafka, sasl: fill(sasl, ['kafka', 'sasl'], secrets, readFile, mistakes) };
  }
  if (registry !== undefined) {
    fill(registry.tls ?? {}, ['registry', 'tls'], [], readFile, mistakes);
    sections.registry = fill(registry, ['registry'], ['password', 'token'], readFile, mistakes);
  }
  return { sections, mistakes };
}

function fill<T extends object>(
  section: T,
  path: readonly string[],
  secrets: readonly string[],
  readFile: ReadFile,
  mistakes: Mistake[],
): T {
  const filled = { ...section } as Record<string, unknown>;
  for (const [key, file] of Object.entries(section)) {
    if (!key.endsWith('File') || typeof file !== 'string') continue;
    const wrong = (problem: string, remedy: string): void => {
      mistakes.push({ path: pathText([...path, key]), problem, remedy });
    };
    const text = read(file, readFile, wrong);
    const secret = key.slice(0, -'File'.length);
    if (text === undefined || !secrets.includes(secret)) continue;
    if (filled[secret] !== undefined) wrong(`${secret} is given inline too`, 'keep the file');
    else if (text === '') wrong(`${file} is empty`, 'write the secret into it');
    filled[secret] = text;
  }
  return filled as T;
}

function read(
  file: string,
  readFile: ReadFile,
  wrong: (problem: string, remedy: string) => void,
): string | undefined {
  try {
    return readFile(file).replace(/\r?\n$/, '');
  } catch (error) {
    wrong(
      `${file} cannot be read (${(error as { code?: string }).code ?? 'unknown'})`,
      'check path and rights',
    );
    return undefined;
  }
}
