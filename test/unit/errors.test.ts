import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { CATALOGUE, SnowstampError, type ErrorCode } from '../../src/errors.ts';

const readme = readFileSync(join(import.meta.dirname, '../../src/README.md'), 'utf8');
const entries = Object.entries(CATALOGUE);

/** The cells of every row that begins with `first`, in the text given. */
const rowsOf = (text: string, first: RegExp): string[][] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .filter(([cell]) => first.test(cell!));

describe('the error catalogue and the table in src/README.md', () => {
  const table = rowsOf(readme.split('<!-- errors -->')[1] ?? '', /^`[A-Z_]+`$/);

  it('have the same codes in the same order, each with the same consequence, exit code and meaning', () => {
    expect(table).toEqual(
      entries.map(([code, { next, exit, means }]) => [`\`${code}\``, next, String(exit), means]),
    );
  });

  it('every exit code is explained, and none that does not happen', () => {
    const explained = rowsOf(readme, /^\d+$/).map(([exit]) => Number(exit));
    const used = new Set<number>([0, ...entries.map(([, { exit }]) => exit)]);
    expect(explained).toEqual([...used].toSorted((a, b) => a - b));
  });
});

describe('the catalogue', () => {
  it('nothing that ends a process ends it with 0', () => {
    for (const [code, { exit }] of entries) expect([code, exit > 0 && exit < 126]).toEqual([code, true]);
  });

  it('meanings are one sentence without a full stop, and no two are the same', () => {
    const meanings = entries.map(([, { means }]) => means);
    for (const means of meanings) expect(means).toMatch(/^[^\s|][^|\n]*[^\s.|]$/);
    expect(new Set(meanings).size).toBe(meanings.length);
  });
});

describe('SnowstampError', () => {
  it('begins with its code, and keeps its cause', () => {
    const cause = new Error('inner');
    const error = new SnowstampError('LEASE_LOST', 'node 7: no answer', cause);
    expect(error).toMatchObject({ code: 'LEASE_LOST' satisfies ErrorCode, name: 'SnowstampError', cause });
    expect(error.message).toBe('LEASE_LOST: node 7: no answer');
  });
});
