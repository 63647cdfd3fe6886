/** The folder this repository ships: every file of it is looked at, and no byte of one can change unnoticed. */
import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCatalog } from '../../../src/commands/schema-catalog.ts';
import { schemasCheckCommand } from '../../../src/commands/schemas-check.ts';
import { MemoryFolder } from './schemas-folder.ts';

const ROOT = join(import.meta.dirname, '../../../schemas');
const FILES: Readonly<Record<string, string>> = Object.fromEntries(
  readdirSync(ROOT, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [path.slice(ROOT.length + 1), readFileSync(path, 'utf8')]),
);
const catalog = readCatalog(new MemoryFolder(FILES));
const filesOf = ({ current, history }: (typeof catalog)[number]['stamped'][number]): string[] => [
  ...new Set([current, ...history].map(({ file }) => file)),
];
const DERIVED = catalog.flatMap(({ stamped }) => stamped.flatMap(filesOf));
const ORIGINALS = catalog
  .filter(({ stamped }) => stamped.length > 0)
  .flatMap(({ current, history }) => [current, ...history].map(({ file }) => file));

async function check(
  change: Readonly<Record<string, string>>,
): Promise<{ exit: number; problems: string[] }> {
  const lines: string[] = [];
  const folder = new MemoryFolder({ ...FILES, ...change });
  const parts = { folder, registry: undefined, json: false, out: (line: string) => lines.push(line) };
  const exit = await schemasCheckCommand(parts);
  return { exit, problems: lines.filter((line) => line.startsWith('PROBLEM')) };
}

describe('the schemas shipped', () => {
  it('are all well as they are (control of what follows)', async () => {
    expect(await check({})).toEqual({ exit: 0, problems: [] });
  });

  it('are all named by subjects.json: no file lies there that nobody looks at', () => {
    const plain = catalog.flatMap(({ current, history }) => [current, ...history].map(({ file }) => file));
    const named = [...plain, ...DERIVED, 'README.md', 'subjects.json', 'json/order.examples.json'];
    expect(Object.keys(FILES).toSorted()).toEqual([...new Set(named)].toSorted());
  });

  it.each(DERIVED)('%s: each byte counts', async (file) => {
    const text = FILES[file]!;
    const middle = text.length >> 1;
    const planted = [`${text} `, text.slice(0, -1), `${text.slice(0, middle)} ${text.slice(middle)}`];
    for (const other of planted) {
      const { exit, problems } = await check({ [file]: other });
      expect(exit).toBe(1);
      expect(problems.join('\n')).toContain(`${file} is not what is derived`);
    }
  });

  it.each(ORIGINALS)('%s: changed, and what was derived from it is so no longer', async (file) => {
    const changed = FILES[file]!.replace(/\{|"bytes"/, (found) => (found === '{' ? '{ ' : '"string"'));
    const { exit, problems } = await check({ [file]: changed });
    expect(exit).toBe(1);
    expect(problems.join('\n')).toContain(`is not what is derived from ${file}`);
  });
});
