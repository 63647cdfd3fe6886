import { readFile } from 'node:fs/promises';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cached, hasCached } from './cache.ts';
import { tool } from './tools.ts';

const pomOf = (name: string): string => join(import.meta.dirname, 'jars', name, 'pom.xml');

/** Whether the jars are there already, so that Maven is not needed. */
export const haveJars = async (name: string): Promise<boolean> =>
  hasCached(name, [await readFile(pomOf(name), 'utf8')]);

/** Resolves the jars a committed pom names, once, through Maven with the machine's own settings. */
export async function resolveJars(name: string, pom = pomOf(name)): Promise<string[]> {
  const folder = await cached(name, [await readFile(pom, 'utf8')], async (into) => {
    const goals = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${into}`];
    await tool('mvn', ['-q', '-B', '-f', pom, ...goals]);
  });
  // Named one by one and sorted: a class data archive is valid for one exact class path only.
  return readdirSync(folder)
    .filter((file) => file.endsWith('.jar'))
    .sort()
    .map((file) => join(folder, file));
}
