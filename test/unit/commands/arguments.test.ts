import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { isUuid, timeOf, wholeOf } from '../../../src/commands/arguments.ts';

describe('values of options are what they say, or refused', () => {
  it('whole numbers', () => {
    expect(['0', '17', '9007199254740991'].map(wholeOf)).toEqual([0, 17, Number.MAX_SAFE_INTEGER]);
    const none = ['', '-1', '1.5', '1e3', '0x10', ' 1', 'NaN', '9007199254740993', '1,2'];
    expect(none.filter((text) => wholeOf(text) !== undefined)).toEqual([]);
  });

  it('times, with their zone', () => {
    expect(timeOf('2026-01-31')).toBe(Date.UTC(2026, 0, 31));
    expect(timeOf('2026-01-31T12:00Z')).toBe(Date.UTC(2026, 0, 31, 12));
    expect(timeOf('2026-01-31T12:00:00.5+02:00')).toBe(Date.UTC(2026, 0, 31, 10, 0, 0, 500));
  });

  it.each(['', '1', '2026', '2026-13-40', '2026-02-30', '2026-01-31T12:00:00', '2026-01-31T25:00Z', 'soon'])(
    '%p is no time',
    (text) => {
      expect(timeOf(text)).toBeUndefined();
    },
  );

  it('UUIDs', () => {
    expect(isUuid('11111111-2222-4333-8444-555555555555')).toBe(true);
    expect(['', 'me', '11111111222243338444555555555555'].filter(isUuid)).toEqual([]);
  });
});

describe('the program refuses them before it touches anything: 64, the option named', () => {
  const main = join(import.meta.dirname, '../../../src/main.ts');
  const refusal = (args: readonly string[]): Promise<{ code: unknown; stderr: string }> =>
    new Promise((resolve) => {
      execFile(process.execPath, [main, ...args], (error, _, stderr) => {
        resolve({ code: error?.code ?? 0, stderr });
      });
    });

  it.each([
    ['init', '--not-before', '2026-13-40'],
    ['init', '--datacenter', 'west'],
    ['init', '--domain-id', 'mine'],
    ['position', '--offset', '1e3'],
  ])('%s %s %s', async (command, option, value) => {
    const { code, stderr } = await refusal([command, option, value]);
    expect(code).toBe(64);
    expect(stderr).toContain(option);
    expect(stderr).toContain(`'${value}' is invalid`);
  });
});
