import { describe, expect, it } from '@jest/globals';
import { evolutionProblems } from '../../../src/registry/evolution.ts';

const problems = (before: string, after: string, level: 'BACKWARD' | 'NONE' = 'BACKWARD'): string[] => {
  const message = (body: string): string => `syntax = "proto3"; package p; message A { ${body} }`;
  const step = { older: message(before), newer: message(after), referenced: [], examples: [] };
  return evolutionProblems({ type: 'PROTOBUF', ...step }, level);
};

describe('what a Protobuf message reserved stays reserved', () => {
  const kept = 'reserved 2, 5 to 9; reserved "old";';

  it.each([
    ['as it was, and a field more', kept, `${kept} int32 a = 1;`],
    ['ranges cut otherwise', kept, 'reserved 2 to 6, 7 to 9; reserved "old";'],
    ['half a billion numbers', 'reserved 1000 to max;', 'reserved 1000 to max;'],
    ['nothing was reserved', 'int32 a = 1;', 'int32 a = 1; int32 b = 2;'],
    ['reserved with the field’s removal', 'int32 a = 1;', 'reserved 1; reserved "a";'],
  ])('right: %s', (_, before, after) => {
    expect(problems(before, after)).toEqual([]);
  });

  it.each([
    ['a number comes back', kept, 'reserved "old"; reserved 2; int32 a = 7;', '.p.A.a: number 7 is reserved'],
    ['a name comes back', kept, 'reserved 2, 5 to 9; int32 old = 1;', '.p.A.old: the name is reserved'],
    [
      'a number of a range is let go',
      kept,
      'reserved 2, 5 to 7, 9; reserved "old";',
      '.p.A: number 8 is no longer reserved',
    ],
    ['a name is let go', kept, 'reserved 2, 5 to 9;', '.p.A: the name old is no longer reserved'],
  ])('wrong: %s; under NONE nobody asks', (_, before, after, says) => {
    expect(problems(before, after)).toEqual([says]);
    expect(problems(before, after, 'NONE')).toEqual([]);
  });
});
