import { describe, expect, it } from '@jest/globals';
import { configOf, LEAST, pathsOf } from './fixture.ts';

const withClock = (clock: object) => ({ file: { ...LEAST, clock } });

describe('the clock section', () => {
  it('sources that name none are no sources', () => {
    expect(pathsOf(withClock({ sources: {} }))).toEqual(['clock.sources']);
    expect(configOf().clock.sources).toBeUndefined();
    expect(configOf(withClock({ sources: { chronyCommand: 'chronyc' } })).clock.sources).toEqual({
      ...{ chronyCommand: 'chronyc', everyMs: 30_000 },
    });
  });
});
