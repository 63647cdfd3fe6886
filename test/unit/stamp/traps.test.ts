import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const ROOT = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

interface Row {
  readonly trap: string;
  readonly happens: string;
  readonly test: string;
  readonly words: string;
}

/** The rows of the table of traps. */
function rowsOf(readme: string): Row[] {
  const [, section = ''] = readme.split('## Traps');
  const [table = ''] = section.split('\n## ');
  return table
    .split('\n')
    .filter((line) => /^\| (?!Trap |-)/.test(line))
    .map((line) => {
      const [trap = '', happens = '', test = '', words = ''] = line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim());
      return { trap, happens, test: test.replaceAll('`', ''), words };
    });
}

const CODES = ['src/errors.ts', 'src/stamp/schema/derived.ts', 'src/stamp/refusal.ts'].map(read).join('\n');

/** What a row says that is not so. */
function wrongIn({ happens, test, words }: Row): string[] {
  const codes = [...happens.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map(([, code]) => code!);
  const text = read(join('test', test));
  return [
    ...codes.filter((code) => !CODES.includes(code)).map((code) => `there is no code ${code}`),
    ...(words.length > 3 && text.includes(words) ? [] : [`${test} has no test ${words}`]),
  ];
}

describe('the table of traps', () => {
  const rows = rowsOf(read('src/stamp/README.md'));

  it('has rows (control: they are not few)', () => {
    expect(rows.length).toBeGreaterThan(40);
  });

  it.each(rows)('$trap', (row) => {
    expect(wrongIn(row)).toEqual([]);
  });

  it('control: a test or a code that is not there is seen', () => {
    const [row] = rows;
    expect(wrongIn({ ...row!, words: 'no such words' })).toHaveLength(1);
    expect(wrongIn({ ...row!, happens: '`SCHEMA_NO_SUCH_CODE`' })).toHaveLength(1);
  });
});
