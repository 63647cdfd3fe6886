import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatCarried, NOTHING_CARRIED, parseCarried } from '../../../src/pipeline/carried.ts';

const carried = fc.record({
  lastId: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  outputOffset: fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: 2 ** 53 / 4 })),
});

describe('what a commit carries (rule 9)', () => {
  it('comes back as it went in, in the form `v1:<lastId>:<outputOffset>`', () => {
    fc.assert(
      fc.property(carried, (each) => {
        expect(parseCarried(formatCarried(each))).toEqual(each);
      }),
    );
    expect(formatCarried({ lastId: 42n, outputOffset: 7 })).toBe('v1:42:7');
    expect(parseCarried(formatCarried(NOTHING_CARRIED))).toEqual(NOTHING_CARRIED);
  });

  it.each([
    [null],
    [''],
    ['by hand'],
    ['v2:42:7'],
    ['v1:42'],
    ['v1:-1:7'],
    ['v1:42:-2'],
    ['v1:42:7 '],
    ['v1:9223372036854775808:7'],
    ['v1:42:9007199254740993'],
    ['V1:42:7'],
  ])('metadata that is absent or not ours is no floor: %j', (metadata) => {
    expect(parseCarried(metadata)).toBeUndefined();
  });

  it('no text at all makes it throw', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => parseCarried(text)).not.toThrow();
      }),
    );
  });
});
