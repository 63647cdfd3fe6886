import { describe, expect, it } from '@jest/globals';
import { choose, type Selection } from '../../../src/redrive/selection.ts';
import type { LetterSource } from '../../../src/stamp/original.ts';

const SOURCE: LetterSource = {
  ...{ set: 'snowstamp', code: 'RECORD_TOO_LARGE', message: 'm', topic: 'in', partition: 3, offset: 9 },
  ...{ timestamp: 1_000n, kept: [] },
};
const ALL: Selection = {
  topics: new Set(['in']),
  ...{ codes: undefined, partition: undefined, fromMs: undefined, toMs: undefined },
};

describe('which letters are resubmitted', () => {
  it.each<[Partial<Selection>, string]>([
    [{}, 'selected'],
    [{ codes: ['OTHER', 'RECORD_TOO_LARGE'] }, 'selected'],
    [{ codes: ['OTHER'] }, 'left-out'],
    [{ partition: 3 }, 'selected'],
    [{ partition: 0 }, 'left-out'],
    [{ fromMs: 1_000 }, 'selected'],
    [{ fromMs: 1_001 }, 'left-out'],
    [{ toMs: 1_001 }, 'selected'],
    [{ toMs: 1_000 }, 'left-out'],
    [{ topics: new Set(['elsewhere']) }, 'foreign'],
  ])('%p: %s', (change, wanted) => {
    expect(choose({ ...ALL, ...change }, SOURCE)).toBe(wanted);
  });

  it('a record that says nothing of itself is foreign', () => {
    expect(choose(ALL, undefined)).toBe('foreign');
  });
});
