import { stringify } from 'yaml';
import { loadConfig, type Loaded } from '../../../src/config/load.ts';
import type { Mistake } from '../../../src/config/mistake.ts';
import type { Config } from '../../../src/config/schema.ts';

export const NOW_MS = Date.UTC(2026, 0, 1);

/** The least that is a configuration. */
export const LEAST = {
  etcd: { endpoints: ['http://etcd:2379'] },
  kafka: { bootstrap: ['kafka:9092'] },
  routes: [{ name: 'orders', input: 'orders', output: 'orders-stamped' }],
};

export interface Given {
  /** YAML, or what becomes YAML. */
  readonly file?: unknown;
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
}

export function load({ file = LEAST, env = {}, files = {} }: Given = {}): Loaded {
  const text = typeof file === 'string' ? file : stringify(file);
  return loadConfig({
    yaml: { text, name: 'snowstamp.yaml' },
    env,
    nowMs: NOW_MS,
    readFile: (path) => {
      const content = files[path];
      if (content === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return content;
    },
  });
}

export function configOf(given: Given = {}): Config {
  const loaded = load(given);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.mistakes));
  return loaded.config;
}

export function mistakesOf(given: Given): readonly Mistake[] {
  const loaded = load(given);
  return loaded.ok ? [] : loaded.mistakes;
}

export const pathsOf = (given: Given): string[] => mistakesOf(given).map(({ path }) => path);
