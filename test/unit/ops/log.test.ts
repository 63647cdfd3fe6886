import { describe, expect, it } from '@jest/globals';
import { createLog, type Level, type Log } from '../../../src/ops/log.ts';

const LEVELS: readonly Level[] = ['debug', 'info', 'warn', 'error'];

function written(least: Level, act: (log: Log) => void): string[] {
  const lines: string[] = [];
  act(createLog(least, () => Date.UTC(2026, 0, 2, 3, 4, 5, 6), { write: (line) => void lines.push(line) }));
  return lines;
}

describe('log lines', () => {
  it('are one line of JSON each, with level in words, time in UTC and the message', () => {
    const [line, ...rest] = written('info', (log) => {
      log.write('warn', 'phase suspended', { was: 'serving', why: 'two\nlines' });
    });
    expect(rest).toEqual([]);
    expect(line).toMatch(/^\{[^\n]*\}\n$/);
    expect(JSON.parse(line!)).toEqual({
      level: 'warn',
      time: '2026-01-02T03:04:05.006Z',
      was: 'serving',
      why: 'two\nlines',
      msg: 'phase suspended',
    });
  });

  it.each(LEVELS.map((least, i) => [least, LEVELS.slice(i)] as const))(
    'at %s: %j are written',
    (least, expected) => {
      const lines = written(least, (log) => {
        for (const level of LEVELS) log.write(level, level);
      });
      expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(expected);
    },
  );

  it('a child adds its bindings to every line', () => {
    const [line] = written('info', (log) => {
      log.child({ node: 7 }).child({ room: 'lease' }).write('info', 'granted');
    });
    expect(JSON.parse(line!)).toMatchObject({ node: 7, room: 'lease', msg: 'granted' });
  });
});
